"""The objects KServe creates for one component in Standard mode: Deployments and Services.

Mirrors pkg/controller/v1beta1/inferenceservice/reconcilers/{deployment,service} @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.metadata import autoscaler_class
from kslint.model.kserve.multinode import GENERATION, GENERATION_LABEL
from kslint.model.kserve.workload import controller_origin
from kslint.model.kubernetes.defaults import CONTAINER_DEFAULTS, POD_DEFAULTS, defaulted_deployment
from kslint.model.kubernetes.pod import container_named, containers
from kslint.model.tree import put, put_defaults, put_missing
from kslint.source.nodes import Map, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import JsonValue, Node, Origin

_DEPLOYMENT = "reconcilers/deployment/deployment_reconciler.go"
_SERVICE = "reconcilers/service/service_reconciler.go"
_ROLE_LABEL = "multinode/role"


def with_app(meta: Map) -> Map:
    """Metadata with the label `app`, by which everything finds the pods.

    The Deployment's reconciler writes it into the labels that Service and scaler share.
    """
    origin = controller_origin("the deployment reconciler", f"{_DEPLOYMENT}:140-146")
    return put(meta, ("labels", "app"), made(f"isvc.{meta.string('name')}", origin))


def deployment(isvc: Map, component: str, meta: Map, pod_spec: Map, settings: Settings) -> Map:
    """The component's Deployment, with KServe's and then the API server's defaults."""
    origin = controller_origin("the deployment reconciler", f"{_DEPLOYMENT}:140-180")
    spec_of = isvc.at("spec", component)
    meta = with_app(meta)
    body = Map({"apiVersion": made("apps/v1", origin), "kind": made("Deployment", origin)})
    body.origin = origin
    body = put(body, ("metadata",), meta)
    label = made(meta.string("labels", "app") or "", origin)
    body = put(body, ("spec", "selector", "matchLabels", "app"), label)
    body = put(body, ("spec", "template", "metadata"), meta)
    body = put(body, ("spec", "template", "spec"), _pod_defaults(pod_spec))
    strategy = None if spec_of is None else spec_of.get("deploymentStrategy")
    if isinstance(strategy, Map):
        body = put(body, ("spec", "strategy"), strategy)
    else:
        body = put(body, ("spec", "strategy"), _default_strategy(settings))
        body = put(body, ("spec", "revisionHistoryLimit"), made(10, origin))
        body = put(body, ("spec", "progressDeadlineSeconds"), made(600, origin))
    replicas = None if spec_of is None else spec_of.get("minReplicas")
    if replicas is not None and autoscaler_class(meta) == "none":
        body = put(body, ("spec", "replicas"), replicas)
    return defaulted_deployment(body)


def worker_deployment(
    isvc: Map, meta: Map, pod_spec: Map, replicas: int, settings: Settings
) -> Map:
    """The workers' Deployment: its rolling update surges fully, whatever the user wrote."""
    origin = controller_origin("the worker deployment", f"{_DEPLOYMENT}:182-216")
    body = deployment(isvc, "predictor", meta, pod_spec, settings)
    if body.string("spec", "strategy", "type") == "RollingUpdate":
        forced = made({"maxUnavailable": "0%", "maxSurge": "100%"}, origin)
        body = put(body, ("spec", "strategy", "rollingUpdate"), forced)
    return put(body, ("spec", "replicas"), made(replicas, origin))


def group_services(meta: Map, settings: Settings) -> list[Map]:
    """Headless Services of head and workers, reachable before they are ready."""
    origin = controller_origin("the service reconciler", f"{_SERVICE}:191-231")
    predictor = meta.string("name") or ""
    owner = predictor.removesuffix("-predictor")
    meta = with_app(meta)
    kinds = [("head", "head", predictor)]
    if settings.has("workers-know-the-division"):
        kinds.append(("workers", "worker", f"{predictor}-worker"))
    found = []
    for suffix, role, label in kinds:
        body = put(None, ("apiVersion",), made("v1", origin))
        body = put(body, ("kind",), made("Service", origin))
        its = put(meta, ("name",), made(f"{owner}-{suffix}-{GENERATION}", origin))
        body = put(body, ("metadata",), put(its, ("labels", _ROLE_LABEL), made(role, origin)))
        spec = {
            "selector": {"app": f"isvc.{label}", GENERATION_LABEL: GENERATION},
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
        }
        found.append(put(body, ("spec",), made(spec, origin)))
    return found


def _default_strategy(settings: Settings) -> Node:
    """25 % and 25 %, or deploy.deploymentRolloutStrategy where Standard is the default mode."""
    origin = controller_origin("KServe's default rollout strategy", f"{_DEPLOYMENT}:341-392")
    strategy = made(
        {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        origin,
    )
    assert isinstance(strategy, Map)
    by_settings = settings.has("rollout-from-settings")
    if not by_settings or settings.text("deploy", "defaultDeploymentMode") != names.STANDARD:
        return strategy
    for field in ("maxSurge", "maxUnavailable"):
        value = settings.get("deploy", "deploymentRolloutStrategy", "defaultRollout", field)
        if value is not None and value.text:
            strategy = put(strategy, ("rollingUpdate", field), value)
    return strategy


_CONTAINER_DEFAULTS: dict[str, JsonValue] = {
    "imagePullPolicy": "IfNotPresent",
    **CONTAINER_DEFAULTS,
}


def _pod_defaults(pod_spec: Map) -> Map:
    """setDefaultPodSpec: what KServe fills in before the API server can."""
    origin = controller_origin("KServe's pod defaults", f"{_DEPLOYMENT}:276-339")
    pod_spec = put_defaults(pod_spec, POD_DEFAULTS, origin)
    changed = []
    for container in containers(pod_spec):
        if isinstance(container, Map):
            container = put_defaults(container, _CONTAINER_DEFAULTS, origin)
            if container.string("name") in (
                names.PREDICTOR_CONTAINER,
                names.TRANSFORMER_CONTAINER,
            ):
                container = put_missing(
                    container, ("readinessProbe",), _tcp_probe(container, origin)
                )
        changed.append(container)
    sequence = pod_spec.get("containers")
    base = sequence if isinstance(sequence, Seq) else Seq([])
    return put(pod_spec, ("containers",), base.with_children(changed))


def _tcp_probe(container: Map, origin: Origin) -> Node:
    port = container.at("ports", 0, "containerPort") or made(names.DEFAULT_HTTP_PORT, origin)
    probe = made(
        {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
        origin,
    )
    return put(probe, ("tcpSocket", "port"), port)


def service(isvc: Map, component: str, meta: Map, pod_spec: Map, settings: Settings) -> Map:
    """The component's Service: port 80 to the first container port, the others as they are."""
    origin = controller_origin("the service reconciler", f"{_SERVICE}:104-190")
    name = meta.string("name") or ""
    server = container_named(pod_spec, names.TRANSFORMER_CONTAINER)
    server = server or next(iter(containers(pod_spec)), None)
    declared = None if server is None else server.get("ports")
    ports = [
        _service_port(port, index, origin, settings)
        for index, port in enumerate([] if declared is None else declared.elements())
    ] or [
        made(
            {
                "name": name,
                "port": names.SERVICE_PORT,
                "targetPort": names.DEFAULT_HTTP_PORT,
                "protocol": "TCP",
            },
            origin,
        )
    ]
    spec_of = isvc.at("spec", component)
    if spec_of is not None and (spec_of.get("batcher") or spec_of.get("logger")):
        ports[0] = put(ports[0], ("targetPort",), made(names.AGENT_PORT, origin))
    body = made({"apiVersion": "v1", "kind": "Service"}, origin)
    body = put(body, ("metadata",), with_app(meta))
    body = put(body, ("spec", "selector", "app"), made(f"isvc.{name}", origin))
    sequence = Seq(ports)
    sequence.origin = origin
    body = put(body, ("spec", "ports"), sequence)
    headless = settings.flag("service", "serviceClusterIPNone")
    if headless and settings.has("service-without-cluster-ip"):
        body = put(body, ("spec", "clusterIP"), made("None", origin))
    return body


def _service_port(port: Node, index: int, origin: Origin, settings: Settings) -> Node:
    number = port.get("containerPort") or made(names.DEFAULT_HTTP_PORT, origin)
    result: Node = Map({})
    name = port.get("name")
    if name is not None:
        result = put(result, ("name",), name)
    front = made(names.SERVICE_PORT, origin) if index == 0 else number
    result = put(put(result, ("port",), front), ("targetPort",), number)
    result = put(result, ("protocol",), port.get("protocol") or made("TCP", origin))
    text = port.string("name") or ""
    if settings.has("h2c-protocol") and ("grpc" in text or "h2c" in text):
        result = put(result, ("appProtocol",), made("kubernetes.io/h2c", origin))
    return result
