"""Where the agent of LocalModelCaches keeps the models of a node.

Sources: charts/kserve-localmodel-resources/files/resources.yaml:383-386 @v0.19.0, a fixed path;
charts/kserve-resources/templates/localmodelnode/daemonset.yaml:78-79 @v0.16.0, by a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.model.kserve import names
from kslint.model.kserve.installation import values_are_known
from kslint.model.kserve.releases import CONTROLLER_CHARTS
from kslint.model.kserve.versions import normal

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

CHART = "kserve-localmodel-resources"
AGENT = "kserve-localmodelnode-agent"
_FIXED, _DEFAULT = "/models", "/mnt/models"
_FIXED_SINCE = (0, 17)
_ENABLED = ("kserve", "localmodel", "enabled")
_HOST_PATH = ("kserve", "localmodel", "agent", "hostPath")


class Directory(NamedTuple):
    """A directory of the nodes, and what in the input gives it."""

    path: str
    node: Node


class Group(NamedTuple):
    """A LocalModelNodeGroup, and the directory of its volume with the node it is written at."""

    path: str
    node: Node
    resource: Resource


def agent_directories(graph: Graph) -> list[Directory]:
    """The directories that agents of the input look into; empty if that is not known."""
    found = []
    for source in chart_sources(graph):
        version = normal(source.revision or "")
        old = version is not None and tuple(map(int, version.split("."))) < _FIXED_SINCE
        if source.chart == CHART:
            found.append(Directory(_FIXED, source.node.get("chart") or source.node))
        elif source.chart in CONTROLLER_CHARTS and old:
            values = helm_values(graph, source)
            if not values_are_known(graph, source):
                return []
            if values.boolean(*_ENABLED) is True:
                node = values.at(*_HOST_PATH)
                path = (node.text if node is not None else "") or _DEFAULT
                found.append(Directory(path, node or source.node.get("chart") or source.node))
    for resource in graph.of_kind("DaemonSet", "apps"):
        if resource.name == AGENT:
            for volume in resource.body.listed("spec", "template", "spec", "volumes"):
                node = volume.at("hostPath", "path")
                if volume.string("name") == "models" and node is not None and node.text:
                    found.append(Directory(node.text, node))
    return [directory._replace(path=directory.path.rstrip("/")) for directory in found]


def groups(graph: Graph) -> list[Group]:
    """The node groups whose volume is a directory of the node."""
    found = []
    for resource in graph.of_kind("LocalModelNodeGroup", names.GROUP):
        for kind in ("local", "hostPath"):
            node = resource.body.at("spec", "persistentVolumeSpec", kind, "path")
            if node is not None and node.text:
                found.append(Group(node.text.rstrip("/"), node, resource))
    return found
