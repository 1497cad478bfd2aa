"""What a finding is, whatever its line and wording: dashboards and baselines know it again."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.findings import Finding

_INDEX = re.compile(r"\[\d+\]")


class Identity(NamedTuple):
    """A finding without its place: the rule's id, the object's kind and name, the path in it.

    The path has no list indices (`spec.containers[].image`): an element put in before it changes
    nothing. Findings may share an identity.
    """

    rule: str
    kind: str
    name: str
    path: str


def identity(finding: Finding) -> Identity:
    """The identity of a finding."""
    subject = finding.subject
    return Identity(finding.rule, subject.kind, subject.name, _INDEX.sub("[]", finding.path))


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """One fingerprint a finding, in order: hex text of 32 digits, unique within the run.

    It is made of the identity and the object's namespace; of the file, where there is no object.
    Findings that share all of these are numbered.
    """
    seen: dict[tuple[str, ...], int] = {}
    for finding in findings:
        subject = finding.subject
        scope = subject.namespace if subject.name else finding.span.file
        whole = (*identity(finding), scope)
        seen[whole] = ordinal = seen.get(whole, 0) + 1
        text = "\0".join((*whole, str(ordinal)))
        yield hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
