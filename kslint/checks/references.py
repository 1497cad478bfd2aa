"""Names that lead nowhere: claims, Secrets and runtimes that pods need and nothing brings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.dependencies import ELSEWHERE, FOUND, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.source.nodes import Span

_FEW = 4
"""As many as one may well have forgotten."""


def missing(model: Model, *, kind: str) -> Iterator[Problem]:
    """A reference to an object that is not in a namespace whose objects are all known.

    Nobody forgets most of many: who needs more of a kind that are missing than are there gets
    them from somewhere that the input does not show.
    """
    needs: dict[tuple[int, str], set[str]] = defaultdict(set)
    for reference, answer in model.dependencies:
        if reference.kind == kind:
            needs[id(reference.source), answer.kind].add(reference.name)
    for reference, answer in model.dependencies:
        if reference.kind == kind and answer.kind == MISSING:
            user = id(reference.source)
            supplied = len(needs[user, MISSING]) > max(len(needs[user, FOUND]), _FEW)
            declared = _is_declared(model, reference.namespace)
            variant = "deleted" if answer.deleted else "declared" if declared else "default"
            certain = declared or (answer.deleted and answer.certain)
            if supplied and variant == "default":
                continue
            yield Problem(
                reference.node,
                variant=variant,
                severity="error" if certain else "warning",
                about=reference.source,
                name=reference.name,
                namespace=reference.namespace or "?",
                user=f"{reference.source.kind} `{reference.source.name}`",
            )


def in_another_namespace(model: Model) -> Iterator[Problem]:
    """A reference to an object that exists in other namespaces only."""
    found = []
    served: set[Span | None] = set()
    for reference, answer in model.dependencies:
        if answer.kind == ELSEWHERE:
            found.append((reference, answer))
        elif answer.kind == FOUND:
            served.add(reference.node.span)
    for reference, answer in found:
        if reference.node.span in served:
            continue  # the same line, emitted into another namespace too, finds the object there
        user, other = reference.source, answer.others[0]
        home = model.graph.namespace_of(other) or ""
        yield Problem(
            reference.node,
            severity=None if answer.certain else "warning",
            about=user,
            related=[(other.body.at("metadata", "name"), f"it is in `{home}`")],
            kind=reference.kind,
            name=reference.name,
            namespace=reference.namespace,
            home=home,
            user=f"{user.kind} `{user.name}`",
        )


def _is_declared(model: Model, namespace: str | None) -> bool:
    """Does the user say that the namespace is complete?"""
    told = model.config.cluster.complete
    return told if isinstance(told, bool) else told is not None and namespace in told
