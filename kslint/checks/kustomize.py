"""Kustomizations that kustomize refuses to build."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.graph.evidence import is_illustrative
from kslint.graph.gaps import CHARTS, FAILS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.kustomize import Emission
    from kslint.model.model import Model
    from kslint.source.nodes import Span


def refused(model: Model) -> Iterator[Problem]:
    """What no build of a kustomization gets past, each place once."""
    seen: set[Span] = set()
    for emission in model.graph.scopes.emissions:
        for gap in emission.gaps if _is_known(emission) else ():
            place = gap.node.place
            if gap.kind != FAILS or not gap.settled or place is None or place in seen:
                continue
            if model.share is not None and place.file not in model.share:
                continue
            if is_illustrative(posixpath.dirname(place.file).lower().split("/")):
                continue
            seen.add(place)
            yield Problem(gap.node, reason=gap.reason)


def _is_known(emission: Emission) -> bool:
    """Is all that goes into the build in the input? A component works on what includes it."""
    return emission.root.string("kind") != "Component" and all(
        gap.kind in (FAILS, CHARTS) for gap in emission.gaps
    )
