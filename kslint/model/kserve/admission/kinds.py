"""What KServe says to an object of its group, and the API server to what KServe makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Failure, Met
from kslint.model.kserve import names, settings
from kslint.model.kserve.admission import made, refusals
from kslint.model.kserve.admission.components import BY_MODE
from kslint.model.kserve.admission.runtimes import (
    inference_graph_rejections,
    runtime_rejections,
    trained_model_rejections,
)
from kslint.model.kserve.llm.combined import WORKLOAD_SERVICE
from kslint.model.kserve.llm.configs import child_name
from kslint.model.kubernetes.admission import gateway_routes, grammar, kinds, pools
from kslint.model.kubernetes.admission.field_errors import FieldErrors, opaque, printed
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource

_WEBHOOK = 'admission webhook "{}.kserve-webhook-server.{}" denied the request: '
_UNREADABLE = frozenset(
    {"exactly-one-implementation", "default-mode-missing", "default-mode-unknown"}
)
"""Refusals after which there is no saying what would be made."""
_VERSIONS = {
    "ClusterServingRuntime": ("v1alpha1",),
    "InferenceGraph": ("v1alpha1",),
    "InferenceService": ("v1beta1",),
    "LLMInferenceService": ("v1alpha1", "v1alpha2"),
    "LLMInferenceServiceConfig": ("v1alpha1", "v1alpha2"),
    "LocalModelCache": ("v1alpha1",),
    "ServingRuntime": ("v1alpha1",),
    "TrainedModel": ("v1alpha1",),
}
"""The kinds that are judged, in the versions that there are (config/crd/full @v0.19.0)."""


class Judge:
    """Knows the services of an input, its installations, and which of these are seen whole."""

    def __init__(
        self,
        graph: Graph,
        installations: list[Settings],
        whole: list[Settings],
        services: dict[int, InferenceService],
        llms: dict[int, LLMInferenceService],
    ) -> None:
        self._graph = graph
        self._installations = installations
        self._whole = whole
        self._services = services
        self._llms = llms

    def met(self, resource: Resource) -> Iterable[Met]:
        """What an object meets, in the order of events."""
        if resource.version not in _VERSIONS.get(resource.kind, ()):
            return ()
        if id(resource) in self._services:
            service = self._services[id(resource)]
            settled = service.mode.annotated or service.settings in self._whole
            return _service(service, settled)
        if id(resource) in self._llms:
            return of_llm(self._llms[id(resource)])
        return self._others(resource)

    def _others(self, resource: Resource) -> Iterator[Met]:
        found: list[Failure] = []
        if resource.kind in ("ServingRuntime", "ClusterServingRuntime"):
            governing = settings.governing(self._installations, resource)
            found = runtime_rejections(resource, self._graph, governing)
        elif resource.kind == "InferenceGraph":
            found = inference_graph_rejections(resource)
        elif resource.kind == "TrainedModel":
            found = trained_model_rejections(resource)
        elif resource.kind == "LocalModelCache":
            from kslint.model.kserve.admission.local_models import cache_rejections

            found = cache_rejections(resource, self._graph)
        elif resource.kind == "LLMInferenceServiceConfig":
            from kslint.model.kserve.admission.llm import llm_config_rejections

            found = llm_config_rejections(resource)
        prefix = _WEBHOOK.format(resource.kind.lower(), _validator(resource))
        for failure in found:
            yield Met(failure, prefix)


def _validator(resource: Resource) -> str:
    """LLM kinds have a webhook for each version."""
    return f"{resource.version}.validator" if resource.kind.startswith("LLM") else "validator"


def _service(service: InferenceService, settled: bool) -> Iterator[Met]:
    """`settled`: the mode is known, for the input shows all that decides it."""
    webhook = _WEBHOOK.format("inferenceservice", "validator")
    refused = False
    for failure in refusals.of_service(service):
        if failure.code in BY_MODE and not settled:
            continue
        if failure.stage == "webhook":
            refused = refused or failure.code in _UNREADABLE
            yield Met(failure, webhook)
        elif not (refused or service.stopped or _is_out_of_sight(service, failure)):
            yield Met(failure, _prefix(failure))
    if refused or service.stopped:
        return
    yield from (met for met in made.refusals(service) if not made.is_injected(met.failure))


def _is_out_of_sight(service: InferenceService, failure: Failure) -> bool:
    """Does a refusal hang on what another controller does, or on Secrets of the cluster?"""
    if failure.code == "storage-spec" and failure.message.startswith("can't read"):
        return True
    runtimes = [component.runtime for component in service.components]
    return service.mode.name == names.MODELMESH or any(r and r.is_of_modelmesh for r in runtimes)


def _prefix(failure: Failure) -> str:
    if failure.stage == "pod-webhook":
        return _WEBHOOK.format("inferenceservice", "pod-mutator")
    return made.RECONCILE


def of_llm(service: LLMInferenceService) -> Iterator[Met]:
    """What an LLMInferenceService meets, in the cluster's words."""
    from kslint.model.kserve.admission.llm import llm_rejections
    from kslint.model.kserve.admission.llm_words import worded

    resource = service.resource
    webhook = _WEBHOOK.format("llminferenceservice", f"{resource.version}.validator")
    name = kinds.shown(resource)
    for failure in _llm_definition(service):
        yield Met(failure._replace(message=f"{name} is invalid: {failure.message}"), "")
    for failure in llm_rejections(service):
        body = service.stored if failure.stage == "webhook" else service.known
        said = worded(failure, body, name)
        yield Met(said, webhook if said.stage == "webhook" else "")
    if not service.stopped:
        yield from _llm_service(service)
        yield from _llm_pods(service)


def _llm_definition(service: LLMInferenceService) -> list[Failure]:
    """What the rules of Gateway API and of pools say, which its definition repeats (v0.17-v0.19).

    The definition without descriptions of fields has none; there the objects made are refused.
    """
    errors = FieldErrors()
    path = ("spec", "router", "route", "http", "spec")
    route = service.stored.at(*path)
    if isinstance(route, Map):
        gateway_routes.route_rules(errors, route, ".".join(path))
    path = ("spec", "router", "scheduler", "pool", "spec")
    pool = service.stored.at(*path)
    if isinstance(pool, Map) and service.resource.version != "v1alpha1":
        pools.pool_rules(errors, pool, ".".join(path))
    return errors.failures


def _llm_pods(service: LLMInferenceService) -> Iterator[Met]:
    """The Deployments, and LeaderWorkerSets' StatefulSets, of its pools (workload.go @v0.19.0)."""
    from kslint.model.kubernetes.admission.operated import refused_pods

    for pool in service.pools:
        kind = "StatefulSet" if pool.multi_node else "Deployment"
        name = kinds.named("apps", kind, f"{service.resource.name}-kserve")
        if pool.pod_spec is not None:
            path = "spec.template.spec"
            yield from refused_pods(pool.pod_spec, path, f"{name} is invalid: ", kind)


def _llm_service(service: LLMInferenceService) -> Iterator[Met]:
    """The workload's Service is named for the LLMInferenceService (workload.go @v0.19.0)."""
    name = service.resource.name
    node = service.resource.body.at("metadata", "name")
    workload = child_name(name, WORKLOAD_SERVICE)
    details = grammar.dns1035_label(workload)
    if not name or opaque(name) or node is None or grammar.dns_subdomain(name) or not details:
        return
    prefix = (
        "failed to reconcile workload: failed to reconcile workload service: failed to create "
        f"v1.Service {service.namespace or 'default'}/{workload}: "
        f"{kinds.named('', 'Service', workload)} is invalid: "
    )
    message = f"metadata.name: Invalid value: {printed(workload)}: {details[0]}"
    yield Met(Failure("api-server", message, node, "invalid-name"), prefix, "Service")
