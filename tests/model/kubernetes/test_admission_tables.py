"""What the API server refuses, and the like that it accepts: the tables in refusals/."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from admission_words import rows, said

from kslint.model.kubernetes.admission.workloads import claim_template_failures

if TYPE_CHECKING:
    from admission_words import Row

ROWS = list(rows())


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.place}-{row.kind}" for row in ROWS])
def test_row(row: Row) -> None:
    assert said(row) == row.says


def test_claims_of_a_stateful_set_are_judged_once_they_are_made() -> None:
    found = {
        claim: [failure.message for failure in failures]
        for row in ROWS
        if row.kind == "StatefulSet"
        for claim, failures in claim_template_failures(row.body)
    }
    supported = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'
    unknown = f'spec.accessModes: Unsupported value: "RWO": supported values: {supported}'
    assert found["no-such-mode"] == [unknown]
    assert found["no-request"] == ["spec.resources[storage]: Required value"]
    assert found["fine"] == []
