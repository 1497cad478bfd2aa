"""How workloads are updated, scaled and paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.source.layout import UnfitError
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft
    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Node

_BESIDE = ("maxReplicas", "minReplicas", "replicas")


def recreate(draft: Draft) -> None:
    """`type: Recreate`, without the `rollingUpdate` that must not stand beside it."""
    field = str(draft.problem.facts["field"])
    home = _home(draft)
    effective = home.get(field)
    if effective is None or effective.is_null:
        draft.put(home, (field, "type"), "Recreate", after=_BESIDE)
        return
    kind, rolling = effective.get("type"), effective.get("rollingUpdate")
    if kind is None and rolling is not None:
        draft.exchange(rolling, "type", "Recreate")
        return
    strategy = effective if kind is None else draft.around(kind)
    draft.put(strategy, ("type",), "Recreate")
    if rolling is not None:
        if draft.around(rolling) is not draft.around(kind):
            raise UnfitError("`rollingUpdate` is inherited, and would stay")
        draft.remove(rolling)


def _home(draft: Draft) -> Node:
    """What the user writes about the workload: the mapping that holds its strategy."""
    at, about = draft.problem.at, draft.problem.about
    for workload in () if about is None else draft.model.workloads_of(about):
        if any(node is at for node in walk(workload.home)):
            return workload.home
    raise UnfitError("the workload was not found again")


def remove(draft: Draft) -> None:
    """The field or annotation, gone."""
    draft.remove(draft.problem.at)


def remove_unread(draft: Draft) -> None:
    """A field that Standard mode does not read, gone."""
    draft.remove(draft.problem.at)


def one_replica(draft: Draft) -> None:
    """What the HPA makes of zero, said outright."""
    _doubt_mode(draft)
    draft.replace(draft.problem.at, 1)


def _doubt_mode(draft: Draft) -> None:
    component: Component = draft.subject
    if not component.owner.mode_is_known:
        draft.doubt("nothing in the input says that the mode is Standard")
