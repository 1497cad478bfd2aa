"""From a problem to a fix: the page says what to change, a function here drafts it, as text edits.

A fix is offered only where it can be made in what is written and leaves all else as it was. It
is safe if the page calls it so and it reaches nothing but what the finding is about.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kslint.findings import Fix
from kslint.findings.wording import filled
from kslint.fixes.reach import Reach
from kslint.source.layout import UnfitError, same_place
from kslint.source.nodes import Scalar
from kslint.source.rereading import around, written
from kslint.source.rewriting import Rewriter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from kslint.findings import Problem
    from kslint.fixes.reach import Others
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.rulebook import Rule
    from kslint.source.edits import Edit
    from kslint.source.nodes import JsonValue, Node
    from kslint.source.rereading import Written

_NEEDLESS = frozenset({"annotations", "env"})


class Draft:
    """One fix in the making: the problem, and what is to change in the one document it is in.

    Every method raises UnfitError where the change cannot be made. `subject` is what the rule's
    check was called with. `doubt` makes the fix unsafe and says why; `facts` fill its text.
    """

    def __init__(self, problem: Problem, subject: Any, model: Model, reach: Reach) -> None:
        self.problem = problem
        self.subject = subject
        self.model = model
        self.facts: dict[str, object] = dict(problem.facts)
        self.doubts: list[str] = []
        self._reach = reach
        self._writer: Rewriter | None = None

    def doubt(self, why: str) -> None:
        self.doubts.append(why)

    def way(self, node: Node | None, up: int = 0) -> list[Node]:
        """The written nodes from the document's root to the one that holds `node`, `up` levels."""
        if node is None:
            raise UnfitError("there is nothing to change")
        way = self._for(node).way(node)
        if up >= len(way):
            raise UnfitError("the document does not go up so far")
        return way[: len(way) - up]

    def around(self, node: Node | None, up: int = 1) -> Node:
        """The written collection that holds a node; `up` counts levels."""
        return self.way(node, up)[-1]

    def replace(self, scalar: Node, value: JsonValue) -> None:
        self._for(scalar).replace(self.way(scalar)[-1], value)

    def is_whole(self, node: Node) -> bool:
        """Is a node written as a value of its own, not as a part of one?"""
        try:
            self.way(node)
        except UnfitError:
            return False
        return True

    def splice(self, part: Node, text: str, behind: bool = False) -> None:
        """Another text for a part of a scalar's text, or one behind it."""
        document, holder = around(self._roots(part), part)
        if not isinstance(part, Scalar) or same_place(part, holder):
            raise UnfitError("the text is no part of another")
        self._open(document).splice(holder, part, text, behind)

    def put(
        self, mapping: Node, path: tuple[str, ...], value: JsonValue, after: tuple[str, ...] = ()
    ) -> None:
        self._for(mapping).put(self.way(mapping)[-1], path, value, after)

    def exchange(self, node: Node, new: str, value: JsonValue) -> None:
        """Another entry in the place of the one that a node is the value of."""
        *_, parent, child = self.way(node)
        if child.key is None:
            raise UnfitError("it stands under no key")
        self._for(node).exchange(parent, child.key.text, new, value)

    def append(self, sequence: Node, value: JsonValue) -> None:
        self._for(sequence).append(self.way(sequence)[-1], value)

    def divide(self, item: Node, values: list[str]) -> None:
        """Several items in the place of one."""
        *_, parent, child = self.way(item)
        self._for(item).divide(parent, next(self._index(parent, child)), values)

    def rename(self, node: Node, new: str) -> None:
        """Another name for the key that a node stands under."""
        *_, parent, child = self.way(node)
        if child.key is None:
            raise UnfitError("it stands under no key")
        self._for(node).rename(parent, child.key.text, new)

    def remove(self, node: Node | None) -> None:
        """Take it out; an `env` or `annotations` that is empty without it goes as well."""
        way = self.way(node)
        self._for(way[-1]).remove(way, _NEEDLESS)

    def to_front(self, item: Node) -> None:
        *_, parent, child = self.way(item)
        self._for(item).to_front(parent, next(self._index(parent, child)))

    @staticmethod
    def _index(parent: Node, child: Node) -> Iterator[int]:
        return (index for index, one in enumerate(parent.elements()) if one is child)

    def finished(self) -> tuple[Edit, ...]:
        if self._writer is None:
            raise UnfitError("nothing was changed")
        return self._writer.finished()

    @property
    def reused(self) -> bool:
        return self._writer is not None and self._writer.reused

    def others(self, concerned: Collection[Resource]) -> Others:
        """Objects beside those with the same finding that hold what changes.

        A base that several overlays build on, a runtime that several services use.
        """
        assert self._writer is not None
        return self._reach.others(self._writer.document, self._writer.edits, concerned)

    def _for(self, node: Node) -> Rewriter:
        return self._writer or self._open(written(self._roots(node), node))

    def _open(self, document: Written) -> Rewriter:
        if self._writer is None:
            self._reach.spend(document)
            self._writer = Rewriter(document)
        return self._writer

    def _roots(self, node: Node) -> list[Node]:
        if node.source is None:
            raise UnfitError("the value stands in no file")
        return self.model.graph.documents.get(node.source.name, [])


class Offers:
    """The fixes of one run."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._reach = Reach(model.graph)

    def offer(
        self, rule: Rule, problem: Problem, subject: Any, concerned: Collection[Resource]
    ) -> Fix | None:
        """The fix for a problem; None if there is none. `concerned` have the same finding here."""
        spec = rule.fix
        text = None if spec is None else spec.texts.get(problem.variant, spec.texts.get("default"))
        if spec is None or text is None or self._reach.is_exhausted(problem.at):
            return None
        topic, _, name = spec.change.partition(".")
        change: Callable[..., None] = getattr(import_module(f"kslint.fixes.{topic}"), name)
        draft = Draft(problem, subject, self._model, self._reach)
        try:
            change(draft, **spec.params)
            edits = draft.finished()
        except UnfitError:
            return None
        notes = list(draft.doubts)
        if draft.reused:
            notes.append("what changes is used in several places of the document")
        others = draft.others(concerned)
        if others.first is not None:
            more = f" and {others.total - 1} more" if others.total > 1 else ""
            notes.append(f"it changes {others.first.kind} `{others.first.name}`{more}")
        description = "; ".join([filled(text, draft.facts), *notes])
        return Fix(description, spec.is_safe(problem.variant) and not notes, edits)
