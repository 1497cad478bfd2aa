"""The fields in which two trees differ.

Items of lists are told apart by what names them (`name`, `mountPath`, ...), arguments of a command
by their option, others by their content. What means the same to the API server is equal: a null
or an empty list and none at all, `1` and `1000m`.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.quantity import parse_or_none
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kslint.source.nodes import JsonValue, Node

_NAMES = ("mountPath", "name", "containerPort", "port", "ip", "topologyKey", "secretRef")
"""What tells the items of a list apart, where every item has one of its own."""
_COMMANDS = ("args", "command")
_QUANTITIES = frozenset(("limits", "requests", "sizeLimit", "storage", "hard", "capacity"))
_EMPTY = frozenset(
    ("resources", "labels", "annotations", "nodeSelector", "matchLabels", *_QUANTITIES)
)
"""Mappings that mean the same empty and left out."""
_ALIKE = 0.5
_MOST_ALIGNED = 50
ORDER = "order"


class Field(NamedTuple):
    """A difference: the way to it, and what stands there on either side."""

    way: tuple[str, ...]
    old: Node | None
    new: Node | None

    @property
    def path(self) -> str:
        return "".join(self.way).removeprefix(".")


def fields_of(old: Node, new: Node) -> list[Field]:
    """The fields in which two objects differ; most objects are what they were."""
    if old is new or _text_of(old) == _text_of(new):
        return []
    return list(differences(old, new))


def differences(old: Node | None, new: Node | None, way: tuple[str, ...] = ()) -> Iterator[Field]:
    """The fields in which two trees differ, in the order of the new one."""
    if old is new:
        return
    last = way[-1].lstrip(".") if way else ""
    old, new = _meant(old, last), _meant(new, last)
    if isinstance(old, Map) and isinstance(new, Map):
        for name in (*new.entries, *(name for name in old.entries if name not in new.entries)):
            yield from differences(old.get(name), new.get(name), (*way, step(name)))
    elif isinstance(old, Seq) and isinstance(new, Seq):
        yield from _of_lists(old, new, way, last)
    elif not _same(old, new, way):
        yield Field(way, old, new)


def step(name: str) -> str:
    """A key as a step of a path: `.name`, or `["a.b/c"]`."""
    is_plain = name.isidentifier() or name.replace("-", "").isalnum()
    return f".{name}" if is_plain else f'["{name}"]'


def _meant(node: Node | None, name: str) -> Node | None:
    """None for what means nothing."""
    if node is None or node.is_null:
        return None
    if isinstance(node, Seq):
        return node if node.children else None
    if isinstance(node, Map) and not node.entries and name in _EMPTY:
        return None
    return node


def _same(old: Node | None, new: Node | None, way: tuple[str, ...]) -> bool:
    if old is None or new is None:
        return old is new
    one, other = _typed(old.plain()), _typed(new.plain())
    if one == other:
        return True
    if not isinstance(old, Scalar) or not isinstance(new, Scalar):
        return False
    if not _QUANTITIES.isdisjoint(name.lstrip(".") for name in way[-2:]):
        amount = parse_or_none(old.text)
        return amount is not None and amount == parse_or_none(new.text)
    return False


def _typed(value: JsonValue) -> object:
    """A value in which `true` is not 1."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, dict):
        return {name: _typed(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_typed(child) for child in value]
    return value


def _of_lists(old: Seq, new: Seq, way: tuple[str, ...], name: str) -> Iterator[Field]:
    keyed = _keyed(old.children, new.children)
    if keyed is None and name in _COMMANDS:
        before, after = _arguments(old.children), _arguments(new.children)
        keyed = None if before is None or after is None else (before, after)
    if keyed is None:
        yield from _in_order(old.children, new.children, way)
        return
    before, after = keyed
    for key in (*after, *(key for key in before if key not in after)):
        yield from differences(before.get(key), after.get(key), (*way, f"[{key}]"))
    kept = [key for key in before if key in after]
    if kept != [key for key in after if key in before]:
        one, other = (", ".join(keys) for keys in keyed)
        yield Field((*way, f".{ORDER}"), _text(one, old.children[0]), _text(other, new.children[0]))


def _keyed(
    old: Sequence[Node], new: Sequence[Node]
) -> tuple[dict[str, Node], dict[str, Node]] | None:
    """Both lists by the first field that tells all items apart; None if there is none."""
    if not all(isinstance(item, Map) for item in (*old, *new)):
        return None
    for name in _NAMES:
        before = {item.string(name) or "": item for item in old}
        after = {item.string(name) or "": item for item in new}
        all_told = len(before) == len(old) and len(after) == len(new)
        if all_told and "" not in before and "" not in after:
            return before, after
    return None


def _arguments(items: Sequence[Node]) -> dict[str, Node] | None:
    """The words of a command by their option; None where an option stands twice.

    A value that is a word of its own belongs to the option before it.
    """
    found: dict[str, Node] = {}
    positionals = 0
    waiting = ""
    for item in items:
        text = item.text
        if text is None or not isinstance(item, Scalar):
            return None
        if text.startswith("-") and len(text) > 1 and not text[1].isdigit():
            option, equals, _ = text.partition("=")
            if option in found:
                return None
            found[option] = item
            waiting = "" if equals else option
        elif waiting:
            found[waiting] = _text(f"{waiting} {text}", item)
            waiting = ""
        else:
            found[str(positionals)] = item
            positionals += 1
    return found


def _text(text: str, like: Node) -> Node:
    """A text at the place of a node, with its origin."""
    node = Scalar(text, plain_style=False)
    node.source, node.start, node.end = like.source, like.start, like.end
    node.key, node.origin = like.key, like.origin
    return node


def _in_order(old: list[Node], new: list[Node], way: tuple[str, ...]) -> Iterator[Field]:
    """Items without names: equal ones are matched, those in between one by one."""
    texts = [[_text_of(item) for item in items] for items in (old, new)]
    if texts[0] == texts[1]:
        return
    matcher = SequenceMatcher(None, texts[0], texts[1])
    for what, begin, end, start, stop in matcher.get_opcodes():
        if what == "equal":
            continue
        for one, other in _aligned(old[begin:end], new[start:stop]):
            before = None if one is None else old[begin + one]
            after = None if other is None else new[start + other]
            at = begin + (one or 0) if other is None else start + other
            if before is None or after is None:
                yield Field((*way, f"[{at}]"), before, after)
            else:
                yield from differences(before, after, (*way, f"[{at}]"))


def _aligned(old: list[Node], new: list[Node]) -> Iterator[tuple[int | None, int | None]]:
    """Which item became which, by their numbers.

    Lists of equal length are compared in order. In others an item becomes the next one that
    shares at least half of its values with it; without such a one it is gone.
    """
    if len(old) == len(new) or max(len(old), len(new)) > _MOST_ALIGNED:
        for number in range(max(len(old), len(new))):
            yield number if number < len(old) else None, number if number < len(new) else None
        return
    start = 0
    for number, item in enumerate(old):
        alike = (n for n in range(start, len(new)) if _likeness(item, new[n]) >= _ALIKE)
        found = next(alike, None)
        if found is None:
            yield number, None
            continue
        yield from ((None, other) for other in range(start, found))
        yield number, found
        start = found + 1
    yield from ((None, other) for other in range(start, len(new)))


def _likeness(one: Node, other: Node) -> float:
    """The share of the values that two items have in common."""
    before, after = (set(_leaves(node.plain())) for node in (one, other))
    return len(before & after) / (max(len(before), len(after)) or 1)


def _leaves(value: JsonValue, way: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _leaves(child, f"{way}.{name}")
    elif isinstance(value, list):
        for child in value:
            yield from _leaves(child, f"{way}[]")
    else:
        yield f"{way}={value}"


def _text_of(node: Node) -> str:
    import json

    return json.dumps(node.plain(), sort_keys=True, default=str)
