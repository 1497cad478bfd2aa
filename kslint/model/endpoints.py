"""Where a Service leads: the pods that it selects, and what listens in them on its ports.

Sources: Kubernetes v1.34 pkg/controller/endpoint (a port by name that no container declares makes
no endpoint) and pkg/api/v1/pod/util.go (FindPort: containers, and init containers that stay).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Known
from kslint.model.engines.vllm.engine import read_engine
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.selection import Circles, texts
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.kubernetes.selection import Pods, Selector
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_TCP = "TCP"


class Listener(NamedTuple):
    """A container of a pod that runs on, with its declared ports by name and by number."""

    container: Node
    names: dict[str, int]
    numbers: dict[int, Node]
    engine: Engine | None

    @property
    def port(self) -> int | None:
        """The one port that a vLLM server answers on, if that is known."""
        if self.engine is None:
            return None
        port, ranks = self.engine.port, self.engine.data_parallel
        alone = isinstance(ranks, Known) and ranks.value == 1
        return port.value if isinstance(port, Known) and alone else None


class Miss(NamedTuple):
    """A port of a Service that leads to nothing.

    `name` is set where no container declares it, else nothing listens on `number`. `served` is
    where the server listens, `declared` the port that a container declares in its place. `aside` is
    one of several ports, of which another leads to the server.
    """

    node: Node
    name: str
    number: int
    served: int | None
    declared: Node | None
    pods: Pods
    aside: bool = False


def selector_of(service: Resource) -> Selector:
    """What a Service selects by; nothing for one whose endpoints somebody else writes."""
    spec = service.spec
    if spec is None or spec.string("type") == "ExternalName":
        return {}
    return texts(spec.get("selector"))


def selected(service: Resource, graph: Graph) -> list[Pods]:
    """The pods that a Service selects, of those that stand nearest."""
    selector = selector_of(service)
    circles = Circles(graph, service)
    return circles.closest(selector) or circles.beside.selected(selector)


def misses(service: Resource, graph: Graph) -> Iterator[Miss]:
    """The ports of a Service on which none of the pods it selects answers."""
    spec = service.spec
    ports = [] if spec is None else spec.listed("ports")
    if spec is None or not ports or spec.string("clusterIP") == "None":
        return
    near = selected(service, graph)
    found = [miss for item in ports for miss in _missed(item, near, len(ports) == 1)]
    if not found:
        return
    dead = [id(miss.node) for miss in found]
    aside = any(id(_target(item)) not in dead and not _is_side(item) for item in ports)
    selector = selector_of(service)
    around = Circles(graph, service).around.selected(selector)
    for miss in found:
        others = [t for t in around if all(t.resource is not n.resource for n in near)]
        item = next(i for i in ports if _target(i) is miss.node)
        if all(_miss(item, pods, len(ports) == 1) is not None for pods in others):
            yield miss._replace(aside=aside)


def _is_side(item: Node) -> bool:
    """Is a port, by its name, not the one that requests go to?"""
    return any(word in (item.string("name") or "") for word in _SIDE)


_SIDE = ("metric", "prom", "health", "probe", "debug", "admin")


def _missed(item: Node, near: list[Pods], alone: bool) -> Iterator[Miss]:
    found = [_miss(item, pods, alone) for pods in near]
    if found and found[0] is not None and all(miss is not None for miss in found):
        yield found[0]


def _target(item: Node) -> Node | None:
    return item.get("targetPort") or item.get("port")


def _miss(item: Node, pods: Pods, alone: bool) -> Miss | None:
    """Why a port of a Service finds nothing in a pod; None if it does, or may."""
    target = _target(item)
    text = "" if target is None else target.text or ""
    if target is None or not text or opaque(text) or (item.string("protocol") or _TCP) != _TCP:
        return None
    found = listeners(pods.pod_spec)
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    if not is_number:
        holder = next((each for each in found if text in each.names), None)
        if holder is None:
            closed = all(not opaque(name) for each in found for name in each.names)
            return Miss(target, text, 0, None, None, pods) if closed else None
        number = holder.names[text]
        if not number:  # a template is to fill it in
            return None
    else:
        number = int(text)
        holder = next((each for each in found if number in each.numbers), None)
    if holder is not None:
        return _wrongly_declared(target, number, holder, pods, alone)
    servers = [each for each in found if each.engine is not None]
    if not servers or any(each.engine is None and not each.numbers for each in found):
        return None
    if any(each.port in (None, number) or _mentions(each, number) for each in servers):
        return None
    return Miss(target, "", number, servers[0].port, None, pods)


def _wrongly_declared(
    target: Node, number: int, holder: Listener, pods: Pods, alone: bool
) -> Miss | None:
    """A server's only port, declared with another number than the server listens on."""
    served = holder.port
    if served in (None, number) or not alone or len(holder.numbers) > 1:
        return None
    if _mentions(holder, number):
        return None
    return Miss(target, "", number, served, holder.numbers[number], pods)


def _mentions(listener: Listener, number: int) -> bool:
    """May a server be told of a port, or start something else that listens?"""
    container = listener.container
    for field in ("command", "args", "env"):
        node = container.get(field)
        for each in () if node is None else walk(node):
            text = each.text or ""
            if str(number) in text or "ray" in text or "&" in text.replace("&&", ""):
                return True
    return False


def listeners(pod_spec: Node) -> list[Listener]:
    """The containers of a pod that stay, init containers that restart always among them."""
    staying = [c for c in init_containers(pod_spec) if c.string("restartPolicy") == "Always"]
    return [_listener(each, pod_spec) for each in (*containers(pod_spec), *staying)]


def _listener(container: Node, pod_spec: Node) -> Listener:
    names: dict[str, int] = {}
    numbers: dict[int, Node] = {}
    for item in container.listed("ports"):
        number = item.integer("containerPort")
        node = item.get("containerPort")
        if node is not None and (item.string("protocol") or _TCP) == _TCP:
            names[item.string("name") or ""] = number or 0
            if number is not None:
                numbers[number] = node
    names.pop("", None)
    return Listener(container, names, numbers, read_engine(container, pod_spec))


class Stray(NamedTuple):
    """A Service that selects none of the pods it is meant for: by the label at `node`.

    `has` is the value that the pods carry, None where they have no such label.
    """

    node: Node
    label: str
    value: str
    has: str | None
    pods: Pods


def stray(service: Resource, graph: Graph) -> Stray | None:
    """Is a Service meant for pods of the input, and selects none that may be there?"""
    selector = selector_of(service)
    if not selector or any(opaque(value) for value in selector.values()):
        return None
    circles = Circles(graph, service)
    if circles.closest(selector) or circles.beside.selected(selector):
        return None
    meant = _meant(service, selector, circles)
    if meant is None or meant.is_open or _may_be_made(service, selector, graph):
        return None
    if circles.around.is_open or circles.around.selected(selector):
        return None
    node = None if service.spec is None else service.spec.get("selector")
    for label, value in selector.items():
        at = None if node is None else node.get(label)
        if at is not None and meant.labels.get(label) != value:
            return Stray(at, label, value, meant.labels.get(label), meant)
    return None


def _meant(service: Resource, selector: Selector, circles: Circles) -> Pods | None:
    """The pods that a Service is meant for: of its own name, or with all its labels but one."""
    for each in circles.near_of_name(service.name):
        if each.resource.kind not in _PASSING:
            return each
    # none has all the labels, so whoever has all but one has just these
    fewer = [{k: v for k, v in selector.items() if k != name} for name in selector]
    return circles.first_near(fewer)


_PASSING = ("CronJob", "Job", "Pod")


def _may_be_made(
    service: Resource, selector: Selector, graph: Graph, any_name: bool = False
) -> bool:
    """May an operator or a chart of the namespace make pods with these labels?"""
    namespace = graph.namespace_of(service)
    if graph.completeness.is_open("Deployment", namespace or ""):
        return True
    if not any_name and any("/" in name and not name.startswith(_PLAIN) for name in selector):
        return True
    names, files = graph.kept(("pod makers", namespace), lambda: _makers(graph, namespace))
    return any(
        any(name in value for name in names)
        or any(graph.may_hold(resource, value) for resource in files)
        for value in selector.values()
        if value
    )


def _makers(graph: Graph, namespace: str | None) -> tuple[list[str], list[Resource]]:
    """Whatever may make pods in a namespace: the names, and one of each file or what is built."""
    found = [
        resource
        for resource in graph.resources
        if "." in resource.group and not resource.group.endswith(_PODLESS)
        if resource.kind not in _READ and graph.namespace_of(resource) in (namespace, None)
    ]
    files = {resource.emitter or resource.file: resource for resource in found}
    return list({resource.name: None for resource in found}), list(files.values())


_READ = ("LeaderWorkerSet", "JobSet", "RayCluster", "RayJob", "RayService")
"""Kinds whose templates are read; the labels that their operators add have a prefix."""
_PLAIN = ("app.kubernetes.io/", "app/")
_PODLESS = (
    ".k8s.io", "argoproj.io", "keda.sh", "monitoring.coreos.com", "external-secrets.io",
    "cert-manager.io", "istio.io",
)  # fmt: skip
"""Groups whose objects make no pods. (A Rollout's pods are known.)"""


def served_instead(target: Node, members: list[Pods]) -> tuple[int | None, Pods] | None:
    """Where the servers of a pool listen, if none does so on its port; None if one does, or may."""
    number = target.integer()
    if number is None or not members:
        return None
    found = []
    for pods in members:
        staying = listeners(pods.pod_spec)
        holder = next((each for each in staying if number in each.numbers), None)
        servers = [each for each in staying if each.engine is not None]
        unsure = any(each.engine is None and not each.numbers for each in staying)
        if holder is not None or not servers or unsure:
            return None
        if any(each.port in (None, number) or _mentions(each, number) for each in servers):
            return None
        found.append((servers[0].port, pods))
    return found[0]


def meant_servers(pool: Resource, selector: Selector, graph: Graph) -> Pods | None:
    """A vLLM server beside a pool that selects no pod of the input; None if it does, or may."""
    if not selector or any(opaque(value) for value in selector.values()):
        return None
    circles = Circles(graph, pool)
    if circles.closest(selector) or circles.beside.selected(selector):
        return None
    server = circles.first_that("serves", _serves)
    if server is None or circles.around.is_open or circles.around.selected(selector):
        return None
    plain = {name: value for name, value in selector.items() if "kserve.io/" not in name}
    unlike = len(plain) < len(selector) or _may_be_made(pool, plain, graph, any_name=True)
    return None if unlike else server


def _serves(pods: Pods) -> bool:
    return any(read_engine(each, pods.pod_spec) for each in containers(pods.pod_spec))
