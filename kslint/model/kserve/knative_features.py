"""What Knative Serving admits of the Service that KServe makes: features and probes.

Sources: knative/serving pkg/apis/config/features.go (defaultFeaturesConfig), pkg/apis/serving/
fieldmask.go (PodSpecMask) and k8s_validation.go (validateVolume, validateInitContainers,
validateProbe), as of release 1.19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kubernetes.pod import containers
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Node

CONFIG_MAP = "config-features"
_OPERATOR = "operator.knative.dev"

_FIELDS = {
    "affinity": "affinity",
    "dnsConfig": "dnsconfig",
    "dnsPolicy": "dnspolicy",
    "hostAliases": "hostaliases",
    "hostIPC": "hostipc",
    "hostNetwork": "hostnetwork",
    "hostPID": "hostpid",
    "initContainers": "init-containers",
    "nodeSelector": "nodeselector",
    "priorityClassName": "priorityclassname",
    "runtimeClassName": "runtimeclassname",
    "schedulerName": "schedulername",
    "securityContext": "securitycontext",
    "shareProcessNamespace": "shareprocessnamespace",
    "tolerations": "tolerations",
    "topologySpreadConstraints": "topologyspreadconstraints",
}
"""Fields of a pod spec and their flags, `kubernetes.podspec-...`; all are off by default."""
_STRICT = frozenset({"initContainers"})
"""Those that take `enabled` and not `allowed`."""
_VOLUMES = {
    "csi": "volumes-csi",
    "ephemeral": "volumes-ephemeral",
    "hostPath": "volumes-hostpath",
    "image": "volumes-image",
    "persistentVolumeClaim": "persistent-volume-claim",
}
"""Kinds of volumes and their flags; these take `enabled` only."""
_WRITE = "persistent-volume-write"
_PREFIX = "kubernetes.podspec-"


class Off(NamedTuple):
    """A field that Knative refuses. `at` is the value, `flag` what would admit it."""

    field: str
    at: Node
    flag: str
    message: str


class Features:
    """The flags that the input sets, and where."""

    def __init__(self, holders: list[Node]) -> None:
        self.holders = holders

    def value(self, flag: str) -> str:
        """`enabled`, `allowed` or `disabled`; the most that any of the objects says."""
        said = {(h.string(_PREFIX + flag) or "").lower() for h in self.holders}
        return next((text for text in ("enabled", "allowed") if text in said), "disabled")

    def admits(self, flag: str, strict: bool) -> bool:
        value = self.value(flag)
        return value == "enabled" or (value == "allowed" and not strict)


def features(graph: Graph) -> Features | None:
    """Knative's features as the input sets them; None where it does not show its settings."""
    holders = _settings(graph, CONFIG_MAP)
    return Features(holders) if holders else None


def longest_timeout(graph: Graph) -> int | None:
    """The seconds that a revision's timeout may be at most; None where the input does not show it.

    Source: knative/serving pkg/apis/config/defaults.go (DefaultMaxRevisionTimeoutSeconds).
    """
    holders = _settings(graph, "config-defaults")
    told = [h.string("max-revision-timeout-seconds") or str(_LONGEST) for h in holders]
    if not told or not all(text.isdecimal() for text in told):
        return None
    return max(int(text[:_DIGITS]) for text in told)


_LONGEST = 600
_DIGITS = 18


def _settings(graph: Graph, name: str) -> list[Node]:
    """What sets one of Knative's ConfigMaps: it itself, or the operator's KnativeServing.

    That has the ConfigMaps under `spec.config`, with or without `config-` before their names, and
    all that it does not name at the defaults.
    """
    holders: list[Node] = []
    patches = [p for emission in graph.scopes.emissions for p in emission.patches]
    for resource in (*graph.of_kind("ConfigMap", ""), *patches):
        data = resource.body.get("data")
        if resource.kind == "ConfigMap" and resource.name == name and data is not None:
            holders.append(data)
    for resource in graph.of_kind("KnativeServing", _OPERATOR):
        if resource.spec is None or graph.evidence.illustrates(resource):
            continue
        places = (name.removeprefix("config-"), name)
        found = [resource.spec.at("config", place) for place in places]
        given = [node for node in found if node is not None]
        holders += given or [resource.body]
    return holders


def refused_fields(component: Component, flags: Features) -> Iterator[Off]:
    """The fields of a component's pod that need a flag which is off."""
    service = component.knative_service
    spec = None if service is None else service.at("spec", "template", "spec")
    if spec is None:
        return
    listed = component.written.get("storageUris")
    for field, flag in _FIELDS.items():
        node = spec.get(field)
        if node is None or not node.plain() or flags.admits(flag, field in _STRICT):
            continue
        at = node if node.place is not None else listed if field == "initContainers" else None
        if at is not None:
            message = f"must not set the field(s): spec.template.spec.{field}"
            yield Off(field, at, _PREFIX + flag, message)
    for volume in spec.listed("volumes"):
        yield from _volume(volume, flags, listed)


def _volume(volume: Node, flags: Features, listed: Node | None) -> Iterator[Off]:
    for kind, flag in _VOLUMES.items():
        node = volume.get(kind)
        if node is None:
            continue
        at = node if node.place is not None else listed
        if at is None:
            continue
        name = node.string("claimName") or volume.string("name") or ""
        claim = kind == "persistentVolumeClaim"
        if not flags.admits(flag, strict=True):
            what = "Persistent volume claim" if claim else f"{kind[:1].upper()}{kind[1:]} volume"
            found = what[:1].lower() + what[1:] if claim else what
            message = f"{what} support is disabled, but found {found} {name}"
            yield Off(f"volumes[].{kind}", at, _PREFIX + flag, message)
        elif claim and node.boolean("readOnly") is not True and not flags.admits(_WRITE, True):
            message = (
                "Persistent volume write support is disabled, but found persistent volume claim "
                f"{name} that is not read-only"
            )
            yield Off(f"volumes[].{kind}", at, _PREFIX + _WRITE, message)


class ProbePort(NamedTuple):
    """A probe's port that is given as a text, and the name that it would have to be."""

    probe: str
    handler: str
    node: Node
    name: str


def mismatched_probe_ports(component: Component) -> Iterator[ProbePort]:
    """Probes of the serving container whose port is a name other than the container port's."""
    service = component.knative_service
    spec = None if service is None else service.at("spec", "template", "spec")
    listed = containers(spec)
    ports = [port for container in listed for port in container.listed("ports")]
    if len(ports) > 1:
        return  # refused for that
    name = (ports[0].string("name") if ports else "") or "http"
    for container in listed:
        if len(listed) > 1 and not container.listed("ports"):
            continue
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            for handler in ("httpGet", "tcpSocket"):
                node = container.at(probe, handler, "port")
                if isinstance(node, Scalar) and isinstance(node.value, str) and node.text != name:
                    yield ProbePort(probe, handler, node, name)


def mode_is_sure(component: Component) -> bool:
    """Is Knative mode in force for certain?"""
    owner = component.owner
    return owner.mode.name == names.KNATIVE and owner.mode_is_known
