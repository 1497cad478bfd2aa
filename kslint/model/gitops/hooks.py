"""Jobs that an Application keeps starting anew.

Source: argo-cd v3.4.4 docs (selfHeal syncs whatever is OutOfSync; hooks are not compared);
Kubernetes v1.34 pkg/controller/ttlafterfinished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gitops import argocd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")


class Rerun(NamedTuple):
    """A Job that is deleted when it is done, and made again because it is missing."""

    node: Node
    job: Resource
    application: Application


def reruns(jobs: Iterable[Resource], graph: Graph) -> Iterator[Rerun]:
    """The Jobs of self-healing Applications that remove themselves."""
    for job in jobs:
        node = job.body.at("spec", "ttlSecondsAfterFinished")
        if node is None or node.is_null or any(job.annotation(name) for name in _HOOKS):
            continue
        for application in argocd.owners(graph, job):
            if application.self_heals and not argocd.is_patched(application, "selfHeal"):
                yield Rerun(node, job, application)
                break
