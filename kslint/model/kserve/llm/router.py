"""The router of an LLMInferenceService: scheduler, InferencePool, HTTPRoute and Gateway.

Mirrors pkg/controller/v1alpha2/llmisvc/{router,router_validation,config_merge}.go @v0.19.0.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kslint.model.kserve.llm import configs as llm_configs
from kslint.model.kserve.llm.spec import Target
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kserve.llm.spec import MergedSpec
    from kslint.source.nodes import Node

GATEWAY_GROUP = "gateway.networking.k8s.io"
POOL_GROUP = "inference.networking.k8s.io"


class Router:
    """The router of the merged spec. Everything is absent where there is none."""

    def __init__(self, owner: MergedSpec):
        self.owner = owner
        node = owner.known.get("router")
        self.node: Map | None = node if isinstance(node, Map) else None

    @property
    def scheduler(self) -> Map | None:
        """The scheduler (endpoint picker), with its preset merged in; `{}` switches it on."""
        return self._map("scheduler")

    @property
    def route(self) -> Map | None:
        return self._map("route")

    @property
    def gateway(self) -> Map | None:
        return self._map("gateway")

    @cached_property
    def pool(self) -> Target | None:
        """The InferencePool of scheduler.pool.ref; None if the controller makes one, or none."""
        name = self._at("scheduler", "pool", "ref", "name")
        if name is None or not name.text:
            return None
        return self.owner.target("InferencePool", name.text, self.owner.namespace, name, POOL_GROUP)

    @cached_property
    def routes(self) -> list[Target]:
        """The HTTPRoutes of route.http.refs; with them the controller makes none."""
        return self._targets(self._at("route", "http", "refs"), "HTTPRoute")

    @cached_property
    def gateways(self) -> list[Target]:
        """The Gateways of gateway.refs; a ref without namespace means the service's own."""
        return self._targets(self._at("gateway", "refs"), "Gateway")

    @cached_property
    def parents(self) -> list[Target]:
        """The Gateways that an own route spec hangs on, less the one of the settings."""
        effective = self.owner.effective
        values = self.owner.template_values
        default = tuple(
            values[f".GlobalConfig.IngressGateway{field}"] for field in ("Namespace", "Name")
        )
        found = []
        route = None if effective is None else effective.at("router", "route", "http", "spec")
        for ref in [] if route is None or not self.makes_route else route.listed("parentRefs"):
            name, where = ref.get("name"), ref.string("namespace") or self.owner.namespace
            if name is None or not name.text or (where, name.text) == default:
                continue
            target = self.owner.target("Gateway", name.text, where, name, GATEWAY_GROUP)
            found.append(target)
        return found

    @property
    def makes_route(self) -> bool:
        """True if the controller creates an HTTPRoute itself."""
        return self.route is not None and not self.routes

    @cached_property
    def default_gateway(self) -> Target | None:
        """The Gateway of a route the controller makes without gateway.refs, by the settings.

        ingress.kserveIngressGateway is `namespace/name`, or a name in `kserve`
        (config_loader.go:155-166). None if the input's own parentRefs decide.
        """
        parents = self._at("route", "http", "spec", "parentRefs", 0)
        if not self.makes_route or self.gateways:
            return None
        if parents is not None and "{{" not in (parents.string("name") or ""):
            return None
        settings = self.owner.settings
        node = settings.get("ingress", "kserveIngressGateway")
        namespace, _, name = settings.text("ingress", "kserveIngressGateway").rpartition("/")
        if node is None or not name:
            return None
        where = namespace or llm_configs.SYSTEM_NAMESPACE
        return self.owner.target("Gateway", name, where, node, GATEWAY_GROUP)

    @cached_property
    def config(self) -> Target | None:
        """The ConfigMap of scheduler.config.ref; `config-scheduler-*` also in `kserve`."""
        name = self._at("scheduler", "config", "ref", "name")
        if name is None or not name.text:
            return None
        namespaces: tuple[str | None, ...] = (self.owner.namespace,)
        if name.text.startswith("config-scheduler-"):
            namespaces += (llm_configs.SYSTEM_NAMESPACE,)
        graph, near = self.owner.graph, self.owner.resource
        lookup = llm_configs.first_found(graph, name.text, namespaces, "ConfigMap", near)
        return Target("ConfigMap", name.text, self.owner.namespace, name, lookup)

    def _at(self, *path: str | int) -> Node | None:
        return None if self.node is None else self.node.at(*path)

    def _map(self, field: str) -> Map | None:
        found = self._at(field)
        return found if isinstance(found, Map) else None

    def _targets(self, refs: Node | None, kind: str) -> list[Target]:
        found = []
        for item in [] if refs is None else refs.elements():
            name = item.get("name")
            if name is not None and name.text:
                where = item.string("namespace") or self.owner.namespace
                found.append(self.owner.target(kind, name.text, where, name, GATEWAY_GROUP))
        return found
