"""One view of every set of pods that will run, whoever creates it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kslint.graph.references import is_patch
from kslint.model.engines.others import read_other
from kslint.model.engines.vllm.engine import read_engine
from kslint.model.kserve import names
from kslint.model.kubernetes.defaults import defaulted_deployment, defaulted_pod
from kslint.model.kubernetes.pod import containers
from kslint.model.kubernetes.rollout import rollout
from kslint.model.kubernetes.templates import group_of, templates, with_given, with_ray
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.engines.server import ServerEngine
    from kslint.model.engines.vllm.commandline import Script
    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.kserve.isvc import Component
    from kslint.model.kserve.llm.pools import Pool
    from kslint.model.kserve.settings import Settings
    from kslint.model.kubernetes.capacity import NodePool
    from kslint.model.kubernetes.rollout import Rollout
    from kslint.model.kubernetes.templates import Group
    from kslint.resources import Resource
    from kslint.source.nodes import Node


class ModelServer:
    """A model server: a container of a workload that runs an engine.

    `pools` are the nodes that the user declares.
    """

    pools: tuple[NodePool, ...] = ()

    def __init__(self, workload: Workload, container: Node, engine: ServerEngine) -> None:
        self.workload = workload
        self.container = container
        self.engine = engine

    @property
    def resource(self) -> Resource:
        return self.workload.resource

    @property
    def name(self) -> str:
        """The container's; Knative allows none, and gives it this one."""
        return self.container.string("name") or "user-container"


class Server(ModelServer):
    """A vLLM server."""

    engine: Engine


class Workload:
    """Pods made from one template: of an InferenceService's component, or of a plain workload."""

    def __init__(
        self,
        resource: Resource,
        namespace: str | None,
        pod_spec: Map,
        home: Node,
        body: Map | None = None,
        component: Component | None = None,
    ) -> None:
        self.resource = resource
        self.namespace = namespace
        self.pod_spec = pod_spec
        """The effective pod spec."""
        self.home = home
        """The mapping in which the user writes about this workload: a component, or a spec."""
        self.body = body
        """The effective Deployment, if it is one."""
        self.component = component
        self.group: Group | None = None
        """The pods that run one thing together with these."""
        self.script: Script | None = None
        """What a command may name and not show."""
        self.settings: Settings | None = None
        """KServe's, where it makes the pods."""
        self.pods: int | None = None
        """How many there may be at most, where the kind itself tells that."""
        self.model_uri: Node | None = None
        """Where KServe gets the model from."""
        self.model_claim: tuple[str, Node] | None = None
        """The claim that is mounted as the model, though the pod spec does not show it."""

    @property
    def strategy(self) -> Node | None:
        return None if self.body is None else self.body.at("spec", "strategy")

    @cached_property
    def replicas(self) -> int | None:
        """The most replicas it will have of itself, by its own fields and KServe's scaler."""
        if self.component is not None and self.component.scaler is not None:
            scaler = self.component.scaler
            return scaler.integer("spec", "maxReplicas") or scaler.integer(
                "spec", "maxReplicaCount"
            )
        return None if self.body is None else self.body.integer("spec", "replicas")

    @property
    def rollout(self) -> Rollout | None:
        return None if self.replicas is None else rollout(self.strategy, self.replicas)

    @property
    def has_given_resources(self) -> bool:
        """Does another webhook, or a claim that KServe makes, add to the resources written here?"""
        return any(self.resource.annotation(name) is not None for name in names.GIVE_RESOURCES)

    @cached_property
    def servers(self) -> list[Server]:
        found = []
        for container in containers(self.pod_spec):
            engine = read_engine(container, self.pod_spec, self.script)
            if engine is not None:
                if self.settings is not None and not self.settings.told:
                    engine.suppose()
                found.append(Server(self, container, engine))
        return found

    @cached_property
    def model_servers(self) -> list[ModelServer]:
        """The servers of every kind."""
        known = {id(server.container): server for server in self.servers}
        found: list[ModelServer] = []
        for container in containers(self.pod_spec):
            server = known.get(id(container))
            if server is not None:
                found.append(server)
                continue
            engine = read_other(container)
            if engine is not None:
                found.append(ModelServer(self, container, engine))
        return found


def of_component(component: Component) -> Workload | None:
    """The workload of an InferenceService's component, if its pods are known."""
    pod_spec = component.pod_spec
    if pod_spec is None:
        return None
    owner = component.owner
    found = Workload(
        owner.resource,
        owner.namespace,
        pod_spec,
        component.written,
        component.deployment,
        component,
    )
    found.settings = owner.settings
    found.model_uri = component.stored.at("model", "storageUri")
    return found


def of_pool(pool: Pool) -> Workload | None:
    """The workload of one pool of an LLMInferenceService, if its pods are known."""
    from kslint.model.kserve.llm.scripts import script_of
    from kslint.model.kserve.llm.storage import model_storage

    if pool.pod_spec is None:
        return None
    owner = pool.owner
    pod_spec = with_given(pool.pod_spec, "LeaderWorkerSet") if pool.multi_node else pool.pod_spec
    found = Workload(owner.resource, owner.namespace, defaulted_pod(pod_spec), pool.home)
    found.script = script_of(pool)
    found.settings = owner.settings
    found.pods = pool.pods
    stored = model_storage(owner)
    found.model_uri = None if stored is None else stored.node
    if stored is not None and stored.claim is not None and stored.downloads:
        found.model_claim = stored.claim.name, stored.node
    return found


def of_runtime(resource: Resource, namespace: str | None) -> Workload | None:
    """The pods of a ServingRuntime as far as it tells: any service that uses it adds to them."""
    spec = resource.spec
    return Workload(resource, namespace, spec, spec) if isinstance(spec, Map) else None


def of_template(resource: Resource, namespace: str | None) -> list[Workload]:
    """The workloads of an object that holds pod templates; none for a mere patch."""
    if is_patch(resource):
        return []
    group = group_of(resource)
    found = []
    for template in templates(resource):
        pod_spec, body = template.pod_spec, None
        if resource.kind == "Deployment":
            body = defaulted_deployment(resource.body)
            defaulted = body.at("spec", *template.path)
            assert isinstance(defaulted, Map)
            pod_spec = defaulted
        else:
            pod_spec = with_ray(with_given(pod_spec, resource.kind), template)
            pod_spec = defaulted_pod(pod_spec)
        workload = Workload(resource, namespace, pod_spec, template.home, body)
        workload.group = group
        found.append(workload)
    return found
