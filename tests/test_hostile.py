"""Broken and hostile input: never a traceback, and what can be read is checked."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
from typing import TYPE_CHECKING, Any

import pytest
from cases import FIXTURES, book, inside, loaded, result_of
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint import rulebook
from kslint.config import Config
from kslint.config import file as config_file
from kslint.resources import is_object
from kslint.running import engine
from kslint.source.files import Source, discover, read
from kslint.source.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kslint.findings import Result

WRONG: list[Any] = [
    None, "", "text", "$(X)", "{{.Name}}", 0, -1, 10**19, 1.5, True, [], {}, [1, [2]],
    {"a": {"b": 1}},
    [{"name": "a"}, None, {"name": ["a"]}], {"name": {"a": 1}}, "\n", "a: [", "\U0001f600",
    "9" * 5000, f"v0.{'9' * 5000}", "\u00b2", "\u00b2%", "a\0b",
]  # fmt: skip


def check(files: Mapping[str, str | bytes]) -> Result:
    return engine.run(loaded(files), book(), Config(), book())


def names(result: Result) -> set[str]:
    return {finding.name for finding in result.findings}


def objects() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The largest objects of each kind in the fixtures, but for CRDs of many pages."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for file in load([str(FIXTURES)]).files:
        for document in file.documents:
            body = document.root.plain()
            if is_object(document.root) and isinstance(body, dict) and len(str(body)) < 8000:
                key = (str(body["apiVersion"]), str(body["kind"]))
                found.setdefault(key, []).append(body)
    return {
        key: sorted(bodies, key=lambda body: -len(str(body)))[:2] for key, bodies in found.items()
    }


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path of a value."""
    if way:
        yield way
    if not isinstance(value, (dict, list)):
        return
    for step, below in value.items() if isinstance(value, dict) else enumerate(value):
        yield from places(below, (*way, step))


def replaced(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    if not way:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = replaced(value[way[0]], way[1:], new)
    return copy


def test_wrong_types_at_any_place_of_any_kind_break_no_rule() -> None:
    """One wrong value at some places of each object; with KSLINT_ALL=1 all at all of them."""
    rng = random.Random(1)  # noqa: S311
    kinds = objects()
    assert len(kinds) > 30
    for bodies in kinds.values():
        for body in bodies:
            ways = list(places(body))
            if not os.environ.get("KSLINT_ALL"):
                ways = rng.sample(ways, min(len(ways), 12))
            for way in ways:
                wrong = WRONG if os.environ.get("KSLINT_ALL") else rng.sample(WRONG, 1)
                for value in wrong:
                    files = {
                        "a.json": json.dumps(replaced(body, way, value)),
                        "b.json": json.dumps(body),
                    }
                    broken = [f for f in check(files).findings if f.rule == "KS009"]
                    assert not broken, (way, value, broken)


NUMBERS = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen, namespace: models}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: vllm/vllm-openai-cpu:v0.20.0
        args: [--model=org/model-7b, "--max-model-len=4k"]
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: bert, namespace: models}
spec: {predictor: {containers: [{name: kserve-container, image: "kserve/huggingfaceserver:v0.19"}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: kserve, namespace: argocd}
spec:
  project: default
  destination: {namespace: kserve, server: https://kubernetes.default.svc}
  source: {repoURL: ghcr.io/kserve/charts, chart: kserve-resources, targetRevision: v0.19}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: keda, namespace: argocd}
spec:
  project: default
  destination: {namespace: keda, server: https://kubernetes.default.svc}
  source: {repoURL: https://kedacore.github.io/charts, chart: keda, targetRevision: "2.18.1"}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: a, namespace: models}
spec: {scaleTargetRef: {name: web}, triggers: [{type: cron, metadata: {}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: models, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.org/web:1", ports: [{containerPort: 80}]}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: models}
spec: {minAvailable: "50%", selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: models}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: "80"}]}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  {name: probed, namespace: models, annotations: {serving.kserve.io/deploymentMode: Knative}}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: example.org/server:1
        ports: [{containerPort: 8080}]
        readinessProbe: {tcpSocket: {port: "65080"}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: work, namespace: models}
spec:
  completions: 9
  completionMode: Indexed
  successPolicy: {rules: [{succeededIndexes: "1-3"}]}
  template: {spec: {restartPolicy: Never, containers: [{name: a, image: "example.org/web:1"}]}}
---
apiVersion: serving.kserve.io/v1alpha9
kind: TrainedModel
metadata: {name: a, namespace: models}
"""


FIRST = ("65080", "19", "18", "9", "50", "80", "3", "4k", "7")


@pytest.mark.parametrize(
    "digits", ["9" * 5000, "\u00b2", "9" * 300 + "t", "9" * 320, f"1.{'9' * 5000}k"]
)
@pytest.mark.parametrize(
    "place", ["4k", "7b", "v0.19", "2.18.1", "50%", "65080", '"80', "1-3", "v1alpha9"], ids=repr
)
def test_numbers_without_end_in_texts_break_no_rule(place: str, digits: str) -> None:
    """Python reads no more than 4,300 digits, and takes `²` for a digit that it cannot read."""
    number = next(
        found for found in ("19", "18", "9", "50", "80", "3", "4k", "7") if found in place
    )
    text = NUMBERS.replace(place, place.replace(number, digits))
    assert text != NUMBERS
    broken = [f.message for f in check({"a.yaml": text}).findings if f.rule == "KS009"]
    assert not broken


@pytest.mark.parametrize(
    "case",
    [
        "platform-good/serving",
        "rollout/canary-on-rwo-pvc/bad-volume",
        "schema/yaml-unquoted-text/bad-gitops",
    ],
)
def test_truncated_files(case: str) -> None:
    folder = FIXTURES / case
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".json"))
    for path in files:
        data = path.read_bytes()
        for end in range(0, len(data), max(1, len(data) // 40)):
            assert "internal-error" not in names(check({path.name: data[:end]}))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1", "a": "2"}}',
         "yaml-duplicate-key"),
        ('{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1",}, "a": .nan}',
         "yaml-syntax"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {a: !!python/object/apply:os.system [id]}",
         "yaml-syntax"),
        ('apiVersion: v1\nkind: ConfigMap\ndata: {a: "\0"}', "yaml-syntax"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: " + "{a: " * 50000, "yaml-syntax"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: " + "[" * 50000, "yaml-syntax"),
        ("- " * 50000, "yaml-syntax"),
        ("? " * 50000, "yaml-syntax"),
        ("a: &a [x]\n" + "".join(f"b{i}: &a [*a, *a]\n" for i in range(60)), "yaml-syntax"),
        ("a: &a {x: y}\n" + "".join(f"b{i}: &a {{<<: *a, k{i}: *a}}\n" for i in range(60)),
         "yaml-syntax"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> main\n", "yaml-syntax"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_and_the_rest_is_checked(text: str, rule: str) -> None:
    good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: 1}\n"
    result = check({"bad.yaml": text, "good.yaml": good})
    assert {f.name for f in result.findings if f.span.file == "bad.yaml"} >= {rule}
    assert {f.name for f in result.findings if f.span.file == "good.yaml"} == {"yaml-unquoted-text"}
    assert result.failed


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: " + "x y " * 10**5,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
        + "".join(f"  k{i}: v\n" for i in range(10**4)),
        "a: 1\n---\n" * 10**4,
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, args: ['"
        + "$(A)" * 10**5
        + "']}]}",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, resources: {limits: {cpu: "
        + "1" * 10**5 + "}}}]}",
        "# " + "{{ \"' " * 10**5,
        "a: " + '"\\' * 10**5 + "{{",
    ],
    ids=["long line", "many keys", "many documents", "many references", "long number",
         "long comment", "open quotes"],
)  # fmt: skip
def test_large_input_is_read(text: str) -> None:
    assert "internal-error" not in names(check({"a.yaml": text}))


def test_a_socket_is_neither_found_nor_read(tmp_path: Path) -> None:
    with inside(tmp_path), socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        assert list(discover(["."])) == []
        (found,) = discover(["s.yaml"])
        assert getattr(found, "message", "") == "is neither a file nor a directory"


def test_a_file_that_becomes_a_link_to_nowhere_after_it_was_found(tmp_path: Path) -> None:
    with inside(tmp_path):
        path = tmp_path / "a.yaml"
        path.write_text("a: 1\n", encoding="utf-8")
        (found,) = discover(["."])
        path.unlink()
        path.symlink_to("nowhere")
        assert "cannot be read" in getattr(read(found), "message", "")  # type: ignore[arg-type]


def test_names_that_hold_markup_are_printed_whole(tmp_path: Path) -> None:
    name = "a\x1b[31m<b>&`|%0A::error::.yaml"
    (tmp_path / name).write_text("kind: [\n", encoding="utf-8")
    (finding,) = result_of(tmp_path).findings
    assert finding.span.file == name


HOSTILE_TEXT = st.text(max_size=60) | st.sampled_from(
    [
        "---\n",
        "version: 1\n",
        'baseline: "a\\0b"\n',
        'context: ["a\\0b"]\n',
        'rules: ["a\\0b"]\n',
        "a: &a [*a]",
        "{" * 300,
        "!!python/name:os.system",
        "\0",
        "<<: 1",
    ]
)


@settings(max_examples=40)
@given(text=st.lists(HOSTILE_TEXT, max_size=4).map("".join))
def test_any_text_as_configuration_is_read_or_refused(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    with contextlib.suppress(config_file.ConfigError):
        config_file.read("kslint.yaml", Source("kslint.yaml", data)).config()


@settings(max_examples=40)
@given(text=st.lists(HOSTILE_TEXT, max_size=4).map("".join))
def test_any_text_as_a_page_is_a_rule_or_refused(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = tmp_path_factory.mktemp("pages") / "x.md"
    page.write_bytes(f"---\nname: x\n{text}\n---\n# x\n".encode("utf-8", "surrogatepass"))
    with contextlib.suppress(rulebook.RulebookError):
        rulebook.parse(str(page))
