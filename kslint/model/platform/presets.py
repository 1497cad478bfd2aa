"""Whether an input brings the presets that LLMInferenceServices are made from.

Since 0.17 the controller's chart brings none: `kserve-runtime-configs` does, if it is told to.
Source: charts/kserve-llmisvc-resources and charts/kserve-runtime-configs/values.yaml:3-4 @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.gaps import OBJECTS
from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.model.gitops.remote import remote
from kslint.model.kserve.installation import LLM_CHART, values_are_known
from kslint.model.platform.installers import hidden, is_open

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source

PRESET_CHART = "kserve-runtime-configs"
SWITCH = ("kserve", "llmisvcConfigs", "enabled")
_MAY_BRING = ("runtime-configs", "llmisvc", "opendatahub", "rhods", "rhoai", "llm-d")
"""Words in the names of what may bring presets without showing them."""


def controllers(graph: Graph) -> list[Source]:
    """The Applications of the LLM controller's chart."""
    return [source for source in chart_sources(graph) if source.chart == LLM_CHART]


def preset_charts(graph: Graph) -> list[Source]:
    """The Applications of the chart that has the presets."""
    return [source for source in chart_sources(graph) if source.chart == PRESET_CHART]


def presets_are_left_out(graph: Graph) -> bool:
    """Is it certain that no chart of the input brings presets?"""
    for source in preset_charts(graph):
        on = helm_values(graph, source).string(*SWITCH)
        if (on or "false") != "false" or not values_are_known(graph, source):
            return False
    for installer in hidden(graph):
        text = " ".join((*installer.names, installer.repository)).lower()
        if any(word in text for word in _MAY_BRING):
            return False
    for emission in graph.scopes.emissions:
        for gap in emission.gaps:
            address = remote(gap.node.text or "") if gap.kind == OBJECTS else None
            if address is not None and address.repo.lower() == "kserve/kserve":
                return False
    return not is_open(graph)
