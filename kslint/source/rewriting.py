"""Changes to one written document, as text edits that keep all the rest as it stands.

A change is checked before it is offered: the edited text is read again, and must hold exactly
what it held before, less what the change was to do. What the layout does not allow raises
UnfitError, so a fix is either right or not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kslint.source import rendering
from kslint.source.characters import is_json
from kslint.source.edits import line_break
from kslint.source.layout import Layout, UnfitError, marked, own_children, same_place
from kslint.source.nodes import Map, Mark, Scalar, Seq, walk
from kslint.source.rereading import OneOf, children, read_again

if TYPE_CHECKING:
    from kslint.source.edits import Edit
    from kslint.source.nodes import JsonValue, Node
    from kslint.source.rereading import Effect, Written


_MAX_SPLICED = 10_000_000
"""Characters of all the texts that a splice may come to."""


class Rewriter:
    """Collects the changes of one fix to one document."""

    def __init__(self, document: Written) -> None:
        source = document.outer.source
        if source is None:
            raise UnfitError("the document stands in no file")
        self.document = document
        self.source = source
        self.edits: list[Edit] = []
        self._layout = Layout(source)
        self._effects: list[tuple[Node, Effect]] = []
        first = next(iter(own_children(document.root)), None)
        key = None if first is None else first.key
        root_style = self._layout.style(document.root)
        self._json = bool(root_style) and (
            self._layout.style(key) == '"' if key is not None else is_json(source.data)
        )

    def way(self, node: Node) -> list[Node]:
        """The written nodes from the document's root down to one of them, which is the last."""
        way: list[Node] = []

        def search(current: Node) -> bool:
            way.append(current)
            if same_place(current, node) or any(search(child) for child in children(current)):
                return True
            way.pop()
            return False

        if not search(self.document.root):
            raise UnfitError("the value stands in another document")
        return way

    @property
    def reused(self) -> bool:
        """Is what changes used in two places, by an alias or a merge key?"""
        return any(
            sum(same_place(found, node) for found in walk(self.document.root)) > 1
            for node, _ in self._effects
        )

    def replace(self, scalar: Node, value: JsonValue) -> None:
        """Another value in the place of a scalar, in its quotes where the value allows them."""
        if not isinstance(scalar, Scalar):
            raise UnfitError("only single values are replaced")
        if self._layout.has_tag(scalar):
            raise UnfitError("the value has a tag")
        begin, style = self._layout.begin(scalar), self._layout.style(scalar)
        text = rendering.flow(value, self._json)
        if isinstance(value, str) and not self._json:
            text = rendering.scalar(value, style if style in ("'", '"') else "")
        if not scalar.literal and not style:  # nothing stands there, not even a blank
            text = " " + text
        self._add(scalar, lambda _: value, self._layout.edit(begin, self._layout.end(scalar), text))

    def splice(self, holder: Scalar, part: Scalar, text: str, behind: bool) -> None:
        """Another text in the place of a part of a scalar, or behind that part."""
        start, end = marked(part)
        old = part.literal
        if self.source.line(start.line + 1)[start.column : end.column] != old:
            raise UnfitError("the part is not written as it is read")
        new = old + text if behind else text
        whole = holder.literal
        places = [at for at in range(len(whole)) if whole.startswith(old, at)]
        if len(places) * len(whole) > _MAX_SPLICED:
            raise UnfitError("the part stands in too many places to tell them apart")
        texts = frozenset(whole[:at] + new + whole[at + len(old) :] for at in places)
        edit = self._layout.edit(end if behind else start, end, text)
        self._add(holder, lambda _: OneOf(texts), edit)

    def put(
        self, mapping: Node, path: tuple[str, ...], value: JsonValue, after: tuple[str, ...] = ()
    ) -> None:
        """A value at a path below a mapping; what is missing on the way is made.

        A new key stands behind the first of its siblings `after` there is, else at the end.
        """
        if isinstance(mapping, Scalar) and mapping.is_null:
            self.replace(mapping, _nested(path, value))
            return
        if not isinstance(mapping, Map):
            raise UnfitError("there is no mapping to write into")
        if not path:
            raise UnfitError("a mapping stands where the value belongs")
        key, *rest = path
        existing = mapping.get(key)
        if existing is not None and rest:
            self.put(existing, tuple(rest), value)
        elif existing is not None:
            if isinstance(value, (dict, list)) and not existing.is_null:
                raise UnfitError("something else stands where the block belongs")
            self.replace(existing, value)
        else:
            self._insert(mapping, key, _nested(tuple(rest), value), after)

    def _insert(self, mapping: Map, key: str, value: JsonValue, after: tuple[str, ...]) -> None:
        own = own_children(mapping)
        if self._layout.style(mapping):
            name = rendering.flow(key, self._json)
            text = f"{name}: {rendering.flow(value, self._json)}"
            edit = self._into_flow(mapping, own, text)
        else:
            if not own or own[0].key is None:
                raise UnfitError("the mapping has no key of its own to stand beside")
            indent = marked(own[0].key)[0].column
            lines = rendering.entry(key, value, indent, self._dash_indent())
            near = (mapping.get(name) for name in after)
            beside = next((node for node in near if node is not None and node in own), None)
            at = self._layout.end(mapping) if beside is None else self._layout.end_of(beside)
            edit = self._lines_after(at[0], lines)
        self._add(mapping, lambda old: {**old, key: value}, edit)

    def exchange(self, mapping: Node, key: str, new: str, value: JsonValue) -> None:
        """Another entry, with a value that fits on a line, in the place of one."""
        child = mapping.get(key)
        if child is None or child.key is None or child not in own_children(mapping):
            raise UnfitError("the key stands elsewhere")
        text = f"{rendering.flow(new, self._json)}: {rendering.flow(value, self._json)}"
        begin, end = self._layout.begin(child.key), self._layout.end_of(child)
        if self._layout.comments(begin.line, end[0]):
            raise UnfitError("a comment stands in it")
        self._add(
            mapping,
            lambda old: {**{k: v for k, v in old.items() if k != key}, new: value},
            self._layout.edit(begin, end, text),
        )

    def append(self, sequence: Node, value: JsonValue) -> None:
        """One more item at the end of a list, quoted like the one before it."""
        if isinstance(sequence, Scalar) and sequence.is_null:
            self.replace(sequence, [value])
            return
        if not isinstance(sequence, Seq):
            raise UnfitError("there is no list to write into")
        own = own_children(sequence)
        quote = self._quote(own[-1]) if own else ""
        if self._layout.style(sequence):
            quoted = isinstance(value, str) and not self._json
            text = rendering.scalar(value, quote) if quoted else rendering.flow(value, self._json)
            edit = self._into_flow(sequence, own, text)
        else:
            if len(own) != len(sequence.children) or not own:
                raise UnfitError("an item of the list stands elsewhere")
            lines = rendering.item(value, self._layout.dash(own[0]), self._dash_indent(), quote)
            edit = self._lines_after(self._layout.end(sequence)[0], lines)
        self._add(sequence, lambda old: [*old, value], edit)

    def rename(self, mapping: Node, key: str, new: str) -> None:
        """Another name for a key; its value stays."""
        child = mapping.get(key)
        if not isinstance(mapping, Map) or child not in own_children(mapping):
            raise UnfitError("the key stands elsewhere")
        assert child is not None
        if child.key is None or new in mapping.entries:
            raise UnfitError(f"there is a `{new}` already")
        style = self._layout.style(child.key)
        text = rendering.scalar(new, style if style in ("'", '"') else "")
        edit = self._layout.edit(self._layout.begin(child.key), self._layout.end(child.key), text)
        self._add(
            mapping,
            lambda old: {new if k == key else k: v for k, v in old.items()},
            edit,
        )

    def remove(self, way: list[Node], with_it: frozenset[str] = frozenset()) -> None:
        """Take out the last node of a way, with its key or dash.

        A collection that is empty without it stays as `{}` or `[]`, unless its key is one of those
        in `with_it`. A comment behind the node goes too; comments on lines of their own stay.
        """
        *above, parent, child = way
        if len(children(parent)) == 1 and above and parent.key is not None:
            key = parent.key.text
            (begin, _), end = marked(parent), self._layout.end(parent)
            if self._layout.comments(begin.line, end[0]):
                raise UnfitError("a comment stands in what would be empty")
            if key in with_it:
                self.remove([*above, parent], with_it)
            else:
                self._empty(parent)
            return
        own = own_children(parent)
        at = next((index for index, one in enumerate(own) if one is child), None)
        if at is None or len(own) == 1:
            raise UnfitError("it stands elsewhere, or nothing is left without it")
        if self._layout.style(parent):
            edit = self._out_of_flow(own, at)
        elif isinstance(parent, Map):
            edit = self._key_out(own, at)
        else:
            self._layout.dash(child)
            edit = self._lines_out(marked(child)[0].line, self._layout.end(child)[0])
        name = None if child.key is None else next(k for k, c in parent.items() if c is child)
        self._add(parent, lambda old: _without(old, name, at), edit)

    def _empty(self, parent: Node) -> None:
        empty: JsonValue = {} if isinstance(parent, Map) else []
        text = rendering.flow(empty)
        begin, end = self._layout.begin(parent), self._layout.end(parent)
        if not self._layout.style(parent):
            key = parent.key
            line = "" if key is None else self._layout.line(marked(key)[1].line)
            if key is None or begin.line == marked(key)[1].line or not line.rstrip().endswith(":"):
                raise UnfitError("something stands between the key and what would be empty")
            begin, text = Mark(marked(key)[1].line, len(line)), f" {text}"
        self._add(parent, lambda _: empty, self._layout.edit(begin, end, text))

    def to_front(self, sequence: Node, index: int) -> None:
        """Move an item of a block list to its front, with its lines."""
        own = own_children(sequence)
        if self._layout.style(sequence) or len(own) != len(sequence.elements()):
            raise UnfitError("the list is not laid out in lines")
        first, last = marked(own[index])[0].line, self._layout.end(own[index])[0]
        if self._layout.dash(own[index]) != self._layout.dash(own[0]):
            raise UnfitError("the items stand at different columns")
        top = marked(own[0])[0].line
        if self._layout.line(top)[: self._layout.dash(own[0])].strip():
            raise UnfitError("the list begins in the middle of a line")
        text = [self._layout.line(number) for number in range(first, last + 1)]
        moved = line_break(self.source).join([*text, ""])
        self.edits.append(self._layout.edit((top, 0), (top, 0), moved))
        self._add(
            sequence,
            lambda old: [old[index], *old[:index], *old[index + 1 :]],
            self._lines_out(first, last),
        )

    def divide(self, sequence: Node, index: int, values: list[str]) -> None:
        """Several items of text in the place of one, each in its quotes."""
        own = own_children(sequence)
        if len(own) != len(sequence.elements()) or not isinstance(own[index], Scalar):
            raise UnfitError("an item of the list stands elsewhere")
        item = own[index]
        quote = self._quote(item)
        texts = [
            rendering.flow(value, True) if self._json else rendering.scalar(value, quote)
            for value in values
        ]
        between = ", "
        if not self._layout.style(sequence):
            between = f"{line_break(self.source)}{' ' * self._layout.dash(item)}- "
        edit = self._layout.edit(
            self._layout.begin(item), self._layout.end(item), between.join(texts)
        )
        self._add(sequence, lambda old: [*old[:index], *values, *old[index + 1 :]], edit)

    def finished(self) -> tuple[Edit, ...]:
        """The edits, once the edited text was read again. Raises UnfitError if it says else."""
        if not self.edits:
            raise UnfitError("nothing was changed")
        read_again(self.source, self.document, self.edits, self._effects)
        return tuple(self.edits)

    def _add(self, node: Node, effect: Effect, edit: Edit) -> None:
        self._effects.append((node, effect))
        self.edits.append(edit)

    def _quote(self, sibling: Node) -> str:
        style = self._layout.style(sibling)
        return style if style in ("'", '"') else ""

    def _dash_indent(self) -> int:
        """How far this document indents the dashes of lists from their keys."""
        for node in walk(self.document.root):
            if isinstance(node, Seq) and node.key is not None and node.key.start is not None:
                own = own_children(node)
                if own and not self._layout.style(node):
                    return max(self._layout.dash(own[0]) - node.key.start.column, 0)
        return 2

    def _lines_after(self, line: int, lines: list[str]) -> Edit:
        end = len(self._layout.line(line))
        text = line_break(self.source).join(["", *lines])
        return self._layout.edit((line, end), (line, end), text)

    def _lines_out(self, first: int, last: int) -> Edit:
        if last + 1 < len(self.source.lines):
            return self._layout.edit((first, 0), (last + 1, 0), "")
        before = (first - 1, len(self._layout.line(first - 1))) if first else (0, 0)
        return self._layout.edit(before, (last, len(self._layout.line(last))), "")

    def _into_flow(self, holder: Node, own: list[Node], text: str) -> Edit:
        if not own:
            begin = self._layout.begin(holder)
            at = (begin.line, begin.column + 1)
            return self._layout.edit(at, at, text)
        last = own[-1]
        end = self._layout.end_of(last)
        start = marked(last if last.key is None else last.key)[0]
        before = self._layout.line(start.line)[: start.column]
        if before.strip():
            return self._layout.edit(end, end, f", {text}")
        return self._layout.edit(end, end, f",{line_break(self.source)}{before}{text}")

    def _out_of_flow(self, own: list[Node], at: int) -> Edit:
        if at + 1 < len(own):
            here, following = own[at], own[at + 1]
            start = marked(here if here.key is None else here.key)[0]
            end = marked(following if following.key is None else following.key)[0]
            return self._layout.edit(start, end, "")
        return self._layout.edit(self._layout.end_of(own[at - 1]), self._layout.end_of(own[at]), "")

    def _key_out(self, own: list[Node], at: int) -> Edit:
        key = own[at].key
        assert key is not None
        start = marked(key)[0]
        if not self._layout.line(start.line)[: start.column].strip():
            return self._lines_out(start.line, self._layout.end_of(own[at])[0])
        following = own[at + 1].key if at + 1 < len(own) else None
        if following is None:
            raise UnfitError("the key shares its line with a dash")
        end = marked(following)[0]
        if self._layout.comments(start.line + 1, end.line):
            raise UnfitError("a comment stands between")
        return self._layout.edit(start, end, "")


def _nested(path: tuple[str, ...], value: JsonValue) -> JsonValue:
    for key in reversed(path):
        value = {key: value}
    return value


def _without(old: Any, name: str | None, index: int) -> Any:
    if isinstance(old, dict):
        return {k: v for k, v in old.items() if k != name}
    return [*old[:index], *old[index + 1 :]]
