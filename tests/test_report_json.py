"""The JSON report keeps its contract: json.schema.json and a snapshot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cases import FIXTURES, book, result_of
from report_samples import check_snapshot, sample

from kslint.findings import Finding, Fix, Label, Result, Subject, Summary
from kslint.report import json as report
from kslint.source.edits import Edit
from kslint.source.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = json.loads(Path(report.__file__).with_name("json.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def rendered(result: Result) -> Any:
    text = report.render(result)
    text.encode()
    assert text.endswith("}\n")
    document = json.loads(text)
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_sample_is_as_it_was() -> None:
    result, _ = sample()
    rendered(result)
    check_snapshot("report.json", report.render(result))


@pytest.mark.parametrize(
    ("fixture", "kinds"),
    [
        ("input/passed-over-serving/bad-template", {""}),
        ("gitops/refused-by-kustomize/bad-component", {"Kustomization"}),
        ("platform/default-domain-example-com/bad-umbrella-chart", {"HelmValues"}),
    ],
)
def test_kinds_without_an_object(fixture: str, kinds: set[str]) -> None:
    found = rendered(result_of(FIXTURES / fixture))["findings"]
    assert {finding["kind"] for finding in found} == kinds


def test_nothing_found() -> None:
    assert rendered(Result([], Summary(0, 0, 0, 0, 0), False, [])) == {
        "version": 1,
        "findings": [],
        "summary": {
            "files": 0, "resources": 0, "errors": 0, "warnings": 0, "notes": 0, "skipped": 0,
            "suppressed": 0, "baselined": 0, "fixed": 0, "unrendered": 0, "context": 0,
        },
        "baseline": None,
        "skipped": [],
    }  # fmt: skip


def test_hostile_text_comes_back_as_it_was() -> None:
    nasty = 'a"\\\n\x00\x1b[31m\u2028\u202e😀\x7f'
    span = Span(nasty, 1, 2, 3, 4)
    finding = Finding(
        "KS001", "unreadable-input", "error", nasty, span, Subject(nasty, nasty, nasty), nasty,
        nasty, nasty, (Label(span, nasty),),
    )  # fmt: skip
    (found,) = rendered(Result([finding], Summary(1, 0, 1, 0, 0), True, [(nasty, nasty)]))[
        "findings"
    ]
    for field in ("file", "message", "kind", "namespace", "resource", "path", "symptom", "help"):
        assert found[field] == nasty
    assert found["related"] == [
        {"file": nasty, "line": 1, "column": 2, "end_line": 3, "end_column": 4, "message": nasty}
    ]


def test_custom_rules_keep_the_contract_too() -> None:
    finding = Finding("ACME001", "needs-owner", "error", "x", Span("a.yaml", 1, 1, 1, 1))
    (found,) = rendered(Result([finding], Summary(1, 0, 1, 0, 0), False, []))["findings"]
    assert found["rule"] == "ACME001"


def test_lone_surrogates_can_be_written() -> None:
    finding = Finding("KS001", "x", "error", "\udcff", Span("\udce9", 1, 1, 1, 1))
    (found,) = rendered(Result([finding], Summary(1, 0, 1, 0, 0), True, []))["findings"]
    assert (found["message"], found["file"]) == ("\udcff", "\udce9")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update(version=2),
        lambda document: document.pop("skipped"),
        lambda document: document["findings"][0].pop("end_column"),
        lambda document: document["findings"][0].update(line=0),
        lambda document: document["findings"][0].update(severity="fatal"),
        lambda document: document["findings"][0]["related"][0].pop("message"),
        lambda document: document["summary"].update(errors=-1),
    ],
)
def test_the_schema_can_fail(spoil: Callable[[Any], None]) -> None:
    document = rendered(sample()[0])
    spoil(document)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


@pytest.mark.parametrize("folder", ["platform-good", "platform-bad", "input/yaml-syntax"])
def test_real_runs_keep_the_contract(folder: str) -> None:
    assert book()
    rendered(result_of(FIXTURES / folder))


def test_a_fix_has_its_edits() -> None:
    span = Span("a.yaml", 2, 1, 2, 1)
    fix = Fix("set it", True, (Edit(span, "b: 1\n"),))
    finding = Finding("KS101", "a-rule", "error", "m", span, fix=fix)
    document = rendered(Result([finding], Summary(1, 1, 1, 0, 0), False, []))
    place = {"file": "a.yaml", "line": 2, "column": 1, "end_line": 2, "end_column": 1}
    assert document["findings"][0]["fix"] == {
        "description": "set it", "safe": True, "edits": [{**place, "text": "b: 1\n"}],
    }  # fmt: skip
