"""LLMInferenceServices and the configs around them."""

from __future__ import annotations

from kslint.graph.graph import Graph
from kslint.model.kserve import settings
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
