"""Configurations as text, and what was made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases import inside

from kslint.config.file import read

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.config import Config

FULL = """\
version: 1
kserve: {version: 0.20}
vllm: {version: "0.23.0"}
cluster:
  nodes:
    - name: cpu
      machine: e2-standard-4
      count: 2
      labels: {pool: cpu}
      taints: [{key: models}, {key: gpu, value: "true", effect: NoExecute}]
      cpuFeatures: [amx]
      allocatable: {cpu: 3920m, memory: 12Gi, nvidia.com/gpu: 1}
      overhead: {cpu: 0.25, memory: 500Mi}
    - {name: other, count: 0}
  egress: {huggingface: blocked}
  provides: [keda, istio]
  complete: [models]
  gatewayClasses: [agentgateway]
idlePause: none
select: [ALL]
ignore: [KS302]
severity: {KS101: off, vllm: note}
perPath: {"tests/**": {ignore: [gitops]}}
exclude: ["**/vendor/**"]
rules: [policies]
failOn: warning
minSeverity: note
requireReason: true
baseline: known.json
"""


def config_of(folder: Path, text: str, name: str = "kslint.yaml") -> Config:
    (folder / name).write_text(text, encoding="utf-8")
    with inside(folder):
        return read(name).config()
