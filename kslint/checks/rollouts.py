"""Updates that cannot finish, splits that do not split, pods that do not scale as written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.dependencies import claim_of, storage_uris
from kslint.model.kserve import names
from kslint.model.kserve.metadata import autoscaler_class
from kslint.model.kubernetes.pod import accelerator, claims
from kslint.model.kubernetes.rollout import rollout
from kslint.model.room import room, spare_need
from kslint.model.scaling import most_replicas, scalers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.model.model import Model
    from kslint.model.room import Need
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SHARED_MODES = frozenset({"ReadWriteMany", "ReadOnlyMany"})
_STOPPABLE = ("InferenceService", "LLMInferenceService")


def surge_on_single_slot(model: Model) -> Iterator[Problem]:
    """A model server of one replica whose update needs a second slot."""
    for workload in model.workloads:
        several = workload.component is not None and workload.component.group.worker is not None
        if workload.body is None or not (workload.servers or several):
            continue
        if _takes_part_of_device(workload):
            continue
        replicas = most_replicas(workload, model.graph)
        update = None if replicas is None else rollout(workload.strategy, replicas)
        if update is None or update.replicas != 1 or not update.needs_spare_slot:
            continue
        space = room(model, workload.pod_spec, workload.namespace)
        proven = space.most is not None and update.deadlocks(space.most)
        need = spare_need(workload.pod_spec)
        if not proven and (space.nodes is not None or need.small):
            continue
        yield _surge(workload, need, space.source if proven else "")


def _surge(workload: Workload, need: Need, proof: str) -> Problem:
    component = workload.component
    field = "strategy" if component is None else "deploymentStrategy"
    written = workload.home.get(field)
    kind = None if written is None else written.get("type")
    variant = "written" if written is not None else "default"
    return Problem(
        kind or written or workload.home,
        variant=f"proven_{variant}" if proof else variant,
        severity="error" if proof else None,
        about=workload.resource,
        field=field,
        workload=workload.resource.name,
        need=need.text,
        lack=need.resource,
        source=proof,
    )


def _takes_part_of_device(workload: Workload) -> bool:
    """Does the server take slices or shares of a GPU, of which there are many?"""
    for server in workload.servers:
        limits = server.container.at("resources", "limits")
        for name, _ in () if limits is None else limits.items():
            if accelerator(name) and ("/mig-" in name or name.endswith(".shared")):
                return True
    return False


def canary_on_single_writer_claim(component: Component) -> Iterator[Problem]:
    """A traffic split whose second pod wants a volume that only one node can mount."""
    at, percent = _split(component)
    if at is None:
        return
    for name, node in _model_claims(component):
        claim = _claim(component, name)
        if claim is None:
            continue
        modes_node = claim.body.at("spec", "accessModes")
        modes = [m.text or "" for m in ([] if modes_node is None else modes_node.elements())]
        if modes and not _SHARED_MODES.intersection(modes):
            yield Problem(
                at,
                variant="standard" if _is_unread(component) else "default",
                related=[
                    (modes_node, f"claim `{name}` is {', '.join(modes)}"),
                    (node, "the claim is used here"),
                ],
                percent=percent,
                claim=name,
                modes=", ".join(modes),
                version=component.owner.settings.version,
            )


def canary_ignored(component: Component) -> Iterator[Problem]:
    """A traffic split that the controller does not read."""
    at, percent = _split(component)
    if at is not None and _is_unread(component):
        yield Problem(at, percent=percent, service=component.owner.resource.name)


def canary_over_capacity(model: Model) -> Iterator[Problem]:
    """A traffic split whose second revision finds no room beside the first."""
    for service in model.inference_services:
        component = service.predictor
        at, percent = (None, 0) if component is None else _split(component)
        if component is None or at is None or component.pod_spec is None:
            continue
        each = max(component.written.integer("minReplicas") or 1, 1)
        space = room(model, component.pod_spec, service.namespace)
        if space.most is not None and space.most < 2 * each:
            yield Problem(
                at,
                variant="standard" if _is_unread(component) else "default",
                about=service.resource,
                percent=percent,
                need=2 * each,
                room=space.most,
                source=space.source,
                version=service.settings.version,
            )


def _is_unread(component: Component) -> bool:
    """Is a split known to have no effect, since the mode is Standard?"""
    owner = component.owner
    return owner.mode.name == names.STANDARD and owner.mode_is_known


def _split(component: Component) -> tuple[Node | None, int]:
    """The share of a predictor's canary and where it is written; None if nothing is split."""
    at = component.written.get("canaryTrafficPercent")
    percent = component.written.integer("canaryTrafficPercent")
    if component.name != "predictor" or at is None or percent is None or not 0 < percent < 100:
        return None, 0
    return at, percent


def never_scales_to_zero(component: Component) -> Iterator[Problem]:
    """`minReplicas: 0` where an HPA, which cannot go below one, does the scaling."""
    owner = component.owner
    if component.written.integer("minReplicas") != 0 or owner.mode.name != names.STANDARD:
        return
    told = owner.resource.annotation(names.AUTOSCALER_CLASS) is not None
    if not owner.mode_is_known and not told:
        return  # upstream's default is Knative, which does scale to zero
    deployment = component.metadata.string("name") or ""
    others = scalers(owner.graph, deployment, owner.namespace)
    if autoscaler_class(component.metadata) != "hpa" or any(
        scaler.kind != "HorizontalPodAutoscaler" for scaler in others
    ):
        return
    at = component.written.get("minReplicas") or component.written
    yield Problem(at, deployment=deployment, component=component.name)


def stopped_in_git(model: Model) -> Iterator[Problem]:
    """A pause that is committed, so that every fresh deployment is born dead."""
    for kind in _STOPPABLE:
        for resource in model.of_kind(kind, names.GROUP):
            yield from _stops(resource, "metadata")
            for part in ("predictor", "transformer", "explainer"):
                if kind == _STOPPABLE[0]:
                    yield from _stops(resource, "spec", part)


def _stops(resource: Resource, *path: str) -> Iterator[Problem]:
    at = resource.body.at(*path, "annotations", names.STOP)
    if at is not None and (at.text or "").lower() == "true":
        whole = path == ("metadata",)
        yield Problem(
            at,
            variant="default" if whole else "component",
            about=resource,
            kind=resource.kind,
            name=resource.name,
            part=path[-1],
        )


def _model_claims(component: Component) -> Iterator[tuple[str, Node]]:
    """Claims the predictor mounts, by volume or by a pvc:// storage URI."""
    by_uri = [(claim_of(text), node) for text, node in storage_uris(component.stored)]
    seen = set()
    for name, node in (*claims(component.pod_spec or component.stored), *by_uri):
        if name and name not in seen:
            seen.add(name)
            yield name, node


def _claim(component: Component, name: str) -> Resource | None:
    owner = component.owner
    found = owner.graph.find("PersistentVolumeClaim", name, owner.namespace)
    return found.resources[0] if len(found.resources) == 1 else None
