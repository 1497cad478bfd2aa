"""What follows from the hash that kustomize puts behind the names of generated objects.

With another content a ConfigMap or Secret gets another name, and the pods that use it restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.changes import CHANGED, Difference
from kslint.changes import effects as of
from kslint.changes.fields import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.changes.objects import Effective
    from kslint.changes.side import Side

_TEMPLATE = Field((".spec", ".template"), None, None)


def hashed(found: Iterable[Difference], new: Side) -> Iterator[Difference]:
    """The workloads that get another pod template by that, and by nothing else."""
    graph = new.model.graph
    changed = {
        (one.subject, one.place)
        for one in found
        if one.what == CHANGED
        and any(c.path.startswith(("data", "binaryData")) for c in one.changes)
    }
    if not changed:
        return
    objects = {id(one.resource): one for one in new.written}
    touched = {(one.subject, one.place) for one in found if one.changes}
    for emission in graph.scopes.emissions:
        names = {
            (one.resource.kind, one.resource.name)
            for resource in emission.hashed
            if (one := objects.get(id(resource))) is not None
            and one.resource is not None
            and (one.subject, one.place) in changed
        }
        for reference in graph.references_of(emission.resources) if names else ():
            user = objects.get(id(reference.source))
            if user is None or (reference.kind, reference.name) not in names:
                continue
            if (user.subject, user.place) not in touched:
                touched.add((user.subject, user.place))
                yield from _restarted(user, f"{reference.kind} {reference.name}")


def _restarted(user: Effective, used: str) -> Iterator[Difference]:
    why = f"{used} gets another name with its new content (kustomize's hash)"
    known = tuple(
        effect._replace(text=f"{why}: {effect.text}")
        for effect in of.of_change(user, user, [_TEMPLATE], None)
    )
    if known:
        yield Difference(CHANGED, user.subject, None, user.place, (), known)
