"""Where Kubernetes expects quantities, and why a text is none."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import stands_in
from kslint.model.kubernetes.quantity import QuantityError, parse
from kslint.model.schemas.schema import Step  # noqa: TC001  (a NamedTuple's field)
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.settings import Settings
    from kslint.model.schemas.schema import Reading
    from kslint.resources import Resource
    from kslint.source.nodes import Node

    Places = dict[str, "Places"]

_REQUIREMENTS = ("resources.limits.*", "resources.requests.*")
_DIVISOR = "resourceFieldRef.divisor"
_POD = (
    *(
        f"{field}.*.{place}"
        for field in ("containers", "initContainers", "ephemeralContainers")
        for place in (*_REQUIREMENTS, f"env.*.valueFrom.{_DIVISOR}")
    ),
    *_REQUIREMENTS,
    "overhead.*",
    "volumes.*.emptyDir.sizeLimit",
    f"volumes.*.downwardAPI.items.*.{_DIVISOR}",
    f"volumes.*.projected.sources.*.downwardAPI.items.*.{_DIVISOR}",
    *(f"volumes.*.ephemeral.volumeClaimTemplate.spec.{place}" for place in _REQUIREMENTS),
)
_TEMPLATE = tuple(f"spec.template.spec.{place}" for place in _POD)
_LIMITS = ("default", "defaultRequest", "max", "maxLimitRequestRatio", "min")
_METRICS = ("containerResource", "external", "object", "pods", "resource")
_QUOTAS = ("borrowingLimit", "lendingLimit", "nominalQuota")
_PLACES = {
    ("", "Pod"): tuple(f"spec.{place}" for place in _POD),
    ("", "PodTemplate"): tuple(f"template.spec.{place}" for place in _POD),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): (
        *_TEMPLATE,
        *(f"spec.volumeClaimTemplates.*.spec.{place}" for place in _REQUIREMENTS),
    ),
    ("batch", "CronJob"): tuple(f"spec.jobTemplate.{place}" for place in _TEMPLATE),
    ("batch", "Job"): _TEMPLATE,
    ("argoproj.io", "Rollout"): _TEMPLATE,
    ("serving.knative.dev", "Service"): _TEMPLATE,
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): tuple(
        f"spec.leaderWorkerTemplate.{template}.spec.{place}"
        for template in ("leaderTemplate", "workerTemplate")
        for place in _POD
    ),
    ("", "PersistentVolume"): ("spec.capacity.*",),
    ("", "PersistentVolumeClaim"): tuple(f"spec.{place}" for place in _REQUIREMENTS),
    ("", "ResourceQuota"): ("spec.hard.*",),
    ("", "LimitRange"): tuple(f"spec.limits.*.{field}.*" for field in _LIMITS),
    ("autoscaling", "HorizontalPodAutoscaler"): tuple(
        f"spec.metrics.*.{source}.target.{field}"
        for source in _METRICS
        for field in ("averageValue", "value")
    ),
    ("kueue.x-k8s.io", "ClusterQueue"): tuple(
        f"spec.resourceGroups.*.flavors.*.resources.*.{field}" for field in _QUOTAS
    ),
}
"""Paths to `resource.Quantity` fields (k8s.io/api v0.34; Kueue v0.14 apis); `*` is any step."""

_SETTINGS = frozenset(
    {"cpuLimit", "cpuModelcar", "cpuRequest", "memoryLimit", "memoryModelcar", "memoryRequest"}
)
"""Fields of inferenceservice-config that go through resource.MustParse (@v0.19.0)."""


class Amount(NamedTuple):
    """A value that has to be a quantity, and where it stands."""

    node: Node
    place: Step | str

    @property
    def path(self) -> str:
        """As `spec.containers[0].resources.limits.cpu`; put together where it is asked for."""
        return self.place if isinstance(self.place, str) else self.place.path


def of_resource(resource: Resource, reading: Reading | None) -> Iterator[Amount]:
    """The quantities written in an object: by its schema if there is one, else by its kind."""
    if reading is not None:
        for step in reading.quantities:
            yield Amount(step.node, step)
        return
    places = _places(resource.group, resource.kind)
    if places:
        yield from _select(resource.body, places, "")


def of_settings(settings: Settings) -> Iterator[Amount]:
    """The quantities of inferenceservice-config that the input writes, of every key."""
    for key, root in settings.data.items():
        for holder, path in ((root, key), (root.get("resource"), f"{key}.resource")):
            for name, node in () if holder is None else holder.items():
                written = node.place is not None and name in _SETTINGS
                if written and node.text:  # "" switches a default off
                    yield Amount(node, f"{path}.{name}")


def refusal(node: Node) -> str | None:
    """Why a value is no quantity, in the API server's words; None if it is one, or unknown.

    Space around it is cut off as Quantity.UnmarshalJSON does. Templates are not judged.
    """
    if not isinstance(node, Scalar) or node.is_null:
        return None
    return _refusal(node.text)


@lru_cache(maxsize=4096)
def _refusal(text: str) -> str | None:
    try:
        parse(text.strip())
    except QuantityError as error:
        return None if stands_in(text) else str(error)
    return None


_SUFFIXES = {
    **{unit.lower(): unit for unit in ("k", "M", "G", "T", "P", "E")},
    **{f"{unit.lower()}b": unit for unit in ("k", "M", "G", "T", "P", "E")},
    **{f"{unit.lower()}{end}": f"{unit}i" for unit in "KMGTPE" for end in ("i", "ib")},
    **dict.fromkeys(("", "b", "bytes", "core", "cores", "cpu", "cpus", "vcpu", "vcpus"), ""),
    **dict.fromkeys(("mcpu", "millicore", "millicores", "millicpu"), "m"),
}
"""Units people write, in lower case, and the suffix they mean."""


def suggestion(text: str) -> str | None:
    """The quantity that a text was probably meant to be, or None."""
    squeezed = "".join(text.replace(",", ".").split())
    number = squeezed.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    suffix = _SUFFIXES.get(squeezed[len(number) :].lower())
    if suffix is None or not number:
        return None
    try:
        parse(number + suffix)
    except QuantityError:
        return None
    return number + suffix


@lru_cache(maxsize=256)
def _places(group: str, kind: str) -> Places:
    """The paths of a kind, step by step; a path ends where nothing is below."""
    root: Places = {}
    for place in _PLACES.get((group, kind), ()):
        below = root
        for step in place.split("."):
            below = below.setdefault(step, {})
    return root


def _select(node: Node, places: Places, walked: str) -> Iterator[Amount]:
    if not places:
        yield Amount(node, walked)
        return
    for step, rest in places.items():
        if step == "*":
            for name, child in node.items():
                yield from _select(child, rest, f"{walked}.{name}")
            for index, child in enumerate(node.elements()):
                yield from _select(child, rest, f"{walked}[{index}]")
            continue
        below = node.get(step)
        if below is not None:
            yield from _select(below, rest, f"{walked}.{step}" if walked else step)
