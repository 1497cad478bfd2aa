"""Names that kustomize follows when it renames objects, and the places it looks for them.

Only built-in kinds are followed, and what `configurations` add to them: any other custom resource
keeps the name it was written with, and its reference dangles. Source: kustomize v5.8.1,
api/internal/konfig/builtinpluginconsts/namereference.go and api/filters/nameref.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kslint.graph.edit import put, restated
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.graph.configurations import Reference
    from kslint.graph.items import Id, Item
    from kslint.source.nodes import Node

_CONTAINERS = ("containers", "initContainers")
_POD = (
    ("ConfigMap", "volumes/configMap/name"),
    ("ConfigMap", "volumes/projected/sources/configMap/name"),
    *(("ConfigMap", f"{c}/env/valueFrom/configMapKeyRef/name") for c in _CONTAINERS),
    *(("ConfigMap", f"{c}/envFrom/configMapRef/name") for c in _CONTAINERS),
    ("Secret", "volumes/secret/secretName"),
    ("Secret", "volumes/projected/sources/secret/name"),
    ("Secret", "imagePullSecrets/name"),
    *(("Secret", f"{c}/env/valueFrom/secretKeyRef/name") for c in _CONTAINERS),
    *(("Secret", f"{c}/envFrom/secretRef/name") for c in _CONTAINERS),
    ("ServiceAccount", "serviceAccountName"),
    ("PersistentVolumeClaim", "volumes/persistentVolumeClaim/claimName"),
    ("PriorityClass", "priorityClassName"),
)
_POD_SPECS = {
    "Pod": "spec",
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "Job"), "spec/template/spec"),
    "CronJob": "spec/jobTemplate/spec/template/spec",
}
_OTHERS = {
    "HorizontalPodAutoscaler": tuple(
        (kind, "spec/scaleTargetRef/name")
        for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
    ),
    "StatefulSet": (
        ("Service", "spec/serviceName"),
        ("StorageClass", "spec/volumeClaimTemplates/spec/storageClassName"),
    ),
    "Ingress": (
        ("Secret", "spec/tls/secretName"),
        ("Service", "spec/rules/http/paths/backend/service/name"),
        ("Service", "spec/defaultBackend/service/name"),
    ),
    "ServiceAccount": (("Secret", "imagePullSecrets/name"),),
    "PersistentVolumeClaim": (
        ("PersistentVolume", "spec/volumeName"),
        ("StorageClass", "spec/storageClassName"),
    ),
    "PersistentVolume": (("StorageClass", "spec/storageClassName"),),
    "Role": (("ConfigMap", "rules/resourceNames"), ("Secret", "rules/resourceNames")),
    "ClusterRole": (("ConfigMap", "rules/resourceNames"), ("Secret", "rules/resourceNames")),
    "RoleBinding": (
        ("Role", "roleRef/name"), ("ClusterRole", "roleRef/name"), ("ServiceAccount", "subjects"),
    ),
    "ClusterRoleBinding": (("ClusterRole", "roleRef/name"), ("ServiceAccount", "subjects")),
    "APIService": (("Service", "spec/service/name"),),
    "ValidatingWebhookConfiguration": (("Service", "webhooks/clientConfig/service"),),
    "MutatingWebhookConfiguration": (("Service", "webhooks/clientConfig/service"),),
}  # fmt: skip


def follow_names(items: list[Item], more: tuple[Reference, ...] = ()) -> None:
    """Point references at the names and namespaces objects now have.

    `more` are those that `configurations` add to the built-in ones.
    """
    renamed: dict[str, dict[str, list[Item]]] = {}
    for item in items:
        for name in dict.fromkeys(old.name for old in item.earlier):
            renamed.setdefault(item.id.kind, {}).setdefault(name, []).append(item)
    if not renamed:
        return
    for item in items:
        identity = item.id
        places = [*_OTHERS.get(identity.kind, ())]
        if identity.kind in _POD_SPECS:
            places += [(kind, f"{_POD_SPECS[identity.kind]}/{path}") for kind, path in _POD]
        places += [(r.target, "/".join(r.field.path)) for r in more if r.field.is_of(identity)]
        for kind, path in places:
            if path == "roleRef/name" and item.body.string("roleRef", "kind") != kind:
                continue
            if kind in renamed:
                follow = partial(_followed, candidates=renamed[kind], referrer=identity)
                item.change(tuple(path.split("/")), follow)


def _may_name(item: Item, referrer: Id) -> bool:
    """May an object name another? One of its own namespace, or a cluster-wide one."""
    its = item.id
    return (
        its.namespace in (referrer.namespace, "_non_namespaceable_")
        or its.kind == "ServiceAccount"
        or referrer.namespace == "_non_namespaceable_"
    )


def _followed(node: Node, candidates: dict[str, list[Item]], referrer: Id) -> Node:
    name = node.string("name") if isinstance(node, Map) else node.text
    namespace = node.string("namespace") if isinstance(node, Map) else None
    found = [
        item
        for item in candidates.get(name or "", ())
        if _may_name(item, referrer)
        and any(
            old.name == name and namespace in (None, old.namespace, item.id.namespace)
            for old in item.earlier
        )
    ]
    targets = {(item.id.name, item.body.string("metadata", "namespace")) for item in found}
    if isinstance(node, Scalar):
        names = {target[0] for target in targets}
        return restated(names.pop(), node) if len(names) == 1 and names != {name} else node
    if not isinstance(node, Map) or len(targets) != 1:
        return node
    current = node.get("name")
    if current is not None and found[0].id.name != name:
        node = put(node, ("name",), restated(found[0].id.name, current))
    its = found[0].body.at("metadata", "namespace")
    return node if its is None else put(node, ("namespace",), its)
