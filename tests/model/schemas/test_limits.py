"""Limits of values: numbers of any size, and keywords of any type in somebody's own definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import result_of

from kslint.model.schemas import limits

if TYPE_CHECKING:
    import re
    from pathlib import Path

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                value: {type: number, %s}
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: a, namespace: b}
spec: {value: %s}
"""


@pytest.mark.parametrize(
    ("keyword", "value", "refused"),
    [
        ("multipleOf: 0.1", "0.3", False),
        ("multipleOf: 0.1", "0.35", True),
        ("multipleOf: 2", "1e300", False),
        ("multipleOf: 7", "1000000000000000000000000000000", True),
        ("minimum: 1", "1000000000000000000000000000000", False),
        ("minimum: 1", "0", True),
        ("exclusiveMinimum: true, minimum: 1", "1", True),
        ("maximum: 5", "1e308", True),
    ],
)
def test_numbers_are_held_against_their_limits(
    tmp_path: Path, keyword: str, value: str, refused: bool
) -> None:
    (tmp_path / "a.yaml").write_text(CRD % (keyword, value), encoding="utf-8")
    names = [finding.name for finding in result_of(tmp_path).findings]
    assert ("value-not-allowed" in names) is refused
    assert "internal-error" not in names


@pytest.mark.parametrize("keyword", ["minimum: [1]", "maximum: text", "multipleOf: {a: b}"])
def test_a_limit_of_the_wrong_type_limits_nothing(tmp_path: Path, keyword: str) -> None:
    (tmp_path / "a.yaml").write_text(CRD % (keyword, "3"), encoding="utf-8")
    names = [finding.name for finding in result_of(tmp_path).findings]
    assert not {"value-not-allowed", "internal-error"}.intersection(names)


@pytest.mark.parametrize("choices", ["[a, {b: c}]", "[a, [b]]", "[a, null, 1]", "[{b: c}]"])
def test_choices_may_be_of_any_type(tmp_path: Path, choices: str) -> None:
    """As the API server takes them: a text is held against all, and equals those that are texts."""
    crd = CRD.replace("type: number", "type: string") % (f"enum: {choices}", "z")
    (tmp_path / "a.yaml").write_text(crd, encoding="utf-8")
    names = [finding.name for finding in result_of(tmp_path).findings]
    assert "value-not-allowed" in names
    assert "internal-error" not in names
    (tmp_path / "a.yaml").write_text(crd.replace("value: z", "value: a"), encoding="utf-8")
    names = [finding.name for finding in result_of(tmp_path).findings]
    assert ("value-not-allowed" in names) is ("a" not in choices)


def test_a_pattern_of_the_input_is_none_of_ours_wherever_it_is_handed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that is defined twice, a little differently: what is said of a field is joined."""
    crd = CRD.replace("type: number", "type: string")
    keywords, value = "pattern: '^(a+)+$'", "a" * 60 + "b"
    (tmp_path / "a.yaml").write_text(crd % (keywords, value), encoding="utf-8")
    other = (crd % (f"{keywords}, description: other", value)).partition("---")[0]
    (tmp_path / "b.yaml").write_text(other, encoding="utf-8")
    ours = limits._compiled

    def compiled(pattern: str) -> re.Pattern[str] | None:
        assert pattern != "^(a+)+$"
        return ours(pattern)

    monkeypatch.setattr(limits, "_compiled", compiled)
    names = [finding.name for finding in result_of(tmp_path).findings]
    assert "value-not-allowed" in names
    assert "internal-error" not in names
