"""The walk over schemas, against jsonschema: the table in its words gives the same verdicts."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kslint.config import Config
from kslint.graph.graph import Graph
from kslint.model.gitops.releases import installed
from kslint.model.schemas import tables
from kslint.model.schemas.catalogue import Schemas
from kslint.model.schemas.definitions import of_definition
from kslint.model.schemas.limits import refusals
from kslint.model.schemas.meant import meant
from kslint.model.schemas.schema import either
from kslint.model.schemas.suspects import Suspect
from kslint.model.schemas.walk import read
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.schemas.walk import Dropped, Reading
    from kslint.resources import Resource

FAMILIES = (tables.KUBERNETES, *sorted(tables.FAMILIES))


def graph_of(text: str) -> Graph:
    loaded = Input([], [], [])
    load_source(Source("objects.yaml", text.encode()), loaded)
    assert not loaded.troubles
    return Graph(loaded)


def schemas_of(graph: Graph, config: Config | None = None, kserve: str = "0.19") -> Schemas:
    return Schemas(graph, lambda family: installed(family, graph, config or Config(), kserve))


def last(text: str) -> tuple[Resource, Reading]:
    graph = graph_of(text)
    resource = graph.resources[-1]
    return resource, schemas_of(graph).reading(resource)


def dropped(text: str) -> list[Dropped]:
    return last(text)[1].dropped


@cache
def nodes(family: str) -> list[Any]:
    return [json.loads(line) for line in lines_of(family)]


def lines_of(family: str) -> list[bytes]:
    return [line for line in tables.table(family)._lines[1:] if line]


def facets(family: str, index: int) -> dict[str, Any]:
    node = nodes(family)[index]
    return node[1] if len(node) > 1 else {}


_SAME = {
    "e": "enum", "r": "required", "lmin": "minLength", "lmax": "maxLength", "imin": "minItems",
    "imax": "maxItems", "pmin": "minProperties", "pmax": "maxProperties", "min": "minimum",
    "max": "maximum", "xmin": "exclusiveMinimum", "xmax": "exclusiveMaximum",
}  # fmt: skip
_TYPES = {"int-or-string": ["integer", "string"], "quantity": ["integer", "string"]}


@cache
def definitions(family: str) -> dict[str, Any]:
    """The nodes of a table in the words of JSON schema, with `$ref` to each other."""
    found: dict[str, Any] = {}
    for number, (kind, *_) in enumerate(nodes(family)):
        own = facets(family, number)
        schema: dict[str, Any] = {} if kind == "any" else {"type": _TYPES.get(kind, kind)}
        told = {"e"} if "t" in own else set()  # values of one release, and none is asked for
        schema |= {_SAME[key]: value for key, value in own.items() if key in _SAME.keys() - told}
        if "p" in own:
            schema["properties"] = {k: {"$ref": f"#/$defs/{v}"} for k, v in own["p"].items()}
        if "i" in own:
            schema["items"] = {"$ref": f"#/$defs/{own['i']}"}
        extra = own.get("a")
        if kind == "object" and not own.get("u") and extra is not True:
            schema["additionalProperties"] = (
                {"$ref": f"#/$defs/{extra}"} if isinstance(extra, int) else False
            )
        found[str(number)] = schema
    return found


_LIMITS = frozenset({"enum", *_SAME.values()} - {"required"})


def verdicts(family: str, index: int, value: Any) -> dict[str, set[str]]:
    """What jsonschema finds, by sort: paths of unknown and missing fields, types, limits."""
    validator = jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{index}", "$defs": definitions(family)}
    )
    found: dict[str, set[str]] = {"dropped": set(), "lacking": set(), "type": set(), "limit": set()}
    for error in validator.iter_errors(value):
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
        if error.validator == "additionalProperties":
            names = set(error.instance) - set(error.schema.get("properties", {}))
            found["dropped"] |= {f"{path}.{name}".lstrip(".") for name in names}
        elif error.validator == "required":
            name = error.message.split("'")[1]
            found["lacking"].add(f"{path}.{name}".lstrip("."))
        elif error.validator == "type":
            found["type"].add(path.lstrip("."))
        elif error.validator in _LIMITS:
            found["limit"].add(path.lstrip("."))
    found["limit"] -= found["type"]
    return found


SCALARS = st.one_of(
    st.integers(-3, 3), st.booleans(), st.sampled_from(["a", "1", "2Gi", ""]), st.just(1.5)
)


@st.composite
def value_for(draw: st.DrawFn, family: str, index: int, depth: int) -> Any:
    """A value near a schema: mostly fitting, now and then an unknown field or another shape."""
    kind, own = nodes(family)[index][0], facets(family, index)
    if draw(st.integers(0, 11)) == 0:
        return draw(st.one_of(SCALARS, st.just([]), st.just({"x": 1})))
    if kind == "object":
        names = sorted(own.get("p", {}))
        picked = draw(st.lists(st.sampled_from(names), max_size=4, unique=True)) if names else []
        wanted = own.get("r", []) if draw(st.booleans()) else []
        picked = list(dict.fromkeys([*picked, *wanted])) if depth > 0 else []
        result = {name: draw(value_for(family, own["p"][name], depth - 1)) for name in picked}
        if draw(st.integers(0, 3)) == 0:
            result[draw(st.sampled_from(["bogus", "replica", "image", "name"]))] = draw(SCALARS)
        return result
    if kind == "array":
        count = draw(st.integers(0, 2)) if depth > 0 and "i" in own else 0
        return [draw(value_for(family, own["i"], depth - 1)) for _ in range(count)]
    if "e" in own:
        return draw(st.sampled_from([*own["e"], "none of them"]))
    simple: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(["a", "b", "long enough for most"]),
        "integer": st.sampled_from([-1, 0, 1, 9, 70000]),
        "number": st.just(0.5),
        "boolean": st.booleans(),
        "int-or-string": st.sampled_from([1, "2Gi"]),
        "quantity": st.sampled_from([1, "2Gi"]),
    }
    return draw(simple.get(kind, SCALARS))


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_verdicts_are_those_of_jsonschema(family: str, data: st.DataObject) -> None:
    table = tables.table(family)
    key = data.draw(st.sampled_from([k for k in sorted(table.kinds) if not k.startswith("//")]))
    index = table.kinds[key][0]
    body = data.draw(value_for(family, index, 7))
    if not isinstance(body, dict):
        return
    schema = table.of(key, None)
    assert schema is not None
    reading = read(made(body, Origin("written", "here")), schema)
    wanted = verdicts(family, index, body)
    assert {each.path for each in reading.dropped} == wanted["dropped"]
    absent = {each.path for each in reading.lacking if isinstance(each.node, Map)}
    assert absent == wanted["lacking"]  # the others are there, and empty
    about = graph_of("{apiVersion: v1, kind: Pod}").resources[0]
    odd = [Suspect(met, about, native=False, mended=False) for met in reading.odd]
    types = {each.path for each in odd if each.misfits}
    types |= {met.path for met in reading.bad}  # said as quantities
    assert {p for p in wanted["type"] if p} <= types
    assert types - {met.path for met in reading.bad} <= wanted["type"]
    limits = {
        refusal.path
        for met in reading.limited
        for refusal in refusals(met)
        if refusal.variant not in ("pattern", "duplicate")
        and "must be of type" not in refusal.reason
    }
    patterns = {r.path for met in reading.limited for r in refusals(met) if r.variant == "pattern"}
    assert limits <= wanted["limit"]
    assert wanted["limit"] <= limits | patterns


def test_every_group_of_a_table_is_listed() -> None:
    for family in FAMILIES:
        groups = {key.rsplit("/", 2)[0] for key in tables.table(family).kinds} - {"/"}
        assert {tables.family_of(group) for group in groups} == {family}
        assert family in tables.TITLES
        own = tables.table(family)
        assert own.releases == sorted(own.releases)


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
    _, reading = last(ISVC + spec)
    (one,) = reading.dropped
    assert one.path == path
    found = meant(reading, one)
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


def test_metadata_is_that_of_every_object_and_status_is_free() -> None:
    text = ISVC.replace("{name: x}", "{name: x, zzz: 1}") + "  predictor: {}\nstatus: {zzz: 1}"
    assert [s.path for s in dropped(text)] == ["metadata.zzz"]
    assert [s.path for s in dropped(text + "\nzzz: 1")] == ["zzz", "metadata.zzz"]
    assert dropped(text.replace("serving.kserve.io", "example.com")) == []


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
        (
            "{type: object, properties: {spec: {type: object, properties: {a: {type: object}}}}}",
            ["spec.a.b", "spec.a.c"],
        ),
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
    assert sorted(each.path for each in dropped(CRD % schema)) == sorted(paths)


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("byte", ["aGk=", ""], ["@", "aGk"]),
        ("cidr", ["10.1.2.3/8", "fd00::/8"], ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/255.0.0.0"]),
        ("date", ["2026-01-31"], ["31.1.2026"]),
        ("date-time", ["2026-01-31T12:00:00.5+01:00", "2026-01-31t12:00:00Z"], ["2026-01-31"]),
        ("duration", ["1h30m", "5 days", "0", "1.5h"], ["5", "soon", "-"]),
        ("email", ["me@example.com", "Me <me@example.com>"], ["example.com"]),
        ("ipv4", ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0", "10.0.0.256", "host"]),
        ("ipv6", ["::1", "fd00::1"], ["10.0.0.1"]),
        ("uri", ["https://example.com", "/v1", "urn:a:b"], ["example.com", "a b"]),
        (
            "uuid",
            ["123E4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"],
            ["123e4567-e89b-12d3-a456"],
        ),
        ("hostname", ["a_b"], []),
        ("made-up", ["a"], []),
    ],
)
def test_formats(format_: str, good: list[str], bad: list[str]) -> None:
    schema = (
        "{type: object, properties: {spec: {type: object, properties: {a: "
        "{type: string, format: %s}}}}}"
    )
    for text, refused in [*((t, False) for t in good), *((t, True) for t in bad)]:
        spec = f"spec: {{a: '{text}'}}"
        _, reading = last((CRD % (schema % format_)).replace("spec: {a: {b: 1, c: 2}}", spec))
        found = [one.reason for met in reading.limited for one in refusals(met)]
        said = (
            f'spec.a: Invalid value: "{text}": spec.a in body must be of type {format_}: "{text}"'
        )
        assert found == [said] * refused
        native = [one for met in reading.limited for one in refusals(met, native=True)]
        assert bool(native) == (refused and format_ == "date-time")


@pytest.mark.parametrize("schema", ["{}", "[]", "null", "text", "{type: object}"])
def test_a_definition_that_says_nothing(schema: str) -> None:
    graph = graph_of(CRD % schema)
    known = schemas_of(graph).of(graph.resources[-1])
    assert not known.whole
    assert known.family == ""


def test_a_definition_adds_to_the_table_of_kserve() -> None:
    crd = CRD.split("---", maxsplit=1)[0].replace("example.com", "serving.kserve.io")
    crd = crd.replace("Thing", "TrainedModel").replace("name: v1\n", "name: v1alpha1\n")
    spec = "{type: object, properties: {ours: {type: string}, model: {type: object}}}"
    text = crd % f"{{type: object, properties: {{spec: {spec}}}}}" + (
        "---\napiVersion: serving.kserve.io/v1alpha1\nkind: TrainedModel\n"
        "spec: {ours: x, inferenceService: y, model: {memory: 1Gi, zzz: 1}, zzz: 1}"
    )
    assert {s.path for s in dropped(text)} == {"spec.model.zzz", "spec.zzz"}


@pytest.mark.parametrize(
    ("kserve", "paths"),
    [
        ("0.19", {"spec.canary", "spec.predictor.name", "spec.predictor.model.confidential"}),
        ("0.20", set()),
        ("0.21", {"spec.zzz"}),
    ],
)
def test_fields_of_another_release(kserve: str, paths: set[str]) -> None:
    text = ISVC + "  predictor: {model: {confidential: {}}, name: y}\n  canary: {}"
    graph = graph_of(text + ("\n  zzz: 1" if kserve == "0.21" else ""))
    resource = graph.resources[0]
    schemas = schemas_of(graph, kserve=kserve)
    found = schemas.reading(resource).dropped
    assert {each.path for each in found} == paths
    assert schemas.of(resource).whole == (kserve != "0.21")
    for each in found if kserve == "0.19" else ():
        differing = schemas.differing(resource, each)
        assert differing is not None
        assert (differing.release, differing.newer, differing.told) == ("KServe 0.20", True, True)


def test_two_definitions_of_a_kind_are_read_as_one() -> None:
    spec = "{type: object, properties: {spec: {type: object, required: [a, %s], properties: %s}}}"
    one = CRD.split("---", maxsplit=1)[0] % (
        spec % ("b", "{a: {type: object, properties: {b: {type: integer, maximum: 5}}}}")
    )
    two = CRD % (
        spec % ("c", "{a: {type: object, properties: {c: {type: integer}}}, z: {type: string}}")
    )
    _, reading = last(one + "---\n" + two.replace("c: 2", "c: text, d: 1"))
    assert [each.path for each in reading.dropped] == ["spec.a.d"]
    assert reading.lacking == []
    assert [met.path for met in reading.odd] == ["spec.a.c"]


def test_what_is_joined_already_is_not_joined_again() -> None:
    origin = Origin("controller", "a test")
    fields = [{"a": {"type": "string"}}, {"b": {"type": "integer"}}]
    one, other = (
        of_definition(made({"type": "object", "properties": each}, origin)) for each in fields
    )
    both = either(one, other)
    assert set(both.names) == {"a", "b"}
    assert either(both, other) is both
    assert either(both, either(other, one)) is both
    assert either(one, both) is not one


def test_definitions_of_one_text_are_made_once() -> None:
    origin = Origin("controller", "a test")
    first, second = (made({"type": "object"}, origin) for _ in range(2))
    kept = of_definition(first, b"a digest")
    assert of_definition(second, b"a digest") is kept
    assert of_definition(second, b"another") is not kept
