"""Variables that containers take from ConfigMaps of the input.

Source: Kubernetes v1.34 pkg/kubelet/kubelet_pods.go makeEnvironmentVariables: of several sources in
`envFrom` the last wins, `env` goes before them, and `$(NAME)` is expanded in `value` alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.graph.edit import restated
from kslint.model.keys import CONFIG_MAP, keys_of
from kslint.model.kubernetes.admission.field_errors import opaque, templated
from kslint.model.tree import put, without
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

MOST_KEYS = 256
"""Keys of a ConfigMap that containers may take as a whole: many may take the same one."""
_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


class _Asker:
    """The object whose pods ask for ConfigMaps, and where these are looked for."""

    def __init__(self, resource: Resource, namespace: str | None, graph: Graph) -> None:
        self.resource = resource
        self.namespace = namespace
        self.graph = graph

    def data(self, name: str) -> Map | None:
        """What a ConfigMap holds; None where the cluster may hold another, or more."""
        graph = self.graph
        makers = [] if opaque(name) else graph.makers(CONFIG_MAP, name, self.namespace)
        if len(makers) != 1 or makers[0].kind != CONFIG_MAP:
            return None
        maker = makers[0]
        if graph.scopes.is_partly_known(maker) or not graph.belong_together(maker, self.resource):
            return None
        data = maker.body.get("data")
        return data if isinstance(data, Map) and keys_of(maker) is not None else None


def with_config_maps(pod_spec: Map, namespace: str | None, resource: Resource, graph: Graph) -> Map:
    """A pod spec whose containers have what ConfigMaps of the input give them, as it is there."""
    containers = pod_spec.get("containers")
    if not isinstance(containers, Seq):
        return pod_spec
    asker = _Asker(resource, namespace, graph)
    children = [_filled(container, asker) for container in containers.children]
    if all(new is old for new, old in zip(children, containers.children, strict=True)):
        return pod_spec
    return put(pod_spec, ("containers",), containers.with_children(children))


def _filled(container: Node, asker: _Asker) -> Node:
    env, sources = container.get("env"), container.get("envFrom")
    if not isinstance(container, Map) or (env is None and sources is None):
        return container
    own = [] if env is None else env.elements()
    every = [] if sources is None else sources.elements()
    named = [_valued(item, asker) for item in own]
    given, left = _of_sources(every, asker)
    if len(left) == len(every) and all(new is old for new, old in zip(named, own, strict=True)):
        return container
    filled = put(container, ("env",), Seq([*given, *named]))
    if not left or not isinstance(sources, Seq):
        return without(filled, "envFrom")
    return put(filled, ("envFrom",), sources.with_children(left))


def _valued(item: Node, asker: _Asker) -> Node:
    """An entry of `env` with the value that its configMapKeyRef stands for."""
    source = item.at("valueFrom", "configMapKeyRef")
    if source is None or not isinstance(item, Map):
        return item
    data = asker.data(source.string("name") or "")
    value = None if data is None else data.get(source.string("key") or "")
    if not isinstance(value, Scalar) or not _is_plain(value):
        return item
    return put(without(item, "valueFrom"), ("value",), value)


def _of_sources(sources: list[Node], asker: _Asker) -> tuple[list[Node], list[Node]]:
    """The variables of `envFrom`, and the sources that stay unknown.

    What stands before an unknown source stays, too: the later one may have the same keys.
    """
    given: list[Node] = []
    for index in range(len(sources) - 1, -1, -1):
        source = sources[index]
        name = source.string("configMapRef", "name")
        data = None if name is None else asker.data(name)
        if data is None or len(data.entries) > MOST_KEYS:
            return given, sources[: index + 1]
        prefix = source.string("prefix") or ""
        given = [*_entries(prefix, data), *given]
    return given, []


def _entries(prefix: str, data: Map) -> list[Node]:
    found: list[Node] = []
    for key, value in data.items():
        if _NAME.fullmatch(prefix + key):
            name = restated(prefix + key, value.key or value)
            plain = isinstance(value, Scalar) and _is_plain(value)
            found.append(Map({"name": name, ("value" if plain else "valueFrom"): value}))
    return found


def _is_plain(value: Scalar) -> bool:
    """Is it what the container is given? Not if something fills it in, or reads as `$(NAME)`."""
    text = value.text
    return text is not None and not templated(text) and not opaque(text)
