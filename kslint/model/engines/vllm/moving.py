"""What another release takes from a server's command line and environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.engines.vllm import facts, values
from kslint.model.engines.vllm.arguments import HUGGINGFACE_OPTIONS
from kslint.model.engines.vllm.release import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.vllm.arguments import Flag
    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.engines.vllm.facts import Version
    from kslint.source.nodes import Node

    Releases = tuple[Version, ...]

GONE, VALUE, UNREAD, DEFAULT = "gone", "value", "unread", "default"
_PATHS = ("model", "config", "tokenizer")
"""Options whose default is no setting."""


class Loss(NamedTuple):
    """`what` happens to an option or variable called `name`. `node` is where it is written.

    GONE: the parser has no such option. VALUE: it takes the value no longer. UNREAD: a variable is
    not read. DEFAULT: what holds where nothing is written.
    """

    what: str
    name: str
    detail: str
    node: Node | None


def losses(engine: Engine, old: Releases, new: Releases) -> Iterator[Loss]:
    """What a server that runs one of `old` loses with one of `new`; nothing if either is empty."""
    if not old or not new:
        return
    own = HUGGINGFACE_OPTIONS if engine.kind == "huggingfaceserver" else frozenset()
    flags = [flag for flag in engine.commandline.flags if flag.whole and flag.name not in own]
    for flag in flags:
        if facts.refusal(flag.spelling, old) is None:
            yield from _of_flag(flag, old, new)
    given = {flag.name for flag in flags}
    for name, node in _variables(engine):
        if facts.env_refusal(name, old) is None:
            refusal = facts.env_refusal(name, new)
            if refusal is not None and refusal.kind == "removed":
                yield Loss(UNREAD, name, _since(refusal.version, name), node)
    yield from _defaults(given, old[-1], new[-1])


def _of_flag(flag: Flag, old: Releases, new: Releases) -> Iterator[Loss]:
    refusal = facts.refusal(flag.spelling, new)
    if refusal is not None:
        yield Loss(GONE, flag.written, _since(refusal.version, flag.spelling), flag.node)
        return
    for text, node in zip(flag.values, flag.value_nodes, strict=False):
        if flag.known and values.refused(flag.name, text, old) is None:
            wanted = values.refused(flag.name, text, new)
            if wanted is not None:
                yield Loss(
                    VALUE, flag.written, f"`{text}` is none of what it takes: {wanted}", node
                )


def _since(version: Version | None, name: str) -> str:
    since = "" if version is None else f"gone since vLLM {dotted(version)}"
    instead = facts.replacement(name)
    return f"{since}; use {instead}" if instead and since else since or instead


def _variables(engine: Engine) -> Iterator[tuple[str, Node | None]]:
    for item in engine.container.listed("env"):
        name = item.string("name") or ""
        if name.startswith("VLLM_"):
            yield name, item.get("name")


def _defaults(given: set[str], old: Version, new: Version) -> Iterator[Loss]:
    """Options that are not written, and mean something else now."""
    for name in facts.spellings(new):
        before, after = facts.option(name, old), facts.option(name, new)
        if before is None or after is None or name in given or name in _PATHS:
            continue
        if before.default != after.default and None not in (before.default, after.default):
            detail = f"{before.default} → {after.default}"
            yield Loss(DEFAULT, f"--{name}", detail, None)
