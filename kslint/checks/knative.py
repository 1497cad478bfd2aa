"""InferenceServices in Knative mode: what Knative Serving refuses of the Service they become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve.knative_features import (
    features,
    longest_timeout,
    mismatched_probe_ports,
    mode_is_sure,
    refused_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component

WRITE_FLAG = "kubernetes.podspec-persistent-volume-write"


def feature_off(component: Component) -> Iterator[Problem]:
    """A field of the pod that needs a feature of Knative which the input leaves off."""
    if not mode_is_sure(component):
        return
    flags = features(component.owner.graph)
    if flags is None:
        return
    holder = flags.holders[0]
    for off in refused_fields(component, flags):
        by_list = off.at is component.written.get("storageUris")
        yield Problem(
            off.at,
            variant="storage" if by_list else "write" if off.flag == WRITE_FLAG else "default",
            related=[(holder, "Knative's features are set here")],
            field=off.field,
            flag=off.flag,
            error=off.message,
        )


def timeout_over_most(component: Component) -> Iterator[Problem]:
    """A timeout that is longer than Knative's settings allow for any revision."""
    node = component.written.get("timeout")
    seconds = component.written.integer("timeout")
    if node is None or seconds is None or not mode_is_sure(component):
        return
    most = longest_timeout(component.owner.graph)
    if most is not None and seconds > most:
        yield Problem(node, seconds=seconds, most=most)


def probe_port(component: Component) -> Iterator[Problem]:
    """A probe whose port is a name, and not that of the container port."""
    if not mode_is_sure(component):
        return
    for one in mismatched_probe_ports(component):
        if one.node.place is not None:
            text = one.node.text or ""
            yield Problem(
                one.node,
                variant="quoted" if text.isdecimal() and len(text) < 6 else "default",
                probe=one.probe,
                handler=one.handler,
                port=text,
                name=one.name,
            )
