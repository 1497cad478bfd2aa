"""Serving runtimes: the stock ones as data, those of the input, and which one a model gets.

Mirrors pkg/apis/serving/v1beta1/predictor_model.go:66-232 and
pkg/controller/v1beta1/inferenceservice/components/predictor.go:280-370 @v0.19.0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.evidence import are_near, homes
from kslint.graph.graph import are_twins, nearest_first, place_of
from kslint.model.kserve import names
from kslint.model.kserve.versions import table
from kslint.resources import Resource
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.graph.graph import Graph
    from kslint.source.nodes import Node

PROTOCOL_RANK = {"v1": 1, "v2": 2, "grpc-v1": 3, "grpc-v2": 4}
"""GetProtocolVersionInt, pkg/constants/constants.go @v0.19.0."""
_UNKNOWN_RANK = 5

_STOCK_SERVER_TYPES = {
    "kserve-mlserver": "mlserver",
    "kserve-torchserve": "torchserve",
    "kserve-tensorflow-serving": "tensorflow-serving",
    "kserve-huggingfaceserver": "huggingfaceserver",
    "kserve-vllmserver": "vllmserver",
    "kserve-tritonserver": "tritonserver",
}


class Runtime(NamedTuple):
    """A ServingRuntime or ClusterServingRuntime. `stock` ones come with KServe, not the input."""

    resource: Resource
    stock: bool

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def spec(self) -> Node:
        return self.resource.spec or Map({})

    @property
    def described(self) -> str:
        kind = self.resource.kind
        return f"{kind} {self.name}" + (" (shipped with KServe)" if self.stock else "")

    @property
    def server_type(self) -> str:
        """mlserver, vllmserver or another: by annotation, else by name."""
        return self.resource.annotation(names.SERVER_TYPE) or self.stock_type

    @property
    def stock_type(self) -> str:
        """The same by the name alone."""
        return _STOCK_SERVER_TYPES.get(self.name, "")

    @property
    def protocols(self) -> list[str]:
        return [item.text or "" for item in self.spec.listed("protocolVersions")]

    def supports_protocol(self, protocol: str) -> bool:
        """A runtime that lists no protocol supports every one."""
        return not self.protocols or protocol in self.protocols

    def supports(self, model_format: str, version: str | None, explicit: bool) -> bool:
        """Does a listed format match, name and version exactly? Auto-selection needs autoSelect."""
        for item in self.spec.listed("supportedModelFormats"):
            if not explicit and item.boolean("autoSelect") is not True:
                continue
            if item.string("name") == model_format and (
                version is None or item.string("version") == version
            ):
                return True
        return False

    def priority(self, model_format: str) -> int | None:
        for item in self.spec.listed("supportedModelFormats"):
            if item.string("name") == model_format:
                return item.integer("priority")
        return None

    @property
    def disabled(self) -> bool:
        return self.spec.boolean("disabled") is True

    @property
    def multi_model(self) -> bool:
        return self.spec.boolean("multiModel") is True

    @property
    def is_of_modelmesh(self) -> bool:
        """Is it written for ModelMesh, whose adapters no other mode has?"""
        return self.multi_model or self.spec.get("builtInAdapter") is not None

    @property
    def multi_node(self) -> bool:
        return self.spec.get("workerSpec") is not None

    def may_be_selected(self, multi_node: bool) -> bool:
        """Is it one for models that name no runtime, whatever their format?"""
        return not self.disabled and not self.multi_model and self.multi_node == multi_node

    @property
    def protocol_rank(self) -> int:
        return min(
            (PROTOCOL_RANK.get(p, _UNKNOWN_RANK) for p in self.protocols), default=_UNKNOWN_RANK
        )


class Choice(NamedTuple):
    """The runtime a model gets. Without one: `error` says why, or it cannot be known."""

    runtime: Runtime | None
    error: str = ""
    reason: str = ""

    @property
    def unknown(self) -> bool:
        return self.runtime is None and not self.error


class Wanted(NamedTuple):
    """What auto-selection goes by."""

    namespace: str | None
    profile: str
    model_format: str
    version: str | None
    protocol: str
    multi_node: bool
    home: str = ""
    """Where the model stands, if that matters: runtimes that only illustrate count near by, and of
    several with one name the nearest does."""


class Choices:
    """The runtimes that models get, as the controller picks them.

    What is wanted alike is chosen once: services are many, and runtimes may be too.
    """

    def __init__(
        self,
        graph: Graph,
        ships: Callable[[], bool] = lambda: True,
        barred: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """`ships` tells whether KServe's own runtimes are there.

        `barred` are kinds and names of runtimes of the input that the webhook refuses.
        """
        self._graph = graph
        self._ships = ships
        self._barred = barred
        self._chosen: dict[Wanted, Choice] = {}
        kinds = ("ServingRuntime", "ClusterServingRuntime")
        found = [runtime for kind in kinds for runtime in graph.of_kind(kind, names.GROUP)]
        called = {(runtime.kind, graph.namespace_of(runtime), runtime.name) for runtime in found}
        self._by_place = len(called) < len(found) or any(map(graph.evidence.illustrates, found))
        """Does it matter where a model stands, for which runtimes are meant?"""

    def choose(
        self,
        model: Node,
        namespace: str | None,
        profile: str,
        multi_node: bool = False,
        user: Resource | None = None,
    ) -> Choice:
        """The runtime for `predictor.model` of an object.

        A runtime that the input does not hold and KServe does not ship is unknown. `multi_node`:
        the InferenceService has a workerSpec; auto-selection then wants a runtime with one.
        """
        model_format = model.string("modelFormat", "name") or ""
        version = model.string("modelFormat", "version")
        protocol = model.string("protocolVersion")
        named = model.string("runtime")
        if named:
            runtime = find(named, namespace, self._graph, profile, user)
            if runtime is not None and self._is_there(runtime, profile):
                return _explicit(runtime, model_format, version, protocol)
            return Choice(None)
        own = self._graph.of_namespace("ServingRuntime", namespace, names.GROUP)
        where = namespace if own else ""
        home = " ".join(sorted(homes(user))) if self._by_place and user is not None else ""
        wanted = Wanted(where, profile, model_format, version, protocol or "v1", multi_node, home)
        if wanted not in self._chosen:
            self._chosen[wanted] = self._selected(wanted, user)
        return self._chosen[wanted]

    def without(self, barred: Runtime) -> Choices:
        """The same where the webhook has refused a runtime of the input."""
        return Choices(self._graph, self._ships, self._barred | {_called(barred)})

    def _is_there(self, runtime: Runtime, profile: str) -> bool:
        if runtime.stock:
            return bool(self.shipped(profile))
        return _called(runtime) not in self._barred

    def shipped(self, profile: str) -> tuple[Runtime, ...]:
        """The runtimes that KServe ships; none where the input shows that nothing brings them."""
        return stock(profile) if self._ships() else ()

    def _selected(self, wanted: Wanted, user: Resource | None) -> Choice:
        fitting = [
            runtime
            for runtime in self.candidates(wanted.namespace, wanted.profile, user)
            if runtime.may_be_selected(wanted.multi_node)
            and runtime.supports(wanted.model_format, wanted.version, explicit=False)
            and runtime.supports_protocol(wanted.protocol)
        ]
        if not fitting:
            return Choice(None)  # another runtime may be installed that the input does not show
        first = _first(fitting, wanted.model_format)
        alike = [r.resource for r in fitting if _called(r) == _called(first)]
        if len(alike) == 1 or user is None:
            return Choice(first)
        alike = nearest_first(alike, place_of(user))
        return Choice(None if are_twins(alike, user) else Runtime(alike[0], False))

    def candidates(
        self, namespace: str | None, profile: str, user: Resource | None
    ) -> list[Runtime]:
        """Runtimes in the order of selection: namespace before cluster, by protocol and name."""
        graph = self._graph
        scopes: tuple[list[Runtime], list[Runtime]] = ([], [])
        near = graph.of_namespace("ServingRuntime", namespace, names.GROUP)
        own = graph.of_kind("ClusterServingRuntime", names.GROUP)
        for scope, found in zip(scopes, (near, own), strict=True):
            meant = (Runtime(r, False) for r in found if _is_meant(r, graph, user))
            scope.extend(r for r in meant if _called(r) not in self._barred)
        held = {runtime.name for runtime in scopes[1]}
        scopes[1].extend(r for r in self.shipped(profile) if r.name not in held)
        return [r for s in scopes for r in sorted(s, key=lambda r: (r.protocol_rank, r.name))]


def _is_meant(runtime: Resource, graph: Graph, user: Resource | None) -> bool:
    """May an object use a runtime? Not one of a test or an example elsewhere."""
    if not graph.evidence.illustrates(runtime):
        return True
    return user is not None and are_near(runtime, user)


def _called(runtime: Runtime) -> tuple[str, str]:
    return runtime.resource.kind, runtime.name


def _explicit(
    runtime: Runtime, model_format: str, version: str | None, protocol: str | None
) -> Choice:
    name = runtime.name
    if runtime.disabled:
        return Choice(None, f"specified runtime {name} is disabled", "RuntimeDisabled")
    if protocol and not runtime.supports_protocol(protocol):
        message = f"specified runtime {name} does not support specified protocol version"
        return Choice(None, message, "NoSupportingRuntime")
    if not runtime.supports(model_format, version, explicit=True):
        message = f"specified runtime {name} does not support specified framework/version"
        return Choice(None, message, "NoSupportingRuntime")
    return Choice(runtime)


def find(
    name: str, namespace: str | None, graph: Graph, profile: str, user: Resource | None = None
) -> Runtime | None:
    """A runtime by name: the namespace's own before the cluster's, the input's before the stock.

    None also where several lie equally near to `user`, and differ.
    """
    for kind, where in (("ServingRuntime", namespace), ("ClusterServingRuntime", "")):
        found = graph.find(kind, name, where, names.GROUP, user).resources
        meant = [resource for resource in found if _is_meant(resource, graph, user)]
        if meant:
            unclear = user is not None and are_twins(meant, user)
            return None if unclear else Runtime(meant[0], False)
    return next((r for r in stock(profile) if r.name == name), None)


def _first(fitting: list[Runtime], model_format: str) -> Runtime:
    """The first by scope, then by priority; a runtime without one comes last."""
    cluster = [r for r in fitting if r.resource.kind == "ClusterServingRuntime"]
    own = [r for r in fitting if r.resource.kind != "ClusterServingRuntime"]
    scope = own or cluster

    def rank(runtime: Runtime) -> float:
        priority = runtime.priority(model_format)
        return float("inf") if priority is None else -priority

    return min(scope, key=rank)


@lru_cache(maxsize=4)
def stock(profile: str) -> tuple[Runtime, ...]:
    """The ClusterServingRuntimes that the chart of a KServe version ships."""
    rows = table("runtimes.json", profile)
    found = []
    for entry in rows["runtimes"]:
        name = entry["object"]["metadata"]["name"]
        if not entry["shipped"] or name in rows.get("without", ()):
            continue
        if name in rows.get("env", {}):
            entry["object"]["spec"]["containers"][0]["env"] = rows["env"][name]
        if name in rows.get("images", {}):
            entry["object"]["spec"]["containers"][0]["image"] = rows["images"][name]
        text = f"ClusterServingRuntime {name} as KServe {profile} ships it"
        node = made(entry["object"], Origin("runtime", text, rows["source"]))
        assert isinstance(node, Map)
        found.append(Runtime(Resource(node, ""), True))
    return tuple(found)
