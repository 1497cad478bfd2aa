"""The container that serves the model: its name and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft


def name_server(draft: Draft) -> None:
    """The name that KServe looks for."""
    draft.replace(draft.problem.at, names.PREDICTOR_CONTAINER)


def move_first(draft: Draft) -> None:
    """The whole container to the front of its list."""
    at = draft.problem.at
    draft.to_front(at if isinstance(at, Map) else draft.around(at))
