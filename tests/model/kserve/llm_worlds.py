"""LLMInferenceServices and the configs around them."""

from __future__ import annotations

from typing import Any

from kslint.graph.graph import Graph
from kslint.model.kserve import settings
from kslint.model.kserve.llm.rendering import created
from kslint.model.kserve.llm.service import LLMInferenceService
from kslint.source.files import Source
from kslint.source.load import Input, load_source

HEAD = """
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: llm, namespace: team}
spec:
  model: {uri: hf://org/model}
"""
CONFIG = """
---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceServiceConfig
metadata: {name: %s, namespace: %s}
spec:
"""


def graph_of(text: str) -> Graph:
    loaded = Input([], [], [])
    load_source(Source("in.yaml", text.encode()), loaded)
    assert not loaded.troubles, loaded.troubles
    return Graph(loaded)


def llm(spec: str = "", rest: str = "", version: str = "0.19") -> LLMInferenceService:
    graph = graph_of(HEAD + indented(spec) + rest)
    (resource,) = graph.of_kind("LLMInferenceService")
    return LLMInferenceService(resource, graph, settings.defaults(version))


def config(name: str, namespace: str, spec: str) -> str:
    return CONFIG % (name, namespace) + indented(spec)


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip("\n").splitlines())


def objects(
    spec: str = "", rest: str = "", version: str = "0.19", metadata: str = ""
) -> dict[tuple[str, str], Any]:
    """What is made of a service, by kind and name; `rest` is whatever lies beside it."""
    head = HEAD
    if metadata:
        head = head.replace("namespace: team}", f"namespace: team, {metadata}}}")
    if spec.startswith("model:"):
        head = head.replace("  model: {uri: hf://org/model}\n", "")
    graph = graph_of(head + indented(spec) + rest)
    (resource,) = graph.of_kind("LLMInferenceService")
    (found,) = settings.resolve(graph, version) if rest else (settings.defaults(version),)
    bodies: list[Any] = [
        body.plain() for body in created(LLMInferenceService(resource, graph, found))
    ]
    return {(body["kind"], body["metadata"]["name"]): body for body in bodies}
