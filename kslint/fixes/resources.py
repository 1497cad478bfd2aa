"""Requests and limits beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft

_OPPOSITE = {"requests": "limits", "limits": "requests"}


def write_both(draft: Draft) -> None:
    """The amount that is written, on the other side too: a limit for a request, or the reverse."""
    *_, resources, side, amount = draft.way(draft.problem.at)
    if side.key is None or amount.key is None:
        return
    written = side.key.text
    draft.put(resources, (_OPPOSITE[written], amount.key.text), amount.plain(), after=(written,))
