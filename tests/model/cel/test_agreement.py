"""Rules of definitions that are there as code, too: both say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")

from admission_words import rows, said, version_of
from rules_of import refusals

from kslint.model.cel.rule_tables import rule_table
from kslint.model.cel.spoken import is_spoken

if TYPE_CHECKING:
    from admission_words import Row

TABLES = {
    "Gateway": ("gateway-api", "1.4.1"), "HTTPRoute": ("gateway-api", "1.4.1"),
    "GRPCRoute": ("gateway-api", "1.4.1"), "InferencePool": ("inference-extension", "1.6.0"),
    "ClusterQueue": ("kueue", "0.14.8"), "ResourceFlavor": ("kueue", "0.14.8"),
}  # fmt: skip
ROWS = [row for row in rows() if row.kind in TABLES]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.place}-{row.kind}" for row in ROWS])
def test_code_says_what_the_rules_say(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kslint.model.cel.asking.is_spoken", lambda *_: False)
    family, release = TABLES[row.kind]
    table, version = rule_table(family), version_of(row.kind)
    place = table.releases.index(release)
    group, _, name = version.rpartition("/")
    forms = table.variants(f"{version}/{row.kind}")
    form = next(form.schema for form in forms if place in form.releases)
    by_rule = {
        message
        for rule, message in refusals(form, row.body)
        if is_spoken(group, name, row.kind, rule.message)
    }
    by_code = {
        message
        for message in said(row)
        if not message.startswith("metadata") and " in body should match " not in message
    }
    if "{{" in str(row.body.plain()):  # a rule that sees a template is not asked
        assert by_rule <= by_code
    else:
        assert by_rule == by_code
