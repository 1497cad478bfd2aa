"""Namespaces that admit only some pods, and the pods in them.

Sources: Kubernetes v1.34 pod-security-admission (label `pod-security.kubernetes.io/enforce` of the
Namespace). OpenShift's SecurityContextConstraints, and mutating policies, write into pods what the
restricted level asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.routes import namespace_labels
from kslint.model.kubernetes.pod_security import LEVELS, violations

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.kubernetes.pod_security import Violation
    from kslint.model.workload import Workload
    from kslint.resources import Resource

LABEL = "pod-security.kubernetes.io/enforce"
_POLICIES = ("ClusterPolicy", "Policy", "MutatingPolicy", "MutatingAdmissionPolicy", "Assign")


class Barred(NamedTuple):
    """The pods of a workload that their namespace does not admit, and the label that says so."""

    level: str
    namespace: Resource
    found: list[Violation]


def barred(workload: Workload, graph: Graph) -> Barred | None:
    """Does the namespace of a workload refuse its pods, as far as the input shows it?"""
    namespace = workload.namespace
    found = graph.find("Namespace", namespace or "", "", "", workload.resource).resources
    if not namespace or len({each.label(LABEL) for each in found}) != 1:
        return None
    level = (namespace_labels(namespace, graph) or {}).get(LABEL) or ""
    if level not in LEVELS or not graph.belong_together(found[0], workload.resource):
        return None
    if found[0].emitter and not workload.resource.emitter:
        return None  # beside a kustomization that leaves it out
    wrong = [each for each in violations(workload.pod_spec, level) if each.node.place is not None]
    mended = workload.component is not None or _is_mended(graph)
    wrong = [each for each in wrong if not (each.lacking and mended)]
    return Barred(level, found[0], wrong) if wrong else None


def _is_mended(graph: Graph) -> bool:
    """May something write into pods what they lack?"""
    return any(graph.of_kind(kind) for kind in _POLICIES) or any(
        resource.group.endswith("openshift.io") for resource in graph.resources
    )
