"""Keys, values and mistakes of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from config_cases import FULL, config_of

from kslint.config import Cluster, Config, Node, PerPath, Taint
from kslint.config.file import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MEANT = Config(
    kserve_version="0.20",
    vllm_version="0.23.0",
    cluster=Cluster(
        nodes=(
            Node(
                "cpu",
                2,
                "e2-standard-4",
                (("pool", "cpu"),),
                (Taint("models"), Taint("gpu", "true", "NoExecute")),
                ("amx",),
                (("cpu", "3920m"), ("memory", "12Gi"), ("nvidia.com/gpu", "1")),
                (("cpu", "0.25"), ("memory", "500Mi")),
            ),
            Node("other", 0),
        ),
        huggingface="blocked",
        provides=frozenset({"istio", "keda"}),
        complete=frozenset({"models"}),
        gateway_classes=("agentgateway",),
    ),
    idle_pause="none",
    select=("ALL",),
    ignore=("KS302",),
    severity=(("KS101", "off"), ("vllm", "note")),
    per_path=(PerPath("tests/**", ("gitops",)),),
    exclude=("**/vendor/**",),
    rules=("policies",),
    fail_on="warning",
    min_severity="note",
    require_reason=True,
    baseline="known.json",
)


A_QUANTITY = "must be a Kubernetes quantity such as 3920m, 4 or 12Gi"
REACHED = "`cluster.egress.huggingface` must be open, throttled or blocked"
TWICE = "occurs twice in one mapping"
TOP = (
    "known here: version, kserve, kubernetes, vllm, cluster, idlePause, select, ignore, severity, "
    "perPath, exclude, context, rules, failOn, minSeverity, requireReason, baseline"
)


def mistakes_of(folder: Path, text: str, name: str = "kslint.yaml") -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config_of(folder, text, name)
    return tuple(str(caught.value).split("\n"))


def test_every_key_arrives(tmp_path: Path) -> None:
    found = config_of(tmp_path, FULL)
    assert found == MEANT._replace(file="kslint.yaml", directory=str(tmp_path))


def test_toml_means_the_same(tmp_path: Path) -> None:
    text = """
[tool.kslint]
version = 1
kserve.version = 0.20
vllm.version = "0.23.0"
idlePause = "none"
select = ["ALL"]
ignore = ["KS302"]
severity = {KS101 = "off", vllm = "note"}
perPath = {"tests/**" = {ignore = ["gitops"]}}
exclude = ["**/vendor/**"]
rules = ["policies"]
failOn = "warning"
minSeverity = "note"
requireReason = true
baseline = "known.json"
[tool.kslint.cluster]
provides = ["keda", "istio"]
complete = ["models"]
gatewayClasses = ["agentgateway"]
egress.huggingface = "blocked"
[[tool.kslint.cluster.nodes]]
name = "cpu"
machine = "e2-standard-4"
count = 2
labels = {pool = "cpu"}
taints = [{key = "models"}, {key = "gpu", value = "true", effect = "NoExecute"}]
cpuFeatures = ["amx"]
allocatable = {cpu = "3920m", memory = "12Gi", "nvidia.com/gpu" = 1}
overhead = {cpu = 0.25, memory = "500Mi"}
[[tool.kslint.cluster.nodes]]
name = "other"
count = 0
"""
    found = config_of(tmp_path, text, "pyproject.toml")
    assert found == MEANT._replace(file="pyproject.toml", directory=str(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "---\n",
        "{}",
        "cluster:\nselect:\nperPath:\n",
        "cluster: {nodes: , egress: , provides: , gatewayClasses: , complete: }",
        "\ufeffseverity: {}\n",
    ],
)
def test_what_is_left_out_is_not_told(tmp_path: Path, text: str) -> None:
    assert config_of(tmp_path, text)._replace(file="", directory="") == Config()


@pytest.mark.parametrize(
    ("text", "complete"),
    [("true", True), ("false", False), ("[]", frozenset()), ("[a, b]", frozenset("ab"))],
)
def test_complete(tmp_path: Path, text: str, complete: object) -> None:
    assert config_of(tmp_path, f"cluster: {{complete: {text}}}").cluster.complete == complete


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clustr: {}\n", ["1:1: unknown key `clustr`; did you mean `cluster`?"]),
        ("fail_on: note\n", ["1:1: unknown key `fail_on`; did you mean `failOn`?"]),
        ("kserve:\n  Version: '1.0'\n", ["2:3: unknown key `Version`; did you mean `version`?"]),
        ("nodes: []\n", ["1:1: unknown key `nodes`; it belongs at `cluster.nodes`"]),
        ("vllm:\n  nodes: []\n", ["2:3: unknown key `nodes`; it belongs at `cluster.nodes`"]),
        ("vllm:\n  image: x\n", ["2:3: unknown key `image`; known here: version"]),
        (
            "perPath:\n  a/:\n    select: [x]\n",
            ["3:5: unknown key `select`; it belongs at the top level"],
        ),
        (
            "cluster:\n  nodes:\n    - name: a\n      count: two\n",
            ["4:7: `cluster.nodes[0].count` must be a whole number, not `two`"],
        ),
        (
            "cluster:\n  nodes:\n    - name: a\n      count: 1.5\n",
            ["4:7: `cluster.nodes[0].count` must be a whole number, not `1.5`"],
        ),
        (
            "cluster: {nodes: [{name: a, count: -1}]}\n",
            ["1:29: `cluster.nodes[0].count` must be 0 or more, not `-1`"],
        ),
        (
            "cluster:\n  nodes:\n    - machine: n2-standard-8\n",
            ["3:7: `cluster.nodes[0]` needs `name` and `count`"],
        ),
        (
            "cluster:\n  nodes:\n    - {}\n",
            ["3:7: `cluster.nodes[0]` needs `name` and `count`"],
        ),
        (
            "cluster: {nodes: [{name: a, count: 1, allocatable: {cpu: 4 cores}}]}\n",
            [
                f"1:53: `cluster.nodes[0].allocatable.cpu` {A_QUANTITY}, not `4 cores`",
            ],
        ),
        (
            "cluster: {nodes: [{name: a, count: 1, allocatable: {nvidia.com/gpu: -1}}]}\n",
            ['1:53: `cluster.nodes[0].allocatable["nvidia.com/gpu"]` must be 0 or more, not `-1`'],
        ),
        (
            "cluster: {nodes: [{name: a, count: 1, labels: {gpu: true}}]}\n",
            ["1:48: `cluster.nodes[0].labels.gpu` must be text, not `true`: quote it"],
        ),
        (
            "cluster:\n  egress:\n    huggingface: throttle\n",
            [f"3:5: {REACHED}, not `throttle`; did you mean `throttled`?"],
        ),
        (
            "cluster:\n  complete: yes\n",
            ["2:3: `cluster.complete` must be true or false or a list, not `yes`"],
        ),
        ("idlePause: true\n", ["1:1: `idlePause` must be annotation or none, not `true`"]),
        ("failOn: off\n", ["1:1: `failOn` must be error, warning or note, not `off`"]),
        ("version: 2\n", ["1:1: `version` must be 1, not `2`"]),
        ("select: KS101\n", ["1:1: `select` must be a list, not `KS101`"]),
        ("ignore:\n  - KS101\n  - 7\n", ["3:5: `ignore[1]` must be text, not `7`: quote it"]),
        ("ignore: ['']\n", ["1:10: `ignore[0]` must be text that is not blank, not ``"]),
        (
            "severity:\n  KS101: fatal\n",
            ["2:3: `severity.KS101` must be error, warning, note or off, not `fatal`"],
        ),
        (
            "kserve:\n  version: latest\n",
            ['2:3: `kserve.version` must be a version such as "0.19" or "0.23.0", not `latest`'],
        ),
        (
            "kserve:\n  version: 1\n",
            ['2:3: `kserve.version` must be a version such as "0.19" or "0.23.0", not `1`'],
        ),
        ("- a\n", ["1:1: the configuration must be a mapping, not a list"]),
        ("text\n", ["1:1: the configuration must be a mapping, not `text`"]),
        ("perPath: {'a/': }\n", ['1:11: `perPath["a/"]` must be a mapping, not empty']),
        (
            "exclude: ['!']\n",
            ["1:11: `!` is not a gitignore pattern that matches anything"],
        ),
        (
            "perPath:\n  '#x': {ignore: [ALL]}\n",
            ["2:3: `#x` is not a gitignore pattern that matches anything"],
        ),
        ("idlePause: none\nidlePause: none\n", [f"2:1: key `idlePause` {TWICE}, first in line 1"]),
        ("a: 1\n---\nb: 1\n", ["3:1: a configuration is one YAML document"]),
        ("a: [1\n", ["2:1: did not find expected ',' or ']'"]),
        ("a: &a [*a]\n", ["1:8: alias *a stands inside its own anchor"]),
        (
            "x: 1\nfailOn: never\nz: 2\n",
            [
                f"1:1: unknown key `x`; {TOP}",
                "2:1: `failOn` must be error, warning or note, not `never`",
                f"3:1: unknown key `z`; {TOP}",
            ],
        ),
    ],
)  # fmt: skip
def test_every_mistake_has_its_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert mistakes_of(tmp_path, text) == tuple(f"kslint.yaml:{line}" for line in expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[[tool.kslint.cluster.nodes]]\nname = 'a'\ncount = 'two'\n",
            "`tool.kslint.cluster.nodes[0].count` must be a whole number, not `two`",
        ),
        (
            "[tool.kslint]\nfailOn = 1979-05-27\n",
            "`tool.kslint.failOn` must be error, warning or note, not `1979-05-27`",
        ),
        ("[tool.kslint]\nfailon = 'note'\n", "unknown key `failon`; did you mean `failOn`?"),
    ],
)
def test_mistakes_in_toml_name_the_key_path(tmp_path: Path, text: str, message: str) -> None:
    assert mistakes_of(tmp_path, text, "pyproject.toml") == (f"pyproject.toml: {message}",)


def test_toml_that_is_none(tmp_path: Path) -> None:
    for text in ("tool.kslint = [", "[tool.kslint]\na = 1\na = 2\n", f"tool.kslint = {'[' * 5000}"):
        (mistake,) = mistakes_of(tmp_path, text, "pyproject.toml")
        assert mistake.startswith("pyproject.toml: cannot be read as TOML: ")
    assert mistakes_of(tmp_path, "[tool]\n", "other.toml") == (
        "other.toml: has no table [tool.kslint]",
    )
