"""CRDs that leave a chart between two releases."""

from __future__ import annotations

from kslint.model.gitops.chart_crds import leaving

INFERENCE = "inference.networking.x-k8s.io"


def test_what_is_deleted_with_the_chart() -> None:
    gone = dict(leaving("kserve-llmisvc-resources", "0.19", "0.20"))
    assert set(gone) == {
        f"{name}.{INFERENCE}"
        for name in ("inferencemodelrewrites", "inferenceobjectives", "inferencepoolimports")
    }
    assert set(gone.values()) == {""}


def test_what_moves_to_another_chart() -> None:
    gone = dict(leaving("kserve-crd", "0.16", "0.19"))
    assert gone["localmodelcaches.serving.kserve.io"] == "kserve-localmodel-crd"


def test_nothing() -> None:
    assert list(leaving("kserve-crd", "0.19", "0.20")) == []
    assert list(leaving("kserve-crd", "0.10", "0.20")) == []
    assert list(leaving("another", "0.16", "0.20")) == []
