"""The spec of an LLMInferenceService: what is stored, and what presets and baseRefs make of it.

Mirrors pkg/controller/v1alpha2/llmisvc and pkg/apis/serving/v1alpha2 @v0.19.0. v1alpha1 is
converted to v1alpha2 by the API server; only its validation differs (admission/llm.py).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.llm import configs as llm_configs
from kslint.model.kserve.llm.combined import INFERENCE_POOL, Around, combined, defaulted
from kslint.model.kserve.llm.configs import merge_specs
from kslint.model.tree import put, without
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.graph.graph import Graph, Lookup
    from kslint.model.kserve.llm.configs import Config
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_DEFAULTS = "pkg/apis/serving/v1alpha2/llm_inference_service_defaults.go:29-57 @v0.19.0"
_POD_PATHS = (
    ("template",),
    ("worker",),
    ("prefill", "template"),
    ("prefill", "worker"),
    ("router", "scheduler", "template"),
)


class Target(NamedTuple):
    """An object that the spec refers to, and the graph's three-valued answer about it.

    `node` is what to point at. `namespace` is None if the service's own is not known.
    """

    kind: str
    name: str
    namespace: str | None
    node: Node
    lookup: Lookup


class MergedSpec:
    """The spec of an LLMInferenceService, as it is stored and as the controller merges it."""

    def __init__(self, resource: Resource, graph: Graph, settings: Settings) -> None:
        self.resource = resource
        self.graph = graph
        self.settings = settings
        self.namespace = graph.namespace_of(resource)

    @cached_property
    def stored(self) -> Map:
        """The object as the API server stores it, in the namespace it will live in.

        model.name defaults to the object's name; pod specs without containers get an empty list
        (llm_inference_service_defaults.go:29-57).
        """
        body = self.resource.body
        if self.namespace and not self.resource.namespace:
            origin = Origin("controller", "the namespace it is deployed to")
            body = put(body, ("metadata", "namespace"), made(self.namespace, origin))
        origin = Origin("controller", "KServe's default for LLMInferenceService", _DEFAULTS)
        if not body.string("spec", "model", "name") and _open(body, "spec", "model"):
            name = made(self.resource.name, origin)
            body = put(body, ("spec", "model", "name"), name)
        for path in _POD_PATHS:
            pod = body.at("spec", *path)
            if isinstance(pod, Map) and _is_unset(pod.get("containers")):
                body = put(body, ("spec", *path, "containers"), made([], origin))
        return body

    @property
    def _own(self) -> Map:
        spec = self.stored.get("spec")
        if not isinstance(spec, Map):
            return Map({})
        model = spec.get("model")
        if self.resource.version == "v1alpha1" and isinstance(model, Map):
            spec = put(spec, ("model",), without(model, "criticality"))  # kept as an annotation
        return defaulted(spec, self.settings)

    @cached_property
    def base_refs(self) -> list[Config]:
        """The configs of spec.baseRefs, in their order."""
        found = []
        for item in self.resource.body.listed("spec", "baseRefs"):
            name = item.get("name")
            if name is not None and name.text:
                found.append(self._config(name.text, name))
        return found

    @cached_property
    def shape(self) -> Map | None:
        """The own spec with its baseRefs merged over it, which decides the presets.

        None if a baseRef is not in the input. Source: config_merge.go:179-200.
        """
        shape = self._own
        for ref in self.base_refs:
            if ref.spec is None:
                return None
            shape = merge_specs(shape, ref.spec)
        return shape

    @cached_property
    def presets(self) -> list[Config] | None:
        """The presets the controller merges in; None if a baseRef is not in the input.

        A config with `shipped` False comes with no KServe chart: without one of this name in
        the cluster nothing is created (ConfigNotFound).
        """
        if self.shape is None:
            return None
        return [self._config(name) for name in llm_configs.preset_names(self.shape)]

    @property
    def complete(self) -> bool:
        """True if every config the spec is made from is known."""
        return self.presets is not None and all(c.spec is not None for c in self.presets)

    @cached_property
    def known(self) -> Map:
        """The merged spec by what is known: presets < baseRefs < own."""
        configs = [*(self.presets or ()), *self.base_refs]
        own = self._own
        name = None if self.shape is None else self.shape.at("model", "name")
        if name is not None and isinstance(own.get("model"), Map):
            own = put(own, ("model", "name"), name)
        merged = Map({})
        for spec in (*(c.spec for c in configs), own):
            if spec is not None:
                merged = merge_specs(merged, spec)
        return merged

    @cached_property
    def effective(self) -> Map | None:
        """The merged spec as it is acted on, or None if a preset or baseRef is not known."""
        if not self.complete:
            return None
        around = Around(
            self.resource, self.graph, self.settings, self.namespace, self.template_values, self.tls
        )
        return combined(around, self.known)

    @cached_property
    def model_name(self) -> str | None:
        """The served model's name. A baseRef's wins over the own one (config_merge.go:195-198)."""
        return None if self.shape is None else self.shape.string("model", "name")

    @property
    def stopped(self) -> bool:
        """True if the stop annotation takes the workloads away (`"true"` in any case)."""
        return (self.resource.annotation(names.STOP) or "").lower() == "true"

    @property
    def tls(self) -> bool:
        """ingress.enableLLMInferenceServiceTLS; absent is false."""
        return self.settings.flag("ingress", "enableLLMInferenceServiceTLS")

    @cached_property
    def template_values(self) -> dict[str, str | None]:
        """What the templates of presets refer to, and those of others by the same names.

        Source: config_merge.go:547-585 @v0.19.0, 575-635 @v0.20.0.
        """
        gateway = self.settings.text("ingress", "kserveIngressGateway").split("/")
        header = self.settings.text("ingress", "modelBasedRoutingHeaderName")
        system = llm_configs.SYSTEM_NAMESPACE
        name, namespace = self.resource.name or None, self.namespace or None
        pool = self.known.string("router", "scheduler", "pool", "ref", "name")
        pool = pool or llm_configs.child_name(self.resource.name, INFERENCE_POOL)
        return {
            ".Name": name,
            ".Namespace": namespace,
            ".ObjectMeta.Name": name,
            ".ObjectMeta.Namespace": namespace,
            ".GlobalConfig.InferencePoolNamespacedName": namespace and f"{namespace}/{pool}",
            ".Spec.Model.Name": self.model_name,
            ".GlobalConfig.SystemNamespace": system,
            ".GlobalConfig.IngressGatewayName": gateway[-1] or None,
            ".GlobalConfig.IngressGatewayNamespace": gateway[0] if len(gateway) == 2 else system,
            ".GlobalConfig.ModelBasedRoutingHeaderName": header or "X-Gateway-Model-Name",
        }

    def target(self, kind: str, name: str, namespace: str | None, node: Node, group: str) -> Target:
        """A reference and the graph's answer about it."""
        lookup = self.graph.find(kind, name, namespace, group, self.resource)
        return Target(kind, name, namespace, node, lookup)

    def _config(self, name: str, node: Node | None = None) -> Config:
        profile, graph = self.settings.profile, self.graph
        found = llm_configs.config(name, self.namespace, graph, profile, node, self.resource)
        return (
            found
            if found.spec is None
            else found._replace(spec=defaulted(found.spec, self.settings))
        )


def _open(body: Map, *path: str) -> bool:
    """Can a default be put there? (A wrong type stays as it is, for validation to see.)"""
    node: Node | None = body
    for step in path:
        node = None if node is None else node.get(step)
        if node is not None and not isinstance(node, Map) and not node.is_null:
            return False
    return True


def _is_unset(node: Node | None) -> bool:
    return node is None or node.is_null
