"""The graph as a tree for the terminal: what deploys what, and what that needs.

An object is shown in full once; other lines about it say where.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kslint.picture import CREATES, DEPLOYS, INPUT, MISSING, UNKNOWN
from kslint.report.frames import cells, printable
from kslint.report.graph.forest import ABOVE, APPLICATIONS, Forest
from kslint.report.graph.marks import SIGNS, STATES, amounts, counting, rules, worst
from kslint.report.terminal import Painter
from kslint.report.text import summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kslint.findings import Finding, Result
    from kslint.picture import GraphPicture, PictureNode
    from kslint.report.graph.forest import Item

    Word = tuple[str, str]
    """A style, and text that is not broken."""

ASCII = str.maketrans("├└│─✕◀", "|`|-x<")
"""For terminals that have no other signs."""
LINES = ("├── ", "└── ", "│   ", "    ")
_NARROWEST = 24
"""Characters that a line keeps for its text, however deep it stands."""


def render(picture: GraphPicture, result: Result, colour: bool, width: int | None = None) -> str:
    """The trees, what else was found, and a summary. Lines are folded at `width`, if given."""
    return _Tree(picture, result, Painter(colour), width).text()


class _Tree:
    def __init__(
        self, picture: GraphPicture, result: Result, paint: Painter, width: int | None
    ) -> None:
        self._picture = picture
        self._result = result
        self._findings = result.findings
        self._paint = paint
        self._width = width
        self._forest = Forest(picture)
        self._namesakes = Counter(node.label for node in picture.nodes if node.state == INPUT)

    def text(self) -> str:
        parts: list[str] = []
        for item in self._forest.applications:
            lines = list(self._drawn(item))
            if parts and len(lines) == 1 and "\n" not in parts[-1].rpartition("\n\n")[2]:
                parts[-1] += f"\n{lines[0]}"
            else:
                parts.append("\n".join(lines))
        rest = "" if not self._forest.applications else ", in no Application of the input"
        for namespace in sorted(self._forest.namespaces):
            told = f"namespace {printable(namespace)}" if namespace else "cluster-wide or unknown"
            lines = [self._paint("bold", told) + self._paint("dim", rest)]
            lines += self._below(self._forest.namespaces[namespace], namespace, "")
            parts.append("\n".join(lines))
        loose = [self._findings[index] for index in self._picture.loose]
        shown = [self._loose(finding) for finding in loose if finding.suppressed is None]
        if shown:
            parts.append("\n".join([self._paint("bold", "Findings outside any object"), *shown]))
        parts.append(self._summary())
        return "\n\n".join(parts) + "\n"

    def _summary(self) -> str:
        """What `check` would say, and how many names lead nowhere."""
        lines = [summary(self._result, self._paint)]
        states = [node.state for node in self._picture.nodes]
        missing, unknown = states.count(MISSING), states.count(UNKNOWN)
        told = [self._paint("error", f"{missing} missing")] if missing else []
        told += [self._paint("warning", f"{unknown} not in the input")] if unknown else []
        if told:
            lines.append(f"Referenced, but not found: {', '.join(told)}")
        return "\n".join(lines)

    def _loose(self, finding: Finding) -> str:
        sign = self._paint(finding.severity, SIGNS[finding.severity])
        return f"{sign} {printable(f'{finding.span}: {finding.rule} {finding.message}')}"

    # ---- lines

    def _drawn(self, top: Item) -> Iterator[str]:
        yield from self._folded(self._words(top, ""), "", "")
        yield from self._below(top.children, top.node.namespace, "")

    def _below(self, items: Sequence[Item], namespace: str, prefix: str) -> Iterator[str]:
        """The lines below a parent, depth first and without recursion."""
        todo = [(group, namespace, prefix, last) for group, last in self._grouped(items)]
        while todo:
            group, home, before, last = todo.pop()
            branch, trunk = (LINES[1], LINES[3]) if last else (LINES[0], LINES[2])
            words = self._words(group[0], home) if len(group) == 1 else self._shared(group, home)
            children = group[0].children
            hanging = before + trunk + (LINES[2] if children else LINES[3])
            yield from self._folded(words, before + branch, hanging)
            own = group[0].node.namespace
            todo += [(g, own, before + trunk, is_last) for g, is_last in self._grouped(children)]

    def _grouped(self, items: Sequence[Item]) -> list[tuple[list[Item], bool]]:
        """Items that share a line, the last line first; and whether it is the last."""
        groups: dict[object, list[Item]] = {}
        for item in items:
            groups.setdefault(self._sharing(item) or item, []).append(item)
        lines = list(groups.values())
        return [(group, index == 0) for index, group in enumerate(reversed(lines))]

    def _sharing(self, item: Item) -> object:
        """What items have in common that can share a line; None for one that needs its own."""
        node, focus = item.node, self._picture.focus
        plain = not (item.children or node.findings or node.note or node.id in focus)
        if not plain or self._needs_place(node) or node.kind in APPLICATIONS:
            return None
        if item.roles == [CREATES]:
            return (CREATES, node.namespace, node.name)
        if item.roles in ([], [DEPLOYS]) and node.state == INPUT and not item.again:
            return (DEPLOYS, node.namespace, node.kind)
        return None

    def _folded(self, words: Iterable[Word], first: str, later: str) -> Iterator[str]:
        """One line, or several if it is wider than the terminal."""
        line, used, prefix = "", 0, first
        room = None if self._width is None else max(self._width, len(first) + _NARROWEST)
        for style, text in words:
            size = cells(text)
            if used and room is not None and len(prefix) + used + 1 + size > room:
                yield self._paint("frame", prefix) + line
                line, used, prefix = "", 0, later
            line += (" " if used else "") + (self._paint(style, text) if style else text)
            used += size + bool(used)
        yield self._paint("frame", prefix) + line

    # ---- words

    def _words(self, item: Item, namespace: str) -> Iterator[Word]:
        node = item.node
        for edge in item.edges:
            if edge.role != DEPLOYS:
                via = f" {printable(edge.via)} from" if edge.via else ""
                yield "dim", printable(edge.role) + via
        yield "dim" if node.state != INPUT else "", printable(node.kind)
        yield self._name(node, namespace)
        if node.id in self._picture.focus:
            yield "help", "◀"
        yield from self._state(node)
        yield from self._marks(item)

    def _name(self, node: PictureNode, namespace: str) -> Word:
        shown = f"{node.namespace}/{node.name}" if node.namespace != namespace else node.name
        style = "bold" if node.state == INPUT else "error" if node.state == MISSING else "dim"
        return style, printable(shown.lstrip("/")) or "(no name)"

    def _state(self, node: PictureNode) -> Iterator[Word]:
        style = {MISSING: "error", UNKNOWN: "warning"}.get(node.state)
        if style:
            yield style, STATES[node.state]
        if node.note:
            yield from (("dim", word) for word in f"({printable(node.note)})".split(" "))
        if node.place and (node.id in self._picture.focus or self._needs_place(node)):
            yield "dim", printable(f"{node.place.file}:{node.place.line}")

    def _needs_place(self, node: PictureNode) -> bool:
        """Is there another one of the name, and no Application to tell them apart by?"""
        return self._namesakes[node.label] > 1 and self._forest.home(node) is None

    def _marks(self, item: Item) -> Iterator[Word]:
        node = item.node
        found = counting(node, self._findings)
        if found:
            severity = worst(found)
            yield severity, f"{SIGNS[severity]} {amounts(found)}"
        if item.again:
            if found or self._forest.leads_on(node):
                home = self._forest.home(node)
                where = item.again
                if home is not None and where != ABOVE:
                    where = f"in {home.kind} {home.name}"
                yield "dim", f"(shown {printable(where)})"
        else:
            yield from (("dim", rule) for rule in rules(found))

    def _shared(self, group: Sequence[Item], namespace: str) -> Iterator[Word]:
        """Several objects in one line: kinds of one name, or names of one kind."""
        first = group[0].node
        if group[0].roles == [CREATES]:
            yield "dim", CREATES
            yield from (("dim", f"{printable(item.node.kind)},") for item in group[:-1])
            yield "dim", printable(group[-1].node.kind)
            yield self._name(first, namespace)
            return
        yield "", printable(first.kind)
        for item in group:
            style, text = self._name(item.node, namespace)
            yield style, text if item is group[-1] else f"{text},"
