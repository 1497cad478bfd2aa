"""Values and fields as the API server reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.schemas.quantities import suggestion
from kslint.source.layout import UnfitError
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft


def write_quantity(draft: Draft) -> None:
    """The quantity that was probably meant."""
    text = str(draft.problem.facts["text"])
    meant = suggestion(text)
    if meant is None:
        raise UnfitError("nobody knows what was meant")
    if meant != "".join(text.split()):
        draft.doubt("what the text means is a guess")
    draft.replace(draft.problem.at, meant)


def spell_field(draft: Draft) -> None:
    """The nearest name in the same block; a lone value without one goes, as it is dropped anyway.

    A whole block stays: somebody meant something by it.
    """
    variant = draft.problem.variant
    if variant == "nearest" and draft.problem.facts["alone"]:
        draft.rename(draft.problem.at, str(draft.problem.facts["name"]))
    elif variant == "default" and isinstance(draft.problem.at, Scalar):
        draft.remove(draft.problem.at)
    else:
        raise UnfitError("it belongs elsewhere")
