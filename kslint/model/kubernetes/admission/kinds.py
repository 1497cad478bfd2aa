"""What the API server says to an object, by its kind."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors
from kslint.model.kubernetes.pod import containers
from kslint.resources import defined_group

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from kslint.graph.graph import Graph
    from kslint.model.answer import Failure
    from kslint.resources import Resource
    from kslint.source.nodes import Map, Node

_VALIDATORS = {
    ("", "ConfigMap"): "configs.config_map_failures",
    ("", "LimitRange"): "policies.limit_range_failures",
    ("", "Namespace"): "configs.namespace_failures",
    ("", "PersistentVolume"): "storage.volume_failures",
    ("", "PersistentVolumeClaim"): "claims.claim_failures",
    ("", "Pod"): "workloads.pod_object_failures",
    ("", "PodTemplate"): "workloads.pod_template_failures",
    ("", "ReplicationController"): "workloads.controller_failures",
    ("", "ResourceQuota"): "policies.quota_failures",
    ("", "Secret"): "configs.secret_failures",
    ("", "ServiceAccount"): "configs.account_failures",
    ("", "Service"): "services.service_failures",
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): "webhooks.webhook_failures",
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): "webhooks.policy_failures",
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
    ): "webhooks.binding_failures",
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): "webhooks.webhook_failures",
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
    ): "definitions.definition_failures",
    ("apps", "DaemonSet"): "workloads.daemon_set_failures",
    ("apps", "Deployment"): "workloads.deployment_failures",
    ("apps", "ReplicaSet"): "workloads.replica_set_failures",
    ("apps", "StatefulSet"): "workloads.stateful_set_failures",
    ("autoscaling", "HorizontalPodAutoscaler"): "scalers.scaler_failures",
    ("batch", "CronJob"): "batch.cron_job_failures",
    ("batch", "Job"): "batch.job_failures",
    ("gateway.networking.k8s.io", "Gateway"): "gateway_api.gateway_failures",
    ("gateway.networking.k8s.io", "GRPCRoute"): "gateway_routes.grpc_failures",
    ("gateway.networking.k8s.io", "HTTPRoute"): "gateway_routes.route_failures",
    ("inference.networking.k8s.io", "InferencePool"): "pools.pool_failures",
    ("kueue.x-k8s.io", "ClusterQueue"): "kueue.queue_failures",
    ("kueue.x-k8s.io", "LocalQueue"): "kueue.local_queue_failures",
    ("kueue.x-k8s.io", "ResourceFlavor"): "kueue.flavor_failures",
    ("networking.k8s.io", "Ingress"): "networking.ingress_failures",
    ("networking.k8s.io", "IngressClass"): "networking.ingress_class_failures",
    ("networking.k8s.io", "NetworkPolicy"): "networking.network_policy_failures",
    ("node.k8s.io", "RuntimeClass"): "configs.runtime_class_failures",
    ("policy", "PodDisruptionBudget"): "policies.budget_failures",
    ("rbac.authorization.k8s.io", "ClusterRole"): "rbac.cluster_role_failures",
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): "rbac.cluster_role_binding_failures",
    ("rbac.authorization.k8s.io", "Role"): "rbac.role_failures",
    ("rbac.authorization.k8s.io", "RoleBinding"): "rbac.role_binding_failures",
    ("scheduling.k8s.io", "PriorityClass"): "configs.priority_class_failures",
    ("storage.k8s.io", "StorageClass"): "storage.storage_class_failures",
}
"""The function that judges objects of a kind, by its module here."""


def failures(resource: Resource, custom: Container[str]) -> list[Failure]:
    """Everything the API server would refuse in an object of the input. Never raises.

    `custom` are the groups of custom resources; of kinds that are not known nothing is said.
    """
    if (resource.group, resource.kind) in _VALIDATORS or resource.group not in custom:
        return body_failures(resource.api_version, resource.kind, resource.body)
    bare = resource.body.get("metadata") is None
    if resource.kind in _NO_OBJECTS or (bare and resource.group not in _FAMILIES):
        return []  # the configuration of a program (EnvoyGateway)
    return _metadata(resource.body)


def body_failures(api_version: str, kind: str, body: Map) -> list[Failure]:
    """The same for an object of Kubernetes' own that may not be in the input."""
    group, _, version = api_version.rpartition("/")
    if not is_judged(group, version, kind):
        return []
    return _validator(_VALIDATORS[group, kind])(body)


def is_judged(group: str, version: str, kind: str) -> bool:
    """Is there code that judges objects of a kind?"""
    return (group, kind) in _VALIDATORS and version in _VERSIONS.get(kind, ("v1",))


_VERSIONS = {
    "Gateway": ("v1", "v1beta1"),
    "HTTPRoute": ("v1", "v1beta1"),
    "ClusterQueue": ("v1beta1", "v1beta2"),
    "LocalQueue": ("v1beta1", "v1beta2"),
    "ResourceFlavor": ("v1beta1", "v1beta2"),
    "HorizontalPodAutoscaler": ("v1", "v2"),
}
"""Versions that are judged, where these are not just v1."""


def is_fragment(resource: Resource) -> bool:
    """Is it too little to be a whole object, but a patch of one? Then it is not applied as it is.

    Without its selector *and* images, labels or a restart policy that a workload needs, say.
    """
    spec = resource.spec
    if spec is None:
        return resource.kind in _SPARE and resource.body.entries.keys() <= _HEAD
    if resource.kind in _TEMPLATED:
        pod = spec.at("template", "spec")
        bare = not pod_images(pod) or spec.at("template", "metadata", "labels") is None
        return spec.get("selector") is None and bare
    if resource.kind == "Pod":
        return not any(container.get("image") for container in containers(spec))
    if resource.kind == "Job":
        pod = spec.at("template", "spec")
        return not pod_images(pod) and (pod is None or pod.get("restartPolicy") is None)
    wanted = _MARKS.get((resource.group, resource.kind))
    return wanted is not None and all(spec.get(field) is None for field in wanted)


_SPARE = frozenset({"PriorityClass", "RuntimeClass", "StorageClass"})
"""Kinds that the cluster has of its own, to which people add an annotation."""
_HEAD = frozenset({"apiVersion", "kind", "metadata"})
_TEMPLATED = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
_MARKS = {
    ("", "Service"): ("ports", "selector", "type", "externalName", "clusterIP"),
    ("", "PersistentVolumeClaim"): ("accessModes", "resources"),
    ("autoscaling", "HorizontalPodAutoscaler"): ("scaleTargetRef", "maxReplicas"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("names", "scope", "versions"),
}
"""Fields of a spec of which a whole object has at least one."""


def pod_images(pod_spec: Node | None) -> bool:
    """Has every container of a pod an image?"""
    found = [container.get("image") for container in containers(pod_spec)]
    return bool(found) and None not in found


@cache
def _validator(name: str) -> Callable[[Map], list[Failure]]:
    module, _, function = name.partition(".")
    found: Callable[[Map], list[Failure]] = getattr(
        import_module(f"kslint.model.kubernetes.admission.{module}"), function
    )
    return found


_FAMILIES = frozenset(
    {
        "argoproj.io", "cert-manager.io", "external-secrets.io", "gateway.networking.k8s.io",
        "inference.networking.k8s.io", "inference.networking.x-k8s.io", "keda.sh",
        "kueue.x-k8s.io", "leaderworkerset.x-k8s.io", "monitoring.coreos.com", "ray.io",
        "serving.knative.dev", "serving.kserve.io",
    }
)  # fmt: skip
"""Groups whose objects are custom resources. Others are only with a definition in the input."""
_NO_OBJECTS = frozenset({"ConfigManagementPlugin", "EndpointPickerConfig"})
"""Files for programs that look like objects of such a group."""


def custom_groups(graph: Graph) -> frozenset[str]:
    """The API groups that certainly are those of custom resources."""
    definitions = graph.of_kind("CustomResourceDefinition", "apiextensions.k8s.io")
    return _FAMILIES.union(map(defined_group, definitions))


def _metadata(body: Map) -> list[Failure]:
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    return errors.failures


def shown(resource: Resource) -> str:
    """An object as errors name it: `Deployment.apps "web"`."""
    return named(resource.group, resource.kind, resource.name)


def named(group: str, kind: str, name: str) -> str:
    """An object of a group as errors name it."""
    return f'{kind}.{group} "{name}"' if group else f'{kind} "{name}"'
