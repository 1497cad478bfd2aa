"""Routes and listeners, namespaces, host names, grants and pools, where fixtures do not look."""

from __future__ import annotations

import pytest

from kslint.config import Config
from kslint.model.gateway import pools
from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.routes import backends, gateway_of, granted, parents, refused
from kslint.model.gateway.switches import lacking
from kslint.model.model import Model
from kslint.source.files import Source
from kslint.source.load import Input, load_source


def model(text: str) -> Model:
    loaded = Input([], [], [])
    load_source(Source("tree.yaml", text.encode()), loaded)
    return Model.of(loaded, Config())


def gateway(listeners: str, name: str = "infer", cls: str = "agentgateway") -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: gateways}}
spec:
  gatewayClassName: {cls}
  listeners: {listeners}
---
"""


def route(parent: str = "{name: infer, namespace: gateways}", kind: str = "HTTPRoute") -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: llm, namespace: llm}}
spec:
  parentRefs: [{parent}]
  rules: [{{backendRefs: [{{name: qwen}}]}}]
---
"""


def why(text: str, hosts: tuple[str, ...] = ()) -> str | None:
    """The reason for which the route of a tree is refused."""
    graph = model(text).graph
    (found,) = [r for kind in ("HTTPRoute", "TLSRoute") for r in graph.of_kind(kind)]
    (parent,) = parents(found, graph)
    target = gateway_of(parent, graph, found)
    assert target is not None
    reason = refused(found.kind, "llm", [*hosts], parent, target, graph)
    return None if reason is None else reason.reason


def selector(text: str) -> str:
    return (
        "[{name: http, port: 80, protocol: HTTP, allowedRoutes: "
        f"{{namespaces: {{from: Selector, selector: {text}}}}}}}]"
    )


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: llm, labels: {team: ml}}\n---\n"
MANAGED = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec:
  destination: {namespace: llm}
  syncPolicy: {managedNamespaceMetadata: {labels: {gateway: open}}}
---
"""


@pytest.mark.parametrize(
    ("wanted", "labels", "expected"),
    [
        ("{matchLabels: {team: ml}}", NAMESPACE, None),
        ("{matchLabels: {team: web}}", NAMESPACE, "namespace"),
        ("{matchLabels: {team: web}}", "", None),
        ("{matchLabels: {team: '{{ .team }}'}}", NAMESPACE, None),
        ("{matchLabels: {gateway: open}}", NAMESPACE + MANAGED, None),
        ("{matchExpressions: [{key: team, operator: In, values: [ml]}]}", NAMESPACE, None),
        (
            "{matchExpressions: [{key: team, operator: NotIn, values: [ml]}]}",
            NAMESPACE,
            "namespace",
        ),
        ("{matchExpressions: [{key: team, operator: Exists}]}", NAMESPACE, None),
        ("{matchExpressions: [{key: gateway, operator: Exists}]}", NAMESPACE, "namespace"),
        ("{matchExpressions: [{key: gateway, operator: DoesNotExist}]}", NAMESPACE, None),
    ],
)
def test_a_selector_over_namespaces(wanted: str, labels: str, expected: str | None) -> None:
    assert why(gateway(selector(wanted)) + labels + route()) == expected


@pytest.mark.parametrize(
    ("listeners", "kind", "expected"),
    [
        ("[{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: None}}}]",
         "HTTPRoute", "namespace"),
        ("[{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}}]",
         "HTTPRoute", "namespace"),
        ("[{name: a, port: 80, protocol: x.example/Q, allowedRoutes: {namespaces: {from: All}}}]",
         "TLSRoute", None),
        (("[{name: a, port: 443, protocol: TLS, allowedRoutes: {namespaces: {from: All},"
         " kinds: [{kind: TCPRoute}]}}]"), "TLSRoute", "kind"),
        ("[{name: '{{ .name }}', port: 80, protocol: HTTP}]", "HTTPRoute", None),
        ("[]", "HTTPRoute", None),
    ],
)  # fmt: skip
def test_listeners(listeners: str, kind: str, expected: str | None) -> None:
    assert why(gateway(listeners) + route(kind=kind)) == expected


@pytest.mark.parametrize(
    ("listener", "hosts", "expected"),
    [
        ("models.example.org", ("models.example.org",), None),
        ("models.example.org", ("*.example.org",), None),
        ("*.example.org", ("*.models.example.org",), None),
        ("*.example.org", ("example.org",), "hostname"),
        ("models.example.org", ("chat.example.org", "{{ host }}"), None),
    ],
)
def test_host_names(listener: str, hosts: tuple[str, ...], expected: str | None) -> None:
    text = (
        f"[{{name: a, port: 80, protocol: HTTP, hostname: '{listener}', "
        "allowedRoutes: {namespaces: {from: All}}}]"
    )
    assert why(gateway(text) + route(), hosts) == expected


def test_parents_and_backends_that_are_filled_in_later_are_left_out() -> None:
    text = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: llm, namespace: llm}
spec:
  parentRefs: [{name: "{{ gateway }}"}, {kind: Service, group: "", name: mesh}]
  rules:
    - filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow}}}]
      backendRefs: [{name: "{{ backend }}"}]
"""
    graph = model(text).graph
    (found,) = graph.of_kind("HTTPRoute")
    assert not [*parents(found, graph)]
    assert [each.name for each in backends(found, graph)] == ["shadow"]


def test_two_gateways_of_one_name_are_not_told_apart() -> None:
    graph = model(gateway("[]") + gateway("[]") + route()).graph
    (found,) = graph.of_kind("HTTPRoute")
    (parent,) = parents(found, graph)
    assert gateway_of(parent, graph, found) is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (("{from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: llm}], "
         "to: [{group: '', kind: Service}]}"), True),
        (("{from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: chat}], "
         "to: [{group: '', kind: Service}]}"), False),
        (("{from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: '{{ ns }}'}], "
         "to: [{group: '', kind: Service}]}"), True),
        ("null", False),
    ],
)  # fmt: skip
def test_grants(spec: str, expected: bool) -> None:
    grant = (
        "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\n"
        f"metadata: {{name: g, namespace: models}}\nspec: {spec}\n"
    )
    graph = model(route() + grant).graph
    (found,) = graph.of_kind("HTTPRoute", GROUP)
    assert granted(found, ("", "Service", "qwen"), "models", graph) is expected


def pool(spec: str, group: str) -> object:
    head = f"apiVersion: {group}\nkind: InferencePool\nmetadata: {{name: p, namespace: n}}\n"
    (found,) = model(f"{head}spec: {spec}\n").graph.of_kind("InferencePool")
    return (
        pools.selector(found)[1],
        [each.text for each in pools.targets(found)],
        pools.picker(found)[1],
    )


@pytest.mark.parametrize(
    ("spec", "group", "expected"),
    [
        (("{selector: {matchLabels: {a: b}}, targetPorts: [{number: 8000}], "
         "endpointPickerRef: {name: e, port: {number: 9002}}}"),
         "inference.networking.k8s.io/v1", ({"a": "b"}, ["8000"], 9002)),
        ("{selector: {a: b}, targetPortNumber: 8000, extensionRef: {name: e}}",
         "inference.networking.x-k8s.io/v1alpha2", ({"a": "b"}, ["8000"], 9002)),
        ("{endpointPickerRef: {kind: Other, name: e}}",
         "inference.networking.k8s.io/v1", ({}, [], None)),
        ("{endpointPickerRef: {name: '{{ e }}'}}",
         "inference.networking.k8s.io/v1", ({}, [], None)),
        ("{}", "inference.networking.x-k8s.io/v1alpha2", ({}, [], None)),
        ("null", "inference.networking.k8s.io/v1", ({}, [], None)),
    ],
)  # fmt: skip
def test_both_forms_of_a_pool(spec: str, group: str, expected: object) -> None:
    assert pool(spec, group) == expected


@pytest.mark.parametrize(
    ("revision", "switch"),
    [
        ("1.26.3", "pilot.env.SUPPORT_GATEWAY_API_INFERENCE_EXTENSION"),
        ("1.27.1", "pilot.env.ENABLE_GATEWAY_API_INFERENCE_EXTENSION"),
        ("1.28.0", "pilot.env.ENABLE_GATEWAY_API_INFERENCE_EXTENSION"),
    ],
)
def test_the_switch_of_istio_goes_by_its_release(revision: str, switch: str) -> None:
    chart = f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: istiod, namespace: argocd}}
spec:
  source:
    repoURL: https://istio-release.storage.googleapis.com/charts
    chart: istiod
    targetRevision: {revision}
  destination: {{namespace: istio-system}}
"""
    built = model(gateway("[]", cls="istio") + chart)
    (found,) = built.of_kind("Gateway")
    lack = lacking(found, built)
    assert lack is not None
    assert lack.switch == switch
