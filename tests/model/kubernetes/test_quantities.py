"""Where quantities are looked for, why a text is none, and what was meant."""

from __future__ import annotations

import pytest

from kslint.config import Config
from kslint.graph.graph import Graph
from kslint.model.gitops.releases import installed
from kslint.model.schemas.catalogue import Schemas
from kslint.model.schemas.quantities import refusal, suggestion
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Scalar


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("8GB", "8G"),
        ("8 GiB", "8Gi"),
        ("8gi", "8Gi"),
        ("512mb", "512M"),
        ("2cores", "2"),
        ("250 millicores", "250m"),
        ("1,5", "1.5"),
        ("100B", "100"),
        ("100 bytes", "100"),
        ("2 pb", "2P"),
        ("2p", "2P"),
        ("2PIB", "2Pi"),
        ("two", None),
        ("", None),
        ("8 Gigs", None),
        ("1.2.3Gi", None),
    ],
)
def test_suggestion(text: str, meant: str | None) -> None:
    assert suggestion(text) == meant


@pytest.mark.parametrize("text", ["1", ".5", "1e3", "2Gi", " 2Gi ", "{{ x }}", "${X}Gi", "$(X)"])
def test_readable_or_unknown(text: str) -> None:
    assert refusal(Scalar(text, plain_style=False)) is None


@pytest.mark.parametrize("text", ["", "8GB", "2 Gi", "x", "1Gii", "--1", "1m5"])
def test_refused(text: str) -> None:
    assert "quantit" in (refusal(Scalar(text, plain_style=False)) or "")


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (
            ("{apiVersion: v1, kind: Pod, spec: {overhead: {cpu: 1}, containers: [{resources:"
            " {limits: {cpu: 1}, requests: {memory: 1}}}, {env: [{valueFrom:"
            " {resourceFieldRef: {divisor: 1}}}]}], volumes: [{emptyDir: {sizeLimit: 1}}]}}"),
            [
                "spec.containers[0].resources.limits.cpu",
                "spec.containers[0].resources.requests.memory",
                "spec.containers[1].env[0].valueFrom.resourceFieldRef.divisor",
                "spec.overhead.cpu",
                "spec.volumes[0].emptyDir.sizeLimit",
            ],
        ),
        *(
            ((f"{{apiVersion: {version}, kind: {kind}, spec: {{template: {{spec: {{containers: "
             "[{resources: {limits: {cpu: 1}}}]}}}}"),
             ["spec.template.spec.containers[0].resources.limits.cpu"])
            for version, kind in (
                ("v1", "ReplicationController"), ("apps/v1", "DaemonSet"),
                ("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet"),
                ("batch/v1", "Job"), ("argoproj.io/v1alpha1", "Rollout"),
                ("serving.knative.dev/v1", "Service"),
            )
        ),
        (("{apiVersion: v1, kind: PodTemplate, template: {spec: {containers: "
          "[{resources: {limits: {cpu: 1}}}]}}}"),
         ["template.spec.containers[0].resources.limits.cpu"]),
        (("{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: "
          "{containers: [{resources: {limits: {cpu: 1}}}]}}}}}}"),
         ["spec.jobTemplate.spec.template.spec.containers[0].resources.limits.cpu"]),
        ("{apiVersion: v1, kind: ResourceQuota, spec: {hard: {pods: 1}}}", ["spec.hard.pods"]),
        ("{apiVersion: v1, kind: LimitRange, spec: {limits: [{max: {cpu: 1}, type: Pod}]}}",
         ["spec.limits[0].max.cpu"]),
        ("{apiVersion: example.com/v1, kind: Pod, spec: {overhead: {cpu: 1}}}", []),
        ("{apiVersion: v1, kind: Pod, spec: [{overhead: 1}]}", []),
        (("{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, spec: {predictor:"
         " {timeout: 5, model: {resources: {limits: {x: 1}}}}}}"),
         ["spec.predictor.model.resources.limits.x"]),
    ],
)  # fmt: skip
def test_places(text: str, paths: list[str]) -> None:
    loaded = Input([], [], [])
    load_source(Source("x.yaml", text.replace(": 1}", ": x}").encode()), loaded)
    graph = Graph(loaded)
    schemas = Schemas(graph, lambda family: installed(family, graph, Config(), "0.19"))
    reading = schemas.reading(graph.resources[0])
    assert sorted(met.path for met in reading.bad) == paths


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("PORT", False), ("STORAGE_SIZE", False), ("PVC-1", False), ("<size>", False),
        ("1<size>", False), ("your-size", False), ("YOUR SIZE", False), ("...", False),
        ("changeme", False), ("REPLACE_ME", False), ("${SIZE}", False), ("$(SIZE)", False),
        ("{{ size }}", False), ("two", True), ("Size", True), ("yours", True), ("1GB", True),
        ("G", True), ("<5", True), ("", True), ("....", True),
    ],
)  # fmt: skip
def test_placeholders_are_not_judged(text: str, judged: bool) -> None:
    assert (refusal(Scalar(text, plain_style=False)) is not None) is judged
