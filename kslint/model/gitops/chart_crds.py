"""Which CRDs leave a chart from one of its releases to another, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kslint.model.gitops.crd import charts, release_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def leaving(chart: str, old: str, new: str) -> Iterator[tuple[str, str]]:
    """The CRDs that a chart brings at one release and not at another.

    Each with the chart that brings it then, "" for none. A release that was not read is taken for
    the nearest older one.
    """
    for name, bundle in charts().items():
        if name == "_meta" or chart not in bundle["chart"]:
            continue
        for crd in _crds(bundle, old):
            if crd not in _crds(bundle, new):
                yield crd, _bringing(crd, new)


def _bringing(crd: str, version: str) -> str:
    for name, bundle in charts().items():
        chart = "" if name == "_meta" else "".join(bundle["chart"][:1])
        if chart and not chart.endswith("-minimal") and crd in _crds(bundle, version):
            return chart
    return ""


def _crds(bundle: dict[str, Any], version: str) -> dict[str, int]:
    wanted = release_of(version) or ()
    read = [each for each in bundle if (number := release_of(each)) and number <= wanted]
    newest = max(read, key=lambda each: release_of(each) or (), default=None)
    crds: dict[str, int] = bundle[newest]["crds"] if newest is not None else {}
    return crds
