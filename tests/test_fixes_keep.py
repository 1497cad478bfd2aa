"""Whatever is written, and however wrongly: a fix takes nothing away that it does not name."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cases import FIXTURES, book, inside, loaded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_hostile import WRONG, places, replaced

from kslint.config import Config
from kslint.findings import Edit, Finding, Fix, Result, Subject, Summary
from kslint.running import engine, fixing
from kslint.source.load import load
from kslint.source.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kslint.source.load import Input

SERVER = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: qwen, namespace: models}}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: vllm/vllm-openai-cpu:v0.20.0
        {}
"""
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: kserve, namespace: argocd}}
spec:
  destination: {{namespace: kserve, server: https://kubernetes.default.svc}}
  source: {{repoURL: ghcr.io/kserve/charts, chart: kserve-crd, targetRevision: v0.19.0}}
  {}
"""
CERT_MANAGER = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: cert-manager, namespace: argocd}}
spec:
  source:
    repoURL: https://charts.jetstack.io
    chart: cert-manager
    targetRevision: v1.18.2
    helm:
      valuesObject:
        {}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: kserve, namespace: argocd}}
spec:
  source: {{repoURL: ghcr.io/kserve/charts, chart: kserve-resources, targetRevision: v0.19.0}}
"""
KSERVE = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: kserve, namespace: argocd}
spec:
  sources:
    - repoURL: ghcr.io/kserve/charts
      chart: kserve-resources
      targetRevision: v0.19.0
      helm: {valueFiles: [$own/values.yaml]}
    - {repoURL: https://git.example.com/x, ref: own, targetRevision: HEAD}
"""


def check(read: Input) -> Result:
    return engine.run(read, book(), Config(), book())


def fixed(files: Mapping[str, str], unsafe: bool = False) -> fixing.Outcome:
    read = loaded(files)
    return fixing.fix(read, check(read), check, unsafe)


def texts(outcome: fixing.Outcome) -> dict[str, str]:
    return {file.source.name: file.source.data.decode() for file in outcome.loaded.files}


@pytest.mark.parametrize(
    "args",
    ["args: --model=/mnt/models --port=8080", "args: |\n          --model=/mnt/models", "args: 7",
     "args: {model: x}", "args: {}", 'args: ""', "command: vllm serve", "command: ",
     "command: {a: b}", "args: !!str", "args: &a\n        command: *a"],
)  # fmt: skip
def test_what_stands_in_the_place_of_a_list_stays(args: str) -> None:
    files = {"a.yaml": SERVER.format(args)}
    for unsafe in (False, True):
        outcome = fixed(files, unsafe)
        text = texts(outcome)["a.yaml"]
        assert args in text
        assert "--enforce-eager" not in text


@pytest.mark.parametrize("args", ["args:", "args: null", "args: ~ # none yet", "args: []"])
def test_a_list_that_is_not_there_is_made(args: str) -> None:
    outcome = fixed({"a.yaml": SERVER.format(args)})
    assert "args: [--enforce-eager]" in texts(outcome)["a.yaml"]
    assert outcome.fixed == {"a.yaml": 1}
    assert not {f.name for f in outcome.result.findings} & {"wrong-type", "missing-enforce-eager"}


@pytest.mark.parametrize(
    "policy",
    ["syncPolicy: {syncOptions: CreateNamespace=true}", "syncPolicy: automated",
     "syncPolicy: [automated]", "syncPolicy: {syncOptions: {CreateNamespace: true}}",
     "syncPolicy:\n    syncOptions: |\n      CreateNamespace=true"],
)  # fmt: skip
def test_what_stands_in_the_place_of_options_stays(policy: str) -> None:
    files = {"a.yaml": APPLICATION.format(policy)}
    assert texts(fixed(files)) == texts(fixed(files, unsafe=True)) == files


@pytest.mark.parametrize("policy", ["syncPolicy:", "syncPolicy: {syncOptions: null}", ""])
def test_options_that_are_not_there_are_made(policy: str) -> None:
    outcome = fixed({"a.yaml": APPLICATION.format(policy)})
    assert outcome.fixed == {"a.yaml": 1}
    assert "ServerSideApply=true" in texts(outcome)["a.yaml"]


@pytest.mark.parametrize("values", ["crds: enabled", "crds: |\n          enabled", "crds: [x]"])
def test_what_stands_in_the_place_of_values_stays(values: str) -> None:
    for unsafe in (False, True):
        assert values in texts(fixed({"a.yaml": CERT_MANAGER.format(values)}, unsafe))["a.yaml"]
    nulled = texts(fixed({"a.yaml": CERT_MANAGER.format("crds:")}))["a.yaml"]
    assert "crds: {enabled: true}" in nulled


def test_a_block_of_text_in_the_place_of_values_stays() -> None:
    block = "    deploymentMode: Standard\n    gateway:\n      domain: models.example.org\n"
    files = {"apps/k.yaml": KSERVE, "values.yaml": f"kserve:\n  controller: |\n{block}"}
    for unsafe in (False, True):
        assert block in texts(fixed(files, unsafe))["values.yaml"]


def test_a_path_of_a_probe_that_is_a_mapping_stays() -> None:
    probe = "livenessProbe: {httpGet: {path: {a: b}, port: 8080}}"
    for unsafe in (False, True):
        assert "path: {a: b}" in texts(fixed({"a.yaml": SERVER.format(probe)}, unsafe))["a.yaml"]


# ---- fixes that mend nothing, or break something


def finding(rule: str, new: str, column: int = 4, severity: str = "error") -> Finding:
    place = Span("a.yaml", 1, column, 1, column + 1)
    fix = Fix(f"write {new}", True, (Edit(place, new),))
    subject = Subject("ConfigMap", "", str(column))
    return Finding(rule, rule.lower(), severity, "wrong", place, subject, fix=fix)


def run(text: str, find: Any, unsafe: bool = False) -> tuple[fixing.Outcome, str]:
    """Fix a file, where `find` gives the findings of a text."""

    def judge(read: Input) -> Result:
        return Result(find(read.files[0].source.data.decode()), Summary(1, 1), False, [])

    read = loaded({"a.yaml": text})
    outcome = fixing.fix(read, judge(read), judge, unsafe)
    return outcome, outcome.loaded.files[0].source.data.decode()


def test_a_fix_that_leaves_its_finding_is_taken_back() -> None:
    outcome, text = run("a: 1\n", lambda _: [finding("KS1", "2")])
    assert text == "a: 1\n"
    assert (outcome.fixed, outcome.changed) == ({}, {})
    assert [(one.finding.rule, one.why) for one in outcome.undone] == [
        ("KS1", "it was still there afterwards")
    ]


def test_a_fix_that_brings_an_error_is_taken_back_and_others_are_made() -> None:
    def find(text: str) -> Iterator[Finding]:
        if "a: 1" in text:
            yield finding("KS1", "2", 5)
        if "a: 2" in text:
            yield finding("KS2", "1", 5)._replace(fix=None)
        if "b: 1" in text:
            yield finding("KS3", "3", 11, "warning")

    outcome, text = run("{a: 1, b: 1}\n", lambda text: list(find(text)))
    assert text == "{a: 1, b: 3}\n"
    assert outcome.fixed == {"a.yaml": 1}
    assert [(one.finding.rule, one.why) for one in outcome.undone] == [
        ("KS1", "KS2 ks2 was there afterwards")
    ]


@pytest.mark.parametrize("culprits", [("a",), ("d",), ("a", "e"), ("b", "c")])
def test_of_an_error_in_another_file_only_its_cause_is_taken_back(
    culprits: tuple[str, ...],
) -> None:
    """And again: a second run finds nothing more to fix."""
    start = {f"{letter}.yaml": f"{letter}: 1\n" for letter in "abcde"}

    def judge(read: Input) -> Result:
        now = {f.source.name[0]: f.source.data.decode() for f in read.files}
        found = []
        for letter in "abcde":
            if "1" in now[letter]:
                one, place = finding("KS1", "2"), Span(f"{letter}.yaml", 1, 4, 1, 5)
                fix = Fix("write 2", True, (Edit(place, "2"),))
                found.append(one._replace(span=place, fix=fix))
            elif letter in culprits:
                place = Span("z.yaml", 1, 4, 1, 5)
                found.append(finding(f"KS2{letter}", "")._replace(span=place, fix=None))
        return Result(found, Summary(1, 1), False, [])

    read = loaded({**start, "z.yaml": "z: 1\n"})
    outcome = fixing.fix(read, judge(read), judge, False)
    assert {name[0] for name, text in texts(outcome).items() if "1" in text} == {*culprits, "z"}
    assert {one.finding.span.file[0] for one in outcome.undone} == set(culprits)
    assert not fixing.fix(outcome.loaded, outcome.result, judge, False).changed


def test_fixes_that_undo_each_other_end() -> None:
    def find(text: str) -> list[Finding]:
        first, second = finding("KS1", "2", 4, "note"), finding("KS2", "1", 4, "note")
        return [first] if "1" in text else [second]

    outcome, text = run("a: 1\n", find)
    assert text == "a: 2\n"
    assert outcome.fixed == {"a.yaml": 1}
    assert [one.finding.rule for one in outcome.undone] == ["KS2"]


# ---- whatever is written


def cases() -> list[tuple[Path, str, int]]:
    """Fixture folders whose findings have fixes; their files, and documents in them."""
    found = []
    for rule in sorted(rule.name for rule in book() if rule.fix):
        for folder in sorted(FIXTURES.glob(f"*/{rule}/bad-*")):
            with inside(folder):
                files = load(["."]).files
            for file in files:
                if file.source.name != "expect.yaml":
                    found += [
                        (folder, file.source.name, number) for number in range(len(file.documents))
                    ]
    return found


CASES = cases()
LIMITS = ("Surge", "Unavailable")


def leaves(value: Any, way: str = "") -> Counter[tuple[str, str]]:
    """Every value that is not null, with its path less list indices."""
    found: Counter[tuple[str, str]] = Counter()
    if isinstance(value, dict):
        for step, below in value.items():
            found += leaves(below, f"{way}.{step}" if way else str(step))
    elif isinstance(value, list):
        for item in value:
            found += leaves(item, f"{way}[]")
    elif value is not None:
        found[way, repr(value)] += 1
    return found


@settings(
    max_examples=2000 if os.environ.get("KSLINT_ALL") else 40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    case=st.sampled_from(CASES),
    seed=st.integers(0, 2**32),
    flow=st.sampled_from([True, False, None]),
)
def test_safe_fixes_of_anything_keep_all_else(
    case: tuple[Path, str, int], seed: int, flow: bool | None
) -> None:
    """One value of a fixture is another, at any place and of any type, in any layout."""
    folder, name, number = case
    rng = random.Random(seed)  # noqa: S311
    with inside(folder):
        files = {f.source.name: f for f in load(["."]).files if f.source.name != "expect.yaml"}
    given = {name: file.source.data.decode() for name, file in files.items()}
    documents = [document.root.plain() for document in files[name].documents]
    ways = list(places(documents[number]))
    if ways and rng.random() < 0.9:
        wrong = rng.choice([None, "text", "a b\nc\n", {"a": "b"}, ["x"], *WRONG])
        documents[number] = replaced(documents[number], rng.choice(ways), wrong)
    given[name] = yaml.safe_dump_all(documents, default_flow_style=flow, sort_keys=False)
    read = loaded(given)
    before = check(read)
    outcome = fixing.fix(read, before, check, unsafe=False)
    offered = fixing.available(before.findings, unsafe=False)
    named = {
        re.sub(r"\[\d+\]", "[]", re.sub(r'\["([^"]*)"\]', r".\1", path))
        for finding in offered
        for path in (finding.path, *beside(finding))
    }
    renamed = {one.path for one in offered if one.name == "legacy-framework-key"}
    old, new = ({f.source.name: f for f in one.files} for one in (read, outcome.loaded))
    for changed in outcome.changed:
        pairs = zip(old[changed].documents, new[changed].documents, strict=True)
        for was, now in pairs:
            lost = leaves(was.root.plain()) - leaves(now.root.plain())
            gained = {value for _, value in leaves(now.root.plain()) - leaves(was.root.plain())}
            for path, value in lost:
                moved = value in gained and any(path.startswith(f"{one}.") for one in renamed)
                assert moved or is_named(path, named), lost
    remaining = fixing.marks(before.findings) - fixing.marks(outcome.result.findings)
    assert sum(outcome.fixed.values()) <= remaining.total()
    fresh = fixing.marks(outcome.result.findings) - fixing.marks(before.findings)
    assert not fresh, fresh
    again = fixing.fix(outcome.loaded, outcome.result, check, unsafe=False)
    assert not again.changed
    if not outcome.undone and not before.failed:
        assert not fixing.available(outcome.result.findings, unsafe=False)


def beside(finding: Finding) -> Iterator[str]:
    """What a fix changes beside its finding, by its own words."""
    if finding.name == "rolling-update-single-slot":  # "`type: Recreate`, without `rollingUpdate`"
        strategy = finding.path.removesuffix(".type").removesuffix(".rollingUpdate")
        yield from (f"{strategy}.type", *(f"{strategy}.rollingUpdate.max{x}" for x in LIMITS))
    if finding.name == "vllm-omp-bind-all":  # "remove the variable"
        yield finding.path.removesuffix(".value") + ".name"


def is_named(path: str, named: set[str]) -> bool:
    """Is a path of a document one that fixes name, or that of a text that holds such?

    The paths of findings begin at their object, which may be an item of a List.
    """
    own = path.partition("].")[2] if path.startswith("items[") else path
    return own in named or any(one.startswith((f"{own}.", f"{own}[")) for one in named)
