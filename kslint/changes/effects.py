"""What a changed object does to what runs: restarts, downtime, refusals, other volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.changes import (
    CLAIM,
    DELETED,
    DOWNTIME,
    NOTED,
    REFUSED,
    RESTART,
    SCALED,
    STOPPED,
    UNKNOWN,
    Effect,
)
from kslint.graph.sync_options import SYNC_OPTIONS
from kslint.model.kserve.settings import CHARTS
from kslint.model.kubernetes.pod import volumes
from kslint.model.kubernetes.rollout import rollout
from kslint.model.kubernetes.updates import denials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kslint.changes.fields import Field
    from kslint.changes.objects import Effective
    from kslint.source.nodes import JsonValue, Map

_TEMPLATE = ".spec.template"
_POD = ("spec", "template", "spec")
_CONTROLLED = ("Deployment", "StatefulSet", "DaemonSet")
_ROLLOUTS = "kubernetes pkg/controller/deployment/sync.go v1.34"
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_GROUPS = "LeaderWorkerSet"
_GROUP_TEMPLATE = ".spec.leaderWorkerTemplate"
_GROUP_ROLLOUTS = "sigs.k8s.io/lws pkg/webhooks/leaderworkerset_webhook.go:68-74 v0.8.0"
_COUNTS = {
    "replicas": "replicas",
    "minReplicas": "replicas at least",
    "maxReplicas": "replicas at most",
    "minReplicaCount": "replicas at least",
    "maxReplicaCount": "replicas at most",
}
_SCALED_KINDS = ("HorizontalPodAutoscaler", "ScaledObject", "LeaderWorkerSet", *_CONTROLLED)


def of_change(
    old: Effective, new: Effective, fields: Sequence[Field], least: int | None
) -> Iterator[Effect]:
    """What the change of an object does. `least` is the fewest replicas by its autoscaler."""
    refused = list(_refusals(old, new, fields))
    yield from refused
    if not refused:
        yield from _of_pods(new, fields, least)
        yield from _of_scale(new, fields)
    yield from _of_claims(old.body, new.body)
    if new.subject.kind == "Application":
        yield from _of_charts(old.body, new.body)
    if new.subject.kind == "PersistentVolumeClaim" and not refused:
        yield from _of_growth(fields)


def of_end(old: Effective) -> Iterator[Effect]:
    """What the end of an object does."""
    kind = old.subject.kind
    if kind in (*_CONTROLLED, "Job", "CronJob", "InferenceService", "LLMInferenceService"):
        if old.owner is None and kind != "CronJob":
            yield Effect(STOPPED, "its pods end where it is pruned or deleted")
    elif kind == "PersistentVolumeClaim":
        text = "where it is pruned its volume goes with it, unless the reclaim policy is Retain"
        yield Effect(DELETED, text)
    elif kind == "CustomResourceDefinition":
        plural = old.body.string("spec", "names", "kind") or "its kind"
        yield Effect(DELETED, f"where it is pruned every {plural} in the cluster is deleted")
    elif kind == "Namespace":
        yield Effect(DELETED, "where it is pruned everything in it is deleted")


def _refusals(old: Effective, new: Effective, fields: Sequence[Field]) -> Iterator[Effect]:
    subject = new.subject
    if subject.kind == "Job" and _is_made_anew(new.body):
        return
    paths = [field.path for field in fields]
    for denial in denials(subject.group, subject.kind, old.body, new.body, paths):
        text = f"the API server refuses it: {denial.message}"
        if _replaces(new.body):
            text = f"deleted and made anew (Argo CD's Replace or Force), since {denial.message}"
            yield Effect(DELETED, text, denial.source)
        else:
            yield Effect(REFUSED, text, denial.source)


def _is_made_anew(body: Map) -> bool:
    """Does a job of this name come again? Hooks do, and jobs that clean up after themselves."""
    annotations = body.at("metadata", "annotations")
    hooked = annotations is not None and any(annotations.get(name) for name in _HOOKS)
    return hooked or body.at("spec", "ttlSecondsAfterFinished") is not None


def _replaces(body: Map) -> bool:
    options = body.string("metadata", "annotations", SYNC_OPTIONS) or ""
    return "Replace=true" in options or "Force=true" in options


def _of_pods(new: Effective, fields: Sequence[Field], least: int | None) -> Iterator[Effect]:
    kind, body = new.subject.kind, new.body
    if kind == _GROUPS:
        yield from _of_groups(body, fields, least)
    if kind not in _CONTROLLED:
        return
    if not any("".join(field.way).startswith(_TEMPLATE) for field in fields):
        return
    replicas = least if least is not None else body.integer("spec", "replicas")
    if kind != "DaemonSet" and (replicas == 0 or body.boolean("spec", "paused") is True):
        return
    update = body.string("spec", "updateStrategy", "type") or "RollingUpdate"
    if kind != "Deployment":
        if update == "OnDelete":
            text = "a new pod template: each pod takes it up once someone deletes it (OnDelete)"
            yield Effect(NOTED, text)
        elif kind == "StatefulSet" and replicas == 1:
            yield Effect(
                DOWNTIME, "a new pod template: its only pod stops before the new one starts"
            )
        else:
            yield Effect(RESTART, "a new pod template: its pods are replaced one after the other")
        return
    found = rollout(body.at("spec", "strategy"), replicas or 1)
    if found is None:
        yield Effect(RESTART, "a new pod template: its pods are replaced", _ROLLOUTS)
    elif found.recreate:
        text = "a new pod template, and strategy Recreate: all pods stop before new ones start"
        yield Effect(DOWNTIME, text, _ROLLOUTS)
    elif found.minimum == 0:
        text = "a new pod template, and a rolling update that lets every pod stop at once"
        yield Effect(DOWNTIME, text, _ROLLOUTS)
    else:
        text = "a new pod template: its pods are replaced by a rolling update"
        yield Effect(RESTART, text, _ROLLOUTS)


def _of_groups(body: Map, fields: Sequence[Field], least: int | None) -> Iterator[Effect]:
    """A LeaderWorkerSet: without bounds of its own a group stops before its next starts."""
    if not any("".join(field.way).startswith(_GROUP_TEMPLATE) for field in fields):
        return
    replicas = least if least is not None else body.integer("spec", "replicas")
    own = body.at("spec", "rolloutStrategy", "rollingUpdateConfiguration")
    if replicas == 1 and own is None:
        text = "a new pod template: its only group stops before the new one starts"
        yield Effect(DOWNTIME, text, _GROUP_ROLLOUTS)
    elif replicas != 0:
        text = "a new pod template: its groups are replaced one after the other"
        yield Effect(RESTART, text, _GROUP_ROLLOUTS)


def _of_scale(new: Effective, fields: Sequence[Field]) -> Iterator[Effect]:
    if new.subject.kind not in _SCALED_KINDS:
        return
    for field in fields:
        words = _COUNTS.get(field.path.removeprefix("spec."))
        before, after = (None if n is None else n.text for n in (field.old, field.new))
        if words is None or before is None or after is None:
            continue
        if after == "0" and words == "replicas":
            yield Effect(STOPPED, f"scaled to 0 from {before}: all its pods end")
        else:
            yield Effect(SCALED, f"{words}: {before} → {after}")


def _of_charts(old: Map, new: Map) -> Iterator[Effect]:
    """Charts of an Application that change: but for KServe's settings no chart is rendered."""
    before, after = (_charts(body) for body in (old, new))
    for chart, source in after.items():
        if before.get(chart) != source and chart not in CHARTS:
            yield Effect(UNKNOWN, f"chart {chart} is not rendered: what it changes is not known")


def _charts(body: Map) -> dict[str, JsonValue]:
    """The sources of an Application that are charts."""
    spec = body.get("spec")
    if spec is None:
        return {}
    sources = [*spec.listed("sources"), *filter(None, [spec.get("source")])]
    named = ((source.string("chart"), source.plain()) for source in sources)
    return {chart: source for chart, source in named if chart}


def _of_growth(fields: Sequence[Field]) -> Iterator[Effect]:
    if any(field.path == "spec.resources.requests.storage" for field in fields):
        text = "grows where the storage class allows it (allowVolumeExpansion)"
        yield Effect(NOTED, f"the volume {text}")


def _of_claims(old: Map, new: Map) -> Iterator[Effect]:
    """A pod that mounts another claim under the name of a volume."""
    before, after = (_claims(body) for body in (old, new))
    for volume, claim in after.items():
        if volume in before and before[volume] != claim:
            text = f"mounts claim {claim} in place of {before[volume]}, whose data stays behind"
            yield Effect(CLAIM, text)


def _claims(body: Map) -> dict[str, str]:
    """The claim of each volume that has one: of a pod template, or of a pod."""
    pod = body.at(*_POD) or body.get("spec")
    found = {}
    for name, volume in volumes(pod).items():
        claim = volume.string("persistentVolumeClaim", "claimName")
        if claim:
            found[name] = claim
    return found
