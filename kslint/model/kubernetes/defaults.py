"""What the API server itself adds to a workload: the defaults that decide rollouts and probes.

Source: k8s.io/kubernetes v1.34 pkg/apis/apps/v1/defaults.go and pkg/apis/core/v1/defaults.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.tree import put, put_defaults, put_missing
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from kslint.source.nodes import JsonValue, Node

APPS_DEFAULTS = "k8s.io/kubernetes pkg/apis/apps/v1/defaults.go v1.34"
CORE_DEFAULTS = "k8s.io/kubernetes pkg/apis/core/v1/defaults.go v1.34"


def api_origin(text: str = "the API server's default", reference: str = APPS_DEFAULTS) -> Origin:
    return Origin("api-server", text, reference)


_DEPLOYMENT_DEFAULTS: dict[str, JsonValue] = {
    "replicas": 1,
    "revisionHistoryLimit": 10,
    "progressDeadlineSeconds": 600,
}


def defaulted_deployment(body: Map) -> Map:
    """A Deployment with the API server's defaults: replicas, strategy, deadlines, probes."""
    origin = api_origin()
    body = put_missing(body, ("spec", "strategy", "type"), made("RollingUpdate", origin))
    if body.string("spec", "strategy", "type") == "RollingUpdate":
        for field in ("maxSurge", "maxUnavailable"):
            path = ("spec", "strategy", "rollingUpdate", field)
            body = put_missing(body, path, made("25%", origin))
    spec = body.get("spec")
    if isinstance(spec, Map):
        body = put(body, ("spec",), put_defaults(spec, _DEPLOYMENT_DEFAULTS, origin))
    pod_spec = body.at("spec", "template", "spec")
    if isinstance(pod_spec, Map):
        body = put(body, ("spec", "template", "spec"), defaulted_pod(pod_spec))
    return body


POD_DEFAULTS: dict[str, JsonValue] = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
CONTAINER_DEFAULTS: dict[str, JsonValue] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PORT_DEFAULTS: dict[str, JsonValue] = {"protocol": "TCP"}
_PROBE_DEFAULTS: dict[str, JsonValue] = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}


def defaulted_pod(pod_spec: Map) -> Map:
    """A pod template's spec with the API server's defaults."""
    origin = api_origin(reference=CORE_DEFAULTS)
    pod_spec = put_defaults(pod_spec, POD_DEFAULTS, origin)
    for field in ("containers", "initContainers"):
        containers = pod_spec.get(field)
        if isinstance(containers, Seq):
            children = [_defaulted_container(c) for c in containers.children]
            pod_spec = put(pod_spec, (field,), containers.with_children(children))
    return pod_spec


def _defaulted_container(container: Node) -> Node:
    if not isinstance(container, Map):
        return container
    origin = api_origin(reference=CORE_DEFAULTS)
    image = container.string("image") or ""
    tag = image.rpartition("/")[2].partition(":")[2]
    always = "@" not in image and tag in ("", "latest")
    policy = "Always" if always else "IfNotPresent"
    container = put_defaults(container, {"imagePullPolicy": policy, **CONTAINER_DEFAULTS}, origin)
    ports = container.get("ports")
    if isinstance(ports, Seq):
        children = [
            put_defaults(port, _PORT_DEFAULTS, origin) if isinstance(port, Map) else port
            for port in ports.children
        ]
        container = put(container, ("ports",), ports.with_children(children))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if isinstance(probe, Map):
            probe = put_defaults(probe, _PROBE_DEFAULTS, origin)
            if probe.get("httpGet") is not None:
                probe = put_missing(probe, ("httpGet", "scheme"), made("HTTP", origin))
            container = put(container, (name,), probe)
    return container
