"""Runtimes that models find or do not find, and what becomes of a runtime's container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve.merging import (
    LAST_WINS,
    args_in_place_of_program,
    repeated,
    retagged,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component


def argument_repeated(component: Component) -> Iterator[Problem]:
    """An option of the runtime that the model's args give once more."""
    for one in repeated(component):
        if one.node.place is None:
            continue
        yield Problem(
            one.node,
            variant="last" if one.how == LAST_WINS else "default",
            severity="note" if one.how == LAST_WINS else None,
            related=[(one.first, "the runtime gives it here")],
            option=one.option,
            first=one.first.text or "",
            written=one.node.text or "",
        )


def args_replace_command(component: Component) -> Iterator[Problem]:
    """Args of an image without an entrypoint: they are run in place of its command."""
    found = args_in_place_of_program(component)
    if found is not None and found[0].place is not None:
        node, image = found
        yield Problem(node, first=node.text or "", image=image)


def version_retags_image(component: Component) -> Iterator[Problem]:
    """An image with a tag, beside another runtimeVersion."""
    found = retagged(component)
    if found is not None:
        version, image, tag = found
        yield Problem(
            version,
            related=[(image, "the image with its tag")],
            version=version.text,
            tag=tag,
            image=(image.text or "").removesuffix(tag) + (version.text or ""),
        )
