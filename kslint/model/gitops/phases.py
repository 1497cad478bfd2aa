"""What waits, within one Application, for what comes after it.

Sources: argo-cd v3.4.4 docs/user-guide/sync-waves.md (PreSync, Sync, PostSync; a wave begins when
the one before is healthy), gitops-engine/pkg/health (a claim that is not bound, and a Deployment
without ready pods, are Progressing; a Job until it is done),
gitops-engine/pkg/sync/hook/helm/type.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gitops import argocd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.graph.references import Reference
    from kslint.resources import Resource
    from kslint.source.nodes import Node

HOOK = "argocd.argoproj.io/hook"
_HELM_HOOK = "helm.sh/hook"
_PHASES = {"PreSync": 0, "Sync": 1, "PostSync": 2}
_OF_HELM = {
    "pre-install": 0,
    "pre-upgrade": 0,
    "post-install": 2,
    "post-upgrade": 2,
    "crd-install": 0,
}
_WAITED_FOR = ("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod")
"""Kinds that are not healthy while their pods do not run."""
_CLAIM = "PersistentVolumeClaim"
_NEEDED = ("ConfigMap", "Secret", _CLAIM, "ServiceAccount")
_LATE = "WaitForFirstConsumer"
_LATE_CLASSES = ("standard-rwo", "premium-rwo", "gp2", "gp3", "local-path", "managed-csi")
"""Classes of clouds and of k3s that bind a claim when a pod uses it."""


class Step(NamedTuple):
    """When an object is applied: its phase, and its wave in it."""

    phase: int
    wave: int


class Deadlock(NamedTuple):
    """An object that is applied before what it needs: `reason` is hook, wave or claim."""

    reason: str
    node: Node
    resource: Resource
    needed: Resource
    own: Step
    its: Step


def step_of(resource: Resource) -> Step | None:
    """When an Application applies an object; None if that is not known or not told apart."""
    text = resource.annotation(HOOK)
    names = [each.strip() for each in (text or "").split(",") if each.strip()]
    phases = {_PHASES[name] for name in names if name in _PHASES}
    if not names:
        helm = resource.annotation(_HELM_HOOK) or ""
        names = [each.strip() for each in helm.split(",") if each.strip()]
        phases = {_OF_HELM[name] for name in names if name in _OF_HELM}
    wave = argocd.sync_wave(resource)
    if wave is None or len(phases) > 1 or (names and not phases):
        return None
    return Step(phases.pop() if phases else _PHASES["Sync"], wave)


def deadlocks(references: list[Reference], graph: Graph) -> Iterator[Deadlock]:
    """The needs of pods that their Application applies only when the pods are healthy."""
    for reference in references:
        source = reference.source
        if source.kind not in _WAITED_FOR or reference.kind not in _NEEDED or reference.optional:
            continue
        own = step_of(source)
        found = graph.find(reference.kind, reference.name, reference.namespace, "", source)
        if own is None or len(found.resources) != 1:
            continue
        needed = found.resources[0]
        its = step_of(needed) if needed.kind in (reference.kind, "ExternalSecret") else None
        if its is None or not _together(source, needed, graph):
            continue
        if own < its:
            reason = "hook" if own.phase < its.phase else "wave"
            yield Deadlock(reason, reference.node, source, needed, own, its)
        elif (
            its < own
            and reference.kind == _CLAIM
            and _binds_late(needed, graph)
            and not _is_used_by_then(reference, its, graph)
        ):
            yield Deadlock("claim", reference.node, source, needed, own, its)


def _together(one: Resource, other: Resource, graph: Graph) -> bool:
    """Does the same Application deploy both, by a sync that goes by waves?"""
    keys = [{owner.key for owner in graph.owners(each) if owner.known} for each in (one, other)]
    return bool(keys[0]) and keys[0] == keys[1]


def _is_used_by_then(claim: Reference, its: Step, graph: Graph) -> bool:
    """Do pods of the claim's own wave, or of one before, use it?"""
    wanted = (claim.kind, claim.name, claim.namespace)
    users = [r.source for r in graph.references if (r.kind, r.name, r.namespace) == wanted]
    steps = [step_of(user) for user in users]
    return any(step is None or step <= its for step in steps)


def _binds_late(claim: Resource, graph: Graph) -> bool:
    """Is a claim bound only when a pod that uses it is there?"""
    name = claim.body.string("spec", "storageClassName") or ""
    if claim.body.at("spec", "volumeName") is not None or not name:
        return False
    declared = [each for each in graph.of_kind("StorageClass") if each.name == name]
    if declared:
        return all(each.body.string("volumeBindingMode") == _LATE for each in declared)
    return name in _LATE_CLASSES
