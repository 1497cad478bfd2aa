"""Hosts, routes and what the controller says against them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kserve_worlds import world

from kslint.model.answer import Invalid, Known, Unknown
from kslint.model.kserve.routing.domain import domain_error, is_unclosed, render, url_path
from kslint.model.kserve.routing.ingress import (
    TOP_LEVEL,
    hosts,
    ingress_failures,
    label_failures,
    routes,
)

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import InferenceService

INGRESS = {
    "enableGatewayApi": True,
    "kserveIngressGateway": "kserve/gate",
    "ingressGateway": "knative-serving/gate",
    "ingressDomain": "example.com",
}
SERVER = "[{name: kserve-container, image: a}]"


def service(
    name: str = "iris",
    metadata: str = "",
    rest: str = "",
    namespace: str = "namespace: team",
    containers: str = SERVER,
    **changes: Any,
) -> InferenceService:
    text = f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {name}
  {namespace}
  {metadata}
spec:
  predictor: {{containers: {containers}}}
  {rest}
"""
    version = changes.pop("version", "0.19")
    return world(text, {"ingress": {**INGRESS, **changes}}, version)


def values(isvc: InferenceService) -> dict[str, object]:
    return {k: h.value if isinstance(h, Known) else type(h) for k, h in hosts(isvc).items()}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("", "iris-team.example.com"),
        ("{{.Name}}.{{.Namespace}}.{{.IngressDomain}}", "iris.team.example.com"),
        ("{{ .Name }}.{{ .Labels.zone }}.x", "iris.eu.x"),
        ("{{ .Name }}.{{ .Annotations.tier }}.x", "iris.gold.x"),
        ('{{ index .Labels "zone" }}.{{ .Name }}.x', "eu.iris.x"),
        ('{{ .Name }}{{ index .Labels "none" }}.x', "iris.x"),
        ("{{ .Name }}\n{{- .Namespace }}.x", "iristeam.x"),
        ("{{ .Name -}}   .x", "iris.x"),
        ("{{ .Name | lower }}.x", Unknown),
        ("{{ if .Name }}a{{ end }}.x", Unknown),
        ("{{ .Labels }}.x", Unknown),
        ("{{ .Labels.none }}.x", Invalid),
        ("{{ .Model }}.x", Invalid),
        ("{{ .Name }", Unknown),
        ("plain", Invalid),
        ("{{ .Name }}_x.y", Invalid),
    ],
)
def test_templates(template: str, expected: object) -> None:
    metadata = "labels: {zone: eu}\n  annotations: {tier: gold}"
    isvc = service(metadata=metadata, domainTemplate=template)
    assert values(isvc)[TOP_LEVEL] == expected


def test_hosts_by_component() -> None:
    rest = "transformer: {containers: [{image: t}]}\n  explainer: {containers: [{image: e}]}"
    assert values(service(rest=rest)) == {
        TOP_LEVEL: "iris-team.example.com",
        "predictor": "iris-predictor-team.example.com",
        "transformer": "iris-transformer-team.example.com",
        "explainer": "iris-explainer-team.example.com",
    }


@pytest.mark.parametrize(
    ("rest", "gateway", "prefix"),
    [
        ("", False, "failed creating top level predictor ingress host"),
        ("transformer: {containers: [{image: t}]}", False,
         "failed creating top level transformer ingress host"),
        ("explainer: {containers: [{image: e}]}", False,
         "failed creating top level explainer ingress host"),
        ("transformer: {containers: [{image: t}]}\n  explainer: {containers: [{image: e}]}", False,
         "failed creating top level transformer ingress host"),
        ("explainer: {containers: [{image: e}]}", True,
         "failed to generate top level ingress host"),
    ],
)  # fmt: skip
def test_the_component_in_front_gives_its_name_to_the_top_host(
    rest: str, gateway: bool, prefix: str
) -> None:
    isvc = service(rest=rest, domainTemplate="plain", enableGatewayApi=gateway)
    top = hosts(isvc)[TOP_LEVEL]
    assert isinstance(top, Invalid)
    assert top.error.startswith(f"{prefix}: ")


def test_long_label_has_the_controllers_words() -> None:
    assert not ingress_failures(service("a" * 48))
    isvc = service("a" * 49)
    (failure,) = ingress_failures(isvc)
    host = "a" * 49 + "-predictor-team"
    assert failure.message == (
        f"fails to create NewRawKubeReconciler for predictor: failed creating host name: "
        f'invalid domain name "{host}.example.com": url: '
        f'Invalid value: "{host}": must be no more than 63 characters'
    )
    assert failure.node.place is not None
    assert failure.node.place.line == 5
    assert routes(isvc) == []
    # the host is checked for a cluster-local one as well
    local = service("a" * 49, metadata="labels: {networking.kserve.io/visibility: cluster-local}")
    assert len(ingress_failures(local)) == 1


@pytest.mark.parametrize(
    ("host", "error"),
    [
        ("a.b", ""),
        ("a.b.", ""),
        ("", 'invalid domain name "": url: Required value'),
        (
            "host",
            (
                'invalid domain name "host": url: Invalid value: "host": should be a domain '
                "with at least two segments separated by dots"
            ),
        ),
        (
            "x" * 64 + ".b",
            (
                f'invalid domain name "{"x" * 64}.b": url: Invalid value: "{"x" * 64}": must be no '
                "more than 63 characters"
            ),
        ),
        (
            "a..b",
            (
                'invalid domain name "a..b": url: Invalid value: "a..b": a lowercase RFC 1123 '
                "subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
                "must start and end with an alphanumeric character (e.g. 'example.com', regex used "
                r"for validation is "
                r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ),
        ),
    ],
)
def test_domain_errors(host: str, error: str) -> None:
    assert domain_error(host) == error


def test_unknown_field_is_an_error_as_go_words_it() -> None:
    rendered = render("a\n{{ .Model }}", "domain-template", "ingress.T", {"Name": "x"})
    assert rendered.error == (
        'template: domain-template:2:3: executing "domain-template" at <.Model>: '
        "can't evaluate field Model in type ingress.T"
    )
    assert render("{{ .Model }}{{ x }}", "t", "T", {}).unknown
    assert render("{{ .A.none }}", "t", "T", {"A": {}}).text == "<no value>"
    # Go's {{- and -}} take the space beside them away, on their own side only
    assert render("a {{- .Name -}} b", "t", "T", {"Name": "x"}).text == "axb"
    assert render("a {{- .Name }} b", "t", "T", {"Name": "x"}).text == "ax b"
    assert render("a {{ .Name -}} b", "t", "T", {"Name": "x"}).text == "a xb"
    assert render("a {{ .Name }} b", "t", "T", {"Name": "x"}).text == "a x b"
    assert is_unclosed("{{ .Name }")
    assert not is_unclosed("{{ .Name }}}}")


@pytest.mark.parametrize(
    ("text", "path", "error"),
    [
        ("/a%20b?q", "/a b", ""),
        ("http://h/x", None, "contains either a scheme or a host"),
        ("a/b", None, "invalid URI for request"),
        ("", None, "empty url"),
        ("/a\n", None, "invalid control character in URL"),
        ("/a%zz", None, ""),
    ],
)
def test_url_path(text: str, path: str | None, error: str) -> None:
    found = url_path(text)
    assert found.text == path
    assert (error in found.error) if error else not found.error


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kserveIngressGateway": ""}, " - kserveIngressGateway is required"),
        ({"kserveIngressGateway": "a"}, "should be in the format <namespace>/<name>"),
        ({"kserveIngressGateway": "a/b/c"}, "should be in the format <namespace>/<name>"),
        ({"kserveIngressGateway": "A/b"}, "gateway namespace is invalid"),
        ({"kserveIngressGateway": "a/b.c"}, "gateway name is invalid"),
        ({"ingressGateway": ""}, " - ingressGateway is required"),
        ({"pathTemplate": "/{{ .Name"}, ", unable to parse pathTemplate"),
        ({"pathTemplate": "/x", "ingressDomain": ""}, "ingressDomain is required if"),
    ],
)
def test_settings_that_stop_everything(changes: dict[str, Any], message: str) -> None:
    isvc = service(**changes)
    (failure,) = ingress_failures(isvc)
    assert failure.message.startswith("invalid ingress config")
    assert message in failure.message
    assert routes(isvc) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/{{ .Model }}", "error rendering the url template: template: url-template:1:4"),
        ("http://h/{{ .Name }}", "contains either a scheme or a host"),
    ],
)
def test_path_errors(path: str, message: str) -> None:
    (failure,) = ingress_failures(service(pathTemplate=path))
    assert failure.message.startswith("failed to generate URL from pathTemplate: ")
    assert message in failure.message


@pytest.mark.parametrize(
    ("metadata", "changes"),
    [
        ("labels: {networking.kserve.io/visibility: cluster-local}", {}),
        ("annotations: {serving.kserve.io/stop: 'True'}", {}),
        ("annotations: {serving.kserve.io/deploymentMode: Knative}", {}),
        ("", {"ingressDomain": "svc.cluster.local"}),
        ("", {"disableIngressCreation": True}),
        ("", {"domainTemplate": "{{ .Name | x }}"}),
    ],
)
def test_no_routes(metadata: str, changes: dict[str, Any]) -> None:
    assert routes(service(metadata=metadata, **changes)) == []
    assert routes(service(namespace="", **changes)) == []


def test_knative_label_does_not_hide() -> None:
    isvc = service(metadata="labels: {networking.knative.dev/visibility: cluster-local, a: b}")
    found = routes(isvc)
    assert [route.string("metadata", "name") for route in found] == ["iris-predictor", "iris"]
    labels = found[0].at("metadata", "labels")
    assert labels is not None
    assert labels.plain() == {"a": "b"}


def test_route_details() -> None:
    isvc = service(additionalIngressDomains=["b.org", "B", "b.org"], pathTemplate="/s/{{ .Name }}/")
    component, top = routes(isvc)
    assert component.at("spec", "hostnames", 0) is not None
    spec: Any = top.plain()["spec"]
    assert spec["hostnames"] == ["iris-team.example.com", "iris-team.b.org", "example.com"]
    assert spec["parentRefs"] == [
        {
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "namespace": "kserve",
            "name": "gate",
        }
    ]
    assert [rule["matches"][0]["path"]["value"] for rule in spec["rules"]] == ["^/.*$", "/s/iris/"]
    assert spec["rules"][0]["backendRefs"] == [
        {"kind": "Service", "name": "iris-predictor", "namespace": "team", "port": 80}
    ]
    parent = top.at("spec", "parentRefs", 0, "name")
    assert parent is not None
    assert parent.origin is not None
    assert parent.origin.kind == "config"


def test_two_protocols_make_two_rules() -> None:
    containers = (
        "[{name: kserve-container, image: a, "
        "ports: [{containerPort: 8080}, {name: grpc-port, containerPort: 9000}]}]"
    )
    spec: Any = routes(service(containers=containers))[0].plain()["spec"]
    first, second = spec["rules"]
    assert first["matches"][0]["path"]["value"] == r"^/inference\.GRPCInferenceService/.*$"
    assert first["matches"][0]["headers"][0]["value"] == "^application/grpc.*"
    assert [r["backendRefs"][0]["port"] for r in (first, second)] == [9000, 80]
    old: Any = routes(service(containers=containers, version="0.16"))[0].plain()["spec"]
    assert len(old["rules"]) == 1


def test_ingress_with_transformer_and_explainer() -> None:
    rest = "transformer: {containers: [{image: t}]}\n  explainer: {containers: [{image: e}]}"
    (ingress,) = routes(service(rest=rest, enableGatewayApi=False, ingressClassName="nginx"))
    assert ingress.string("spec", "ingressClassName") == "nginx"
    spec: Any = ingress.plain()["spec"]
    pairs = [
        (rule["host"], rule["http"]["paths"][0]["backend"]["service"]["name"])
        for rule in spec["rules"]
    ]
    assert pairs == [
        ("iris-transformer-team.example.com", "iris-explainer"),
        ("iris-team.example.com", "iris-transformer"),
        ("iris-transformer-team.example.com", "iris-predictor"),
        ("iris-predictor-team.example.com", "iris-predictor"),
    ]


@pytest.mark.parametrize(
    ("length", "rest", "count"),
    [
        (48, "", 0),
        (49, "", 1),
        (46, "transformer: {containers: [{image: t}]}", 0),
        (47, "transformer: {containers: [{image: t}]}", 1),
        (48, "explainer: {containers: [{image: e}]}", 0),
    ],
)
def test_label_limits(length: int, rest: str, count: int) -> None:
    found = label_failures(service("a" * length, rest=rest))
    assert len(found) == count
    assert all("must be no more than 63 characters" in failure.message for failure in found)


ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.text(alphabet="ab.-_/{}%é ", max_size=8),
        st.sampled_from(["{{ .Name }}", "{{", "}}", "a/b", "true"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(["timeout", "name", "labels", "annotations", "ports", "containerPort"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    metadata=ODD,
    component=ODD,
    changes=st.dictionaries(
        st.sampled_from([*INGRESS, "domainTemplate", "pathTemplate", "additionalIngressDomains"]),
        ODD,
        max_size=3,
    ),
    version=st.sampled_from(["0.16", "0.19", "0.20"]),
)
def test_never_raises(metadata: Any, component: Any, changes: dict[str, Any], version: str) -> None:
    body = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": metadata,
        "spec": {"predictor": component, "explainer": component},
    }
    isvc = world(json.dumps(body, ensure_ascii=False), {"ingress": {**INGRESS, **changes}}, version)
    hosts(isvc)
    ingress_failures(isvc)
    label_failures(isvc)
    for route in routes(isvc):
        route.plain()


@settings(max_examples=200)
@given(st.text(alphabet='{}.-NameLabels \n"`x_é', max_size=24))
def test_templates_never_raise(text: str) -> None:
    rendered = render(text, "t", "T", {"Name": "a", "Labels": {"x": "y"}})
    assert sum((rendered.text is not None, bool(rendered.error), bool(rendered.unknown))) == 1
    if rendered.text is not None:
        domain_error(rendered.text)
        url_path(rendered.text)
