"""Refusals: one for each value, at the line to change, and silent where a narrower rule speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import result_of

from kslint.model.kubernetes.admission import kinds

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {name}
  namespace: models
  annotations:
    serving.kserve.io/deploymentMode: Standard
spec:
  predictor:
{predictor}
"""
MODEL = """\
    model:
      modelFormat: {name: sklearn}
      storageUri: s3://models/iris
"""


def found(folder: Path, **files: str) -> list[tuple[str, str, int]]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    findings = result_of(folder).findings
    return [(f.name, f.span.file, f.span.line) for f in findings if f.severity == "error"]


def service(predictor: str, name: str = "iris") -> str:
    return SERVICE.format(name=name, predictor=predictor)


def test_a_narrower_rule_speaks_alone_at_a_place(tmp_path: Path) -> None:
    both = MODEL + "    containers: [{name: kserve-container, image: a.example.org/b:1}]\n"
    assert found(tmp_path, a=service(both)) == [("model-and-containers-both-set", "a.yaml", 13)]


def test_a_name_that_everyone_refuses_is_refused_once(tmp_path: Path) -> None:
    assert found(tmp_path, a=service(MODEL, "Iris_1")) == [("refused-by-api-server", "a.yaml", 4)]


def test_the_line_is_the_runtimes_where_the_flaw_is_there(tmp_path: Path) -> None:
    runtime = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: acme, namespace: models}
spec:
  supportedModelFormats: [{name: acme}]
  containers:
    - name: kserve-container
      image: a.example.org/b:1
      livenessProbe:
        httpGet: {path: /, port: HTTP}
"""
    model = "    model: {modelFormat: {name: acme}, runtime: acme, storageUri: s3://a/b}\n"
    assert found(tmp_path, a=service(model), b=runtime) == [
        ("refused-by-api-server", "b.yaml", 10),
    ]


def test_what_lacks_a_value_beside_its_twin_is_a_patch(tmp_path: Path) -> None:
    patch = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
"""
    assert found(tmp_path, a=patch) == [("refused-by-api-server", "a.yaml", 10)]
    whole = f"{patch}          image: a.example.org/b:1\n"
    assert found(tmp_path, b=whole) == []


@pytest.mark.parametrize("name", sorted(set(kinds._VALIDATORS.values())))
def test_every_kind_has_its_validator(name: str) -> None:
    """They are named by text, so that a run imports no more than what it meets."""
    assert callable(kinds._validator(name))
