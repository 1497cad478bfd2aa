"""Every format as a whole, against a text that a human has read, and its finer points."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from report_run import CLEAN, FINDINGS, PICTURE, RESULT, RULES, SOURCES, same_as_snapshot
from sarif_schema import LOG

from kslint import __version__
from kslint.findings import Baselined, Finding, Subject
from kslint.findings.fingerprints import fingerprints
from kslint.report import concise, github, gitlab, grouped, html, junit, markdown, sarif
from kslint.source.nodes import Span


def run_of(text: str) -> dict[str, Any]:
    document = json.loads(text)
    jsonschema.validate(document, LOG, cls=jsonschema.Draft202012Validator)
    run: dict[str, Any] = document["runs"][0]
    return run


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("concise.txt", concise.render(RESULT)),
        ("grouped.txt", grouped.render(RESULT)),
        ("github.txt", github.render(RESULT)),
        ("gitlab.json", gitlab.render(RESULT)),
        ("junit.xml", junit.render(RESULT, RULES)),
        ("junit-clean.xml", junit.render(CLEAN, RULES)),
        ("markdown.md", markdown.render(RESULT, SOURCES)),
        ("markdown-clean.md", markdown.render(CLEAN, SOURCES)),
        ("sarif.json", sarif.render(RESULT, RULES)),
    ],
)
def test_snapshot(name: str, text: str) -> None:
    same_as_snapshot(f"report-{name}", text.replace(f'"{__version__}"', '"VERSION"'))


def test_snapshot_of_the_page() -> None:
    """Without the style and the script, which stand in files of their own."""
    text = html.render(RESULT, RULES, SOURCES, PICTURE).replace(__version__, "VERSION")
    text = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", text, flags=re.DOTALL)
    text = re.sub(r"sha256-[\w+/=]+", "sha256-HASH", text)
    same_as_snapshot("report-html.html", text)


# ---- SARIF


def test_sarif_has_results_when_clean() -> None:
    run = run_of(sarif.render(CLEAN, RULES))
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True}]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [r.id for r in RULES]


def test_sarif_keeps_suppressed_findings_and_marks_all() -> None:
    run = run_of(sarif.render(RESULT, RULES))
    marks = [result["suppressions"] for result in run["results"]]
    assert [m for m in marks if m] == [
        [{"kind": "inSource", "justification": "the chart sets 4, see OPS-12"}],
        [{"kind": "external"}],
    ]
    assert len(marks) == len(FINDINGS) - 1


def test_sarif_compares_with_a_baseline() -> None:
    run = run_of(sarif.render(RESULT._replace(baseline=Baselined("known.json")), RULES))
    states = [result["baselineState"] for result in run["results"]]
    assert states == ["new"] * 5 + ["unchanged", "new"]
    clean = FINDINGS[1:4]
    found = RESULT._replace(findings=clean, baseline=Baselined("known.json"))
    assert [r["suppressions"] for r in run_of(sarif.render(found, RULES))["results"]] == [[]] * 3


def test_sarif_says_that_the_run_failed() -> None:
    invocation = run_of(sarif.render(RESULT, RULES))["invocations"][0]
    assert invocation["executionSuccessful"] is False
    told = [n["associatedRule"]["id"] for n in invocation["toolExecutionNotifications"]]
    assert told == ["KS001", "KS009"]
    assert "locations" not in invocation["toolExecutionNotifications"][1]


def test_sarif_rules_and_links_lead_somewhere() -> None:
    run = run_of(sarif.render(RESULT, RULES[2:3]))
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        ids = [str(related["id"]) for related in result.get("relatedLocations", ())]
        assert re.findall(r"(?<!\\)\]\((\d+)\)", result["message"]["text"]) == ids


@pytest.mark.parametrize(
    ("file", "artifact", "region"),
    [
        ("a b/ü#1.yaml", {"uri": "a%20b/%C3%BC%231.yaml", "uriBaseId": "%SRCROOT%"}, True),
        ("/srv/x.yaml", {"uri": "file:///srv/x.yaml"}, True),
        ("C:/x y.yaml", {"uri": "file:///C:/x%20y.yaml"}, True),
        ("<stdin>", {"uri": "%3Cstdin%3E"}, False),
    ],
)
def test_sarif_locations(file: str, artifact: dict[str, str], region: bool) -> None:
    result = RESULT._replace(findings=[FINDINGS[3]._replace(span=Span(file, 2, 1, 2, 3))])
    run = run_of(sarif.render(result, RULES))
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == artifact
    assert ("region" in place) == region


def test_a_place_of_nothing_at_the_start_is_the_file() -> None:
    results = run_of(sarif.render(RESULT, RULES))["results"]
    assert "region" not in results[0]["locations"][0]["physicalLocation"]
    assert "region" in results[1]["locations"][0]["physicalLocation"]


# ---- fingerprints


def test_fingerprints_follow_the_object_and_not_the_words() -> None:
    one = FINDINGS[3]
    moved = one._replace(message="else", severity="note", span=Span("b.yaml", 99, 1, 99, 2))
    assert [*fingerprints([one])] == [*fingerprints([moved])]
    others = [
        one._replace(rule="KS999"),
        one._replace(path="spec"),
        one._replace(subject=Subject("InferenceService", "other", "qwen-cpu")),
        one._replace(subject=Subject("HelmValues")),
        one._replace(subject=Subject("HelmValues"), span=Span("b.yaml", 1, 1, 1, 2)),
    ]
    assert len({*fingerprints([one, moved, *others])}) == 7


def test_gitlab_and_sarif_agree_whatever_is_suppressed() -> None:
    issues = json.loads(gitlab.render(RESULT))
    run = run_of(sarif.render(RESULT, RULES))
    marks = {result["partialFingerprints"]["kslint/v1"] for result in run["results"]}
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 6
    assert sum(issue["fingerprint"] in marks for issue in issues) == 5  # all but <kslint>


# ---- the others


def test_github_says_the_worst_first_and_nothing_of_suppressed_ones() -> None:
    commands = [line.split(" ", 1)[0] for line in github.render(RESULT).splitlines()]
    assert commands == ["::error"] * 3 + ["::warning"] + ["::notice"] * 2


def test_github_has_no_columns_over_several_lines() -> None:
    block = RESULT._replace(findings=[FINDINGS[5]._replace(suppressed=None)])
    text = github.render(block)
    assert "line=9,endLine=13,title" in text


def test_junit_counts() -> None:
    root = ET.fromstring(junit.render(RESULT, RULES))  # noqa: S314
    assert dict(root.items()) == {
        "name": "kslint", "tests": "8", "failures": "4", "errors": "2", "skipped": "2",
    }  # fmt: skip
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert suite.get(name) == str(len(suite.findall(f"testcase/{tag}")))


@pytest.mark.parametrize("limit", [300, 1_000, 2_500, 60_000])
def test_markdown_keeps_within_its_limit(limit: int) -> None:
    many = RESULT._replace(findings=FINDINGS * 40)
    text = markdown.render(many, SOURCES, limit)
    assert len(text) <= limit
    assert "Cut to fit" in text
    assert text.count("<details>") == text.count("</details>")


def test_markdown_says_how_much_was_cut() -> None:
    text = markdown.render(RESULT._replace(findings=FINDINGS * 3), SOURCES, 3_000)
    rows, parts = text.count("\n| "), text.count("<details>")
    left = re.findall(r"(\d+) findings", text)
    assert left[-2:] == [str(18 - rows + 1), str(18 - parts)]


def test_concise_is_one_line_each() -> None:
    lines = concise.render(RESULT).splitlines()
    assert len(lines) == 6
    assert lines[2].startswith("serving/isvc.yaml:8:5: warning[KS402] canary-on-rwo-pvc: a canary")


def test_clean_runs_are_short() -> None:
    assert concise.render(CLEAN) == github.render(CLEAN) == ""
    assert gitlab.render(CLEAN) == "[]\n"


def test_a_rule_that_no_one_told_of() -> None:
    stray = RESULT._replace(
        findings=[Finding("X1", "mine", "warning", "m", Span("a.yaml", 1, 1, 1, 2))]
    )
    assert run_of(sarif.render(stray, []))["results"][0]["ruleIndex"] == 0
    assert "X1 mine" in html.render(stray, [], {})
    assert "<failure " in junit.render(stray, [])
