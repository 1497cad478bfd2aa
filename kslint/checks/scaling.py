"""Who scales what, by which number: two owners of one count, signals that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import budgets, scaler_rules
from kslint.model.kubernetes.pod import requests_accelerator
from kslint.model.ownership import contests
from kslint.model.scaling import deployment_name, most_pods
from kslint.model.sharing import exclusive, mounted_claims, other_user, spreads
from kslint.model.signals import cpu_signal, gpu_server_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import Node, Span

_SHOWN = 3
_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject", "HTTPScaledObject")


def replicas_owned_twice(model: Model) -> Iterator[Problem]:
    """Replicas in git that an Application's syncs write over a scaler's."""
    seen: set[Span | None] = set()
    for contest in contests(model.graph, _of_scalers(model)):
        if contest.ignored is None and contest.replicas.place not in seen:
            seen.add(contest.replicas.place)
            heals = contest.application.self_heals
            yield Problem(
                contest.replicas,
                variant="default" if heals else "synced",
                severity=None if heals else "warning",
                about=contest.workload,
                related=[
                    (_name(contest.scaler), "scales it"),
                    (contest.application.automated, "syncs by itself"),
                ],
                workload=f"{contest.workload.kind} `{contest.workload.name}`",
                scaler=f"{contest.scaler.kind} `{contest.scaler.name}`",
                application=contest.application.name,
                replicas=contest.replicas.text,
            )


def ignored_and_written(model: Model) -> Iterator[Problem]:
    """Replicas that `ignoreDifferences` hides from the diff, and a sync writes all the same."""
    seen: set[Span | None] = set()
    for contest in contests(model.graph, _of_scalers(model)):
        at = contest.ignored
        if at is None or at.get("managedFieldsManagers") is not None or at.place in seen:
            continue
        seen.add(at.place)
        yield Problem(
            at,
            about=contest.application.resource,
            related=[(contest.replicas, "written in git"), (_name(contest.scaler), "scales it")],
            application=contest.application.name,
            workload=f"{contest.workload.kind} `{contest.workload.name}`",
        )


def cpu_of_gpu_server(model: Model) -> Iterator[Problem]:
    """A server on GPUs that is scaled by the load of its CPU."""
    for scaler in _of_scalers(model):
        at = cpu_signal(scaler)
        server = None if at is None else gpu_server_of(scaler, model.graph)
        if at is not None and server is not None:
            yield Problem(
                at,
                about=scaler,
                related=[(_name(server), "runs on a GPU")],
                scaler=f"{scaler.kind} `{scaler.name}`",
                server=server.name,
            )
    for service in model.inference_services:
        for component in service.components:
            made = component.scaler
            if made is None or component.pod_spec is None:
                continue
            at = component.written.get("scaleMetric") or component.written.get("maxReplicas")
            gpu = any(requests_accelerator(c) for c in component.pod_spec.listed("containers"))
            if at is not None and gpu and _is_by_cpu(made):
                yield Problem(
                    at,
                    variant="kserve",
                    about=service.resource,
                    service=service.resource.name,
                )


def _is_by_cpu(scaler: Node) -> bool:
    spec = scaler.get("spec")
    if spec is None or spec.integer("minReplicas") == spec.integer("maxReplicas"):
        return False
    metrics = spec.listed("metrics")
    return bool(metrics) and all(m.string("resource", "name") == "cpu" for m in metrics)


def two_scalers(model: Model) -> Iterator[Problem]:
    """A workload that two scalers set the replicas of."""
    for scaler in _of_scalers(model):
        other = None if scaler.kind == _SCALERS[2] else scaler_rules.rival(scaler, model.graph)
        target = None if scaler.spec is None else scaler.spec.at("scaleTargetRef", "name")
        if other is not None and target is not None:
            both = scaler.kind == other.kind == _SCALERS[0]
            sure = not both and scaler_rules.is_target_known(scaler, model.graph)
            yield Problem(
                target,
                variant="hpas" if both else "default",
                severity=None if sure else "warning",
                about=scaler,
                related=[(_name(other), "scales it too")],
                scaler=f"{scaler.kind} `{scaler.name}`",
                other=f"{other.kind} `{other.name}`",
                target=target.text,
            )


def target_missing(model: Model) -> Iterator[Problem]:
    """A scaler for a workload that is not there, beside others that are."""
    for scaler in _of_scalers(model):
        found = scaler_rules.lost(scaler, model.graph)
        if found is None:
            continue
        node, near = found
        names = sorted({each.name for each in near})
        yield Problem(
            node,
            about=scaler,
            related=[(_name(min(near, key=lambda each: each.name)), "stands beside it")],
            scaler=f"{scaler.kind} `{scaler.name}`",
            kind=near[0].kind,
            name=node.text,
            near=", ".join(f"`{name}`" for name in names[:_SHOWN]),
        )


def refused_by_keda(model: Model) -> Iterator[Problem]:
    """A ScaledObject that KEDA's webhook refuses."""
    for scaler in model.of_kind("ScaledObject", scaler_rules.KEDA):
        for each in scaler_rules.refused(scaler):
            yield Problem(each.node, variant=each.reason, about=scaler, name=scaler.name)


def drain_blocked(model: Model) -> Iterator[Problem]:
    """A PodDisruptionBudget that lets no pod go."""
    for budget in model.of_kind("PodDisruptionBudget", "policy"):
        found = budgets.blocked(budget, model.graph)
        if found is not None:
            yield Problem(
                found.node,
                variant="default" if found.replicas > 1 else "single",
                about=budget,
                related=[(_name(found.workload), f"{found.replicas} in all")],
                name=budget.name,
                workload=f"{found.workload.kind} `{found.workload.name}`",
                replicas=found.replicas,
            )


def single_writer_claim_shared(model: Model) -> Iterator[Problem]:
    """A claim for one node that more than one pod mounts."""
    told: set[tuple[int, str]] = set()
    for workload in model.workloads:
        if not spreads(workload, model.config):
            continue
        for name, node in mounted_claims(workload):
            claim = exclusive(name, workload, model.graph)
            if claim is None or (id(workload.resource), name) in told:
                continue
            told.add((id(workload.resource), name))
            count = most_pods(workload, model.graph)
            if count is not None and count > 1:
                yield _many(workload, claim, node, count)
            elif count is None or count == 1:
                other = other_user(name, claim, workload, model.graph)
                if other is not None:
                    yield _two(workload, claim, node, other)


def _many(workload: Workload, claim: Resource, node: Node, count: int) -> Problem:
    written = workload.home.get("replicas")
    at = node if written is None or workload.component is not None else written
    own = workload.home.integer("replicas")
    return Problem(
        at if own == count else node,
        about=workload.resource,
        related=[(claim.body.at("spec", "accessModes"), f"claim `{claim.name}`")],
        user=f"{workload.resource.kind} `{workload.resource.name}`",
        claim=claim.name,
        modes=_modes(claim),
        count=count,
        target=deployment_name(workload),
    )


def _two(workload: Workload, claim: Resource, node: Node, other: Resource) -> Problem:
    return Problem(
        node,
        variant="two",
        severity="warning",
        about=workload.resource,
        related=[
            (claim.body.at("spec", "accessModes"), f"claim `{claim.name}`"),
            (_name(other), "mounts it too"),
        ],
        user=f"{workload.resource.kind} `{workload.resource.name}`",
        claim=claim.name,
        modes=_modes(claim),
        other=f"{other.kind} `{other.name}`",
    )


def _modes(claim: Resource) -> str:
    return ", ".join(m.text or "" for m in claim.body.listed("spec", "accessModes"))


def _of_scalers(model: Model) -> list[Resource]:
    return [resource for kind in _SCALERS for resource in model.of_kind(kind)]


def _name(resource: Resource) -> Node | None:
    return resource.body.at("metadata", "name")
