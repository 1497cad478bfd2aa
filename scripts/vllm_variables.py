"""The environment variables of a release of vLLM: the table in its `vllm/envs.py`, and the rest.

That file is run, with empty modules in the place of what it imports of vLLM and with an empty
environment, for only the getters know which spellings they take. A few more variables are read
elsewhere in the source, past the table.
"""

from __future__ import annotations

import ast
import logging
import os
import re
import sys
import warnings
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Facts = dict[str, Any]

_STUBS = ("torch", "vllm", "vllm.logger", "vllm.platforms", "vllm.utils", "vllm.version")
_ELSEWHERE = re.compile(
    r"""(?:environ(?:\.get\(|\.setdefault\(|\[)|getenv\()\s*["'](VLLM_\w+)["']"""
)
_PROBES = ("1", "0", "true", "false", "", "x", "1.5")
_FORMS = {
    # 1, 0, true, false, ""
    (True, False, "refused", "refused", "refused"): "0/1 int",
    (True, False, "refused", "refused", False): "0/1 int",
    (True, False, True, False, False): "true/1",
    (True, False, False, False, False): "1 only",
    (False, False, True, False, False): "true only",
    (True, False, True, True, True): "not 0",
}
"""How a boolean's getter answers the first five probes, and what that is called."""


class _Stub(ModuleType):
    """A module that has whatever is asked of it, all of it None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def read_variables(root: Path) -> dict[str, Facts]:
    """Every variable by name.

    Facts: `type` (bool, int, float or str), `form` of a boolean (see _FORMS, or other),
    `empty` where the empty text is refused too, `choices` where all else raises ValueError.
    """
    path = root / "vllm" / "envs.py"
    source = path.read_text(encoding="utf-8")
    written = _written(ast.parse(source))
    with _alone():
        namespace: dict[str, Any] = {"__name__": "vllm.envs", "__file__": str(path)}
        exec(compile(source, str(path), "exec"), namespace)  # noqa: S102  (see above)
        getters = namespace["environment_variables"]
        found = {name: _facts(name, getters[name], node) for name, node in written.items()}
    for other in root.glob("vllm/**/*.py"):
        for name in _ELSEWHERE.findall(other.read_text(encoding="utf-8")):
            found.setdefault(name, {"type": "str"})
    return found


def _written(tree: ast.Module) -> dict[str, ast.expr]:
    """The keys of `environment_variables` as they are written, and their getters."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id == "environment_variables":
                pairs = zip(node.value.keys, node.value.values, strict=True)
                return {str(k.value): v for k, v in pairs if isinstance(k, ast.Constant)}
    raise ValueError("no environment_variables in vllm/envs.py")


@contextmanager
def _alone() -> Iterator[None]:
    """An environment with next to nothing in it, and empty modules to import."""
    environment, modules = dict(os.environ), dict(sys.modules)
    os.environ.clear()
    os.environ["HOME"] = "/root"
    for name in _STUBS:
        sys.modules[name] = _Stub(name)
    sys.modules["vllm.version"].__dict__["__version__"] = "0"
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of variables that are to go
            yield
    finally:
        logging.disable(logging.NOTSET)
        os.environ.clear()
        os.environ.update(environment)
        for name in _STUBS:
            sys.modules.pop(name, None)
            if name in modules:
                sys.modules[name] = modules[name]


def _facts(name: str, getter: Callable[[], Any], node: ast.expr) -> Facts:
    answers = {text: _ask(name, getter, text) for text in _PROBES}
    choices = _choices(node)
    if choices:
        return {"type": "str", "choices": choices}
    if isinstance(answers["1"], bool):
        form = _FORMS.get(tuple(answers[text] for text in _PROBES[:5]), "other")
        facts = {"type": "bool", "form": form}
        if form == "0/1 int" and answers[""] == "refused":
            facts["empty"] = "refused"
        return facts
    if answers["x"] != "refused":
        return {"type": "str"}
    facts = {"type": "int" if answers["1.5"] == "refused" else "float"}
    if answers[""] == "refused":
        facts["empty"] = "refused"
    return facts


def _ask(name: str, getter: Callable[[], Any], text: str) -> Any:
    """What the getter makes of a value: "refused" for a ValueError, None for other trouble."""
    os.environ[name] = text
    try:
        return getter()
    except ValueError:
        return "refused"
    except Exception:  # noqa: BLE001  (it asked for what is not there)
        return None
    finally:
        os.environ.pop(name, None)


def _choices(node: ast.expr) -> list[str]:
    """The values of `env_with_choices(name, default, [..])`, if they are written there."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "env_with_choices":
            for argument in (*call.args[2:3], *(w.value for w in call.keywords)):
                if isinstance(argument, ast.List):
                    return [str(ast.literal_eval(item)) for item in argument.elts]
    return []
