"""The reports of `kslint diff` and `kslint upgrade`: how they look, and what they may never do."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from changes_sample import COMPARISON, MANY, NOTHING
from report_run import same_as_snapshot

import kslint.report.changes
from kslint.changes import EFFECTS
from kslint.report.changes import common, markdown, text
from kslint.report.changes import json as json_report
from kslint.report.markdown import LIMIT

SCHEMA = json.loads(
    (Path(kslint.report.changes.__file__).parent / "json.schema.json").read_text(encoding="utf-8")
)


def test_snapshots() -> None:
    same_as_snapshot("changes.txt", text.render(COMPARISON))
    same_as_snapshot("changes.md", markdown.render(COMPARISON))
    same_as_snapshot("changes.json", json_report.render(COMPARISON))


@pytest.mark.parametrize("comparison", [COMPARISON, NOTHING, MANY])
def test_json_is_as_its_schema_says(comparison: kslint.changes.Comparison) -> None:
    document = json.loads(json_report.render(comparison))
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_schema_and_the_words_know_every_effect() -> None:
    assert set(SCHEMA["$defs"]["effect-kind"]["enum"]) == set(EFFECTS) == set(common.WORDS)


def test_nothing_changes() -> None:
    assert text.render(NOTHING) == "old → new\n\nNothing changes\n"
    assert "✅" in markdown.render(NOTHING)


def test_colours() -> None:
    shown = text.render(COMPARISON, colour=True)
    assert "\x1b[32m" in shown
    assert "\x1b[1;31mrefused\x1b[0m" in shown


def test_markdown_fits_into_a_comment() -> None:
    shown = markdown.render(MANY)
    assert len(shown) <= LIMIT
    assert "left out" in shown
    assert "Incomplete" in shown


def test_markdown_means_nothing_that_manifests_say() -> None:
    shown = markdown.render(COMPARISON)
    assert "</script>" not in shown


def test_many_fields_are_cut_in_words_only() -> None:
    assert "6 more fields" in text.render(MANY)
    assert len(json.loads(json_report.render(MANY))["objects"][0]["fields"]) == 30


def test_what_happens_to_several_alike_stands_once() -> None:
    shown = text.render(COMPARISON)
    assert "~ Pod models/a-predictor, models/b-predictor, models/iris-predictor" in shown
    assert shown.count("storage-initializer:v0.20.0") == 1
