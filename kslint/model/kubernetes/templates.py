"""Pod templates of everything that makes pods, and which of those pods work together.

Sources: Kubernetes v1.34 core/v1, apps/v1 and batch/v1; leaderworkerset.x-k8s.io/v1 (LWS v0.7.0
api/leaderworkerset/v1), ray.io/v1 (KubeRay v1.4.2 apis/ray/v1), jobset.x-k8s.io/v1alpha2 (JobSet
v0.8.0), argoproj.io/v1alpha1 Rollout (v1.8), serving.knative.dev/v1 (v1.18).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.tree import put
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.resources import Resource
    from kslint.source.nodes import JsonValue, Node

_TEMPLATE = ("template", "spec")
_LEADER, _WORKER = (
    ("leaderWorkerTemplate", role, "spec") for role in ("leaderTemplate", "workerTemplate")
)
_EACH = "*"
"""Stands in a path for every item of a list."""
_RAY = (("headGroupSpec", *_TEMPLATE), ("workerGroupSpecs", _EACH, *_TEMPLATE))

KINDS: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "Deployment": ("", (_TEMPLATE,)),
    "StatefulSet": ("", (_TEMPLATE,)),
    "DaemonSet": ("", (_TEMPLATE,)),
    "Job": ("", (_TEMPLATE,)),
    "Pod": ("", ((),)),
    "ReplicaSet": ("", (_TEMPLATE,)),
    "ReplicationController": ("", (_TEMPLATE,)),
    "CronJob": ("", (("jobTemplate", "spec", *_TEMPLATE),)),
    "Rollout": ("argoproj.io", (_TEMPLATE,)),
    "LeaderWorkerSet": ("leaderworkerset.x-k8s.io", (_LEADER, _WORKER)),
    "JobSet": ("jobset.x-k8s.io", (("replicatedJobs", _EACH, "template", "spec", *_TEMPLATE),)),
    "RayCluster": ("ray.io", _RAY),
    "RayService": ("ray.io", tuple(("rayClusterConfig", *path) for path in _RAY)),
    "RayJob": (
        "ray.io",
        (*(("rayClusterSpec", *path) for path in _RAY), ("submitterPodTemplate", "spec")),
    ),
    "Service": ("serving.knative.dev", (_TEMPLATE,)),
}
"""The group of each kind, "" for Kubernetes' own, and where its pod specs stand below `spec`."""
_OF_RAY = ("FQ_RAY_IP", "RAY_IP", "RAY_PORT", "RAY_ADDRESS", "RAY_CLUSTER_NAME")
GIVEN = {
    "LeaderWorkerSet": ("LWS_LEADER_ADDRESS", "LWS_GROUP_SIZE", "LWS_WORKER_INDEX"),
    **dict.fromkeys(("RayCluster", "RayService", "RayJob"), _OF_RAY),
    **dict.fromkeys(("Job", "CronJob", "JobSet"), ("JOB_COMPLETION_INDEX",)),
    "Service": ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"),
}
"""Variables that each container gets from the controller of its kind (LWS pkg/utils/pod,
KubeRay controllers/ray/common/pod.go, core/v1 Indexed Jobs, Knative's runtime contract)."""
_SINGLE = frozenset(
    ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Pod",
     "CronJob", "Rollout", "Service")
)  # fmt: skip


class Template(NamedTuple):
    """One pod template: its pod spec, and the mapping that the user writes it in.

    `path` is where the pod spec stands below the object's `spec`.
    """

    pod_spec: Map
    home: Node
    path: tuple[str, ...]


class Group(NamedTuple):
    """Pods that run one thing together, as those of a LeaderWorkerSet or of a Ray cluster.

    `size` is how many there are, None where that is not known; `kind` is "lws" or "ray".
    """

    kind: str
    size: int | None
    members: tuple[Map, ...]
    """The pod specs they are made from."""


def templates(resource: Resource) -> Iterator[Template]:
    """The pod templates of an object, in the order they are written in."""
    group, paths = KINDS.get(resource.kind, ("", ()))
    spec = resource.spec
    if spec is None or group not in ("", resource.group):
        return
    for path in paths:
        for node in _at(spec, path):
            if isinstance(node, Map):
                home = spec if resource.kind in _SINGLE else _parent(spec, path, node)
                yield Template(node, home, path)


def with_given(pod_spec: Map, kind: str) -> Map:
    """A pod spec whose containers have the variables that the kind's controller gives them.

    They stand before the others, so that `$(NAME)` finds them; their values only the cluster knows.
    """
    names = GIVEN.get(kind, ())
    containers = pod_spec.get("containers")
    if not names or not isinstance(containers, Seq):
        return pod_spec
    origin = Origin("controller", f"the controller of {kind}")
    field: JsonValue = {"fieldRef": {"fieldPath": "metadata.annotations"}}
    given = [made({"name": name, "valueFrom": field}, origin) for name in names]
    children = []
    for container in containers.children:
        env = container.get("env")
        own = [] if env is None else env.elements()
        if isinstance(container, Map) and (env is None or isinstance(env, Seq)):
            both = made([], origin) if env is None else env
            assert isinstance(both, Seq)
            container = put(container, ("env",), both.with_children([*given, *own]))
        children.append(container)
    return put(pod_spec, ("containers",), containers.with_children(children))


def with_ray(pod_spec: Map, template: Template) -> Map:
    """A pod spec of a Ray cluster, whose first container starts Ray in place of its ENTRYPOINT.

    A command of the user's comes before. Source: KubeRay v1.4.2 controllers/ray/common/pod.go.
    """
    containers = pod_spec.get("containers")
    cluster = any(step.endswith(("headGroupSpec", "workerGroupSpecs")) for step in template.path)
    if not cluster or not isinstance(containers, Seq) or not containers.children:
        return pod_spec
    first, *others = containers.children
    if not isinstance(first, Map) or first.get("command") is not None:
        return pod_spec
    command = made(["/bin/bash", "-c", "--"], Origin("controller", "KubeRay"))
    first = put(first, ("command",), command)
    return put(pod_spec, ("containers",), containers.with_children([first, *others]))


def group_of(resource: Resource) -> Group | None:
    """The pods that work together, of a kind that makes such; None for all others."""
    if resource.kind == "LeaderWorkerSet":
        spec = resource.spec
        given = None if spec is None else spec.at("leaderWorkerTemplate", "size")
        size = 1 if given is None or given.is_null else given.integer()
        return Group("lws", size, tuple(one.pod_spec for one in templates(resource)))
    if resource.group == "ray.io":
        return Group("ray", None, tuple(one.pod_spec for one in templates(resource)))
    return None


def _at(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    """Every node at a path, in which `*` stands for the items of a list."""
    if not path:
        yield node
        return
    step, rest = path[0], path[1:]
    if step == _EACH:
        for item in node.elements():
            yield from _at(item, rest)
        return
    child = node.get(step)
    if child is not None:
        yield from _at(child, rest)


def _parent(spec: Node, path: tuple[str, ...], pod_spec: Node) -> Node:
    """The mapping whose `spec` a pod spec is."""
    return next((node for node in _at(spec, path[:-1]) if node.get("spec") is pod_spec), spec)
