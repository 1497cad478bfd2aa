"""Which runtime serves a model that names none, where several could."""

from __future__ import annotations

import pytest
from kserve_worlds import world

SERVICE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: team}
spec: {predictor: {model: {modelFormat: {name: sklearn}, storageUri: 's3://b'NAME}}}
"""


def runtime(name: str, namespace: str | None, more: str = "", auto: str = "true") -> str:
    kind, metadata = "ClusterServingRuntime", f"{{name: {name}}}"
    if namespace is not None:
        kind, metadata = "ServingRuntime", f"{{name: {name}, namespace: {namespace}}}"
    return f"""---
apiVersion: serving.kserve.io/v1alpha1
kind: {kind}
metadata: {metadata}
spec:
  supportedModelFormats: [{{name: sklearn, autoSelect: {auto}{more}}}]
  containers: [{{name: kserve-container, image: a}}]
"""


@pytest.mark.parametrize(
    ("runtimes", "chosen"),
    [
        (runtime("own", "team"), "own"),
        (runtime("own", "other"), "kserve-sklearnserver"),
        (runtime("own", "team", auto="false"), "kserve-sklearnserver"),
        (runtime("whole", None, ", priority: 9"), "whole"),
        (runtime("whole", None, ", priority: 9") + runtime("own", "team"), "own"),
        (runtime("b", "team", ", priority: 1") + runtime("a", "team", ", priority: 2"), "a"),
        (runtime("b", "team", ", priority: 2") + runtime("a", "team", ", priority: 1"), "b"),
        (runtime("b", "team") + runtime("a", "team", ", priority: 1"), "a"),
        (runtime("b", "team") + runtime("a", "team"), "a"),
    ],
)
def test_the_nearest_and_the_first_by_priority(runtimes: str, chosen: str) -> None:
    for text in (SERVICE.replace("NAME", "") + runtimes, runtimes + "---" + SERVICE):
        predictor = world(text.replace("NAME", "")).predictor
        assert predictor is not None
        assert predictor.choice.runtime is not None
        assert predictor.choice.runtime.name == chosen


def test_by_name_the_namespaces_own_comes_before_the_clusters() -> None:
    named = SERVICE.replace("NAME", ", runtime: same")
    both = runtime("same", None) + runtime("same", "team")
    for text, kind in ((named + both, "ServingRuntime"),
                       (named + runtime("same", None), "ClusterServingRuntime")):  # fmt: skip
        predictor = world(text).predictor
        assert predictor is not None
        assert predictor.choice.runtime is not None
        assert predictor.choice.runtime.resource.kind == kind
