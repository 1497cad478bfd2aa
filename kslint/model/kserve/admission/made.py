"""What the API server says to the objects that KServe makes of an InferenceService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Failure, Met
from kslint.model.kserve import names
from kslint.model.kserve.admission.components import given
from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.routing.ingress import routes
from kslint.model.kubernetes.admission import kinds
from kslint.model.kubernetes.admission.pods import pod_failures
from kslint.model.kubernetes.defaults import defaulted_pod
from kslint.model.kubernetes.pod import containers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.source.nodes import Map, Node

RECONCILE = "fails to reconcile component: "
_INJECTED = ("cpu", "memory")
"""Resources that the webhook fills in, by the settings."""


def refusals(service: InferenceService) -> Iterator[Met]:
    """The refusals in the order in which the objects are made; the controller stops at one."""
    if service.mode.name != names.STANDARD:
        return
    for component in service.components:
        yield from _of_component(component)
    for body in routes(service):
        yield from _judged(body, "fails to reconcile ingress: ")


def is_injected(failure: Failure) -> bool:
    """A request over a limit that the webhook filled in, or the other way round."""
    if failure.code != "request-over-limit" or failure.other is None:
        return False
    resource = failure.message.rpartition(" limit of ")[0].rpartition(" ")[2]
    nodes = (failure.node, failure.other)
    return resource in _INJECTED and sum(_is_setting(node) for node in nodes) == 1


def _is_setting(node: Node) -> bool:
    return node.origin is not None and node.origin.root.kind not in ("written", "runtime")


def _of_component(component: Component) -> Iterator[Met]:
    prefix = f"{RECONCILE}fails to reconcile {component.name}: "
    bodies = (
        component.deployment,
        component.worker_deployment,
        component.service,
        component.scaler,
    )
    for body in bodies:
        if body is not None:
            yield from _judged(body, prefix)
    scaler = component.scaler
    if scaler is not None and scaler.string("kind") == "ScaledObject":
        yield from _without_triggers(component, scaler, prefix)
    yield from _pods(component)


def _without_triggers(component: Component, scaler: Map, prefix: str) -> Iterator[Met]:
    """KEDA's schema requires triggers, which KServe takes from autoScaling.metrics alone.

    Source: config/crd/bases/keda.sh_scaledobjects.yaml of KEDA 2.18, keda_reconciler.go:81-86
    @v0.19.0.
    """
    if scaler.listed("spec", "triggers"):
        return
    annotations = component.owner.resource.body.at("metadata", "annotations")
    node = given(annotations, names.AUTOSCALER_CLASS) or component.written
    name = kinds.named("keda.sh", "ScaledObject", scaler.string("metadata", "name") or "")
    failure = Failure("api-server", "spec.triggers: Required value", node, "no-triggers")
    yield Met(failure, f"{prefix}{name} is invalid: ", "ScaledObject")


def _pods(component: Component) -> Iterator[Met]:
    """Pods that the webhook gives a second mount at the model's place; their Deployment is fine."""
    own = {
        mount.string("mountPath"): mount.get("mountPath")
        for container in containers(component.pod_spec)
        for mount in container.listed("volumeMounts")
    }
    node = own.get(names.MODEL_MOUNT_PATH)
    pod = None if node is None else admitted_pod(component)
    if node is None or pod is None or component.deployment is None:
        return
    name = f"{component.metadata.string('name')}-..."
    for failure in pod_failures(defaulted_pod(pod), "spec"):
        if (
            f'mountPath: Invalid value: "{names.MODEL_MOUNT_PATH}": must be unique'
            in failure.message
        ):
            yield Met(failure._replace(node=node), f'Pod "{name}" is invalid: ', "Pod")


def _judged(body: Map, prefix: str) -> Iterator[Met]:
    version, kind = body.string("apiVersion") or "", body.string("kind") or ""
    group = version.rpartition("/")[0]
    name = kinds.named(group, kind, body.string("metadata", "name") or "")
    for failure in kinds.body_failures(version, kind, body):
        yield Met(failure, f"{prefix}{name} is invalid: ", kind)
