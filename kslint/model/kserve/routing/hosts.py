"""The hosts of an InferenceService in Standard mode, and what the controller says against them.

Mirrors reconcilers/ingress/{domain,path}.go, reconcilers/raw/raw_kube_reconciler.go:106-113,
227-235 and pkg/apis/serving/v1beta1/configmap.go:276-350 @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Failure, Invalid, Known, Unknown
from kslint.model.kserve import names
from kslint.model.kserve.routing.domain import (
    LABEL_LIMIT,
    Rendered,
    domain_error,
    is_unclosed,
    label_problems,
    render,
    url_path,
)
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.once import once
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import InferenceService
    from kslint.source.nodes import Node

    Host = Known[str] | Unknown | Invalid

TOP_LEVEL = "top-level"
DEFAULT_DOMAIN_TEMPLATE = "{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}"
DEFAULT_DOMAIN = "example.com"
CLUSTER_LOCAL_DOMAIN = "svc.cluster.local"


@once
def hosts(isvc: InferenceService) -> dict[str, Host]:
    """The external host of each component, by its name, and of the whole under TOP_LEVEL.

    Invalid carries the controller's message and the node to change. Made of the chart's
    defaults where the input does not configure KServe (`settings.in_input`). Empty outside
    Standard mode. The controller makes and checks them whether routes are wanted or not.
    """
    if isvc.mode.name != names.STANDARD:
        return {}
    found = {}
    for component in isvc.components:
        name = component.metadata.string("name") or ""
        prefix = f"fails to create NewRawKubeReconciler for {component.name}: "
        prefix += "failed creating host name"
        found[component.name] = _host(isvc, name, component.metadata, prefix)
    prefix = "failed to generate top level ingress host"
    if not uses_gateway(isvc):
        kind = next((n for n in ("transformer", "explainer") if n in found), "predictor")
        prefix = f"failed creating top level {kind} ingress host"
    return {**found, TOP_LEVEL: _host(isvc, name_of(isvc), metadata_of(isvc), prefix)}


@once
def ingress_failures(isvc: InferenceService) -> tuple[Failure, ...]:
    """What the controller refuses: the ingress settings first, then hosts, then the path.

    Stage `controller`. After one about the settings nothing of the InferenceService is made;
    after one about a component's host not that component.
    """
    if isvc.mode.name != names.STANDARD:
        return ()
    broken = list(_setting_failures(isvc))
    if broken:
        return tuple(broken)
    failures = [
        Failure("controller", host.error, host.node or isvc.resource.body, "invalid-host")
        for name, host in hosts(isvc).items()
        if isinstance(host, Invalid) and (name != TOP_LEVEL or is_external(isvc))
    ]
    path = url_path_of(isvc)
    if path is not None and path.error and is_external(isvc):
        message = f"failed to generate URL from pathTemplate: {path.error}"
        node = isvc.settings.get("ingress", "pathTemplate") or isvc.resource.body
        failures.append(Failure("controller", message, node, "invalid-path"))
    return tuple(failures)


def label_failures(isvc: InferenceService) -> tuple[Failure, ...]:
    """Names that the API server refuses as the label `app` of the component's objects.

    Its value is `isvc.<name>-<component>`, and `-worker` after it for the workers
    (pkg/constants/constants.go:717-725); a label holds 63 characters (apimachinery v0.34).
    """
    if isvc.mode.name != names.STANDARD or opaque(name_of(isvc)):
        return ()
    failures = []
    for component in isvc.components:
        name = component.metadata.string("name") or ""
        values = [f"isvc.{name}"]
        if component.name == "predictor" and component.stored.get("workerSpec") is not None:
            values.append(f"isvc.{name}-worker")
        failures += [
            Failure(
                "api-server",
                f'metadata.labels: Invalid value: "{value}": must be no more than '
                f"{LABEL_LIMIT} characters",
                _name_node(isvc),
                "label-too-long",
            )
            for value in values
            if len(value.encode("utf-8", "replace")) > LABEL_LIMIT
        ]
    return tuple(failures)


def _setting_failures(isvc: InferenceService) -> Iterator[Failure]:
    """NewIngressConfig; without the key `ingress` nothing is checked."""
    settings = isvc.settings
    root = settings.data.get("ingress")
    if root is None:
        return

    def failure(field: str, text: str) -> Failure:
        node = settings.place("ingress", field) or root
        return Failure("controller", f"invalid ingress config{text}", node, "ingress-config")

    gateway = settings.text("ingress", "kserveIngressGateway")
    if uses_gateway(isvc):
        namespace, _, name = gateway.partition("/")
        if not gateway:
            yield failure("kserveIngressGateway", " - kserveIngressGateway is required")
        elif gateway.count("/") != 1:
            text = " - kserveIngressGateway should be in the format <namespace>/<name>"
            yield failure("kserveIngressGateway", text)
        elif label_problems(namespace):
            text = " - kserveIngressGateway gateway namespace is invalid"
            yield failure("kserveIngressGateway", text)
        elif label_problems(name):
            text = " - kserveIngressGateway gateway name is invalid"
            yield failure("kserveIngressGateway", text)
    if not settings.text("ingress", "ingressGateway"):
        yield failure("ingressGateway", " - ingressGateway is required")
    template = settings.text("ingress", "pathTemplate")
    if template and is_unclosed(template):
        yield failure("pathTemplate", ", unable to parse pathTemplate")
    elif template and not settings.text("ingress", "ingressDomain"):
        yield failure("ingressDomain", " - ingressDomain is required if pathTemplate is given")


def _host(isvc: InferenceService, name: str, meta: Node, prefix: str) -> Host:
    """GenerateDomainName of one name over the labels and annotations of `meta`."""
    settings = isvc.settings
    setting = settings.get("ingress", "domainTemplate")
    if isvc.namespace is None:
        return Unknown("the namespace is not known", _name_node(isvc))
    if not name_of(isvc):
        return Unknown("the name is made by the API server", _name_node(isvc))
    if opaque(name_of(isvc)) or opaque(isvc.namespace):
        return Unknown("the name is a template", _name_node(isvc))
    values: dict[str, object] = {
        "Name": name,
        "Namespace": isvc.namespace,
        "IngressDomain": ingress_domain(isvc),
        "Annotations": _strings(meta.get("annotations")),
        "Labels": _strings(meta.get("labels")),
    }
    template = settings.text("ingress", "domainTemplate") or DEFAULT_DOMAIN_TEMPLATE
    rendered = render(template, "domain-template", "ingress.DomainTemplateValues", values)
    if rendered.error:
        error = f"{prefix}: error rendering the domain template: {rendered.error}"
        return Invalid(template, error, setting)
    if rendered.text is None:
        return Unknown(rendered.unknown, setting)
    problem = domain_error(rendered.text)
    if problem:
        return Invalid(rendered.text, f"{prefix}: {problem}", _name_node(isvc))
    return Known(rendered.text, setting)


def route_host(isvc: InferenceService, name: str) -> str | None:
    """The host as routes have it: by the InferenceService's own labels and annotations."""
    host = _host(isvc, name, metadata_of(isvc), "")
    return host.value if isinstance(host, Known) else None


def url_path_of(isvc: InferenceService) -> Rendered | None:
    """The rendered pathTemplate, without a slash at its end; None without a template."""
    template = isvc.settings.text("ingress", "pathTemplate")
    if not template or not uses_gateway(isvc):
        return None
    values = {"Name": name_of(isvc), "Namespace": isvc.namespace or ""}
    rendered = render(template, "url-template", "ingress.PathTemplateValues", values)
    if rendered.error:
        return Rendered(None, f"error rendering the url template: {rendered.error}")
    if rendered.text is None:
        return rendered
    path = url_path(rendered.text)
    return path if path.text is None else Rendered(path.text.removesuffix("/"))


def is_external(isvc: InferenceService) -> bool:
    """False with the cluster-local label or domain, and where creation is disabled."""
    label = isvc.stored.string("metadata", "labels", names.VISIBILITY_LABEL)
    disabled = isvc.settings.flag("ingress", "disableIngressCreation")
    return (
        label != names.CLUSTER_LOCAL
        and ingress_domain(isvc) != CLUSTER_LOCAL_DOMAIN
        and not disabled
    )


def uses_gateway(isvc: InferenceService) -> bool:
    """HTTPRoutes instead of an Ingress?"""
    return isvc.settings.flag("ingress", "enableGatewayApi")


def ingress_domain(isvc: InferenceService) -> str:
    """The domain of hosts, `example.com` where none is set."""
    return isvc.settings.text("ingress", "ingressDomain") or DEFAULT_DOMAIN


def name_of(isvc: InferenceService) -> str:
    """The name of an InferenceService, "" if the API server makes it."""
    return isvc.stored.string("metadata", "name") or ""


def _name_node(isvc: InferenceService) -> Node:
    return isvc.stored.at("metadata", "name") or isvc.resource.body


def metadata_of(isvc: InferenceService) -> Node:
    """The metadata as the routes' reconciler sees it."""
    return isvc.reconciled.get("metadata") or Map({})


def _strings(node: Node | None) -> dict[str, str]:
    return {name: value.text or "" for name, value in entries(node)}


def entries(node: Node | None) -> list[tuple[str, Node]]:
    """The entries of a mapping that may be missing."""
    return [] if node is None else list(node.items())
