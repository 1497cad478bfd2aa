"""The routes of an InferenceService in Standard mode: HTTPRoutes or an Ingress.

Mirrors pkg/controller/v1beta1/inferenceservice/reconcilers/ingress/
{httproute_reconciler,kube_ingress_reconciler}.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.metadata import unpropagated
from kslint.model.kserve.routing.domain import subdomain_problems
from kslint.model.kserve.routing.hosts import (
    TOP_LEVEL,
    entries,
    hosts,
    ingress_domain,
    ingress_failures,
    is_external,
    label_failures,
    metadata_of,
    name_of,
    route_host,
    url_path_of,
    uses_gateway,
)
from kslint.model.kserve.workload import controller_origin
from kslint.model.tree import put
from kslint.source.nodes import Map, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.source.nodes import Node, Origin

__all__ = ["TOP_LEVEL", "hosts", "ingress_failures", "label_failures", "routes"]

DEFAULT_TIMEOUT = 60
ANY_PATH = "^/.*$"
EXPLAIN_PATH = r"^/v1/models/[\w-]+:explain$"
EXPLAIN_SUFFIX = r"(/v1/models/[\w-]+:explain)$"
GRPC_PATH = r"^/inference\.GRPCInferenceService/.*$"

_HTTP_ROUTE = "reconcilers/ingress/httproute_reconciler.go"
_INGRESS = "reconcilers/ingress/kube_ingress_reconciler.go"


def routes(isvc: InferenceService) -> list[Map]:
    """The HTTPRoutes, or the Ingress, that stand once every component is ready.

    None for a stopped, cluster-local or not Standard one, with disableIngressCreation, where
    the controller fails, and where a host or the path is not known.
    """
    if isvc.mode.name != names.STANDARD or isvc.stopped or not is_external(isvc):
        return []
    if ingress_failures(isvc) or not isvc.components:
        return []
    top = route_host(isvc, name_of(isvc))
    own = {c.name: route_host(isvc, c.metadata.string("name") or "") for c in isvc.components}
    path = url_path_of(isvc)
    if top is None or None in own.values() or (path is not None and path.text is None):
        return []
    by_name = {component.name: component for component in isvc.components}
    if "predictor" not in by_name or by_name["predictor"].worker_deployment is not None:
        return []  # of a predictor on several nodes KServe does not learn that it is ready
    if not uses_gateway(isvc):
        return [_ingress(isvc, by_name, top, own)]
    found = [
        _component_route(component, own[component.name] or "") for component in isvc.components
    ]
    return [*found, _top_route(isvc, by_name, top, "" if path is None else path.text or "")]


def _component_route(component: Component, host: str) -> Map:
    isvc = component.owner
    rules = _backend_rules(component)
    return _route(isvc, component.metadata.string("name") or "", [host], rules)


def _top_route(isvc: InferenceService, by_name: dict[str, Component], top: str, path: str) -> Map:
    explainer = by_name.get("explainer")
    server = by_name.get("transformer") or by_name["predictor"]
    rules = []
    if explainer is not None:
        rules.append(_rule(explainer, names.SERVICE_PORT, EXPLAIN_PATH))
    rules += _backend_rules(server)
    listed = [top, *_additional_hosts(isvc, top)]
    if isvc.settings.text("ingress", "pathTemplate"):
        listed.append(ingress_domain(isvc))
        if explainer is not None:
            rules.append(_rule(explainer, names.SERVICE_PORT, path + EXPLAIN_SUFFIX))
        rules.append(_rule(server, names.SERVICE_PORT, path + "/"))
    return _route(isvc, name_of(isvc), listed, rules)


def _additional_hosts(isvc: InferenceService, top: str) -> list[str]:
    """GetAdditionalHosts: the same subdomain under each further domain that makes a valid name."""
    domain = ingress_domain(isvc)
    subdomain = top.removesuffix(domain)
    listed = isvc.settings.get("ingress", "additionalIngressDomains")
    found: list[str] = []
    if subdomain == top or not subdomain or listed is None:
        return found
    for item in listed.elements():
        host = subdomain + (item.text or "")
        if host not in found and host != top and not subdomain_problems(host):
            found.append(host)
    return found


def _backend_rules(component: Component) -> list[Map]:
    """One rule to port 80, or two where the Service has a gRPC and an HTTP port (since 0.18)."""
    ports = None if component.service is None else component.service.at("spec", "ports")
    numbers: dict[bool, int] = {}
    for port in [] if ports is None else ports.elements():
        name = (port.string("name") or "").lower()
        grpc = port.string("appProtocol") == "kubernetes.io/h2c" or "grpc" in name or "h2c" in name
        numbers.setdefault(grpc, port.integer("port") or 0)
    if (
        len(numbers) < 2
        or not all(numbers.values())
        or not component.owner.settings.has("grpc-routes")
    ):
        return [_rule(component, names.SERVICE_PORT, ANY_PATH)]
    return [
        _rule(component, numbers[True], GRPC_PATH, "^application/grpc.*"),
        _rule(component, numbers[False], ANY_PATH),
    ]


def _rule(component: Component, port: int, path: str, content_type: str = "") -> Map:
    isvc = component.owner
    origin = _origin("120-249")
    match: dict[str, object] = {"path": {"type": "RegularExpression", "value": path}}
    if content_type:
        header = {"type": "RegularExpression", "name": "content-type", "value": content_type}
        match["headers"] = [header]
    headers = [
        {"name": "KServe-Isvc-Name", "value": name_of(isvc)},
        {"name": "KServe-Isvc-Namespace", "value": isvc.namespace or ""},
    ]
    backend = {
        "kind": "Service",
        "name": component.metadata.string("name") or "",
        "namespace": isvc.namespace or "",
        "port": port,
    }
    rule: Node = made(
        {
            "matches": [match],
            "filters": [
                {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": headers}}
            ],
            "backendRefs": [backend],
        },
        origin,
    )
    settings = isvc.settings
    disabled = settings.has("route-timeout-switch") and settings.flag(
        "ingress", "disableHTTPRouteTimeout"
    )
    if not disabled:
        node = component.stored.get("timeout")
        seconds = component.stored.integer("timeout")
        text = f"{DEFAULT_TIMEOUT if seconds is None else seconds}s"
        place = None if node is None or seconds is None else node.place
        value = made(text, origin._replace(text="the request timeout", span=place))
        rule = put(rule, ("timeouts", "request"), value)
    return rule if isinstance(rule, Map) else Map({})


def _route(isvc: InferenceService, name: str, listed: list[str], rules: list[Map]) -> Map:
    origin = _origin("299-327")
    body = made({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}, origin)
    metadata = {"name": name, "namespace": isvc.namespace or ""}
    body = put(body, ("metadata",), made(metadata, origin))
    meta = metadata_of(isvc)
    for field, dropped in (
        ("labels", frozenset({names.KNATIVE_VISIBILITY})),
        ("annotations", unpropagated(isvc.settings)),
    ):
        kept = {k: v for k, v in entries(meta.get(field)) if k not in dropped}
        if kept:
            body = put(body, ("metadata", field), made(kept, origin))
    gateway = isvc.settings.get("ingress", "kserveIngressGateway")
    namespace, _, gateway_name = isvc.settings.text("ingress", "kserveIngressGateway").partition(
        "/"
    )
    parent = {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "namespace": namespace,
        "name": gateway_name,
    }
    of_setting = (gateway and gateway.origin) or origin
    body = put(body, ("spec", "parentRefs"), made([parent], of_setting))
    domain = isvc.settings.get("ingress", "ingressDomain")
    body = put(body, ("spec", "hostnames"), made(listed, (domain and domain.origin) or origin))
    sequence = Seq(list(rules))
    sequence.origin = origin
    return put(body, ("spec", "rules"), sequence)


def _ingress(
    isvc: InferenceService, by_name: dict[str, Component], top: str, own: dict[str, str | None]
) -> Map:
    """The one Ingress. With a transformer its host leads to the predictor, and so upstream.

    `own` are the hosts of the components.
    """
    service = {n: c.metadata.string("name") or "" for n, c in by_name.items()}
    transformer, explainer = service.get("transformer"), service.get("explainer")
    predictor = service["predictor"]
    pairs: list[tuple[str | None, str]] = []
    if transformer is not None:
        host = own["transformer"]
        if explainer is not None:  # the explainer's host is made of the transformer's name
            pairs.append((host, explainer))
        pairs += [(top, transformer), (host, predictor)]
    elif explainer is not None:
        pairs += [(top, predictor), (own["explainer"], explainer)]
    else:
        pairs.append((top, predictor))
    pairs.append((own["predictor"], predictor))
    origin = controller_origin("the ingress reconciler", f"{_INGRESS}:174-329")
    body = made({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}, origin)
    metadata = {"name": name_of(isvc), "namespace": isvc.namespace or ""}
    body = put(body, ("metadata",), made(metadata, origin))
    annotations = metadata_of(isvc).get("annotations")
    if annotations is not None and entries(annotations):
        body = put(body, ("metadata", "annotations"), annotations)
    class_name = isvc.settings.get("ingress", "ingressClassName")
    if class_name is not None and not class_name.is_null:
        body = put(body, ("spec", "ingressClassName"), class_name)
    rules = [_ingress_rule(host or "", name) for host, name in pairs]
    return put(body, ("spec", "rules"), made(rules, origin))


def _ingress_rule(host: str, service: str) -> dict[str, object]:
    backend = {"service": {"name": service, "port": {"number": names.SERVICE_PORT}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {"host": host, "http": {"paths": [path]}}


def _origin(lines: str) -> Origin:
    return controller_origin("the HTTPRoute reconciler", f"{_HTTP_ROUTE}:{lines}")
