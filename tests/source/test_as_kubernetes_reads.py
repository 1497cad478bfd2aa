"""The reading of odd YAML, text by text, beside what kubectl decodes from it.

`kubernetes_yaml.json` was recorded by running Kubernetes' own decoder; it says which version.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kslint.source.files import Source
from kslint.source.parser import YamlError, compose

if TYPE_CHECKING:
    from kslint.source.nodes import JsonValue

TABLE = json.loads(Path(__file__).with_name("kubernetes_yaml.json").read_text(encoding="utf-8"))

STRICTER = {
    "a: !!python/name:os.system x\n": "go-yaml drops the tag, other readers run it",
    "!!python/name:os.system x: 1\n": "go-yaml drops the tag, other readers run it",
    "a: 1\n...\nb: 2\n": "kubectl leaves out what follows the `...`, and says nothing",
}
"""What we refuse and kubectl does not, and why."""

MORE_LENIENT = {
    "---: 1\n": "a key that begins like a separator",
    "a: 1\n---b: 2\n": "a key that begins like a separator",
    'a: "\\/"\n': "libyaml knows the escape, as YAML 1.2 does",
    "a: 1\r---\rb: 2\r": "kubectl finds separators by line feeds, and reads the first object only",
    '{"a": 1} # c': "a comment behind JSON",
}
"""What we read and kubectl does not. Nothing is reported then, which is the safe side."""


def reading(text: str) -> tuple[list[JsonValue], str | None]:
    """The objects of a text up to the first that Kubernetes cannot hold, and what is wrong."""
    data = text.encode()
    objects: list[JsonValue] = []
    try:
        for document in compose(Source("f.yaml", data), data):
            if document.refusals:
                return objects, document.refusals[0].message
            if not document.root.is_null:
                objects.append(document.root.plain())
    except YamlError as error:
        return objects, error.message
    return objects, None


def canonical(value: Any) -> str:
    """JSON in which 1, 1.0 and -0 are what they are to Go, and true is no 1."""

    def numbers(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: numbers(item) for key, item in value.items()}
        if isinstance(value, list):
            return [numbers(item) for item in value]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return float(value) + 0.0 if is_number else value

    return json.dumps(numbers(value), sort_keys=True)


@pytest.mark.parametrize(
    "case", TABLE["cases"], ids=lambda case: f"{case['what']} {case['yaml']!r}"
)
def test_as_kubectl(case: dict[str, Any]) -> None:
    objects, problem = reading(case["yaml"])
    if problem is None and "error" not in case:
        agrees = canonical(objects) == canonical(case["objects"])
    else:
        agrees = problem is not None and "error" in case
    if case["yaml"] in STRICTER:
        assert problem is not None
        assert "error" not in case
    elif case["yaml"] in MORE_LENIENT:
        assert problem is None
        assert not agrees
    else:
        assert agrees, (objects, problem)


def test_the_table_holds_every_exception() -> None:
    texts = {case["yaml"] for case in TABLE["cases"]}
    assert texts >= {*STRICTER, *MORE_LENIENT}
    assert len(texts) == len(TABLE["cases"])
