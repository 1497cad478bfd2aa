"""The objects KServe creates for one component in Standard mode: Deployment, Service, scaler.

Mirrors pkg/controller/v1beta1/inferenceservice/reconcilers/{deployment,service,hpa,keda}
@v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.multinode import GENERATION
from kslint.model.kserve.workload import controller_origin
from kslint.model.kubernetes.defaults import CONTAINER_DEFAULTS, POD_DEFAULTS, defaulted_deployment
from kslint.model.kubernetes.pod import container_named, containers
from kslint.model.tree import put, put_defaults, put_missing
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import JsonValue, Node

_DEPLOYMENT = "reconcilers/deployment/deployment_reconciler.go"
_SERVICE = "reconcilers/service/service_reconciler.go"
_HPA = "reconcilers/hpa/hpa_reconciler.go"
_KEDA = "reconcilers/keda/keda_reconciler.go"

UNPROPAGATED = frozenset(
    {
        "autoscaling.knative.dev/max-scale",
        "autoscaling.knative.dev/min-scale",
        "kubectl.kubernetes.io/last-applied-configuration",
        names.SOURCE_URI,
        names.MODEL_FORMAT,
    }
)
"""ServiceAnnotationDisallowedList, pkg/constants/constants.go:506-512."""


def metadata(isvc: Map, component: str, runtime_spec: Node | None) -> Map:
    """Name, labels and annotations of a component's objects (buildObjectMeta).

    Runtime < InferenceService < component; the last one wins.
    """
    origin = controller_origin("the component's object metadata", "components/predictor.go:450-471")
    name = isvc.string("metadata", "name") or ""
    labels: dict[str, Node] = {}
    annotations: dict[str, Node] = {}
    sources = (
        None if runtime_spec is None else runtime_spec.from_origin(
            Origin("runtime", "the runtime's labels and annotations")
        ),
        isvc.get("metadata"),
        isvc.at("spec", component),
    )  # fmt: skip
    for source in sources:
        for field, target in (("labels", labels), ("annotations", annotations)):
            node = None if source is None else source.get(field)
            target.update({} if node is None else dict(node.items()))
    annotations = {k: v for k, v in annotations.items() if k not in UNPROPAGATED}
    uri = source_uri(isvc, component)
    if uri is not None:
        annotations[names.SOURCE_URI] = uri
    labels["serving.kserve.io/inferenceservice"] = made(name, origin)
    labels["component"] = made(component, origin)
    result = Map({"name": made(f"{name}-{component}", origin)})
    result.origin = origin
    namespace = isvc.at("metadata", "namespace")
    if namespace is not None:
        result = put(result, ("namespace",), namespace)
    for field, entries in (("labels", labels), ("annotations", annotations)):
        if entries:
            holder = Map(entries)
            holder.origin = origin
            result = put(result, (field,), holder)
    return result


def source_uri(isvc: Map, component: str) -> Node | None:
    """The single storageUri of a component: of the model, or STORAGE_URI of kserve-container."""
    part = isvc.at("spec", component)
    if part is None:
        return None
    uri = part.at("model", "storageUri")
    if uri is not None and not uri.is_null:
        return uri
    container = container_named(part, names.PREDICTOR_CONTAINER)
    env = None if container is None else container.get("env")
    for item in [] if env is None else env.elements():
        if item.string("name") == "STORAGE_URI":
            return item.get("value")
    return None


def deployment(isvc: Map, component: str, meta: Map, pod_spec: Map, settings: Settings) -> Map:
    """The component's Deployment, with KServe's and then the API server's defaults."""
    origin = controller_origin("the deployment reconciler", f"{_DEPLOYMENT}:140-180")
    spec_of = isvc.at("spec", component)
    label = f"isvc.{meta.string('name')}"
    pod_meta = put(meta, ("labels", "app"), made(label, origin))
    body = Map({"apiVersion": made("apps/v1", origin), "kind": made("Deployment", origin)})
    body.origin = origin
    body = put(body, ("metadata",), pod_meta)
    body = put(body, ("spec", "selector", "matchLabels", "app"), made(label, origin))
    body = put(body, ("spec", "template", "metadata"), pod_meta)
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
    name = f"{meta.string('name')}-worker"
    meta = put(meta, ("name",), made(name, origin))
    body = deployment(isvc, "predictor", meta, pod_spec, settings)
    if body.string("spec", "strategy", "type") == "RollingUpdate":
        forced = made({"maxUnavailable": "0%", "maxSurge": "100%"}, origin)
        body = put(body, ("spec", "strategy", "rollingUpdate"), forced)
    return put(body, ("spec", "replicas"), made(replicas, origin))


def group_services(meta: Map) -> list[Map]:
    """Headless Services of head and workers, reachable before they are ready."""
    origin = controller_origin("the service reconciler", f"{_SERVICE}:191-231")
    predictor = meta.string("name") or ""
    owner = predictor.removesuffix("-predictor")
    found = []
    for suffix, label in (("head", predictor), ("workers", f"{predictor}-worker")):
        body = put(None, ("apiVersion",), made("v1", origin))
        body = put(body, ("kind",), made("Service", origin))
        its = put(meta, ("name",), made(f"{owner}-{suffix}-{GENERATION}", origin))
        body = put(body, ("metadata",), its)
        spec = {
            "selector": {"app": f"isvc.{label}"},
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
    if settings.text("deploy", "defaultDeploymentMode") != names.STANDARD:
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
        _service_port(port, index, origin)
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
    body = put(body, ("metadata",), put(meta, ("labels", "app"), made(f"isvc.{name}", origin)))
    body = put(body, ("spec", "selector", "app"), made(f"isvc.{name}", origin))
    sequence = Seq(ports)
    sequence.origin = origin
    body = put(body, ("spec", "ports"), sequence)
    if settings.flag("service", "serviceClusterIPNone"):
        body = put(body, ("spec", "clusterIP"), made("None", origin))
    return body


def _service_port(port: Node, index: int, origin: Origin) -> Node:
    number = port.get("containerPort") or made(names.DEFAULT_HTTP_PORT, origin)
    result: Node = Map({})
    name = port.get("name")
    if name is not None:
        result = put(result, ("name",), name)
    front = made(names.SERVICE_PORT, origin) if index == 0 else number
    result = put(put(result, ("port",), front), ("targetPort",), number)
    result = put(result, ("protocol",), port.get("protocol") or made("TCP", origin))
    text = port.string("name") or ""
    if "grpc" in text or "h2c" in text:
        result = put(result, ("appProtocol",), made("kubernetes.io/h2c", origin))
    return result


def autoscaler_class(meta: Node) -> str:
    """hpa, keda, external or none; by annotation of the component's objects."""
    written = meta.at("annotations", names.AUTOSCALER_CLASS)
    return "hpa" if written is None else written.text or ""


def scaler(isvc: Map, component: str, meta: Map, settings: Settings) -> Map | None:
    """The HorizontalPodAutoscaler or ScaledObject of a component, or None."""
    spec_of = isvc.at("spec", component)
    kind = autoscaler_class(meta)
    if spec_of is None or kind not in ("hpa", "keda"):
        return None
    return _hpa(meta, spec_of) if kind == "hpa" else _scaled_object(meta, spec_of, settings)


def _bounds(spec_of: Node, floor: int, origin: Origin) -> tuple[Node, Node]:
    minimum = spec_of.get("minReplicas")
    low = spec_of.integer("minReplicas")
    if minimum is None or low is None or low < floor:
        text = origin._replace(text=f"KServe, which raises minReplicas to {max(floor, 1)}")
        raised = max(floor, 1) if low is None else max(floor, low)
        minimum, low = made(raised, text if low is not None else origin), raised
    maximum = spec_of.get("maxReplicas")
    high = spec_of.integer("maxReplicas")
    if maximum is None or high is None or high < low:
        maximum = made(low, origin)
    return minimum, maximum


def _hpa(meta: Map, spec_of: Node) -> Map:
    origin = controller_origin("the HPA reconciler", f"{_HPA}:61-183")
    minimum, maximum = _bounds(spec_of, 1, origin)
    body = made({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}, origin)
    body = put(body, ("metadata",), meta)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": meta.string("name") or ""}
    body = put(body, ("spec", "scaleTargetRef"), made(target, origin))
    body = put(body, ("spec", "minReplicas"), minimum)
    body = put(body, ("spec", "maxReplicas"), maximum)
    metrics = Seq(_hpa_metrics(spec_of, origin))
    metrics.origin = origin
    if metrics.children:
        body = put(body, ("spec", "metrics"), metrics)
    return put(body, ("spec", "behavior"), made({}, origin))


def _hpa_metrics(spec_of: Node, origin: Origin) -> list[Node]:
    """getHPAMetrics: autoScaling's resource metrics, else scaleMetric, else CPU at 80 %."""
    auto = spec_of.get("autoScaling")
    if auto is not None and not auto.is_null:
        found = [_hpa_metric(m, origin) for m in auto.listed("metrics")]
        return [metric for metric in found if metric is not None]
    metric = spec_of.string("scaleMetric") or "cpu"
    target = spec_of.get("scaleTarget")
    if metric == "cpu":
        return [_utilization("cpu", target or made(80, origin), origin)]
    if metric == "memory" and target is not None:
        return [_utilization("memory", target, origin)]
    return []


def _hpa_metric(metric: Node, origin: Origin) -> Node | None:
    resource = metric.get("resource")
    name = None if resource is None else resource.string("name")
    if resource is None or name not in ("cpu", "memory"):
        return None
    target = resource.get("target")
    utilization = None if target is None else target.get("averageUtilization")
    if name == "cpu":
        return _utilization("cpu", utilization or made(80, origin), origin)
    if target is not None and target.string("type") == "Utilization" and utilization is not None:
        return _utilization("memory", utilization, origin)
    body = made({"type": "Resource", "resource": {"name": name}}, origin)
    return body if target is None else put(body, ("resource", "target"), target)


def _utilization(name: str, target: Node, origin: Origin) -> Node:
    body = made(
        {"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization"}}}, origin
    )
    return put(body, ("resource", "target", "averageUtilization"), target)


def _scaled_object(meta: Map, spec_of: Node, settings: Settings) -> Map:
    origin = controller_origin("the KEDA reconciler", f"{_KEDA}:187-278")
    minimum, maximum = _bounds(spec_of, 0, origin)
    body = made({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject"}, origin)
    body = put(body, ("metadata",), meta)
    body = put(body, ("spec", "scaleTargetRef", "name"), made(meta.string("name") or "", origin))
    body = put(body, ("spec", "minReplicaCount"), minimum)
    body = put(body, ("spec", "maxReplicaCount"), maximum)
    metrics = spec_of.at("autoScaling", "metrics")
    triggers = Seq(
        [
            _trigger(m, meta, settings, origin)
            for m in ([] if metrics is None else metrics.elements())
        ]
    )
    triggers.origin = origin
    body = put(body, ("spec", "triggers"), triggers)
    for side, setting in (
        ("scaleDown", "scaleDownStabilizationWindowSeconds"),
        ("scaleUp", "scaleUpStabilizationWindowSeconds"),
    ):
        window = spec_of.at("autoScaling", "behavior", side, "stabilizationWindowSeconds")
        configured = settings.text("autoscaler", setting)
        is_number = configured.isascii() and configured.isdigit() and len(configured) < 10
        if window is None and is_number:
            node = settings.get("autoscaler", setting)
            window = made(int(configured), (node and node.origin) or origin)
        if window is not None:
            path = ("spec", "advanced", "horizontalPodAutoscalerConfig", "behavior", side)
            body = put(body, (*path, "stabilizationWindowSeconds"), window)
    return body


def _trigger(metric: Node, meta: Map, settings: Settings, origin: Origin) -> Node:
    """getKedaMetrics: one trigger for one autoScaling metric."""
    kind = metric.string("type")
    if kind == "Resource":
        target = metric.at("resource", "target")
        form = (target and target.string("type")) or ""
        field = {"Utilization": "averageUtilization", "AverageValue": "averageValue"}.get(
            form, "value"
        )
        value = (target and target.string(field)) or (
            "80" if (form, metric.string("resource", "name")) == ("Utilization", "cpu") else "0"
        )
        return made(
            {
                "type": metric.string("resource", "name") or "",
                "metadata": {"value": value},
                "metricType": form,
            },
            origin,
        )
    if kind == "External":
        external = metric.get("external") or Map({})
        data = {
            "serverAddress": external.string("metric", "serverAddress") or "",
            "query": external.string("metric", "query") or "",
            "threshold": external.string("target", "value") or "0",
        }
        backend = external.string("metric", "backend") or ""
        namespace = external.string("metric", "namespace")
        if backend == "prometheus" and namespace:
            data["namespace"] = namespace
        trigger: dict[str, object] = {"type": backend, "metadata": data}
        modes = external.string("authenticationRef", "authModes")
        if modes:
            data["authModes"] = modes
        reference = external.string("authenticationRef", "authenticationRef", "name")
        if reference:
            trigger["authenticationRef"] = {"name": reference}
        return made(trigger, origin)
    pod_metric = metric.get("podmetric") or Map({})
    query = pod_metric.string("metric", "query") or ""
    scope = f'namespace="{meta.string("namespace")}", deployment="{meta.string("name")}"'
    address = pod_metric.string("metric", "serverAddress") or settings.text(
        "opentelemetryCollector", "metricScalerEndpoint"
    )
    data = {
        "metricQuery": f"sum({query}{{{scope}}})",
        "targetValue": pod_metric.string("target", "value") or "0",
        "scalerAddress": address,
    }
    over_time = pod_metric.string("metric", "operationOverTime")
    if over_time:
        data["operationOverTime"] = over_time
    return made({"type": "external", "metadata": data}, origin)
