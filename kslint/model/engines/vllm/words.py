"""Words of a command: their text, what of it cannot be known, and their place in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.pod import MAX_EXPANDED, expand, has_env_from
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kubernetes.pod import EnvVar
    from kslint.source.nodes import Node

DYNAMIC = "\ue000"
"""Stands in a text for a piece that only the running container knows."""

_VARIABLE = r"\$\$|\$\([-._a-zA-Z][-._a-zA-Z0-9]*\)"
_REPLACED = re.compile(_VARIABLE + r"|\{\{.*?\}\}", re.DOTALL)
_VARIABLES = re.compile(_VARIABLE)


class Text:
    """A text and where its characters stand: in a scalar, perhaps moved by an expansion."""

    __slots__ = ("_node", "_offsets", "_parts", "text")

    def __init__(
        self,
        text: str,
        node: Node,
        parts: Parts | None = None,
        offsets: list[int] | None = None,
    ) -> None:
        self.text = text
        self._node = node
        self._parts = parts
        self._offsets = offsets

    def node(self, start: int, end: int) -> Node:
        """The node for a piece of the text; the whole scalar where no better place is known."""
        if self._parts is None:
            return self._node
        if self._offsets is not None:
            start, end = self._offsets[start], self._offsets[end - 1] + 1 if end > start else start
        return self._parts.part(start, max(start, end))

    def kept(self, indices: list[int]) -> Text:
        """The text made of some of the characters, which keep their places."""
        offsets = [i if self._offsets is None else self._offsets[i] for i in indices]
        text = "".join(self.text[i] for i in indices)
        return Text(text, self._node, self._parts, offsets)


class Word(NamedTuple):
    """One argument as a process gets it.

    `text` holds DYNAMIC for what cannot be known. A `loose` word may become none or several,
    as an unquoted `$ARGS` does. `origin` is there when the word is a whole list item, and can
    be read as a script.
    """

    text: str
    node: Node
    loose: bool = False
    origin: Text | None = None

    @property
    def known(self) -> bool:
        return DYNAMIC not in self.text


def item_words(container: Node, field: str, variables: dict[str, EnvVar]) -> list[Word]:
    """The items of `command` or `args`, with the kubelet's `$(NAME)` expanded."""
    items = container.get(field)
    open_ended = has_env_from(container)
    return [
        Word(text.text, item, origin=text)
        for item in ([] if items is None else items.elements())
        for text in (expanded(item, variables, open_ended),)
    ]


def _replaced(raw: str) -> Iterator[re.Match[str]]:
    """What the kubelet and KServe replace. Behind the last `}}` no braces are looked for.

    There each pair would be followed to the end, in vain.
    """
    end = raw.rfind("}}") + 2
    if end > 1:
        yield from _REPLACED.finditer(raw, 0, end)
    yield from _VARIABLES.finditer(raw, end if end > 1 else 0)


def expanded(item: Node, variables: dict[str, EnvVar], open_ended: bool) -> Text:
    """An item's text after the kubelet. Templates of KServe (`{{.Name}}`) stay unknown.

    With `open_ended`, undeclared names may still come from a ConfigMap or Secret (envFrom).
    """
    raw = item.text or ""
    if "$" not in raw and "{{" not in raw:
        return Text(raw, item, Parts(item))
    text: list[str] = []
    offsets: list[int] = []
    position = 0
    for match in _replaced(raw):
        found = match.group(0)
        value = None if found[0] == "{" else expand(found, variables)
        too_long = len(offsets) > MAX_EXPANDED
        if value is None or too_long or (open_ended and value == found):
            value = DYNAMIC
        if value == found:
            continue
        text += raw[position : match.start()], value
        offsets += range(position, match.start())
        offsets += [match.start()] * (len(value) - 1) + [match.end() - 1] * bool(value)
        position = match.end()
    text.append(raw[position:])
    offsets += range(position, len(raw))
    return Text("".join(text), item, Parts(item), offsets)
