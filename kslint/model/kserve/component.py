"""A component up to its pod: what its InferenceService says, its runtime and its pod spec.

What is added to the pod, and the objects around it, is worked out from here (storage/, isvc.py).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Failure
from kslint.model.kserve import names, runtimes
from kslint.model.kserve.defaulting import defaulted
from kslint.model.kserve.metadata import metadata, worker_metadata
from kslint.model.kserve.multinode import GENERATION, GENERATION_LABEL, Group, split
from kslint.model.kserve.transformer import component_pod
from kslint.model.kserve.workload import (
    controller_origin,
    predictor_pod,
    with_runtime_defaults,
)
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


class Declaration:
    """An InferenceService as it is written and stored, with the settings that govern it."""

    def __init__(
        self,
        resource: Resource,
        graph: Graph,
        settings: Settings,
        choices: runtimes.Choices | None = None,
    ) -> None:
        self.resource = resource
        self.graph = graph
        self.settings = settings
        self.choices = choices or runtimes.Choices(graph)
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
    def reconciled(self) -> Map:
        """The InferenceService once the predictor's reconciler has settled its runtime.

        The labels that this gives it reach whatever is reconciled after the predictor.
        """
        runtime = Draft(self, "predictor").runtime
        if runtime is None:
            return self.stored
        return with_runtime_defaults(self.stored, runtime, self.settings)

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

    @property
    def stopped(self) -> bool:
        """True if the stop annotation takes all objects away (`"true"` in any case)."""
        told = (self.resource.annotation(names.STOP) or "").lower() == "true"
        everywhere = self.settings.has("stop")
        return told and (
            everywhere
            or (self.mode.name == names.KNATIVE and self.settings.has("stop-in-knative-mode"))
        )


class Draft:
    """Predictor, transformer or explainer, up to the pod that it asks for."""

    def __init__(self, owner: Declaration, name: str) -> None:
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
        return self.owner.choices.choose(
            model,
            self.owner.namespace,
            self.owner.settings.profile,
            self.stored.get("workerSpec") is not None,
            self.owner.resource,
        )

    @property
    def runtime(self) -> runtimes.Runtime | None:
        return self.choice.runtime

    @cached_property
    def reconciled(self) -> Map:
        """The InferenceService as the component's reconciler sees it."""
        return self.owner.reconciled

    @property
    def built(self) -> Built:
        """The pod spec of the component, of its head where it has workers."""
        return self.group.head

    @cached_property
    def group(self) -> Group:
        """The pods of the component: its own, and its workers if a workerSpec asks for them."""
        built = self._single
        several = self.owner.settings.has("multi-node")
        asked = self.stored.get("workerSpec") is not None
        multi_node = several and asked and self.name == "predictor"
        is_known = self.runtime is not None or self.stored.get("model") is None
        if not multi_node or built.pod_spec is None or not is_known:
            return Group(built)
        return split(self.reconciled, built.pod_spec, self.runtime, self.owner.settings)

    @cached_property
    def _single(self) -> Built:
        if self.name == "predictor":
            built = predictor_pod(self.reconciled, self.runtime, self.owner.settings)
            if self.choice.error:
                at = self.stored.at("model", "runtime") or self.stored.get("model") or self.stored
                failure = Failure("controller", self.choice.error, at, self.choice.reason)
                built = built._replace(failures=(*built.failures, failure))
            return built
        return component_pod(self.owner.stored, self.name, self.owner.settings)

    @cached_property
    def metadata(self) -> Map:
        found = metadata(self.reconciled, self.name, self._runtime_spec, self.owner.settings)
        return found if self.group.worker is None else _of_generation(found)

    @cached_property
    def worker_metadata(self) -> Map:
        """That of the workers of a multi-node predictor."""
        settings = self.owner.settings
        head = self.metadata
        return _of_generation(worker_metadata(head, self.reconciled, self._runtime_spec, settings))

    @property
    def _runtime_spec(self) -> Node | None:
        return None if self.runtime is None else self.runtime.spec


def _of_generation(meta: Map) -> Map:
    """Metadata of head or workers, whose Services tell generations apart."""
    origin = controller_origin("the multi-node arrangement", "components/predictor.go:189,493")
    return put(meta, ("labels", GENERATION_LABEL), made(GENERATION, origin))
