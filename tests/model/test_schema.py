"""The schema walk, against jsonschema: the same table as a JSON schema gives the same verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kslint.graph.graph import Graph
from kslint.model.schemas.schema import NEWER, Schemas, is_newer, meant, read
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.schemas.schema import Schema, Step
    from kslint.resources import Resource

ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads(
    (ROOT / "kslint" / "model" / "schemas" / "data" / "kserve.json").read_text(encoding="utf-8")
)
FREE = ("apiVersion", "kind", "metadata", "status")


def graph_of(text: str) -> Graph:
    loaded = Input([], [], [])
    load_source(Source("objects.yaml", text.encode()), loaded)
    assert not loaded.troubles
    return Graph(loaded)


def one(text: str) -> tuple[Resource, Schema]:
    graph = graph_of(text)
    resource = graph.resources[-1]
    schema = Schemas(graph).of(resource)
    assert schema is not None
    return resource, schema


def dropped(text: str) -> list[Step]:
    resource, schema = one(text)
    return read(resource.body, schema).dropped


def facets(index: int) -> dict[str, Any]:
    node = TABLE["nodes"][index]
    return node[1] if len(node) > 1 else {}


def as_json_schema(index: int) -> dict[str, Any]:
    """One node of the table in the words of JSON schema, with `$ref` to the others."""
    kind, own = TABLE["nodes"][index][0], facets(index)
    if kind == "any":
        return {}
    schema: dict[str, Any] = {
        "type": ["integer", "string"] if kind == "int-or-string" else kind,
    }
    if "p" in own:
        schema["properties"] = {k: {"$ref": f"#/$defs/{v}"} for k, v in own["p"].items()}
    if "i" in own:
        schema["items"] = {"$ref": f"#/$defs/{own['i']}"}
    extra = own.get("a")
    if kind == "object" and not own.get("u") and extra is not True:
        schema["additionalProperties"] = (
            {"$ref": f"#/$defs/{extra}"} if isinstance(extra, int) and extra is not False else False
        )
    return schema


DEFINITIONS = {str(n): as_json_schema(n) for n in range(len(TABLE["nodes"]))}


def unknown(index: int, value: Any) -> set[str]:
    """The paths of the unknown fields that jsonschema finds."""
    validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{index}", "$defs": DEFINITIONS})
    found: set[str] = set()
    for error in validator.iter_errors(value):
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        if error.validator == "additionalProperties":
            names = set(error.instance) - set(error.schema.get("properties", {}))
            found |= {f"{path}.{name}".lstrip(".") for name in names}
    return found


SCALARS = st.one_of(
    st.integers(-3, 3), st.booleans(), st.sampled_from(["a", "1", "2Gi", ""]), st.just(1.5)
)


@st.composite
def value_for(draw: st.DrawFn, index: int, depth: int) -> Any:
    """A value near a schema: mostly fitting, now and then an unknown field or another shape."""
    kind, own = TABLE["nodes"][index][0], facets(index)
    if draw(st.integers(0, 11)) == 0:
        return draw(st.one_of(SCALARS, st.just([]), st.just({"x": 1})))
    if kind == "object":
        names = sorted(own.get("p", {}))
        picked = draw(st.lists(st.sampled_from(names), max_size=4, unique=True)) if names else []
        if depth <= 0:
            picked = []
        result = {name: draw(value_for(own["p"][name], depth - 1)) for name in picked}
        if draw(st.integers(0, 3)) == 0:
            result[draw(st.sampled_from(["bogus", "replica", "image", "name"]))] = draw(SCALARS)
        return result
    if kind == "array":
        count = draw(st.integers(0, 2)) if depth > 0 else 0
        return [draw(value_for(own["i"], depth - 1)) for _ in range(count)]
    simple: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(["a", "b"]),
        "integer": st.integers(0, 9),
        "number": st.just(0.5),
        "boolean": st.booleans(),
        "int-or-string": st.sampled_from([1, "2Gi"]),
    }
    return draw(simple.get(kind, SCALARS))


@pytest.mark.parametrize("kind", sorted(TABLE["kinds"]))
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_verdicts_are_those_of_jsonschema(kind: str, data: st.DataObject) -> None:
    group, version, name = kind.split("/")
    index = TABLE["kinds"][kind]
    spec = data.draw(value_for(facets(index)["p"]["spec"], 7))
    body = {"apiVersion": f"{group}/{version}", "kind": name, "metadata": {"name": "x"}}
    schema = Schemas(graph_of("")).of(graph_of(json.dumps({**body, "spec": {}})).resources[0])
    assert schema is not None
    node = made({**body, "spec": spec}, Origin("written", "here"))
    found = {step.path for step in read(node, schema).dropped}
    assert found == unknown(index, {**body, "spec": spec})


ISVC = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: x}
spec:
"""


@pytest.mark.parametrize(
    ("spec", "path", "wanted"),
    [
        ("  maxReplicas: 1\n  predictor: {}", "spec.maxReplicas", "spec.predictor.maxReplicas"),
        ("  maxReplicas: 1", "spec.maxReplicas", None),  # three components could have it
        ("  predictor: {minreplicas: 1}", "spec.predictor.minreplicas", "minReplicas"),
        ("  predictor: {storageUri: a, model: }", "spec.predictor.storageUri", "storageUris"),
        ("  predictor: {storageUri: a, xgboost: {}}", "spec.predictor.storageUri", "t.storageUri"),
        ("  predictor: {storageUri: a, onnx: {}}", "spec.predictor.storageUri", "onnx.storageUri"),
        ("  predictor: {model: {timeout: 1}}", "spec.predictor.model.timeout", "predictor.timeout"),
        (
            "  predictor: {volumes: [{name: a, claimName: b}]}",
            "spec.predictor.volumes[0].claimName",
            "spec.predictor.volumes[0].persistentVolumeClaim.claimName",
        ),
        ("  predictor: {model: {zzz: 1}}", "spec.predictor.model.zzz", None),
        ("  predicter: {}", "spec.predicter", "spec.predictor"),
    ],
)  # fmt: skip
def test_says_what_was_meant(spec: str, path: str, wanted: str | None) -> None:
    (step,) = dropped(ISVC + spec)
    assert step.path == path
    found = meant(step)
    assert found == wanted if wanted is None else (found or "").endswith(wanted)


@pytest.mark.parametrize(
    "spec",
    [
        "  predictor: {nodeSelector: {any: thing}, labels: {x: y}}",
        "  predictor: {containers: [{name: a, resources: {limits: {example.com/x: 1}}}]}",
        "  predictor: {$patch: delete}",
        '  predictor: {"{{ field }}": 1, "${FIELD}": 2}',
        "  predictor: {model: null, containers: }",
        "  predictor: [wrong, shape]",
        "  predictor: text",
    ],
)
def test_silent(spec: str) -> None:
    assert dropped(ISVC + spec) == []


def test_roots_are_free() -> None:
    text = ISVC.replace("{name: x}", "{name: x, zzz: 1}") + "  predictor: {}\nstatus: {zzz: 1}"
    assert dropped(text) == []
    assert [s.path for s in dropped(text + "\nzzz: 1")] == ["zzz"]


CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing}
  versions:
    - name: v1
      schema: {openAPIV3Schema: %s}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: x}
spec: {a: {b: 1, c: 2}}
"""


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("{properties: {spec: {properties: {z: {}}, type: object}}, type: object}", ["spec.a"]),
        ("{properties: {spec: {properties: {a: {type: object}}}}}", ["spec.a.b", "spec.a.c"]),
        ("{properties: {spec: {properties: {a: {type: string}}}}}", []),
        (
            "{properties: {spec: {properties: {a: {x-kubernetes-preserve-unknown-fields: true}}}}}",
            [],
        ),
        (
            "{properties: {spec: {properties: {a: {additionalProperties: {type: integer}}}}}}",
            [],
        ),
        (
            "{properties: {spec: {properties: {a: {additionalProperties: true, type: object}}}}}",
            [],
        ),
    ],
)
def test_definitions_in_the_input(schema: str, paths: list[str]) -> None:
    yaml.safe_load(schema)
    graph = graph_of(CRD % schema)
    resource = graph.resources[-1]
    found = Schemas(graph).of(resource)
    assert found is not None
    assert sorted(step.path for step in read(resource.body, found).dropped) == sorted(paths)


@pytest.mark.parametrize("schema", ["{}", "[]", "null", "text", "{type: object}"])
def test_a_definition_that_says_nothing(schema: str) -> None:
    graph = graph_of(CRD % schema)
    assert Schemas(graph).of(graph.resources[-1]) is None


def test_a_definition_adds_to_the_table() -> None:
    crd = CRD.split("---", maxsplit=1)[0].replace("example.com", "serving.kserve.io")
    crd = crd.replace("Thing", "TrainedModel").replace("name: v1\n", "name: v1alpha1\n")
    spec = "{type: object, properties: {ours: {type: string}, model: {type: object}}}"
    text = crd % f"{{properties: {{spec: {spec}}}}}" + (
        "---\napiVersion: serving.kserve.io/v1alpha1\nkind: TrainedModel\n"
        "spec: {ours: x, inferenceService: y, model: {memory: 1Gi, zzz: 1}, zzz: 1}"
    )
    assert {s.path for s in dropped(text)} == {"spec.model.zzz", "spec.zzz"}


def test_newer_fields_are_unknown_to_this_version() -> None:
    text = ISVC + "  predictor: {model: {confidential: {}}, name: y}\n  canary: {}"
    steps = dropped(text)
    assert sorted(s.path for s in steps) == [
        "spec.canary", "spec.predictor.model.confidential", "spec.predictor.name",
    ]  # fmt: skip
    assert all(is_newer(step, "InferenceService") for step in steps)
    assert not any(is_newer(step, "ServingRuntime") for step in steps)
    assert all(path.startswith("spec.") for paths in NEWER.values() for path in paths)
