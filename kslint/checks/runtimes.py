"""Runtimes that models find or do not find, and what becomes of a runtime's container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kserve.merging import (
    LAST_WINS,
    args_in_place_of_program,
    repeated,
    retagged,
)
from kslint.model.kserve.selection import fits_shipped, lack
from kslint.model.platform.runtimes import may_bring_others, switched_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.model.kserve.releases import Release
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node


def none_supports(model: Model) -> Iterator[Problem]:
    """A model that names no runtime, and none of those that are known fits it."""
    components = [c for service in model.inference_services for c in service.components]
    lacking = [(component, found) for component in components if (found := lack(component))]
    opened = bool(lacking) and may_bring_others(model.graph)
    for component, found in lacking:
        owner, known = component.owner, _all_known(model, component)
        if model.graph.evidence.illustrates(owner.resource) or (opened and not known):
            continue
        node = found.node
        if node is None or node.place is None:
            node = _block(component)
        yield Problem(
            node,
            variant=found.why,
            severity="error" if known else None,
            about=owner.resource,
            format=found.format,
            wanted=found.wanted,
            offered=", ".join(f"`{each}`" for each in found.offered[:4]),
        )


def _block(component: Component) -> Node:
    """The model as it is written, under its own key or that of a framework."""
    blocks = [component.written.get(key) for key in ("model", *names.FRAMEWORKS)]
    return next((block for block in blocks if block is not None), component.written)


def _all_known(model: Model, component: Component) -> bool:
    """Is the input known to hold every runtime that the model may get?"""
    resource, namespace = component.owner.resource, component.owner.namespace
    return namespace is not None and all(
        model.graph.complete_for(kind, where, resource)
        for kind, where in (("ServingRuntime", namespace), ("ClusterServingRuntime", ""))
    )


def not_installed(model: Model) -> Iterator[Problem]:
    """An installation of KServe without its runtimes, and models that need one of them."""
    for release in model.bare_installations:
        needing = sorted(
            (
                service
                for service in model.inference_services
                if service.predictor is not None
                and fits_shipped(service.predictor)
                and model.graph.evidence.reaches(service.resource, release.resource)
            ),
            key=lambda service: service.resource.name,
        )
        if not needing:
            continue
        called = sorted({service.resource.name for service in needing})
        first = needing[0].resource.body.at("metadata", "name")
        places = switched_off(model.graph)
        found: list[tuple[Resource | None, Node]] = [
            (source.application.resource, at) for source, at in places
        ]
        for resource, node in found or [(release.resource, _chart(release))]:
            yield Problem(
                node,
                variant="switch" if places else "default",
                related=[(first, "this model needs one of them")],
                about=resource,
                version=release.revision,
                services=", ".join(f"`{name}`" for name in called[:3]),
                more=f" and {len(called) - 3} more" if len(called) > 3 else "",
            )


def _chart(release: Release) -> Node:
    """Where the chart is named."""
    node = None if release.source is None else release.source.node.get("chart")
    return node or release.holder.get("name") or release.holder


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
