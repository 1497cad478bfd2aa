"""What Kueue refuses of a ClusterQueue, and what a ClusterQueue never admits.

Sources: kueue v0.14 apis/kueue/v1beta1/clusterqueue_types.go (a namespaceSelector that is left
out selects nothing), pkg/webhooks/clusterqueue_webhook.go,
pkg/scheduler/flavorassigner/flavorassigner.go (a resource that no group covers is unavailable;
without a cohort a flavor's nominalQuota is all there is).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.routes import namespace_labels
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.capacity import GPU, allocatable
from kslint.model.kubernetes.pod import accelerator, containers
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.model.kubernetes.selection import fits
from kslint.model.kubernetes.templates import templates
from kslint.model.mentions import mentioned
from kslint.model.queues import GROUP, asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kubernetes.capacity import NodePool
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_NAMED = "kubernetes.io/metadata.name"
_CONFIGURED = ("excludeResourcePrefixes", "quotaCheckStrategy", "transformations")
"""Settings of Kueue by which a resource may count otherwise, or not at all."""
_PARTIAL = "kueue.x-k8s.io/job-min-parallelism"


class Refused(NamedTuple):
    """A field that Kueue's webhook refuses: `reason` is order or twice."""

    reason: str
    node: Node
    text: str = ""


def refused(queue: Resource) -> Iterator[Refused]:
    """What Kueue's webhook refuses of a ClusterQueue that its CRD takes."""
    spec = queue.spec
    if spec is None:
        return
    seen: set[tuple[str, str]] = set()
    for group in spec.listed("resourceGroups"):
        covered = [each.text or "" for each in group.listed("coveredResources")]
        if any(opaque(each) for each in covered) or group.get("flavors") is None:
            continue
        flavors = [found for each in group.listed("flavors") if (found := each.get("name"))]
        for what, nodes in (("resource", group.listed("coveredResources")), ("flavor", flavors)):
            for node in nodes:
                name = node.text or ""
                if (what, name) in seen:
                    yield Refused("twice", node, name)
                seen.add((what, name))
        for flavor in group.listed("flavors"):
            yield from _of_flavor(flavor, covered)


def _of_flavor(flavor: Node, covered: list[str]) -> Iterator[Refused]:
    quotas = flavor.listed("resources")
    own = [each.string("name") or "" for each in quotas]
    if len(own) == len(covered) and own != covered:
        at = next(q for q, name, wanted in zip(quotas, own, covered, strict=True) if name != wanted)
        listed = ", ".join(f"`{each}`" for each in covered)
        yield Refused("order", at.get("name") or at, listed)


class Shut(NamedTuple):
    """What a ClusterQueue never admits: `reason` is nothing, namespace, uncovered or quota."""

    reason: str
    node: Node
    about: Resource
    queue: Resource
    namespace: str = ""
    resource: str = ""
    wanted: str = ""
    most: str = ""


def shut(resource: Resource, graph: Graph) -> Iterator[Shut]:
    """Why the ClusterQueue behind a queue, or behind a workload, admits nothing of it."""
    if resource.group == GROUP:
        if resource.kind == "ClusterQueue" and resource.spec is not None:
            selector = resource.spec.get("namespaceSelector")
            if (selector is None or selector.is_null) and _is_used(resource, graph):
                yield Shut("nothing", resource.spec, resource, resource)
        elif resource.kind == "LocalQueue":
            yield from _of_namespace(resource, graph)
        return
    asked = asking(resource, graph)
    namespace = graph.namespace_of(resource)
    if asked is None or namespace is None:
        return
    local = graph.find("LocalQueue", asked.queue, namespace, GROUP, resource).resources
    queue = _cluster_queue(local[0], graph) if len(local) == 1 else None
    if queue is not None and graph.belong_together(local[0], resource):
        yield from _of_workload(resource, queue, graph)


class Promised(NamedTuple):
    """A quota of GPUs that goes over those that the declared nodes have."""

    node: Node
    queue: Resource
    quota: Fraction
    capacity: int


def over_capacity(graph: Graph, pools: tuple[NodePool, ...]) -> Promised | None:
    """The last quota, by name of its queue, of all that go over the declared nodes together."""
    nodes = [(pool, allocatable(pool)) for pool in pools]
    if not nodes or any(node is None or node.gpu is None for _, node in nodes):
        return None
    capacity = sum(pool.count * (node.gpu or 0) for pool, node in nodes if node is not None)
    total, last = Fraction(0), None
    for queue in sorted(graph.of_kind("ClusterQueue", GROUP), key=lambda each: each.name):
        if graph.evidence.illustrates(queue) or queue.emitter:
            return None  # of examples, and of overlays, each may be for another cluster
        for quota in _quotas(queue, GPU):
            amount = parse_or_none(quota.text)
            if amount is None:
                return None
            total += amount.amount
            last = (quota, queue)
    if last is None or total <= capacity:
        return None
    return Promised(*last, total, capacity)


def _quotas(queue: Resource, name: str) -> Iterator[Node]:
    for group in [] if queue.spec is None else queue.spec.listed("resourceGroups"):
        for flavor in group.listed("flavors"):
            for quota in flavor.listed("resources"):
                node = quota.get("nominalQuota")
                if quota.string("name") == name and node is not None:
                    yield node


def beside_queue(job: Resource, graph: Graph) -> Resource | None:
    """The LocalQueue beside a Job with GPUs that names none, so that no quota counts it."""
    namespace = graph.namespace_of(job)
    if asking(job, graph) is not None or namespace is None or _is_parked(job):
        return None
    found = sorted(graph.of_namespace("LocalQueue", namespace, GROUP), key=lambda each: each.name)
    near = [each for each in found if graph.belong_together(each, job)]
    if not near or any(each.name == "default" for each in found):
        return None
    gpus = any(accelerator(name) for each in templates(job) for name in _requests(each.pod_spec))
    return near[0] if gpus and graph.namespace_of(near[0]) == namespace else None


def _is_parked(job: Resource) -> bool:
    return job.body.boolean("spec", "suspend") is True or bool(
        job.body.listed("metadata", "ownerReferences")
    )


def _is_used(queue: Resource, graph: Graph) -> bool:
    """Does a LocalQueue lead to it? One without may be there to lend its quota to a cohort."""

    def by_queue() -> dict[str | None, list[Resource]]:
        found: dict[str | None, list[Resource]] = {}
        for local in graph.of_kind("LocalQueue", GROUP):
            found.setdefault(local.body.string("spec", "clusterQueue"), []).append(local)
        return found

    users = graph.kept(("local queues",), by_queue).get(queue.name, ())
    return any(graph.belong_together(local, queue) for local in users)


def _cluster_queue(local: Resource, graph: Graph) -> Resource | None:
    name = local.body.string("spec", "clusterQueue") or ""
    found = graph.find("ClusterQueue", name, "", GROUP, local).resources
    return found[0] if len(found) == 1 and graph.belong_together(found[0], local) else None


def _of_namespace(local: Resource, graph: Graph) -> Iterator[Shut]:
    queue, namespace = _cluster_queue(local, graph), graph.namespace_of(local)
    selector = None if queue is None else queue.body.at("spec", "namespaceSelector")
    if queue is None or selector is None or selector.is_null or not namespace:
        return
    known = namespace_labels(namespace, graph)
    keys = {each.string("key") for each in selector.listed("matchExpressions")}
    by_labels = selector.get("matchLabels")
    keys |= {name for name, _ in (() if by_labels is None else by_labels.items())}
    if known is None and keys != {_NAMED}:
        return
    if not fits(selector, {**(known or {}), _NAMED: namespace}):
        at = local.body.at("spec", "clusterQueue")
        yield Shut("namespace", at or local.body, local, queue, namespace)


def _of_workload(workload: Resource, queue: Resource, graph: Graph) -> Iterator[Shut]:
    spec = queue.spec
    groups = [] if spec is None else spec.listed("resourceGroups")
    if spec is None or not groups:
        return
    covered = {each.text: group for group in groups for each in group.listed("coveredResources")}
    alone = not (spec.string("cohort") or spec.string("cohortName"))
    if mentioned(graph, *_CONFIGURED):
        return
    told: set[str] = set()
    for template in templates(workload):
        for name, (amount, node) in _requests(template.pod_spec).items():
            group = covered.get(name)
            if name in told:
                continue
            if group is None:
                told.add(name)
                yield Shut("uncovered", node, workload, queue, resource=name)
            elif alone:
                count = _at_once(workload)
                most = _most(group, name)
                if most is not None and amount * count > most:
                    told.add(name)
                    yield Shut(
                        "quota", node, workload, queue, resource=name,
                        wanted=_text(amount * count), most=_text(most),
                    )  # fmt: skip


def _at_once(workload: Resource) -> int:
    """How many pods of a workload are admitted together, at least."""
    if workload.kind == "Job" and workload.annotation(_PARTIAL) is None:
        together = workload.body.integer("spec", "parallelism")
        return 1 if together is None else together
    return 1


def _requests(pod_spec: Node) -> dict[str, tuple[Fraction, Node]]:
    """What the containers of a pod ask for together, and where."""
    found: dict[str, tuple[Fraction, Node]] = {}
    for container in containers(pod_spec):
        names: dict[str, Node] = {}
        for side in ("limits", "requests"):
            node = container.at("resources", side)
            names |= dict(() if node is None else node.items())
        for name, value in names.items():
            amount = parse_or_none(value.text)
            if amount is not None and amount.amount > 0:
                before = found.get(name, (Fraction(0), value))
                found[name] = (before[0] + amount.amount, before[1])
    return found


def _most(group: Node, name: str) -> Fraction | None:
    """The largest quota that one flavor of a group has of a resource; None if one is not known."""
    amounts = []
    for flavor in group.listed("flavors"):
        for quota in flavor.listed("resources"):
            if quota.string("name") == name:
                amount = parse_or_none(quota.string("nominalQuota"))
                if amount is None:
                    return None
                amounts.append(Fraction(amount.amount))
    return max(amounts) if amounts else None


def _text(amount: Fraction) -> str:
    return str(int(amount)) if amount.denominator == 1 else f"{float(amount):g}"
