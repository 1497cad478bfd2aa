"""Suppressions: what they cover, and what becomes of those that cover nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from cases import RULE_FOLDERS, book, result_of

from kslint.findings import Suppression
from kslint.findings.suppressions import applied, excuses

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.findings import Finding

CASES = RULE_FOLDERS["unused-suppression"]


def suppressed(case: str) -> dict[str, Finding]:
    return {f.name: f for f in result_of(CASES / case).findings if f.suppressed is not None}


@pytest.mark.parametrize("case", ["good-line", "good-block-and-file", "good-annotation"])
def test_suppressed_findings_stay_in_the_result_and_do_not_count(case: str) -> None:
    result = result_of(CASES / case)
    (finding,) = [f for f in result.findings if f.name == "vllm-omp-bind-all"]
    assert finding.suppressed is not None
    assert finding.suppressed.kind == "inSource"
    assert result.summary.suppressed >= 1
    counted = result.summary.errors + result.summary.warnings + result.summary.notes
    assert counted == len(result.findings) - result.summary.suppressed


def test_the_reason_is_kept() -> None:
    found = suppressed("good-block-and-file")
    omp = found["vllm-omp-bind-all"].suppressed
    download = found["hf-download-on-throttled-egress"].suppressed
    assert omp is not None
    assert omp.reason == "the entrypoint replaces it"
    assert download is not None
    assert download.reason == "the cluster has a mirror"


def test_an_expired_one_no_longer_covers() -> None:
    result = result_of(CASES / "bad-expired")
    (finding,) = [f for f in result.findings if f.name == "vllm-omp-bind-all"]
    assert finding.suppressed is None


def test_a_rule_that_did_not_run_is_not_called_unused() -> None:
    rules = [rule for rule in book() if rule.name == "canary-on-rwo-pvc"]
    messages = [f.message for f in result_of(CASES / "bad-wrong", rules).findings]
    assert not any("nothing to suppress" in message for message in messages)
    assert any("no rule or category is called `zzz`" in message for message in messages)


def test_the_last_day_still_counts() -> None:
    result = result_of(CASES / "good-block-and-file")
    finding = next(f for f in result.findings if f.name == "vllm-omp-bind-all")
    bare = finding._replace(suppressed=None)
    from cases import inside

    from kslint.source.load import load

    with inside(CASES / "good-block-and-file"):
        given = list(excuses(load(["."]).files, []))
    for day, covered in ((date(2999, 12, 31), True), (date(3000, 1, 1), False)):
        marked = applied([(bare, None)], given, book(), {bare.name}, day)[0]
        assert (marked.suppressed is not None) is covered


def test_each_line_of_an_annotation_has_its_own_reason(tmp_path: Path) -> None:
    lines = "|\n      vllm-omp-bind-all: see OPS-12: no traffic, yet\n      KS304\n"
    found = {f.name: f.suppressed for f in _with_annotation(tmp_path, lines)}
    assert found["vllm-omp-bind-all"] == Suppression("inSource", "see OPS-12: no traffic, yet")
    assert found["missing-enforce-eager"] == Suppression("inSource", "")


def test_a_date_in_an_annotation_counts(tmp_path: Path) -> None:
    lines = "|\n      vllm-omp-bind-all, KS304: until=2020-01-31 the next image\n"
    found = _with_annotation(tmp_path, lines)
    assert not [f for f in found if f.suppressed]
    assert "the suppression of `KS304` expired on 2020-01-31" in [f.message for f in found]


def test_an_annotation_covers_what_is_found_in_the_yaml_of_its_object(tmp_path: Path) -> None:
    text = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  annotations: {kslint.io/ignore: yaml-merge-override}
data:
  a: b
  <<: {a: c}
"""
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    found = {f.name: f.suppressed for f in result_of(tmp_path).findings}
    assert found == {"yaml-merge-override": Suppression("inSource", "")}


def _with_annotation(folder: Path, value: str) -> list[Finding]:
    text = (CASES / "good-annotation/a.yaml").read_text(encoding="utf-8")
    old = "kslint.io/ignore: vllm-omp-bind-all"
    assert old in text
    new = text.replace(old, f"kslint.io/ignore: {value}")
    (folder / "a.yaml").write_text(new, encoding="utf-8")
    return result_of(folder).findings
