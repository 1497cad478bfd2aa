"""Whether an input that installs KServe's CRDs leaves out those of LLMInferenceServices.

Source: charts/kserve-crd and charts/kserve-llmisvc-crd of KServe v0.17.0 to v0.19.0: the first
brings InferenceServices and their kin, the second LLMInferenceServices and their configs. Up to
0.16 the minimal chart of the first brought both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gitops.argocd import chart_sources
from kslint.model.platform.installers import hidden, is_open
from kslint.model.schemas.tables import numbers

if TYPE_CHECKING:
    from kslint.model.gitops.argocd import Source
    from kslint.model.model import Model

_CRDS = "llminferenceservices.serving.kserve.io"
_CHARTS = ("kserve-crd", "kserve-crd-minimal")
_APART_SINCE = (0, 17)
_MAY_BRING = ("llmisvc", "kserve", "llm-d", "opendatahub", "rhods", "rhoai")
"""Words in the names of what may bring the CRDs without showing them."""


def only_classic(model: Model) -> Source | None:
    """The chart that brings KServe's other CRDs, where certainly nothing brings these."""
    graph, cluster = model.graph, model.config.cluster
    if (
        cluster.complete is False
        or is_open(graph)
        or graph.named("CustomResourceDefinition", _CRDS)
    ):
        return None
    if any("llm" in name or "kserve" in name for name in cluster.provides):
        return None
    charts = list(chart_sources(graph))
    classic = [s for s in charts if s.chart in _CHARTS and _is_apart(s.revision or "")]
    if not classic or any("llmisvc-crd" in (source.chart or "") for source in charts):
        return None
    for installer in hidden(graph):
        text = " ".join((*installer.names, installer.repository)).lower()
        if any(word in text for word in _MAY_BRING):
            return None
    return classic[0]


def _is_apart(revision: str) -> bool:
    version = numbers(revision)
    return bool(version) and version >= _APART_SINCE
