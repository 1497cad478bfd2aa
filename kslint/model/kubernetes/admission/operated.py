"""What the API server says to what operators make of the pod templates in their objects.

The object itself is stored; what its controller makes of it is refused, and the error is in the
controller's log and the object's events. Sources: LWS v0.7.0 pkg/controllers (a StatefulSet for the
leaders, one for the workers of each group), JobSet v0.8.0 (Jobs), Argo Rollouts v1.8 (ReplicaSets),
KubeRay v1.4.2 (Pods).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.graph.references import is_patch
from kslint.model.answer import Met
from kslint.model.kubernetes.admission.kinds import named
from kslint.model.kubernetes.admission.pods import pod_failures
from kslint.model.kubernetes.defaults import defaulted_pod
from kslint.model.kubernetes.templates import templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.resources import Resource
    from kslint.source.nodes import Map

_ADDED = re.compile(
    r"(containers|image|name): Required value"
    r'|Not found: "(ray-(token|tls|logs)|shared-mem|gcs-storage)"'
)
"""What a controller may add to a template that has it not (the volumes: KubeRay)."""
_MADE = {
    "LeaderWorkerSet": ("apps", "StatefulSet"),
    "JobSet": ("batch", "Job"),
    "Rollout": ("apps", "ReplicaSet"),
    "RayCluster": ("", "Pod"),
    "RayService": ("", "Pod"),
    "RayJob": ("", "Pod"),
}


_CLAIMS = (("volumeClaimPolicies",), ("leaderWorkerTemplate", "volumeClaimTemplates"))
"""Where a JobSet (v0.11) and a LeaderWorkerSet (v0.8) have claims, which become volumes."""


def of_templates(resource: Resource) -> Iterator[Met]:
    """What is refused of the pods that an operator's object asks for."""
    group, kind = _MADE.get(resource.kind, ("", ""))
    if not kind or is_patch(resource):
        return
    prefix = f"{named(group, kind, resource.name)} is invalid: "
    path = "spec" if kind == "Pod" else "spec.template.spec"
    claims = any(resource.body.at("spec", *way) is not None for way in _CLAIMS)
    for template in templates(resource):
        yield from refused_pods(template.pod_spec, path, prefix, kind, None if claims else ())


def refused_pods(
    pod_spec: Map, path: str, prefix: str, made: str, volumes: Iterable[str] | None = ()
) -> Iterator[Met]:
    """What is refused at values that are written; what is missing, the controller may add.

    `volumes` are those that it certainly adds; None if these are not known.
    """
    for failure in pod_failures(defaulted_pod(pod_spec), path, volumes):
        if failure.node.place is not None and not _ADDED.search(failure.message):
            yield Met(failure, prefix, made)
