"""A node in a few words: what is known of it, and its findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kslint.findings import SEVERITIES
from kslint.picture import CREATED, INPUT, MISSING, UNKNOWN
from kslint.report.facts import active, counted, worst_first
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.findings import Finding
    from kslint.picture import PictureNode

_COUNTED = (CREATED, MISSING, UNKNOWN)
STATES = {CREATED: "created by a controller", MISSING: "missing", UNKNOWN: "not in the input"}
SIGNS = {"error": "✕", "warning": "!", "note": "i"}


def inventory(nodes: Sequence[PictureNode]) -> str:
    """`38 objects, 34 created by a controller, 4 missing`: how many of each state there are."""
    amounts = Counter(node.state for node in nodes)
    others = [f"{amounts[state]} {STATES[state]}" for state in _COUNTED if amounts[state]]
    return ", ".join([count(amounts[INPUT], "object"), *others])


def counting(node: PictureNode, findings: Sequence[Finding]) -> list[Finding]:
    """The findings of a node that nobody suppressed, worst first."""
    return worst_first(active(findings[index] for index in node.findings))


def amounts(found: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`; "" for none."""
    return counted(found) if found else ""


def rules(found: Sequence[Finding]) -> list[str]:
    """The rules behind findings, each once."""
    return list(dict.fromkeys(finding.rule for finding in found))


def worst(found: Sequence[Finding]) -> str:
    """The worst severity; "" for none."""
    return min((finding.severity for finding in found), key=SEVERITIES.index, default="")


def box(node: PictureNode, findings: Sequence[Finding]) -> list[str]:
    """The lines in a node's box: kind, name, findings, what is known, note."""
    found = counting(node, findings)
    lines = [node.kind, node.name or "(no name)"]
    lines += [f"{SIGNS[node.severity]} {amounts(found)}"] if found else []
    lines += [STATES[node.state]] if node.state in (MISSING, UNKNOWN) else []
    return lines + ([f"({node.note})"] if node.note else [])
