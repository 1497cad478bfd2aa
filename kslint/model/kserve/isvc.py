"""One InferenceService from its YAML to the objects the controller creates.

The order of events is the controller's: webhook, mode, runtime, pod, objects
(pkg/controller/v1beta1/inferenceservice/controller.go:149-402 @v0.19.0).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Failure
from kslint.model.kserve import names, objects, runtimes
from kslint.model.kserve.defaulting import defaulted
from kslint.model.kserve.multinode import Group, split
from kslint.model.kserve.storage.initializer import with_storage_uris
from kslint.model.kserve.workload import component_pod, predictor_pod, with_runtime_defaults
from kslint.model.tree import put
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.kserve.settings import Settings
    from kslint.model.kserve.workload import Built
    from kslint.resources import Resource
    from kslint.source.nodes import Node


class Mode(NamedTuple):
    """The deployment mode an InferenceService resolves to, and what decided it."""

    name: str
    node: Node | None
    """The annotation or the setting that decided; None if neither is there."""
    annotated: bool


class Component:
    """Predictor, transformer or explainer: what was written and what comes of it."""

    def __init__(self, owner: InferenceService, name: str) -> None:
        self.owner = owner
        self.name = name

    @cached_property
    def written(self) -> Node:
        """The component as the user wrote it."""
        return self.owner.resource.body.at("spec", self.name) or Map({})

    @cached_property
    def stored(self) -> Node:
        """The component as the webhook leaves it."""
        return self.owner.stored.at("spec", self.name) or Map({})

    @cached_property
    def choice(self) -> runtimes.Choice:
        """The runtime of a `model` predictor; unknown for any other component."""
        model = self.stored.get("model")
        if self.name != "predictor" or not isinstance(model, Map):
            return runtimes.Choice(None)
        return runtimes.choose(
            model,
            self.owner.namespace,
            self.owner.graph,
            self.owner.settings.profile,
            self.stored.get("workerSpec") is not None,
        )

    @property
    def runtime(self) -> runtimes.Runtime | None:
        return self.choice.runtime

    @cached_property
    def reconciled(self) -> Map:
        """The InferenceService as the component's reconciler sees it, its runtime known."""
        if self.name != "predictor" or self.runtime is None:
            return self.owner.stored
        return with_runtime_defaults(self.owner.stored, self.runtime)

    @property
    def built(self) -> Built:
        """The pod spec of the component, of its head where it has workers."""
        return self.group.head

    @cached_property
    def group(self) -> Group:
        """The pods of the component: its own, and its workers if a workerSpec asks for them."""
        built = self._single
        multi_node = self.name == "predictor" and self.stored.get("workerSpec") is not None
        if not multi_node or built.pod_spec is None or self.runtime is None:
            return Group(built)
        return split(self.reconciled, built.pod_spec, self.runtime)

    @cached_property
    def _single(self) -> Built:
        if self.name == "predictor":
            built = predictor_pod(self.reconciled, self.runtime)
            if self.choice.error:
                model = self.stored.get("model") or self.stored
                failure = Failure("controller", self.choice.error, model, self.choice.reason)
                built = built._replace(failures=(*built.failures, failure))
            return built
        return component_pod(self.owner.stored, self.name, self.owner.settings)

    @cached_property
    def metadata(self) -> Map:
        spec = None if self.runtime is None else self.runtime.spec
        return objects.metadata(self.reconciled, self.name, spec)

    @cached_property
    def provisioned(self) -> Map | None:
        """The pod spec with what `storageUris` add to it; None if there is none."""
        return None if self.built.pod_spec is None else with_storage_uris(self, self.built.pod_spec)

    @cached_property
    def deployment(self) -> Map | None:
        """The effective Deployment in Standard mode; None if there is none or it is not known."""
        if self.provisioned is None or self.owner.mode.name != names.STANDARD:
            return None
        return objects.deployment(
            self.owner.stored, self.name, self.metadata, self.provisioned, self.owner.settings
        )

    @cached_property
    def worker_deployment(self) -> Map | None:
        """The Deployment of a multi-node predictor's workers, if it has any."""
        if self.group.worker is None or self.deployment is None:
            return None
        return objects.worker_deployment(
            self.owner.stored, self.metadata, self.group.worker, self.group.replicas,
            self.owner.settings,
        )  # fmt: skip

    @property
    def pod_spec(self) -> Map | None:
        """The effective pod spec, with all defaults where there is a Deployment."""
        found = None if self.deployment is None else self.deployment.at("spec", "template", "spec")
        return found if isinstance(found, Map) else self.built.pod_spec

    @cached_property
    def service(self) -> Map | None:
        if self.provisioned is None or self.owner.mode.name != names.STANDARD:
            return None
        return objects.service(
            self.owner.stored, self.name, self.metadata, self.provisioned, self.owner.settings
        )

    @property
    def group_services(self) -> list[Map]:
        """The headless Services through which head and workers find each other."""
        return objects.group_services(self.metadata) if self.worker_deployment is not None else []

    @cached_property
    def scaler(self) -> Map | None:
        if self.owner.mode.name != names.STANDARD:
            return None
        return objects.scaler(self.owner.stored, self.name, self.metadata, self.owner.settings)


class InferenceService:
    """An InferenceService and everything the controller will make of it."""

    def __init__(self, resource: Resource, graph: Graph, settings: Settings) -> None:
        self.resource = resource
        self.graph = graph
        self.settings = settings
        self.namespace = graph.namespace_of(resource)

    @cached_property
    def stored(self) -> Map:
        """The object as the API server stores it, in the namespace it will live in."""
        body = self.resource.body
        if self.namespace and not self.resource.namespace:
            origin = Origin("controller", "the namespace it is deployed to")
            body = put(body, ("metadata", "namespace"), made(self.namespace, origin))
        return defaulted(body, self.settings)

    @cached_property
    def mode(self) -> Mode:
        """GetDeploymentMode: the annotation if it names a mode, else the configured default.

        Standard is assumed where the input shows neither: it says nothing of KServe's settings,
        and a chart's default is then no better guess than the mode this rulebook is about.

        Source: pkg/controller/v1beta1/inferenceservice/utils/utils.go:224-248 @v0.19.0.
        """
        path = ("metadata", "annotations", names.DEPLOYMENT_MODE)
        written = self.resource.body.at(*path)
        text = "" if written is None else written.text or ""
        mode = names.LEGACY_MODES.get(text, text)
        if mode in (names.STANDARD, names.KNATIVE, names.MODELMESH):
            return Mode(mode, written, True)
        if not self.settings.in_input:
            return Mode(names.STANDARD, None, False)
        node = self.settings.get("deploy", "defaultDeploymentMode")
        default = self.settings.text("deploy", "defaultDeploymentMode")
        return Mode(names.LEGACY_MODES.get(default, default), node, False)

    @property
    def mode_is_known(self) -> bool:
        """False if neither an annotation nor the input's settings decide the mode."""
        return self.mode.annotated or self.settings.in_input

    @cached_property
    def components(self) -> list[Component]:
        return [
            Component(self, name)
            for name in ("predictor", "transformer", "explainer")
            if isinstance(self.resource.body.at("spec", name), Map)
        ]

    @property
    def predictor(self) -> Component | None:
        return next((c for c in self.components if c.name == "predictor"), None)

    @property
    def stopped(self) -> bool:
        """True if the stop annotation takes all objects away (`"true"` in any case)."""
        return (self.resource.annotation(names.STOP) or "").lower() == "true"
