"""What an input says of a KServe installation: how far its settings are known, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.settings import nearest
from kslint.source.inner import inner_document
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

LLM_CHART = "kserve-llmisvc-resources"
_CHART_GATEWAY = "kserve-ingress-gateway"
"""What the chart calls the Gateway of `createGateway` (files/kserve/ingress_gateway-patch.yaml)."""


def installations(graph: Graph, every: list[Settings]) -> Iterator[Settings]:
    """The settings of the installations that the input makes use of, where they are known whole.

    They are not where a values file is out of sight. Upstream's own text is somebody's settings
    once an Application deploys it, or models in the input go by it and by no other.
    """
    used: list[Settings] | None = None
    for settings in every:
        source = settings.source
        known = settings.whole if source is None else values_are_known(graph, source)
        if not settings.in_input or not known or _illustrates(graph, settings):
            continue
        if source is None and settings.copied and not _is_deployed(graph, settings):
            used = _in_use(graph, every) if used is None else used
            if settings not in used:
                continue
        yield settings


def _is_deployed(graph: Graph, settings: Settings) -> bool:
    return settings.resource is not None and bool(graph.owners(settings.resource))


def _in_use(graph: Graph, every: list[Settings]) -> list[Settings]:
    """The installations that a model of the input is nearest to, each by itself."""
    used = []
    for kind in ("InferenceService", "LLMInferenceService"):
        for resource in graph.of_kind(kind, names.GROUP):
            near = [] if graph.evidence.illustrates(resource) else nearest(every, resource)
            if len(near) == 1 and near[0] not in used:
                used.append(near[0])
    return used


def _illustrates(graph: Graph, settings: Settings) -> bool:
    resource = settings.resource
    return resource is not None and graph.evidence.illustrates(resource)


def is_installed(graph: Graph, every: Iterable[Settings]) -> bool:
    """Does the input install KServe? Only then does it show what is installed around it."""
    return any(settings.in_input and not _illustrates(graph, settings) for settings in every)


def values_are_known(graph: Graph, source: Source) -> bool:
    """Does the input hold every value that a source hands to its chart?

    Not if a values file is not in it, or a patch of an ApplicationSet may add to them.
    """
    resource, helm = source.application.resource, source.node.get("helm")
    if resource.body.at("spec", "templatePatch") is not None:
        return False
    if helm is None:
        return True
    files, inline = helm.get("valueFiles"), helm.get("values")
    if isinstance(inline, Scalar) and inline.text and inner_document(inline) is None:
        return False
    paths = [item.text or "" for item in ([] if files is None else files.elements())]
    return all(_is_there(graph, source, path) for path in paths)


def _is_there(graph: Graph, source: Source, name: str) -> bool:
    """Is a values file in the input? Of a pattern, any file it matches."""
    path = name.partition("/")[2] if name.startswith("$") else name
    if source.path and name[:1] not in ("$", "/"):
        path = f"{source.path.strip('/')}/{name}"
    if any(sign in path for sign in "*?[{"):
        return "{{" not in path and any(True for _ in graph.documents_like(path))
    return graph.document(path, source.application.resource.file) is not None


def place(settings: Settings, key: str, field: str) -> Node:
    """The node to point at for a setting; of a chart without values its `helm` or source block."""
    node = settings.place(key, field) or settings.holder
    assert node is not None, "asked for a place in settings that are not in the input"
    return values_block(node) if node.get("repoURL") is not None else node


def values_block(source: Node) -> Node:
    """Where values of a source would be written: its `helm` block, else the source itself."""
    return source.nearest("helm", "valuesObject")


def is_off(settings: Settings, field: str) -> bool:
    """Is a switch of the key `ingress` certainly not true? A key that is not there says nothing."""
    root = settings.data.get("ingress")
    return root is not None and settings.text("ingress", field) in ("", "false")


def is_literal(text: str) -> bool:
    """False for what something else fills in: a template, a variable."""
    return "{{" not in text and "$" not in text


def default_mode(settings: Settings) -> str:
    """The mode of InferenceServices without an annotation, in its present name; "" if not given."""
    text = settings.text("deploy", "defaultDeploymentMode")
    return names.LEGACY_MODES.get(text, text)


def makes_gateway(settings: Settings, name: str) -> bool:
    """Does the chart itself make the Gateway of this name?

    Source: charts/kserve-resources/files/kserve/ingress_gateway-patch.yaml @v0.19.0.
    """
    switch = settings.values.at(
        "kserve", "controller", "gateway", "ingressGateway", "createGateway"
    )
    created = switch is not None and (switch.text or "").lower() == "true"
    return created and name == _CHART_GATEWAY
