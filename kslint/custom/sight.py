"""What expressions see of an object, and where in the input a finding about it points."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.admission.refusals import of_service
from kslint.model.kserve.rendering import when_running
from kslint.model.kubernetes.defaults import defaulted_deployment
from kslint.model.kubernetes.pod import containers
from kslint.model.kubernetes.templates import KINDS
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.config.words import Path
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.model import Model
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import JsonValue, Node

_BEYOND_INT64 = 2**63
_GO_PRINTS_EXPONENT = 1e21
"""Go writes a float64 of this size or more with an exponent, any other without."""


class Sight(NamedTuple):
    """One subject: the values of variables, less what is not known; its object and its nodes.

    Paths lead down from `root`; what is not written there is looked for at `home`.
    """

    values: dict[str, JsonValue]
    resource: Resource
    namespace: str
    root: Node
    home: Node
    container: str = ""

    def place(self, path: Path) -> Node:
        """The node at a path, or the nearest block around it that stands in the input."""
        found = [self.root]
        for step in path:
            child = found[-1].at(step)
            if child is None:
                break
            found.append(child)
        for node in reversed(found[1:] if self.root is self.resource.body else found):
            if node.place is not None:
                return node
        return self.home

    def fact(self, path: Path) -> tuple[str, str]:
        """The text of the value at a path, and where it comes from; "" where there is none."""
        node = self.root.at(*path) if path else None
        if node is None:
            return "", ""
        text = (node.text or "") if isinstance(node, Scalar) else ""
        return text, "the manifest" if node.origin is None else node.origin.root.text


def pod_owners() -> frozenset[str]:
    """The kinds whose containers are known."""
    return frozenset({"InferenceService", "LLMInferenceService", *KINDS})


class Sights:
    """The subjects of rules in one input; what is costly to know is worked out once, if asked."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._workloads: dict[Resource, list[Workload]] | None = None
        self._services: dict[Resource, InferenceService] | None = None

    def object(self, resource: Resource, effective: bool) -> Sight:
        """The object itself; `effective` says if some rule asks for what becomes of it."""
        values = self._values(resource, effective)
        name = resource.body.at("metadata", "name") or resource.body
        return Sight(values, resource, self._namespace(resource), resource.body, name)

    def containers(self, resource: Resource, effective: bool) -> Iterator[Sight]:
        """The containers of its pods, as they will run, with the same said of the object."""
        values = self._values(resource, effective)
        for workload in self._workloads_of(resource):
            pod = as_stored(workload.pod_spec)
            for container in containers(workload.pod_spec):
                seen = {**values, "pod": pod, "container": as_stored(container)}
                name = container.string("name") or ""
                namespace = self._namespace(resource)
                yield Sight(seen, resource, namespace, container, workload.home, name)

    def _values(self, resource: Resource, effective: bool) -> dict[str, JsonValue]:
        values: dict[str, JsonValue] = {"object": self._object(resource)}
        effect = self._effect(resource) if effective else None
        return values if effect is None else {**values, "effective": effect}

    def _object(self, resource: Resource) -> dict[str, JsonValue]:
        """The object as it is written, in the namespace it will live in."""
        found = _mapping(resource.body)
        namespace = self._namespace(resource)
        metadata = found.setdefault("metadata", {})
        if namespace and isinstance(metadata, dict):
            metadata["namespace"] = namespace
        return found

    def _namespace(self, resource: Resource) -> str:
        """Where it will live; "" if nowhere, or if that is not known."""
        return self._model.graph.namespace_of(resource) or ""

    def _effect(self, resource: Resource) -> JsonValue:
        """The objects there will be because of this one, once it runs; None if not known."""
        bodies = self._bodies(resource)
        return None if bodies is None else [as_stored(body) for body in bodies]

    def _bodies(self, resource: Resource) -> Iterable[Node] | None:
        if resource.kind == "Deployment":
            return [defaulted_deployment(resource.body)]
        if self._services is None:
            self._services = {s.resource: s for s in self._model.inference_services}
        service = self._services.get(resource)
        if service is None or service.mode.name != names.STANDARD or of_service(service):
            return None
        if any(component.built.unknown for component in service.components):
            return None
        return when_running(service)

    def _workloads_of(self, resource: Resource) -> list[Workload]:
        if self._workloads is None:
            self._workloads = {}
            for workload in self._model.workloads:
                self._workloads.setdefault(workload.resource, []).append(workload)
        return self._workloads.get(resource, [])


def as_stored(node: Node) -> JsonValue:
    """A value as the API server holds it.

    Fields that are null are not there, and a number without a fraction is an integer if it fits
    64 bits: objects travel as JSON, as Go writes it. Source: k8s.io/apimachinery v0.34
    `pkg/util/json`, sigs.k8s.io/yaml v1.6 `YAMLToJSON`.
    """
    if isinstance(node, Map):
        return _mapping(node)
    if not isinstance(node, Scalar):
        return [as_stored(child) for child in node.elements()]
    value = node.value
    if isinstance(value, float) and value.is_integer() and abs(value) < _GO_PRINTS_EXPONENT:
        value = int(value)
    if isinstance(value, int) and not -_BEYOND_INT64 <= value < _BEYOND_INT64:
        value = float(value)
    return value


def _mapping(node: Node) -> dict[str, JsonValue]:
    return {name: as_stored(child) for name, child in node.items() if not child.is_null}
