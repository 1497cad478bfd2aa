"""The Prometheus metrics of a release of vLLM, read from the source as it is written."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = re.compile(r"vllm:[a-z][a-z0-9_]*")
_KINDS = ("counter", "gauge", "histogram")


def read_metrics(root: Path) -> dict[str, dict[str, Any]]:
    """Every metric by its name, with its type; `hidden` ones take an option to be exported."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((root / "vllm").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "vllm:" not in text:
            continue
        tree = ast.parse(text)
        for name, kind, hidden in (*_in_tree(tree), *_in_lists(tree)):
            shown = not hidden or (name in found and "hidden" not in found[name])
            found[name] = {"type": kind} if shown else {"type": kind, "hidden": True}
    return dict(sorted(found.items()))


def _in_tree(node: ast.AST, hidden: bool = False) -> Iterator[tuple[str, str, bool]]:
    """What a tree makes: by a call of a metric's class, or under a name that is assigned first.

    Of what kind the latter is does not show.
    """
    if isinstance(node, ast.Call):
        kind, values = _made(node)
        for value in values:
            if name := _name(value):
                yield name, kind, hidden
    if isinstance(node, ast.Assign):
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for value in values:
            if name := _name(value):
                yield name, "other", hidden
    own = isinstance(node, ast.If) and "show_hidden" in ast.unparse(node.test)
    body = set(map(id, node.body)) if isinstance(node, ast.If) else set()
    for child in ast.iter_child_nodes(node):
        yield from _in_tree(child, hidden or (own and id(child) in body))


def _in_lists(tree: ast.AST) -> Iterator[tuple[str, str, bool]]:
    """What a comprehension makes of a list of names and texts that is assigned before it."""
    kinds: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ListComp) and isinstance(node.generators[0].iter, ast.Name):
            for call in ast.walk(node.elt):
                kind, values = _made(call) if isinstance(call, ast.Call) else ("", [])
                if any(isinstance(value, ast.Name) for value in values):
                    kinds[node.generators[0].iter.id] = kind
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            kind = next((kinds.get(ast.unparse(target), "") for target in node.targets), "")
            for item in node.value.elts if kind else ():
                if isinstance(item, ast.Tuple) and (name := _name(item.elts[0])):
                    yield name, kind, False


def _made(call: ast.Call) -> tuple[str, list[ast.expr]]:
    """The kind of metric that a call makes, and where its name may be; "" if it makes none."""
    called = ast.unparse(call.func).lower()
    kind = next((kind for kind in _KINDS if kind in called), "")
    named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    return kind, [*call.args[:1], *named] if kind else []


def _name(node: ast.AST) -> str:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""
