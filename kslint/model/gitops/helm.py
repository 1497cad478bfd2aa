"""Helm's `--set`: names that reach into maps and lists, and the types that text becomes.

Source: helm/helm v3 pkg/strvals/parser.go. Argo CD hands an Application's `parameters` over as
`--set`, those with `forceString` as `--set-string`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.tree import put
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.source.nodes import Node

MAX_INDEX = 65536
"""The largest list index that Helm takes."""

_STEP = re.compile(r"((?:[^.\[\]\\]|\\.)+)|\[(\d{1,6})\]|\.")
_TYPED = re.compile(r"true|false|null|0|-?[1-9][0-9]{0,17}", re.ASCII)


def with_parameter(values: Map, name: str, value: Node, force_string: bool) -> Map:
    """The values with one parameter set; unchanged if the name cannot be read."""
    steps: list[str | int] = []
    position = 0
    while position < len(name):
        match = _STEP.match(name, position)
        if match is None:
            return values
        if match[1]:
            steps.append(re.sub(r"\\(.)", r"\1", match[1]))
        elif match[2]:
            steps.append(int(match[2]))
        position = match.end()
    if not steps or isinstance(steps[0], int):
        return values
    typed = value if force_string else _typed(value)
    changed = _set(values, steps, typed)
    return changed if isinstance(changed, Map) else values


def _set(base: Node | None, steps: Sequence[str | int], value: Node) -> Node:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        below = None if base is None else base.get(step)
        return put(base, (step,), _set(below, rest, value))
    if step > MAX_INDEX:
        return base or value
    children = [] if base is None else list(base.elements())
    children += [Scalar("null") for _ in range(step + 1 - len(children))]
    children[step] = _set(children[step], rest, value)
    return base.with_children(children) if isinstance(base, Seq) else Seq(children)


def _typed(value: Node) -> Node:
    """Booleans, integers and null by their text; all else stays text."""
    if not isinstance(value, Scalar):
        return value
    other = Scalar(value.text, bool(_TYPED.fullmatch(value.text)), None)
    other.source, other.start, other.end = value.source, value.start, value.end
    other.key, other.origin = value.key, value.origin
    return other
