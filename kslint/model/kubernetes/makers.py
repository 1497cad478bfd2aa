"""Controllers that may make a claim or a Secret which no manifest declares.

Operators name what they make after their own object, or are told the name in its spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.source.nodes import walk

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.graph.references import Reference
    from kslint.resources import Resource

_OWN_GROUPS = (
    "apps", "batch", "autoscaling", "policy", "argoproj.io", "bitnami.com", "cert-manager.io",
    "external-secrets.io", "gateway.networking.k8s.io", "k8s.io", "keda.sh",
    "monitoring.coreos.com", "serving.kserve.io",
)  # fmt: skip
"""API groups whose controllers make no Secret or claim that is not accounted for."""


class Makers:
    """What the objects of each namespace may bring; None stands for one that is not known."""

    def __init__(self, graph: Graph) -> None:
        self._owners: dict[str | None, set[str]] = {}
        """Names that what is made begins with."""
        self._told: dict[str | None, set[str]] = {}
        """Names that stand in a spec."""
        self._claims: dict[str | None, set[str]] = {}
        """What the claims of a StatefulSet begin with: their template and its own name."""
        for resource in graph.resources:
            namespace = graph.namespace_of(resource)
            if resource.kind == "StatefulSet" and resource.spec is not None:
                self._claims.setdefault(namespace, set()).update(
                    f"{template.string('metadata', 'name')}-{resource.name}"
                    for template in resource.spec.listed("volumeClaimTemplates")
                )
            if _is_foreign(resource) or _asks_for_certificates(resource):
                self._owners.setdefault(namespace, set()).add(resource.name)
                if resource.spec is not None:
                    texts = self._told.setdefault(namespace, set())
                    texts.update(node.text for node in walk(resource.spec) if node.text)

    def may_make(self, reference: Reference) -> bool:
        """May another controller of the namespace make the object that is named?"""
        name = reference.name
        if reference.kind == "PersistentVolumeClaim" and any(
            not _begins(name).isdisjoint(self._claims.get(namespace, ()))
            for namespace in {reference.namespace, None}
        ):
            return True
        return self.may_make_named(name, reference.namespace)

    def may_make_named(self, name: str, where: str | None) -> bool:
        """The same of anything by its name and namespace."""
        begins = _begins(name)
        for namespace in {where, None}:
            if not {name, *begins}.isdisjoint(self._owners.get(namespace, ())):
                return True
            if name in self._told.get(namespace, ()):
                return True
        return False


def _begins(name: str) -> set[str]:
    """What a name may begin with that its maker is called: its parts before each dash."""
    return {name[:end] for end, character in enumerate(name) if character == "-" and end}


def _asks_for_certificates(resource: Resource) -> bool:
    """cert-manager makes the TLS Secrets that annotated Ingresses and Gateways name."""
    if resource.kind not in ("Ingress", "Gateway"):
        return False
    annotations = resource.body.at("metadata", "annotations")
    return annotations is not None and any(
        name.startswith("cert-manager.io/") for name, _ in annotations.items()
    )


def _is_foreign(resource: Resource) -> bool:
    group = resource.group
    return bool(group) and not any(
        group == known or group.endswith("." + known) for known in _OWN_GROUPS
    )
