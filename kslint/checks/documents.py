"""Documents that hold no object where one is due, and what was not read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import unchecked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.schemas.decoding import Undecoded
    from kslint.resources import Resource

_NAMED = 3
"""How many of what is given up a finding names."""


def undecoded(model: Model) -> Iterator[Problem]:
    """A document or an item of a list that kubectl cannot decode."""
    for fault in model.undecoded:
        if fault.what == "misspelt":
            fix = f"write `{fault.field}`"
        elif fault.field:
            fix = f"write `{fault.field}`, or move what is not an object to another file"
        else:
            fix = "write an object here, or move what is none to a file of its own"
        place = fault.node.place
        yield Problem(
            fault.node,
            variant="default" if fault.what == "missing" else fault.what,
            severity=None if fault.sure else "warning",
            about=_object_with(fault, model),
            thing="item" if fault.in_list else "document",
            field=fault.field,
            found=fault.found,
            file="" if place is None else place.file,
            fix=fix,
        )


def _object_with(fault: Undecoded, model: Model) -> Resource | None:
    """The object whose field is at fault, if there is one all the same."""
    place = fault.node.place
    near = [] if place is None or fault.what != "version" else model.graph.in_file(place.file)
    return next((one for one in near if one.body.get(fault.field) is fault.node), None)


def passed_over(model: Model) -> Iterator[Problem]:
    """What names KServe and could not be read."""
    for one in unchecked.unchecked(model.graph):
        fix = "render it first: `helm template CHART | kslint check -`"
        if one.what == "broken":
            fix = "repair it, or exclude it if it is no manifest"
        many = one.templates > 1
        yield Problem(
            one.node,
            variant=one.what,
            name=one.node.text,
            what=one.reason,
            count=f"{one.templates} templates" if many else "a template",
            verb="name" if many else "names",
            was="were" if many else "was",
            fix=fix,
        )
    for bound in unchecked.bounded(model.graph):
        named = ", ".join(f"`{name}`" for name in bound.names[:_NAMED])
        more = f" and {len(bound.names) - _NAMED:,} more" if len(bound.names) > _NAMED else ""
        several = len(bound.names) > 1
        yield Problem(
            bound.node,
            variant="bounded",
            builds=f"the {bound.thing}{'s' * several} {named}{more}",
            whose="their" if several else "its",
            what=bound.reason,
            fix="check parts of the repository by themselves",
        )
