"""A run's result with every kind of finding, and the comparison with text files."""

from __future__ import annotations

import os
from pathlib import Path

from kslint.findings import Finding, Label, Result, Subject, Summary
from kslint.source.files import Source
from kslint.source.nodes import Span

SNAPSHOTS = Path(__file__).resolve().parent / "snapshots"

ISVC = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: qwen-cpu
spec:
  predictor:
    containers:
      - name: kserve-container
        resources:
          requests:
            cpu: "2"
"""
SETTINGS = 'kind: ConfigMap\ndata:\n  inferenceService: |\n    {"cpuLimit": "1"}\n'
ODD = (
    "plain: 1\n"
    "\ttab:\tx\n"
    "wide: {日本語: 値, b: c}\n"
    "emoji: {😀: e\u0301e\u0301, b: c}\n"
    'escape: "\x1b[31mred\x1b[0m \u202e"\n'
    "block: |\n  one\n  two\nend: 1\n"
    f"long: {'x' * 300} here {'y' * 300}\n"
)


def check_snapshot(name: str, text: str) -> None:
    """Compare with a file; KSLINT_UPDATE_SNAPSHOTS=1 writes it, and a human reads it then."""
    file = SNAPSHOTS / name
    if os.environ.get("KSLINT_UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def odd(line: int, column: int, end_column: int, message: str, end_line: int = 0) -> Finding:
    span = Span("odd.yaml", line, column, end_line or line, end_column)
    return Finding("KS900", "odd-text", "note", message, span)


def sample() -> tuple[Result, dict[str, Source]]:
    """A result and the sources it points into."""
    main = Finding(
        "KS101",
        "cpu-request-over-injected-limit",
        "error",
        "requests.cpu 2 is over limits.cpu 1, which KServe injects",
        Span("serving/isvc.yaml", 11, 13, 11, 16),
        Subject("InferenceService", "kserve", "qwen-cpu"),
        "spec.predictor.containers[0].resources.requests.cpu",
        'The Deployment "qwen-cpu-predictor" is invalid:\nmust be less than or equal to cpu limit',
        "Set limits.cpu, or lower the request.",
        (Label(Span("settings.yaml", 4, 5, 4, 22), "the limit is set here"),),
    )
    gone = Finding(
        "KS001", "unreadable-input", "error", "no such file or directory",
        Span("missing.yaml", 1, 1, 1, 1), help="Fix the path.",
    )  # fmt: skip
    warning = Finding(
        "KS402", "canary-on-rwo-pvc", "warning", "a file name\x1b[2J and a message\nof two lines",
        Span("evil\x1b]0;x\x07\n.yaml", 1, 1, 1, 5),
        related=(
            Label(Span("evil\x1b]0;x\x07\n.yaml", 2, 1, 2, 2), "a label\x1b[31m"),
            Label(Span("nowhere.yaml", 120, 1, 120, 2), "in a file that is not at hand"),
        ),
    )  # fmt: skip
    odds = [
        odd(2, 7, 8, "a tab before the caret"),
        odd(3, 8, 11, "wide characters"),
        odd(3, 16, 17, "behind wide characters"),
        odd(4, 14, 15, "behind an emoji and combining characters"),
        odd(5, 9, 27, "control characters in the file"),
        odd(6, 8, 1, "a span of several lines", end_line=9),
        odd(10, 308, 312, "far to the right"),
        odd(10, 7, 613, "longer than the frame"),
        odd(10, 1, 5, "at the left of a long line"),
        odd(9, 40, 41, "a column beyond the line"),
        odd(99, 1, 2, "a line beyond the file"),
        odd(1, 1, 6, "the first line"),
    ]
    texts = {
        "serving/isvc.yaml": ISVC,
        "settings.yaml": SETTINGS,
        "odd.yaml": ODD,
        "evil\x1b]0;x\x07\n.yaml": "evil: 1\nx: \x1b[31m\n",
        "empty.yaml": "",
    }
    empty = Finding("KS900", "odd-text", "note", "an empty file", Span("empty.yaml", 1, 1, 1, 1))
    findings = [main, gone, warning, *odds, empty]
    summary = Summary(5, 2, 2, 1, len(odds) + 1, 1, unrendered=1)
    result = Result(findings, summary, True, [("chart/templates/x.yaml", "Helm template")])
    return result, {name: Source(name, text.encode()) for name, text in texts.items()}
