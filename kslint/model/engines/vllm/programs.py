"""Which program a list of words starts: a vLLM server, something around one, or neither."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.model.engines.vllm.words import Word

VLLM_SERVE = "vllm serve"
API_SERVER = "python -m vllm.entrypoints.openai.api_server"
HUGGINGFACE = "python -m huggingfaceserver"
SGLANG = "python -m sglang.launch_server"
TGI = "text-generation-launcher"
OTHERS = frozenset((SGLANG, TGI))
"""Servers that are not vLLM's."""

_MODULES = {
    "vllm.entrypoints.openai.api_server": API_SERVER,
    "vllm.entrypoints.api_server": API_SERVER,
    "huggingfaceserver": HUGGINGFACE,
    "sglang.launch_server": SGLANG,
}
_SCRIPTS = (
    ("vllm/entrypoints/openai/api_server.py", API_SERVER),
    ("huggingfaceserver/__main__.py", HUGGINGFACE),
)
_WRAPPERS = frozenset(
    ("exec", "command", "nohup", "nice", "ionice", "sudo", "env", "tini", "dumb-init", "numactl",
     "taskset", "timeout", "stdbuf", "setsid", "chrt", "nsys", "uv", "poetry", "conda", "time",
     "opentelemetry-instrument", "ddtrace-run", "catatonit", "gosu", "su-exec")
)  # fmt: skip
_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))
_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")


class Start(NamedTuple):
    """A server start: which program, where it is named, and where its arguments begin."""

    program: str
    program_at: int
    first: int


def is_assignment(text: str) -> bool:
    return _ASSIGNMENT.match(text) is not None


def may_start(name: str) -> bool:
    """False for a command that can neither be a server nor start one: a quick way past `echo`."""
    base = _base(name)
    known = base in ("vllm", "sglang", TGI) or base in _WRAPPERS or base in _SHELLS
    return known or _PYTHON.fullmatch(base) is not None


def server_start(words: list[Word]) -> Start | None:
    """The server these words start, through wrappers such as `exec`, `env` and `numactl`."""
    first = 0
    while first < len(words) and is_assignment(words[first].text):
        first += 1
    if found := _program(words, first):
        return found
    if first == len(words) or _base(words[first].text) not in _WRAPPERS:
        return None
    for index in range(first + 1, len(words)):
        if found := _program(words, index):
            return found
    return None


def shell_script(words: list[Word]) -> int | None:
    """The index of the script in `sh -c SCRIPT ...` (wrappers before it allowed), or None."""
    first = 0
    while first < len(words) and (
        is_assignment(words[first].text) or _base(words[first].text) in _WRAPPERS
    ):
        first += 1
        while first < len(words) and words[first].text.startswith("-"):
            first += 1
    if first == len(words) or _base(words[first].text) not in _SHELLS:
        return None
    given = False
    for index in range(first + 1, len(words)):
        text = words[index].text
        if text[:1] in ("-", "+") and text not in ("-", "--"):
            given = given or (text[:1] == "-" and text[1:2] != "-" and "c" in text)
            continue
        if text in ("pipefail", "errexit", "nounset", "xtrace"):  # the value of an `-o`
            continue
        if text == "--":
            continue
        return index if given else None
    return None


def _program(words: list[Word], at: int) -> Start | None:
    base = _base(words[at].text) if at < len(words) else ""
    if base == "vllm":
        return _serve(words, at, at + 1)
    if base == "sglang":
        return _serve(words, at, at + 1, SGLANG)
    if base == TGI:
        return Start(TGI, at, at + 1)
    if not _PYTHON.fullmatch(base):
        return None
    index = at + 1
    while index < len(words):
        text = words[index].text
        if text == "-m":
            module = words[index + 1].text if index + 1 < len(words) else ""
            if module == "vllm.entrypoints.cli.main":
                return _serve(words, at, index + 2)
            return Start(_MODULES[module], at, index + 2) if module in _MODULES else None
        if not text.startswith("-"):
            return _file(words, at, index)
        if text.startswith("-c"):
            return None
        index += 2 if text in ("-X", "-W") else 1
    return None


def _serve(words: list[Word], at: int, index: int, program: str = VLLM_SERVE) -> Start | None:
    """`vllm` serves only with that sub-command; `vllm bench`, `vllm chat` and others do not."""
    serves = index < len(words) and words[index].text == "serve"
    return Start(program, at, index + 1) if serves else None


def _file(words: list[Word], at: int, index: int) -> Start | None:
    """A Python file that is a server: `python /usr/bin/vllm serve`, `python .../api_server.py`."""
    text = words[index].text
    if _base(text) == "vllm":
        return _serve(words, at, index + 1)
    for suffix, program in _SCRIPTS:
        if text.endswith(suffix):
            return Start(program, at, index + 1)
    return None


def _base(text: str) -> str:
    return text.rpartition("/")[2]
