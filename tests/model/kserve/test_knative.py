"""The Knative Service of a component, and what Knative refuses of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kserve_worlds import world
from storage_worlds import service

from kslint.graph.graph import Graph
from kslint.model.kserve.knative_features import (
    Features,
    features,
    longest_timeout,
    mismatched_probe_ports,
    mode_is_sure,
    refused_fields,
)
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component

KNATIVE = "serving.kserve.io/deploymentMode: Knative"


def component(predictor: str, annotations: str = "") -> Component:
    found = world(service(predictor, f"{{{KNATIVE}{annotations}}}")).predictor
    assert found is not None
    return found


def graph(text: str) -> Graph:
    loaded = Input([], [], [])
    load_source(Source("knative.yaml", text.encode()), loaded)
    return Graph(loaded)


ONE = "containers: [{name: kserve-container, image: 'a:1'}]"


def test_ports_have_the_protocol_that_the_crd_gives_them() -> None:
    ported = ONE.replace("image", "ports: [{containerPort: 9}], image")
    found = component(f"{{{ported}}}").knative_service
    assert found is not None
    (container,) = found.listed("spec", "template", "spec", "containers")
    assert container.at("ports", 0).plain() == {"containerPort": 9, "protocol": "TCP"}  # type: ignore[union-attr]


def test_the_service_has_what_the_component_says() -> None:
    more = "minReplicas: 0, maxReplicas: 3, scaleMetric: rps, scaleTarget: 5, timeout: 90"
    found = component(
        f"{{{more}, containerConcurrency: 2, {ONE}}}",
        ", serving.knative.dev/rollout-duration: 10s, serving.kserve.io/enable-tag-routing: 'true'",
    ).knative_service
    assert found is not None
    assert found.string("metadata", "name") == "iris-predictor"
    assert found.at("metadata", "annotations").plain() == {  # type: ignore[union-attr]
        "serving.knative.dev/rollout-duration": "10s"
    }
    annotations = found.at("spec", "template", "metadata", "annotations")
    assert annotations is not None
    scaling = {k: v.text for k, v in annotations.items() if k.startswith("autoscaling")}
    assert scaling == {
        "autoscaling.knative.dev/class": "kpa.autoscaling.knative.dev",
        "autoscaling.knative.dev/target": "5",
        "autoscaling.knative.dev/metric": "rps",
        "autoscaling.knative.dev/min-scale": "0",
        "autoscaling.knative.dev/max-scale": "3",
    }
    spec = found.at("spec", "template", "spec")
    assert spec is not None
    fields = ("timeoutSeconds", "responseStartTimeoutSeconds", "containerConcurrency")
    assert [spec.integer(field) for field in fields] == [90, 90, 2]
    target = {"latestRevision": True, "percent": 100, "tag": "latest"}
    assert found.at("spec", "traffic").plain() == [target]  # type: ignore[union-attr]


def test_a_plain_service_is_scaled_by_the_defaults() -> None:
    found = component(f"{{{ONE}}}", ", autoscaling.knative.dev/class: mine").knative_service
    assert found is not None
    assert found.at("metadata", "annotations") is None
    annotations = found.at("spec", "template", "metadata", "annotations")
    assert annotations is not None
    assert annotations.string("autoscaling.knative.dev/class") == "mine"
    assert annotations.string("autoscaling.knative.dev/min-scale") == "1"
    assert annotations.string("autoscaling.knative.dev/max-scale") is None
    standard = world(service(f"{{{ONE}}}")).predictor
    assert standard is not None
    assert standard.knative_service is None
    assert not mode_is_sure(standard)
    assert not list(refused_fields(standard, Features([])))
    assert not list(mismatched_probe_ports(standard))


def test_labels_that_settings_keep_from_revisions() -> None:
    changes = {"inferenceService": {"serviceLabelDisallowedList": ["component"]}}
    found = world(service(f"{{{ONE}}}", f"{{{KNATIVE}}}"), changes).predictor
    assert found is not None
    assert found.knative_service is not None
    labels = found.knative_service.at("spec", "template", "metadata", "labels")
    assert labels is not None
    assert labels.get("component") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{kind: ConfigMap, apiVersion: v1, metadata: {name: config-features}, data: {F: enabled}}",
         "enabled"),
        (("{kind: KnativeServing, apiVersion: operator.knative.dev/v1beta1, metadata: {name: k},"
         " spec: {config: {features: {F: Allowed}}}}"), "allowed"),
        (("{kind: KnativeServing, apiVersion: operator.knative.dev/v1beta1, metadata: {name: k},"
         " spec: {config: {config-features: {F: 'on'}}}}"), "disabled"),
        (("{kind: KnativeServing, apiVersion: operator.knative.dev/v1beta1, metadata: {name: k},"
         " spec: {}}"), "disabled"),
        ("{kind: KnativeServing, apiVersion: operator.knative.dev/v1beta1, metadata: {name: k}}",
         None),
        ("{kind: ConfigMap, apiVersion: v1, metadata: {name: config-features}}", None),
    ],
)  # fmt: skip
def test_where_features_are_set(text: str, expected: str | None) -> None:
    found = features(graph(text.replace("F:", "kubernetes.podspec-tolerations:")))
    assert (None if found is None else found.value("tolerations")) == expected


DEFAULTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: config-defaults}
data: {max-revision-timeout-seconds: '%s'}
---
"""
OPERATED = (
    "{kind: KnativeServing, apiVersion: operator.knative.dev/v1, metadata: {name: k}, spec: {}}"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", None),
        (OPERATED, 600),
        (DEFAULTS % 300, 300),
        (DEFAULTS % 300 + OPERATED, 600),
        (DEFAULTS % "$X", None),
    ],
)
def test_the_longest_timeout(text: str, expected: int | None) -> None:
    assert longest_timeout(graph(text)) == expected


VOLUMES = """volumes: [{name: a, emptyDir: {}}, {name: b, csi: {driver: d}},
  {name: c, persistentVolumeClaim: {claimName: c}},
  {name: d, persistentVolumeClaim: {claimName: d, readOnly: true}}]"""


def test_fields_and_volumes_that_are_off() -> None:
    one = component(f"{{{ONE}, nodeSelector: {{a: b}}, tolerations: [], {VOLUMES}}}")
    off = [(o.field, o.flag.partition("podspec-")[2]) for o in refused_fields(one, Features([]))]
    claim = ("volumes[].persistentVolumeClaim", "persistent-volume-claim")
    assert off == [
        ("nodeSelector", "nodeselector"),
        ("volumes[].csi", "volumes-csi"),
        claim,
        claim,
    ]
    flags = {"kubernetes.podspec-" + claim[1]: "enabled", "kubernetes.podspec-nodeselector": "x"}
    node = made(dict.fromkeys(flags, "enabled"), Origin("config", "test"))
    (csi, write) = refused_fields(one, Features([node]))
    assert csi.message == "Csi volume support is disabled, but found Csi volume b"
    assert write.flag == "kubernetes.podspec-persistent-volume-write"
    assert write.message.endswith("claim c that is not read-only")


@pytest.mark.parametrize(
    ("ports", "probe", "expected"),
    [
        ("", "{httpGet: {port: web}}", "http"),
        ("", "{httpGet: {port: http}}", None),
        ("ports: [{containerPort: 1, name: h2c}]", "{tcpSocket: {port: '1'}}", "h2c"),
        ("ports: [{containerPort: 1}]", "{tcpSocket: {port: 2}}", None),
        ("ports: [{containerPort: 1}, {containerPort: 2}]", "{tcpSocket: {port: a}}", None),
    ],
)
def test_probe_ports(ports: str, probe: str, expected: str | None) -> None:
    one = component(f"{{containers: [{{name: kserve-container, image: a, startupProbe: {probe},"
                    f" {ports}}}]}}")  # fmt: skip
    assert [found.name for found in mismatched_probe_ports(one)] == [expected] * bool(expected)


def test_a_sidecar_is_another_matter() -> None:
    sidecar = "{name: side, image: b, livenessProbe: {tcpSocket: {port: x}}}"
    server = "{name: kserve-container, image: a, ports: [{containerPort: 1}]}"
    assert not list(mismatched_probe_ports(component(f"{{containers: [{server}, {sidecar}]}}")))
