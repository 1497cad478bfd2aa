"""What a finding is, whatever its line and wording: dashboards follow it from run to run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.findings import Finding


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """One fingerprint a finding, in order: hex text of 32 digits, unique within the run.

    It is made of the rule, the object and the path within it; of the file, where there is no
    object. Findings that share all of these are numbered.
    """
    seen: dict[tuple[str, ...], int] = {}
    for finding in findings:
        subject = finding.subject
        owner = subject if subject.name else (subject.kind, finding.span.file)
        identity = (finding.rule, *owner, finding.path)
        seen[identity] = ordinal = seen.get(identity, 0) + 1
        text = "\0".join((*identity, str(ordinal)))
        yield hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
