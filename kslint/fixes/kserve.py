"""Marks that are read under another name, and ports that were meant as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.source.layout import UnfitError

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft


def rename_annotation(draft: Draft) -> None:
    """The annotation under the name that KServe reads."""
    if draft.problem.variant != "prefix":
        raise UnfitError("it belongs to another object")
    draft.rename(draft.problem.at, str(draft.problem.facts["right"]))


def port_as_number(draft: Draft) -> None:
    """The port without its quotes."""
    if draft.problem.variant != "quoted":
        raise UnfitError("nobody knows which port was meant")
    draft.replace(draft.problem.at, int(str(draft.problem.facts["port"])))
