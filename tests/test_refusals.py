"""Refusals: one for each value, at the line to change, and silent where a narrower rule speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import result_of

from kslint.model.go_json import problem
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


def test_the_whole_answer_is_shown_once_and_then_its_parts(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
        "spec: {sessionAffinity: Some, ports: [{port: 0, name: a}, {port: 80, name: A_}]}\n",
        encoding="utf-8",
    )
    whole, *parts = [f.symptom for f in result_of(tmp_path).findings if f.rule == "KS903"]
    assert 'Service "web" is invalid: [spec.' in whole
    assert parts
    assert all(", ...]" in part and part.count("spec.") == 1 for part in parts)


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
        - {name: log, image: a.example.org/log:1}
        - name: web
"""
    assert found(tmp_path, a=patch) == [("missing-field", "a.yaml", 11)]
    whole = f"{patch}          image: a.example.org/b:1\n"
    assert found(tmp_path, b=whole) == []


@pytest.mark.parametrize("name", sorted(set(kinds._VALIDATORS.values())))
def test_every_kind_has_its_validator(name: str) -> None:
    """They are named by text, so that a run imports no more than what it meets."""
    assert callable(kinds._validator(name))


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ('{"a": 1}', None, ""),
        ('{"a": 1,}', 8, "invalid character '}' looking for beginning of object key string"),
        ('{"a": 1 "b": 2}', 8, "invalid character '\"' after object key:value pair"),
        ("{'a': 1}", 1, "invalid character '\\'' looking for beginning of object key string"),
        ('{"a": [1 2]}', 9, "invalid character '2' after array element"),
        ('{"a": True}', 6, "invalid character 'T' looking for beginning of value"),
        ('{"a": nil}', 7, "invalid character 'i' in literal null (expecting 'u')"),
        ('{"a": "b\n"}', 8, "invalid character '\\n' in string literal"),
        ('{"a": "\\d"}', 8, "invalid character 'd' in string escape code"),
        ('{"a": 1.}', 8, "invalid character '}' after decimal point in numeric literal"),
        ('{"a": -}', 7, "invalid character '}' in numeric literal"),
        ('{"a": "é" é}', 11, "invalid character 'Ã' after object key:value pair"),
        ("{} # no", 3, "invalid character '#' after top-level value"),
        ('{"a": 1', 7, "unexpected end of JSON input"),
        ("", 0, "unexpected end of JSON input"),
    ],
)
def test_go_says_where_a_text_is_no_json(text: str, offset: int | None, message: str) -> None:
    """Compared with Go 1.26's own reader."""
    found = problem(text)
    assert (found is None) == (offset is None)
    assert found is None or found == (offset, message)


@pytest.mark.parametrize(
    "text",
    [
        (
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: gp3\n"
            '  annotations:\n    storageclass.kubernetes.io/is-default-class: "false"\n'
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  annotations:\n"
            "    argocd.argoproj.io/sync-options: ServerSideApply=true\nspec:\n  type: NodePort\n"
        ),
        (
            "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  selector: {}\n"
            "  template:\n    spec:\n      restartPolicy: Never\n"
            "      containers: [{name: main, image: busybox}]\n"
        ),
    ],
)
def test_parts_of_objects_lack_nothing(tmp_path: Path, text: str) -> None:
    """And a Job may leave its selector to the API server."""
    (tmp_path / "object.yaml").write_text(text, encoding="utf-8")
    found = result_of(tmp_path).findings
    assert not [one for one in found if one.name == "refused-by-api-server"]
