"""The whole effective state of an input, computed where and when a check asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kslint.graph.graph import Graph
from kslint.model import dependencies
from kslint.model.cluster import node_pools
from kslint.model.engines.vllm.image import version_of
from kslint.model.gitops import argocd
from kslint.model.gitops.releases import installed
from kslint.model.kserve import names, settings
from kslint.model.kserve.isvc import InferenceService
from kslint.model.kserve.runtimes import Choices
from kslint.model.kubernetes import templates
from kslint.model.kubernetes.makers import Makers
from kslint.model.platform.installers import charts
from kslint.model.schemas.catalogue import Schemas
from kslint.model.variables import with_config_maps
from kslint.model.workload import of_component, of_pool, of_runtime, of_template
from kslint.source.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kslint.config import Config
    from kslint.graph.references import Reference
    from kslint.model.dependencies import Answer
    from kslint.model.documents import Read
    from kslint.model.downloads import Download
    from kslint.model.gitops.argocd import Application
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.kserve.releases import Release as KServeRelease
    from kslint.model.kserve.settings import Settings
    from kslint.model.kubernetes.quantity import Quantity
    from kslint.model.refusals import Refusal
    from kslint.model.schemas.decoding import Undecoded
    from kslint.model.schemas.suspects import Suspect
    from kslint.model.schemas.tables import Release
    from kslint.model.workload import ModelServer, Server, Workload
    from kslint.resources import Resource
    from kslint.source.load import Input, ParsedFile
    from kslint.source.nodes import Node

RUNTIME_KINDS = ("ServingRuntime", "ClusterServingRuntime")


class Model:
    """What the systems will make of a graph. Checks ask it and never the YAML.

    With a `share`, the names of files in input order, only what stands in these is judged: the
    model's lists hold no more. Look-ups, and what concerns the whole input, still see everything.
    """

    def __init__(self, graph: Graph, config: Config, share: Sequence[str] | None = None) -> None:
        self.graph = graph
        self.config = config
        self.share = None if share is None else dict.fromkeys(share)
        self._paths: dict[int, Paths] = {}
        self._quotas: dict[str | None, dict[str, Quantity]] = {}

    def path_to(self, root: Node, target: Node) -> str | None:
        """The path from the root of a document or object to a value in it, or None."""
        if id(root) not in self._paths:
            self._paths[id(root)] = Paths(root)
        return self._paths[id(root)].to(target)

    @classmethod
    def of(cls, loaded: Input, config: Config) -> Model:
        """The model of an input, with what the configuration says of the cluster."""
        cluster = config.cluster
        return cls(Graph(loaded, cluster.complete, cluster.provides, cluster.deleted), config)

    @cached_property
    def settings(self) -> list[Settings]:
        """KServe's settings, one for each installation in the input."""
        return settings.resolve(self.graph, self.config.kserve_version)

    @property
    def unknown_versions(self) -> list[tuple[str, str]]:
        """The KServe versions whose behaviour is not known, each with the one it is taken for."""
        unknown = {one.version: one.stand_in for one in self.settings if not one.is_known}
        return sorted(unknown.items())

    @cached_property
    def installations(self) -> list[Settings]:
        """The settings of the installations that the input makes use of and shows whole."""
        from kslint.model.kserve.installation import installations

        return list(installations(self.graph, self.settings))

    def settle(self) -> None:
        """Work out now what all shares take from the input as a whole."""
        self.graph.settle()
        _ = self.settings, self.makers

    def within(self, share: Sequence[str] | None) -> Model:
        """The model for a share. What concerns the whole input is taken over, not worked out."""
        made = Model(self.graph, self.config, share)
        made.__dict__.update(settings=self.settings, makers=self.makers)
        return made

    def judges(self, resource: Resource | None) -> bool:
        """Is an object one that is judged? What belongs to none always is."""
        return self.share is None or resource is None or resource.file in self.share

    @cached_property
    def resources(self) -> list[Resource]:
        """The objects that are judged."""
        if self.share is None:
            return self.graph.resources
        return [resource for file in self.share for resource in self.graph.in_file(file)]

    def of_kind(self, kind: str, group: str | None = None) -> list[Resource]:
        """Those of a kind, as `graph.of_kind` gives all of them."""
        if self.share is None:
            return self.graph.of_kind(kind, group)
        return [r for r in self.resources if r.kind == kind and group in (None, r.group)]

    @cached_property
    def every_inference_service(self) -> list[InferenceService]:
        """Those that are not judged, too."""
        return self._services(self.graph.of_kind("InferenceService", names.GROUP))

    @cached_property
    def inference_services(self) -> list[InferenceService]:
        if self.share is None:
            return self.every_inference_service
        return self._services(self.of_kind("InferenceService", names.GROUP))

    def _services(self, resources: Iterable[Resource]) -> list[InferenceService]:
        return [
            InferenceService(
                resource, self.graph, settings.governing(self.settings, resource), self._choices
            )
            for resource in resources
        ]

    @cached_property
    def _choices(self) -> Choices:
        return Choices(self.graph, lambda: not self.bare_installations)

    @cached_property
    def bare_installations(self) -> list[KServeRelease]:
        """The installations of KServe, where nothing brings the runtimes that it ships."""
        from kslint.model.platform.runtimes import installed_without_runtimes

        return installed_without_runtimes(self.graph)

    def quotas(self, namespace: str | None) -> dict[str, Quantity]:
        """What the namespace's ResourceQuotas allow of each resource."""
        if namespace not in self._quotas:
            from kslint.model.kubernetes.capacity import quotas

            self._quotas[namespace] = quotas(self.graph, namespace)
        return self._quotas[namespace]

    @cached_property
    def llm_services(self) -> list[LLMInferenceService]:
        resources = self.of_kind("LLMInferenceService", names.GROUP)
        if not resources:  # most trees have none, and the import takes a while
            return []
        from kslint.model.kserve.llm.service import LLMInferenceService

        return [
            LLMInferenceService(resource, self.graph, settings.governing(self.settings, resource))
            for resource in resources
        ]

    @cached_property
    def workloads(self) -> list[Workload]:
        """Every set of pods that will run and whose template is known."""
        found = [
            of_component(component)
            for service in self.inference_services
            for component in service.components
        ]
        for kind in templates.KINDS:
            for resource in self.of_kind(kind):
                found += of_template(resource, self.graph.namespace_of(resource))
        found += [of_pool(pool) for service in self.llm_services for pool in service.pools]
        workloads = [workload for workload in found if workload is not None]
        for one in workloads:
            one.pod_spec = with_config_maps(one.pod_spec, one.namespace, one.resource, self.graph)
        return workloads

    def workloads_of(self, resource: Resource) -> list[Workload]:
        """The workloads that an object makes."""
        return self._workloads_of.get(resource, [])

    @cached_property
    def _workloads_of(self) -> dict[Resource, list[Workload]]:
        found: dict[Resource, list[Workload]] = {}
        for workload in self.workloads:
            found.setdefault(workload.resource, []).append(workload)
        return found

    @property
    def runtime_users(self) -> list[InferenceService]:
        """The InferenceServices that may use a runtime among the objects; none without one."""
        declared = any(self.of_kind(kind, names.GROUP) for kind in RUNTIME_KINDS)
        return self.every_inference_service if declared else []

    @cached_property
    def servers(self) -> list[Server]:
        """Every vLLM server; one whose image tells no version has the configured one."""
        return self._versioned(self.workloads)

    @cached_property
    def model_servers(self) -> list[ModelServer]:
        """Every model server whose program is known."""
        _ = self.servers  # those of vLLM get their versions there
        found = [server for workload in self.workloads for server in workload.model_servers]
        pools = node_pools(self.config) if found else ()
        for server in found:
            server.pools = pools
        return found

    @cached_property
    def server_templates(self) -> list[Server]:
        """The servers, and those of runtimes that no service in the input uses."""
        declared = [r for kind in RUNTIME_KINDS for r in self.of_kind(kind, names.GROUP)]
        choices = [c.choice.runtime for one in self.runtime_users for c in one.components]
        used = {runtime.resource for runtime in choices if runtime is not None}
        runtimes = [
            of_runtime(resource, self.graph.namespace_of(resource))
            for resource in declared
            if resource not in used
        ]
        return [*self.servers, *self._versioned(one for one in runtimes if one is not None)]

    def server_at(self, place: Node) -> Server | None:
        """The server whose container this is, or whose `args` or `command`."""
        return self._servers_by_place.get(id(place))

    @cached_property
    def _servers_by_place(self) -> dict[int, Server]:
        found: dict[int, Server] = {}
        for server in self.server_templates:
            container = server.container
            for place in (container, container.get("args"), container.get("command")):
                if place is not None:
                    found.setdefault(id(place), server)
        return found

    def _versioned(self, workloads: Iterable[Workload]) -> list[Server]:
        found = [server for workload in workloads for server in workload.servers]
        told = version_of(self.config.vllm_version or "")
        pools = node_pools(self.config) if found else ()
        for server in found:
            server.pools = pools
            if server.engine.version is None and server.engine.kind == "vllm":
                server.engine.version = told
        return found

    @cached_property
    def refusals(self) -> list[Refusal]:
        """Every value that the cluster would refuse."""
        from kslint.model.refusals import Served, refusals

        by = Served(
            self.settings,
            lambda: self.installations,
            self.inference_services,
            self.llm_services,
        )
        return refusals(self.graph, self.resources, self.schemas, by)

    @cached_property
    def schemas(self) -> Schemas:
        def release(family: str) -> Release:
            return installed(family, self.graph, self.config, self.settings[0].version)

        return Schemas(self.graph, release)

    @cached_property
    def charts(self) -> frozenset[str]:
        return charts(self.graph)

    @cached_property
    def makers(self) -> Makers:
        return Makers(self.graph)

    @cached_property
    def needed(self) -> list[Reference]:
        """Every claim, Secret and runtime that is named and needed."""
        return list(dependencies.references(self.graph, self.resources, self.runtime_users))

    @cached_property
    def dependencies(self) -> list[tuple[Reference, Answer]]:
        """What is needed, and whether it is there."""
        return [(one, dependencies.answer(one, self.graph, self.makers)) for one in self.needed]

    @cached_property
    def suspects(self) -> list[Suspect]:
        """The values that YAML may not read as they were meant."""
        return [*self.schemas.suspects(self.resources), *self.schemas.kustomized()]

    @cached_property
    def undecoded(self) -> list[Undecoded]:
        """The documents, and items of lists, that kubectl cannot decode."""
        from kslint.model.schemas.decoding import undecoded

        return list(undecoded(self.files, self.graph.scopes.referred, self.graph.evidence))

    @property
    def files(self) -> list[ParsedFile]:
        """The files that are judged."""
        if self.share is None:
            return self.graph.files
        return [self.graph.documents.file(name) for name in self.share]

    @cached_property
    def documents(self) -> list[Read]:
        """Every document that kubectl, Argo CD, kustomize or Helm reads."""
        from kslint.model.documents import documents

        return list(documents(self.resources, self.files))

    @cached_property
    def downloads(self) -> list[Download]:
        """Every download from the Hugging Face hub that a workload does at start."""
        from kslint.model.downloads import downloads

        return list(downloads(self.inference_services, self.llm_services, self.workloads))

    @cached_property
    def applications(self) -> list[Application]:
        return list(argocd.applications(self.graph))
