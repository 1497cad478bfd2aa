"""What an input says of a KServe installation: how far its settings are known, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.argo import GROUP
from kslint.model.gitops import argocd
from kslint.model.gitops.argocd import Application
from kslint.model.kserve import names
from kslint.model.kserve.settings import CONTROLLER_CHARTS
from kslint.source.inner import inner_document
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source
    from kslint.model.kserve.settings import Settings
    from kslint.model.model import Model
    from kslint.source.nodes import Node

LLM_CHART = "kserve-llmisvc-resources"
_CHART_GATEWAY = "kserve-ingress-gateway"
"""What the chart calls the Gateway of `createGateway` (files/kserve/ingress_gateway-patch.yaml)."""


def installations(model: Model) -> Iterator[Settings]:
    """The settings that the input shows whole: none of their values files is out of sight."""
    for settings in model.settings:
        if settings.in_input and all(
            values_are_known(model.graph, source) for source in _sources(settings)
        ):
            yield settings


def _sources(settings: Settings) -> Iterator[Source]:
    """The chart's source that settings were read from; none for a rendered ConfigMap."""
    resource = settings.resource
    if resource is None or resource.group != GROUP:
        return
    template = resource.body.at("spec", "template") if resource.kind == "ApplicationSet" else None
    body = resource.body if template is None else template
    spec = body.get("spec")
    if spec is not None:
        application = Application(resource, body.get("metadata"), spec, template is not None)
        for source in argocd.sources(application):
            if source.chart in CONTROLLER_CHARTS:
                yield source


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
