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
    from kslint.graph.items import Item
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
    followed = {kind: _Followed(candidates) for kind, candidates in renamed.items()}
    for item in items:
        identity = item.id
        places = [*_OTHERS.get(identity.kind, ())]
        if identity.kind in _POD_SPECS:
            places += [(kind, f"{_POD_SPECS[identity.kind]}/{path}") for kind, path in _POD]
        places += [(r.target, "/".join(r.field.path)) for r in more if r.field.is_of(identity)]
        for kind, path in places:
            if path == "roleRef/name" and item.body.string("roleRef", "kind") != kind:
                continue
            if kind in followed:
                follow = partial(followed[kind].followed, referrer=identity.namespace)
                item.change(tuple(path.split("/")), follow)


class _Followed:
    """The names that objects of one kind have now, by those they had."""

    def __init__(self, candidates: dict[str, list[Item]]) -> None:
        self._candidates = candidates
        self._known: dict[tuple[str | None, str | None, str], tuple[Item | None, str | None]] = {}

    def followed(self, node: Node, referrer: str) -> Node:
        """A reference of an object in a namespace, as it names its target now."""
        if isinstance(node, Scalar):
            _, name = self._target(node.text, None, referrer)
            return node if name is None or name == node.text else restated(name, node)
        if not isinstance(node, Map):
            return node
        name = node.string("name")
        target, _ = self._target(name, node.string("namespace"), referrer)
        if target is None:
            return node
        current = node.get("name")
        if current is not None and target.id.name != name:
            node = put(node, ("name",), restated(target.id.name, current))
        its = target.body.at("metadata", "namespace")
        return node if its is None else put(node, ("namespace",), its)

    def _target(
        self, name: str | None, namespace: str | None, referrer: str
    ) -> tuple[Item | None, str | None]:
        """The one object that is meant, if it is one, and the one name of all that may be meant."""
        key = (name, namespace, referrer)
        if key not in self._known:
            found = [
                item
                for item in self._candidates.get(name or "", ())
                if _may_name(item, referrer)
                and any(
                    old.name == name and namespace in (None, old.namespace, item.id.namespace)
                    for old in item.earlier
                )
            ]
            targets = {(item.id.name, item.body.string("metadata", "namespace")) for item in found}
            names = {target[0] for target in targets}
            self._known[key] = (
                found[0] if len(targets) == 1 else None,
                names.pop() if len(names) == 1 else None,
            )
        return self._known[key]


def _may_name(item: Item, referrer: str) -> bool:
    """May an object in a namespace name another? One of its own, or a cluster-wide one."""
    its = item.id
    return (
        its.namespace in (referrer, "_non_namespaceable_")
        or its.kind == "ServiceAccount"
        or referrer == "_non_namespaceable_"
    )
