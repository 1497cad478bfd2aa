"""Updates that cannot finish: surge pods without a slot, second revisions without a volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.pod import claims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SHARED_MODES = frozenset({"ReadWriteMany", "ReadOnlyMany"})


def surge_on_single_slot(workload: Workload) -> Iterator[Problem]:
    """A model server of one replica whose update needs a second slot."""
    update = workload.rollout
    strategy = workload.strategy
    if not workload.servers or update is None or strategy is None or update.replicas != 1:
        return
    if not update.needs_spare_slot:
        return
    field = "strategy" if workload.component is None else "deploymentStrategy"
    written = workload.home.get(field)
    kind = None if written is None else written.get("type")
    device = workload.servers[0].engine.device
    yield Problem(
        kind or written or workload.home,
        variant="written" if written is not None else "default",
        field=field,
        workload=workload.resource.name,
        need="whole GPU" if device == "gpu" else "set of CPU cores",
        lack="nvidia.com/gpu" if device == "gpu" else "cpu",
    )


def canary_on_single_writer_claim(component: Component) -> Iterator[Problem]:
    """A traffic split whose second pod wants a volume that only one node can mount."""
    percent = component.written.integer("canaryTrafficPercent")
    at = component.written.get("canaryTrafficPercent")
    if component.name != "predictor" or at is None or percent is None or not 0 < percent < 100:
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
                related=[
                    (modes_node, f"claim `{name}` is {', '.join(modes)}"),
                    (node, "the claim is used here"),
                ],
                percent=percent,
                claim=name,
                modes=", ".join(modes),
            )


def _model_claims(component: Component) -> Iterator[tuple[str, Node]]:
    """Claims the predictor mounts, by volume or by a pvc:// storage URI."""
    seen = set()
    for name, node in (*claims(component.pod_spec or component.stored), *_uri_claims(component)):
        if name not in seen:
            seen.add(name)
            yield name, node


def _uri_claims(component: Component) -> Iterator[tuple[str, Node]]:
    stored = component.stored
    uris = [stored.at("model", "storageUri")]
    listed = stored.get("storageUris")
    uris += [item.get("uri") for item in ([] if listed is None else listed.elements())]
    container = stored.get("containers")
    for item in [] if container is None else container.elements():
        env = item.get("env")
        for variable in [] if env is None else env.elements():
            if variable.string("name") == "STORAGE_URI":
                uris.append(variable.get("value"))
    for uri in uris:
        if uri is not None and (uri.text or "").startswith("pvc://"):
            name = (uri.text or "")[len("pvc://") :].partition("/")[0]
            if name:
                yield name, uri


def _claim(component: Component, name: str) -> Resource | None:
    owner = component.owner
    found = owner.graph.find("PersistentVolumeClaim", name, owner.namespace)
    return found.resources[0] if len(found.resources) == 1 else None
