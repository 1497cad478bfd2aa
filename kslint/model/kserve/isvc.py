"""One InferenceService from its YAML to the objects the controller creates.

The order of events is the controller's: webhook, mode, runtime, pod, objects
(pkg/controller/v1beta1/inferenceservice/controller.go:149-402 @v0.19.0).
"""

from __future__ import annotations

from functools import cached_property

from kslint.model.kserve import names, objects, scalers
from kslint.model.kserve.canary import canaries, of_canary, scaled_down
from kslint.model.kserve.component import Declaration, Draft
from kslint.model.kserve.storage.initializer import with_storage_uris
from kslint.model.tree import put
from kslint.source.nodes import Map


class Component(Draft):
    """Predictor, transformer or explainer: what was written and what comes of it."""

    owner: InferenceService

    @cached_property
    def scaled(self) -> Map:
        """The InferenceService by which objects are scaled: canaries take some of the pods."""
        stored = self.owner.stored
        return scaled_down(stored) if self.owner.settings.has("canaries") else stored

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
            self.scaled, self.name, self.metadata, self.provisioned, self.owner.settings
        )

    @cached_property
    def worker_deployment(self) -> Map | None:
        """The Deployment of a multi-node predictor's workers, if it has any."""
        if self.group.worker is None or self.deployment is None:
            return None
        return objects.worker_deployment(
            self.scaled, self.worker_metadata, self.group.worker, self.group.replicas,
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
            self.scaled, self.name, self.metadata, self.provisioned, self.owner.settings
        )

    @cached_property
    def knative_service(self) -> Map | None:
        """The effective Knative Service in Knative mode; None if there is none or not known."""
        if self.provisioned is None or self.owner.mode.name != names.KNATIVE:
            return None
        from kslint.model.kserve.knative import knative_service

        return knative_service(
            self.owner.stored, self.name, self.metadata, self.provisioned, self.owner.settings
        )

    @property
    def group_services(self) -> list[Map]:
        """The headless Services through which head and workers find each other."""
        if self.worker_deployment is None:
            return []
        return objects.group_services(self.metadata, self.owner.settings)

    @cached_property
    def scaler(self) -> Map | None:
        if self.owner.mode.name != names.STANDARD:
            return None
        meta = objects.with_app(self.metadata)
        return scalers.scaler(self.scaled, self.name, meta, self.owner.settings)


class Canary(Component):
    """A canary of the predictor: its objects have KServe's defaults and nothing of the settings.

    What storageUris bring is not provisioned for it. Source: reconcileCanaryDeployments,
    components/predictor.go:915-956 @v0.20.0.
    """

    @cached_property
    def scaled(self) -> Map:
        least = self.owner.stored.at("spec", "predictor", "minReplicas")
        assert least is not None
        return put(self.owner.stored, ("spec", "predictor"), Map({"minReplicas": least}))

    @property
    def provisioned(self) -> Map | None:
        return self.built.pod_spec


class InferenceService(Declaration):
    """An InferenceService and everything the controller will make of it."""

    @cached_property
    def canaries(self) -> list[Canary]:
        """The canaries of the predictor, which KServe makes in Standard mode."""
        if not self.settings.has("canaries"):
            return []
        return [Canary(_WithCanary(self, each), "predictor") for each in canaries(self.stored)]

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


class _WithCanary(InferenceService):
    """The InferenceService as it would be with a canary for its predictor."""

    def __init__(self, owner: InferenceService, canary: Map) -> None:
        super().__init__(owner.resource, owner.graph, owner.settings, owner.choices)
        self._stable = owner.stored
        self._canary = canary

    @cached_property
    def stored(self) -> Map:
        return of_canary(self._stable, self._canary)
