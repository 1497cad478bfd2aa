"""Names that lead nowhere: claims, Secrets and runtimes that pods need and nothing brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.dependencies import ELSEWHERE, FOUND, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.source.nodes import Span


def missing(model: Model, *, kind: str) -> Iterator[Problem]:
    """A reference to an object that is not in a namespace whose objects are all known."""
    for reference, answer in model.dependencies:
        if reference.kind == kind and answer.kind == MISSING:
            declared = _is_declared(model, reference.namespace)
            variant = "deleted" if answer.deleted else "declared" if declared else "default"
            certain = declared or (answer.deleted and answer.certain)
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
