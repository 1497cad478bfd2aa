"""A finished run with a finding of every sort, for all report formats."""

from __future__ import annotations

import os
from pathlib import Path

from kslint.findings import (
    Edit,
    Finding,
    Fix,
    Label,
    Result,
    Subject,
    Summary,
    Suppression,
)
from kslint.picture import GraphPicture, PictureEdge, PictureNode
from kslint.report.facts import RuleFacts
from kslint.source.files import Source
from kslint.source.nodes import Span

SNAPSHOTS = Path(__file__).resolve().parent.parent / "snapshots"

ISVC = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: qwen-cpu
  namespace: models
spec:
  predictor:
    canaryTrafficPercent: 20
    containers:
      - name: kserve-container
        resources:
          requests:
            cpu: "2"
"""
CLAIM = """\
kind: PersistentVolumeClaim
spec:
  accessModes:
    - ReadWriteOnce
"""
HOSTILE = 'a: </script><script>alert(1)</script> ``` | @all <!-- --> %0A::error::x "\n'
PAGE = """\
## What happens
The API server refuses the Deployment, and *nothing* is updated:

```text
must be <less> than
```

## Why
- a limit is **injected**
  from `inferenceservice-config`
- see [the docs](https://kserve.github.io/website/)

| value | from |
|---|---|
| `1` | chart |
"""
INSERTED = "          limits:\n            cpu: 2\n"
QWEN = Subject("InferenceService", "models", "qwen-cpu")
REQUEST = Span("serving/isvc.yaml", 13, 13, 13, 16)

RULES = [
    RuleFacts("KS001", "unreadable-input", "error", "Input that cannot be read", "input",
              "Fix the path.", "## What happens\nIt is not read.\n"),
    RuleFacts("KS009", "internal-error", "error", "A rule broke", "input", "Report it.", ""),
    RuleFacts("KS101", "cpu-request-over-injected-limit", "error",
              "A CPU request over an injected limit", "resources",
              "set `limits.cpu` to {request}", PAGE),
    RuleFacts("KS402", "canary-on-rwo-pvc", "warning", "A canary on a claim of one node",
              "rollout", "serve from a ReadOnlyMany claim", "A claim of *one* node.\n"),
    RuleFacts("KS900", "odd-text", "note", "Text that could break a report", "schema", "", ""),
]  # fmt: skip

FINDINGS = [
    Finding(
        "KS001", "unreadable-input", "error", "no such file or directory",
        Span("missing file.yaml", 1, 1, 1, 1), help="Fix the path.",
    ),
    Finding(
        "KS900", "odd-text", "note", "</script><b>100 %</b>, | a: `x|y` [0](9)\nand @all",
        Span("odd,:%.yaml", 1, 4, 1, 13), symptom="two\nlines ```", help="none *at all*",
    ),
    Finding(
        "KS402", "canary-on-rwo-pvc", "warning",
        "a canary of 20 % runs a second pod, but `model-cache` is ReadWriteOnce",
        Span("serving/isvc.yaml", 8, 5, 8, 25), QWEN, "spec.predictor.canaryTrafficPercent",
        "Multi-Attach error for volume", "serve from a ReadOnlyMany claim",
        (Label(Span("serving/pvc.yaml", 3, 3, 3, 14), "claim [0] is ReadWriteOnce"),),
    ),
    Finding(
        "KS101", "cpu-request-over-injected-limit", "error",
        "`requests.cpu` is 2, over the cpu limit of 1", REQUEST, QWEN,
        "spec.predictor.containers[0].resources.requests.cpu",
        'Deployment "qwen-cpu-predictor" is invalid:\nmust be less than or equal to cpu limit',
        "set `limits.cpu` to 2",
        fix=Fix(
            "set `limits.cpu` to 2", True,
            (Edit(Span("serving/isvc.yaml", 12, 1, 12, 1), INSERTED),),
        ),
    ),
    Finding(
        "KS101", "cpu-request-over-injected-limit", "error", "said otherwise", REQUEST, QWEN,
        "spec.predictor.containers[0].resources.requests.cpu",
        suppressed=Suppression("inSource", "the chart sets 4, see OPS-12"),
    ),
    Finding(
        "KS402", "canary-on-rwo-pvc", "warning", "the block over several lines",
        Span("serving/isvc.yaml", 9, 5, 13, 21), suppressed=Suppression("external"),
    ),
    Finding("KS900", "odd-text", "note", "from a pipe", Span("<stdin>", 3, 1, 3, 5)),
    Finding(
        "KS009", "internal-error", "error", "rule x failed: KeyError", Span("<kslint>", 1, 1, 1, 1)
    ),
]  # fmt: skip

RESULT = Result(
    FINDINGS, Summary(4, 3, 3, 1, 2, 1, 2, unrendered=1), True, [("chart/x.yaml", "Helm template")]
)
CLEAN = Result([], Summary(4, 3, 0, 0, 0), False, [])
SOURCES = {
    name: Source(name, text.encode())
    for name, text in (
        ("serving/isvc.yaml", ISVC),
        ("serving/pvc.yaml", CLAIM),
        ("odd,:%.yaml", HOSTILE),
    )
}
PICTURE = GraphPicture(
    (
        PictureNode("0", "InferenceService", "models", "qwen-cpu", "error", (2, 3, 4)),
        PictureNode("1", "PersistentVolumeClaim", "models", "model-cache"),
        PictureNode("2", "InferenceService", "models", "iris"),
        PictureNode("3", "ClusterServingRuntime", "", "onnx</text><script>"),
        PictureNode("4", "Service", "other", "unlinked"),
    ),
    (
        PictureEdge("0", "1", "volume"),
        PictureEdge("2", "3", "runtime"),
        PictureEdge("2", "1", "volume"),
    ),
)


def same_as_snapshot(name: str, text: str) -> None:
    """Compare with a file; KSLINT_UPDATE_SNAPSHOTS=1 writes it, and a human reads it then."""
    file = SNAPSHOTS / name
    if os.environ.get("KSLINT_UPDATE_SNAPSHOTS"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")
