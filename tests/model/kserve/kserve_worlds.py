"""Small clusters for KServe tests: objects as YAML, settings over the chart's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kslint.graph.graph import Graph
from kslint.model.kserve.isvc import InferenceService
from kslint.model.kserve.settings import defaults
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings

NO_STORAGE_CONTAINER = """
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: default}
disabled: true
spec: {}
"""


def settings_of(changes: dict[str, Any] | None = None, version: str = "0.19") -> Settings:
    """The chart's defaults in Standard mode; a key that is given replaces the whole key."""
    origin = Origin("config", "ConfigMap inferenceservice-config")
    settings = defaults(version)
    settings.data["deploy"] = made({"defaultDeploymentMode": "Standard"}, origin)
    for key, value in (changes or {}).items():
        settings.data[key] = made(value, origin)
    return settings


def world(
    text: str, changes: dict[str, Any] | None = None, version: str = "0.19"
) -> InferenceService:
    """The first InferenceService of a YAML text, among the other objects in it."""
    loaded = Input([], [], [])
    load_source(Source("world.yaml", text.encode("utf-8", "surrogatepass")), loaded)
    graph = Graph(loaded)
    resource = graph.of_kind("InferenceService")[0]
    return InferenceService(resource, graph, settings_of(changes, version))
