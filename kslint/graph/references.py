"""Which fields of which kinds name another object. One small extractor a family of kinds.

Sources: Kubernetes core/v1, KServe v0.19.0 API types, Gateway API v1, External Secrets v1,
Argo CD v3.4 Application, KEDA v2 ScaledObject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.resources import Resource
    from kslint.source.nodes import Node

KSERVE = "serving.kserve.io"
GATEWAY = "gateway.networking.k8s.io"


class Reference(NamedTuple):
    """An edge: `source` names an object of `kind` at `node`. `group` "" matches any group.

    `namespace` is where the name is looked up: "" for cluster-scoped kinds, None if unknown.
    `optional` references may dangle.
    """

    source: Resource
    role: str
    kind: str
    name: str
    namespace: str | None
    node: Node
    group: str = ""
    optional: bool = False


Named = tuple[str, str, "Node | None", str, bool]
"""(role, kind, the name, group, optional)."""

_ACROSS = ("certificate", "parent", "backend", "gateway")
"""Roles whose references may lead into another namespace: the mapping stands for its name."""


def references(resource: Resource, namespace: str | None) -> Iterator[Reference]:
    """The references of one object that lives in `namespace` (None: not known)."""
    extractor = _EXTRACTORS.get(resource.kind)
    if extractor is None or resource.spec is None or is_patch(resource):
        return
    for role, kind, node, group, optional in extractor(resource.spec):
        its = namespace
        if role in _ACROSS and isinstance(node, Map):
            its = node.string("namespace") or namespace
            node = node.get("name")
        name = None if node is None or node.is_null else node.text
        if name and node is not None:
            if kind in ("ClusterServingRuntime", "GatewayClass", "PersistentVolume",
                        "ClusterSecretStore", "LocalModelNodeGroup"):  # fmt: skip
                its = ""
            yield Reference(resource, role, kind, name, its, node, group, optional)


_TEMPLATED = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def is_patch(resource: Resource) -> bool:
    """Is it a piece of a workload, as patches are, of which no container has an image?

    One that a kustomization takes in is none of the input's objects; the others lie about unused.
    """
    spec = resource.spec
    return spec is not None and spec.get("selector") is None and is_imageless(resource)


def is_imageless(resource: Resource) -> bool:
    """Has no container of a workload an image? Then an operator or a script gives it one."""
    spec = resource.spec if resource.kind in _TEMPLATED else None
    containers = [] if spec is None else list(_each(spec.at("template", "spec"), "containers"))
    return bool(containers) and all(container.get("image") is None for container in containers)


_PRODUCERS = frozenset({"ExternalSecret", "SealedSecret", "Certificate", "Service"})
SERVING_CERTIFICATE = "serving-cert-secret-name"
"""What a Service holds that brings a Secret."""
_SERVING_CERTIFICATES = (
    f"service.beta.openshift.io/{SERVING_CERTIFICATE}",
    f"service.alpha.openshift.io/{SERVING_CERTIFICATE}",
)
"""By these OpenShift makes a Secret for a Service (openshift/service-ca-operator README.md)."""


def produced(resource: Resource) -> Iterator[tuple[str, str]]:
    """Objects that another object makes appear, as (kind, name), in its own namespace."""
    spec = resource.spec if resource.kind in _PRODUCERS else None
    if spec is None or not resource.name:
        return
    if resource.kind == "ExternalSecret":
        kind = spec.string("target", "manifest", "kind") or "Secret"
        yield kind, spec.string("target", "name") or resource.name
    elif resource.kind == "SealedSecret":
        yield "Secret", spec.string("template", "metadata", "name") or resource.name
    elif resource.kind == "Certificate" and spec.string("secretName"):
        yield "Secret", spec.string("secretName") or ""
    elif resource.kind == "Service":
        for mark in _SERVING_CERTIFICATES:
            if name := resource.body.string("metadata", "annotations", mark):
                yield "Secret", name


def pod_references(spec: Node | None) -> Iterator[Named]:
    """Claims, Secrets, ConfigMaps and the ServiceAccount that a pod spec names."""
    if spec is None:
        return
    for volume in _each(spec, "volumes"):
        yield (
            "volume",
            "PersistentVolumeClaim",
            volume.at("persistentVolumeClaim", "claimName"),
            "",
            False,
        )
        for field, kind, name in (
            ("secret", "Secret", "secretName"),
            ("configMap", "ConfigMap", "name"),
        ):
            yield "volume", kind, volume.at(field, name), "", _optional(volume.get(field))
        for source in _each(volume.get("projected"), "sources"):
            for field, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
                yield "volume", kind, source.at(field, "name"), "", _optional(source.get(field))
    for container in (*_each(spec, "containers"), *_each(spec, "initContainers")):
        yield from container_references(container)
    for secret in _each(spec, "imagePullSecrets"):
        yield "imagePullSecret", "Secret", secret.get("name"), "", True
    yield "serviceAccount", "ServiceAccount", spec.get("serviceAccountName"), "", False


def container_references(container: Node) -> Iterator[Named]:
    """Secrets and ConfigMaps in a container's environment."""
    for item in _each(container, "env"):
        for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
            source = item.at("valueFrom", field)
            if source is not None:
                yield "env", kind, source.get("name"), "", _optional(source)
    for item in _each(container, "envFrom"):
        for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
            source = item.get(field)
            if source is not None:
                yield "envFrom", kind, source.get("name"), "", _optional(source)


def _workload(spec: Node) -> Iterator[Named]:
    yield from pod_references(spec.at("template", "spec"))


def _inference_service(spec: Node) -> Iterator[Named]:
    for component in ("predictor", "transformer", "explainer"):
        part = spec.get(component)
        if part is None:
            continue
        yield from pod_references(part)
        yield from pod_references(part.get("workerSpec"))
    model = spec.at("predictor", "model")
    if model is not None:
        yield from container_references(model)
        yield "runtime", "ServingRuntime", model.get("runtime"), KSERVE, False


def _serving_runtime(spec: Node) -> Iterator[Named]:
    yield from pod_references(spec)


def _llm_inference_service(spec: Node) -> Iterator[Named]:
    for path in (("template",), ("worker",), ("prefill", "template"), ("prefill", "worker")):
        yield from pod_references(spec.at(*path))
    for base in _each(spec, "baseRefs"):
        yield "baseRef", "LLMInferenceServiceConfig", base.get("name"), KSERVE, False
    router = spec.get("router")
    if router is not None:
        for gateway in _each(router.get("gateway"), "refs"):
            yield "gateway", "Gateway", gateway, GATEWAY, False
        for route in _each(router.at("route", "http"), "refs"):
            yield "route", "HTTPRoute", route.get("name"), GATEWAY, False
        yield "pool", "InferencePool", router.at("scheduler", "pool", "ref", "name"), "", False


def _inference_graph(spec: Node) -> Iterator[Named]:
    nodes = spec.get("nodes")
    for _, node in () if nodes is None else nodes.items():
        for step in _each(node, "steps"):
            yield "step", "InferenceService", step.get("serviceName"), KSERVE, False


def _trained_model(spec: Node) -> Iterator[Named]:
    yield "served by", "InferenceService", spec.get("inferenceService"), KSERVE, False


def _local_model_cache(spec: Node) -> Iterator[Named]:
    for group in _each(spec, "nodeGroups"):
        yield "node group", "LocalModelNodeGroup", group, KSERVE, False


def _claim(spec: Node) -> Iterator[Named]:
    yield "volumeName", "PersistentVolume", spec.get("volumeName"), "", False


def _external_secret(spec: Node) -> Iterator[Named]:
    kind = spec.string("secretStoreRef", "kind") or "SecretStore"
    yield "store", kind, spec.at("secretStoreRef", "name"), "external-secrets.io", False


def _gateway(spec: Node) -> Iterator[Named]:
    yield "gatewayClass", "GatewayClass", spec.get("gatewayClassName"), GATEWAY, False
    for listener in _each(spec, "listeners"):
        for certificate in _each(listener.get("tls"), "certificateRefs"):
            yield "certificate", "Secret", certificate, "", False


def _route(spec: Node) -> Iterator[Named]:
    for parent in _each(spec, "parentRefs"):
        yield "parent", parent.string("kind") or "Gateway", parent, "", False
    for rule in _each(spec, "rules"):
        for backend in _each(rule, "backendRefs"):
            kind = backend.string("kind") or "Service"
            yield "backend", kind, backend, backend.string("group") or "", False


def _scaler(spec: Node) -> Iterator[Named]:
    target = spec.get("scaleTargetRef")
    if target is not None:
        kind = target.string("kind") or "Deployment"  # what KEDA takes it for
        yield "scales", kind, target.get("name"), "", False


def _application(spec: Node) -> Iterator[Named]:
    project = spec.get("project")
    if project is not None and project.text != "default":
        yield "project", "AppProject", project, "argoproj.io", False


def _application_set(spec: Node) -> Iterator[Named]:
    template = spec.at("template", "spec")
    if template is not None:
        yield from _application(template)


def _each(node: Node | None, field: str) -> Iterable[Node]:
    child = None if node is None else node.get(field)
    return [] if child is None else child.elements()


def _optional(source: Node | None) -> bool:
    return source is not None and source.boolean("optional") is True


_EXTRACTORS: dict[str, Callable[[Node], Iterator[Named]]] = {
    "Application": _application,
    "ApplicationSet": _application_set,
    "ClusterServingRuntime": _serving_runtime,
    "DaemonSet": _workload,
    "Deployment": _workload,
    "ExternalSecret": _external_secret,
    "Gateway": _gateway,
    "HTTPRoute": _route,
    "HorizontalPodAutoscaler": _scaler,
    "InferenceGraph": _inference_graph,
    "InferenceService": _inference_service,
    "Job": _workload,
    "LLMInferenceService": _llm_inference_service,
    "LocalModelCache": _local_model_cache,
    "LocalModelNamespaceCache": _local_model_cache,
    "PersistentVolumeClaim": _claim,
    "Pod": pod_references,
    "ScaledObject": _scaler,
    "ServingRuntime": _serving_runtime,
    "StatefulSet": _workload,
    "TrainedModel": _trained_model,
}
