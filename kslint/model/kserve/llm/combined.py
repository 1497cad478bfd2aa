"""The merged spec of an LLMInferenceService, as the controller arranges it before it acts on it.

Mirrors combineBaseRefsConfig (pkg/controller/v1alpha2/llmisvc/config_merge.go:290-440 @v0.19.0)
and the defaults in config/crd/full/llmisvc/serving.kserve.io_llminferenceservices.yaml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve.llm.configs import child_name, present, rendered
from kslint.model.tree import put, put_defaults
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource
    from kslint.source.nodes import JsonValue, Node

WORKLOAD_SERVICE = "-kserve-workload-svc"
INFERENCE_POOL = "-inference-pool"
SCHEDULER_ACCOUNT = "-epp-sa"
MODEL_ROUTING = "serving.kserve.io/model-based-routing-enabled"
DEFAULT_HEADER = "X-Gateway-Model-Name"
PICKER_PORT = 9002

_SOURCE = "pkg/controller/v1alpha2/llmisvc/config_merge.go @v0.19.0"
_CRD = "config/crd/full/llmisvc/serving.kserve.io_llminferenceservices.yaml @v0.19.0"
_ROUTE = ("router", "route", "http", "spec")
_POOL = ("router", "scheduler", "pool", "spec")
_ANY_PATH: dict[str, JsonValue] = {"type": "PathPrefix", "value": "/"}
_GATEWAY: dict[str, JsonValue] = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
_BACKEND: dict[str, JsonValue] = {"group": "", "kind": "Service", "weight": 1}
_PICKER: dict[str, JsonValue] = {"failureMode": "FailClose", "group": "", "kind": "Service"}


class Around(NamedTuple):
    """The service that a spec is of, and what its templates and routes are filled in with."""

    resource: Resource
    graph: Graph
    settings: Settings
    namespace: str | None
    values: dict[str, str | None]
    tls: bool


def defaulted(spec: Map, settings: Settings) -> Map:
    """A spec, of a service or of a config, with the defaults of the CRD for its router.

    A route without rules gets one that matches everything and leads nowhere.
    """
    origin = Origin("api-server", "a default of the CRD", _CRD)
    route = spec.at(*_ROUTE)
    if isinstance(route, Map):
        match: list[JsonValue] = [{"path": _ANY_PATH}]
        rules: list[JsonValue] = [{"matches": match}]
        route = put_defaults(route, {"rules": rules}, origin)
        route = _each(route, "parentRefs", lambda ref: put_defaults(ref, _GATEWAY, origin))
        route = _each(route, "rules", lambda rule: _defaulted_rule(rule, origin))
        spec = put(spec, _ROUTE, route)
    picker = spec.at(*_POOL, "endpointPickerRef")
    if isinstance(picker, Map):
        spec = put(spec, (*_POOL, "endpointPickerRef"), put_defaults(picker, _PICKER, origin))
    pool = spec.at(*_POOL)
    if isinstance(pool, Map) and settings.has("pool-protocol"):
        spec = put(spec, _POOL, put_defaults(pool, {"appProtocol": "http"}, origin))
    return spec


def _defaulted_rule(rule: Map, origin: Origin) -> Map:
    match: list[JsonValue] = [{"path": _ANY_PATH}]
    rule = put_defaults(rule, {"matches": match}, origin)
    rule = _each(rule, "matches", lambda one: _defaulted_match(one, origin))
    return _each(rule, "backendRefs", lambda ref: put_defaults(ref, _BACKEND, origin))


def _defaulted_match(match: Map, origin: Origin) -> Map:
    match = put_defaults(match, {"path": _ANY_PATH}, origin)
    path = match.get("path")
    if isinstance(path, Map):
        match = put(match, ("path",), put_defaults(path, _ANY_PATH, origin))
    for field in ("headers", "queryParams"):
        match = _each(match, field, lambda one: put_defaults(one, {"type": "Exact"}, origin))
    return match


def combined(service: Around, spec: Map) -> Map:
    """The merged spec with its templates filled in, and its router arranged."""
    spec = _with_selector(service, spec)
    if isinstance(spec.at("router", "scheduler", "template"), Map):
        spec = _with_account(service, spec)
    known = rendered(spec, service.values, service.tls)
    spec = known if isinstance(known, Map) else spec
    if isinstance(spec.at(*_ROUTE), Map):
        spec = _with_model_routing(service, spec)
        spec = _with_parents(spec)
        spec = _with_backends(service, spec)
    if service.settings.has("picker-port"):
        spec = _with_picker_port(spec)
    return spec


def workload_labels(resource: Resource) -> dict[str, JsonValue]:
    """GetWorkloadLabelSelector: what finds the pods that serve."""
    return {
        "app.kubernetes.io/part-of": "llminferenceservice",
        "app.kubernetes.io/name": resource.name,
        "kserve.io/component": "workload",
    }


def _with_selector(service: Around, spec: Map) -> Map:
    path = (*_POOL, "selector", "matchLabels")
    labels = spec.at(*path)
    if not isinstance(spec.at(*_POOL), Map) or (isinstance(labels, Map) and labels.entries):
        return spec
    return put(spec, path, made(workload_labels(service.resource), _origin("the pool's selector")))


def _with_account(service: Around, spec: Map) -> Map:
    path = ("router", "scheduler", "template", "serviceAccountName")
    if spec.string(*path):
        return spec
    name = child_name(service.resource.name, SCHEDULER_ACCOUNT)
    return put(spec, path, made(name, _origin("the scheduler's ServiceAccount")))


def _with_model_routing(service: Around, spec: Map) -> Map:
    """The matches by the header that names the model: one more for each adapter, or none."""
    header = service.settings.text("ingress", "modelBasedRoutingHeaderName") or DEFAULT_HEADER
    adapters = [a.string("name") for a in spec.listed("model", "lora", "adapters")]
    names = [name for name in adapters if name]
    if service.settings.has("model-routing-by-annotation"):
        names.sort()
    origin = _origin("the matches for adapters")

    def names_model(match: Node) -> bool:
        return any(one.string("name") == header for one in match.listed("headers"))

    def of_adapter(match: Map, adapter: str) -> Map:
        value = made(f"publishers/{service.namespace or ''}/models/{adapter}", origin)
        return _each(
            match,
            "headers",
            lambda one: put(one, ("value",), value) if one.string("name") == header else one,
        )

    def expanded(rule: Map) -> Map:
        matches = rule.get("matches")
        found = [] if matches is None else matches.elements()
        more = [
            of_adapter(match, adapter)
            for match in found
            if isinstance(match, Map) and names_model(match)
            for adapter in names
        ]
        if not more or not isinstance(matches, Seq):
            return rule
        return put(rule, ("matches",), matches.with_children([*found, *more]))

    def stripped(rule: Map) -> Map | None:
        matches = rule.get("matches")
        found = [] if matches is None else matches.elements()
        kept = [match for match in found if not names_model(match)]
        if not kept or not isinstance(matches, Seq):
            return None
        return put(rule, ("matches",), matches.with_children(kept))

    return _rules(spec, expanded if _routes_by_model(service, spec) else stripped)


def _routes_by_model(service: Around, spec: Map) -> bool:
    """isModelBasedRoutingEnabled; a Gateway that is not in the input does not object."""
    mode = service.settings.text("ingress", "modelBasedRoutingMode").lower()
    by_annotation = service.settings.has("model-routing-by-annotation")
    if by_annotation and spec.string("annotations", MODEL_ROUTING) != "true":
        return False
    if mode in ("forced", "disabled"):
        return mode == "forced"
    return not any(g.annotation(MODEL_ROUTING) == "false" for g in _gateways(service, spec))


def _gateways(service: Around, spec: Map) -> Iterator[Resource]:
    """The Gateways of the input that the route hangs on: gateway.refs, else the settings'."""
    wanted = [
        (ref.string("namespace") or service.namespace, ref.string("name"))
        for ref in spec.listed("router", "gateway", "refs")
    ]
    if not wanted:
        values = service.values
        namespace = values[".GlobalConfig.IngressGatewayNamespace"]
        wanted = [(namespace, values[".GlobalConfig.IngressGatewayName"])]
    for where, name in wanted:
        group = _GATEWAY["group"]
        lookup = service.graph.find("Gateway", name or "", where, str(group), service.resource)
        if lookup.found is not None:
            yield lookup.found


def _with_parents(spec: Map) -> Map:
    """gateway.refs in place of the preset's Gateway (ToParentRefs)."""
    refs = spec.listed("router", "gateway", "refs")
    if not refs:
        return spec
    origin = _origin("gateway.refs")
    parents: list[Node] = []
    for ref in refs:
        parent = made({**_GATEWAY}, origin)
        for field in ("name", "namespace", "sectionName"):
            value = ref.get(field)
            if value is not None and value.text:
                parent = put(parent, (field,), value)
        parents.append(parent)
    return put(spec, (*_ROUTE, "parentRefs"), Seq(parents))


def _with_backends(service: Around, spec: Map) -> Map:
    """Backends that name the default pool lead to what is there in its place."""
    default = child_name(service.resource.name, INFERENCE_POOL)
    own = spec.string("router", "scheduler", "pool", "ref", "name")
    if present(spec, "router", "scheduler") and not own:
        return spec
    if own:
        changes: dict[str, JsonValue] = {"name": own}
    else:
        name = child_name(service.resource.name, WORKLOAD_SERVICE)
        changes = {"group": "", "kind": "Service", "name": name}
    origin = _origin("the backends of the route")

    def led(ref: Map) -> Map:
        if (ref.string("kind"), ref.string("name")) != ("InferencePool", default):
            return ref
        return ref.with_entries(
            {**ref.entries, **{name: made(value, origin) for name, value in changes.items()}}
        )

    return _rules(spec, lambda rule: _each(rule, "backendRefs", led))


def _with_picker_port(spec: Map) -> Map:
    picker = spec.at(*_POOL, "endpointPickerRef")
    if not isinstance(picker, Map) or (picker.string("kind") or "Service") != "Service":
        return spec
    path = (*_POOL, "endpointPickerRef", "port", "number")
    if spec.integer(*path):
        return spec
    return put(spec, path, made(PICKER_PORT, _origin("the port of the endpoint picker")))


def _rules(spec: Map, change: Callable[[Map], Map | None]) -> Map:
    """The route with every rule changed, or left out."""
    rules = spec.at(*_ROUTE, "rules")
    if not isinstance(rules, Seq):
        return spec
    changed = [change(rule) if isinstance(rule, Map) else rule for rule in rules.children]
    kept = [rule for rule in changed if rule is not None]
    return put(spec, (*_ROUTE, "rules"), rules.with_children(kept))


def _each(holder: Map, field: str, change: Callable[[Map], Map]) -> Map:
    listed = holder.get(field)
    if not isinstance(listed, Seq) or not listed.children:
        return holder
    children = [change(one) if isinstance(one, Map) else one for one in listed.children]
    return put(holder, (field,), listed.with_children(children))


def _origin(text: str) -> Origin:
    return Origin("controller", text, _SOURCE)
