"""Folders: what is kept between checks must never show in the result."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import FIXTURES, RULE_FOLDERS
from lsp_client import edited
from lsprotocol.types import CodeAction, Position, PositionEncodingKind, Range, TextDocumentEdit
from pygls.workspace import PositionCodec

from kslint import SITE_URL
from kslint.findings import Edit, Finding, Fix
from kslint.lsp.actions import FIX_ALL, actions
from kslint.lsp.diagnostics import Places
from kslint.lsp.folder import Buffer, Folder
from kslint.lsp.hover import hover
from kslint.report.facts import active
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Span

UTF16 = PositionCodec(PositionEncodingKind.Utf16)


@pytest.fixture(autouse=True)
def _back() -> Iterator[None]:
    """Folders change the working directory."""
    before = os.getcwd()
    yield
    os.chdir(before)


def buffer(path: Path, text: str) -> Buffer:
    return Buffer(str(path), path.as_uri(), 1, text)


def test_a_kept_folder_finds_what_a_new_one_finds(tmp_path: Path) -> None:
    root = tmp_path / "platform"
    shutil.copytree(FIXTURES / "platform-bad", root)
    files = sorted(path for path in root.rglob("*.yaml") if path.is_file())
    kept, buffers = Folder(str(root)), dict[str, Buffer]()
    dice = random.Random(7)  # noqa: S311
    found = set()
    for _ in range(40):
        path = dice.choice(files)
        step = dice.random()
        if step < 0.5 or not path.exists():
            text = path.read_text() if path.exists() else files[0].read_text()
            lines = text.split("\n")
            lines.insert(
                dice.randrange(len(lines)), dice.choice(["", "# note", "broken: [", "a: 1"])
            )
            del lines[dice.randrange(len(lines))]
            if step < 0.4:
                buffers[str(path)] = buffer(path, "\n".join(lines))
            else:
                path.write_text("\n".join(lines))
        elif step < 0.6:
            path.unlink()
        else:
            buffers.pop(str(path), None)
        kept.forget()
        now = kept.check(buffers).findings
        assert now == Folder(str(root)).check(buffers).findings
        found.add(len(now))
    assert len(found) > 5


def test_only_what_changed_is_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text("a: 1\n")
    parsed: list[str] = []

    def noted(source: Source, result: Input) -> None:
        parsed.append(source.name)
        load_source(source, result)

    monkeypatch.setattr("kslint.lsp.folder.load_source", noted)
    folder = Folder(str(tmp_path))
    folder.check({})
    path = tmp_path / "b.yaml"
    folder.check({str(path): buffer(path, "a: 1\n")})
    assert parsed == ["a.yaml", "b.yaml", "c.yaml"]
    folder.check({str(path): buffer(path, "a: 2\n")})
    folder.forget()
    (tmp_path / "c.yaml").write_text("a: 333\n")
    folder.check({})
    assert parsed[3:] == ["b.yaml", "b.yaml", "c.yaml"]


def test_a_change_during_a_check_is_seen_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "isvc.yaml"
    path.write_text(ISVC)
    folder = Folder(str(tmp_path))

    def meanwhile(source: Source, result: Input) -> None:
        load_source(source, result)
        path.write_text(ISVC.replace("minReplicas: 0", "minReplicas: 12"))
        folder.forget()

    with monkeypatch.context() as patch:
        patch.setattr("kslint.lsp.folder.load_source", meanwhile)
        assert NAME in [finding.name for finding in folder.check({}).findings]
    assert NAME not in [finding.name for finding in folder.check({}).findings]


def test_a_hover_never_fails() -> None:
    """At every key and at the end of every line of a platform with all traps in it."""
    checked = Folder(str(FIXTURES / "platform-bad")).check({})
    texts = {
        hover(checked, name, number, column)
        for name, source in checked.sources.items()
        for number, line in enumerate(source.lines, 1)
        for column in (len(line) - len(line.lstrip()) + 1, len(line))
    }
    assert len(texts) > 100


NAMES = (
    "![x](https://evil.example/p.png)",
    "a\n\n# b",
    "`` x ``` ![y](https://e.example)",
    "<img>",
)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_manifest_says_is_no_markdown(tmp_path: Path, name: str) -> None:
    """An editor fetches the pictures of a hover: whoever wrote the file would know of it."""
    text = json.dumps(
        {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {"name": name, "namespace": name},
            "spec": {
                "predictor": {
                    "minReplicas": name,
                    "containers": [{"name": name, "image": name, "args": [name], "x": name}],
                }
            },
        },
        indent=1,
    )
    (tmp_path / "a.json").write_text(text)
    checked = Folder(str(tmp_path)).check({})
    shown = {
        hover(checked, "a.json", number, column)
        for number, line in enumerate(text.split("\n"), 1)
        for column in range(1, len(line) + 1, 3)
    }
    assert len(shown) > 3
    for one in shown:
        bare = re.sub(r"(?s)(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", one)
        assert not re.search(rf"(?<!\\)[!\]]\s*[\[(](?!{re.escape(SITE_URL)})", bare), one
        assert not re.search(r"(?<!\\)<", bare), one
        assert not re.search(r"(?m)^# ", bare), one


def test_a_hover_tells_the_way_from_settings_to_objects() -> None:
    """Helm values of an Argo CD application, and what they make of a service elsewhere."""
    checked = Folder(str(FIXTURES / "platform-good")).check({})
    source = checked.sources["platform/kserve/values.yaml"]
    found = [
        hover(checked, source.name, number, len(line))
        for number, line in enumerate(source.lines, 1)
    ]
    assert any("`metadata.annotations.serving.kserve.io/deploymentMode`" in text for text in found)


def test_a_folder_that_is_gone_has_no_findings(tmp_path: Path) -> None:
    assert Folder(str(tmp_path / "none")).check({}).findings == []


def test_a_baseline_keeps_old_findings_out_of_the_way(tmp_path: Path) -> None:
    (tmp_path / "isvc.yaml").write_text(ISVC)
    file = tmp_path / ".kslint-baseline.json"
    write = ["baseline", "write", str(tmp_path), "--baseline", str(file)]
    subprocess.run([sys.executable, "-m", "kslint", *write], check=True, capture_output=True)
    assert places_of(Folder(str(tmp_path))).diagnostics == {}
    file.write_text("{}")
    found = places_of(Folder(str(tmp_path))).diagnostics
    assert {one.code for one in found.pop(file.as_uri())} == {"configuration"}
    assert list(found) == [(tmp_path / "isvc.yaml").as_uri()]


def places_of(folder: Folder, buffers: dict[str, Buffer] | None = None) -> Places:
    return Places(folder.check(buffers or {}), folder.root, buffers or {}, UTF16)


def ignoring(places: Places, finding: Finding) -> CodeAction | None:
    title = f"Ignore {finding.name} here"
    offered = actions(places, finding.span.file, places.range(finding.span), None, True)
    return next((action for action in offered if action.title == title), None)


ISVC = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: a, annotations: {serving.kserve.io/deploymentMode: Standard}}
spec:
  predictor:
    minReplicas: 0
    model: {modelFormat: {name: sklearn}, storageUri: "pvc://a/b"}
"""
FIRST_BAD = [
    next(iter(sorted(rule.glob("bad-*"))), None)
    for rule in RULE_FOLDERS.values()
    if rule.name
    not in {
        "unexplained-suppression",  # wants a reason, which the user has to give
        "passed-over-serving",  # is in files that cannot be read: nobody knows what a comment does
    }
]


@pytest.mark.parametrize(
    "case", [case for case in FIRST_BAD if case is not None], ids=lambda case: case.parent.name
)
def test_an_ignoring_comment_silences_that_finding_and_nothing_else(case: Path) -> None:
    """On the same fixture, every finding of the first bad case of each rule."""
    folder = Folder(str(case))
    places = places_of(folder)
    for finding in active(places.checked.findings):
        action = ignoring(places, finding)
        if action is None:
            reserved = places.checked.rules[finding.name].reserved
            assert reserved or finding.span.file.endswith(".json"), finding
            continue
        path = case / finding.span.file
        text = edited(path.read_text(), path.as_uri(), action)
        after = folder.check({str(path): buffer(path, text)}).findings
        kinds = [(f.rule, f.span.file, f.message) for f in after if f.suppressed is None]
        before = [
            (f.rule, f.span.file, f.message)
            for f in active(places.checked.findings)
            if not (f.name == finding.name and f.span[:2] == finding.span[:2])
        ]
        assert kinds == before


NAME = "min-replicas-zero-in-standard-mode"
OLD = "# kslint: ignore[KS405] until=2020-01-01"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("    minReplicas: 0", f"    minReplicas: 0  # kslint: ignore[{NAME}]"),
        ("    minReplicas: 0 # why", f"    minReplicas: 0 # why  # kslint: ignore[{NAME}]"),
        (
            "    minReplicas: 0 # kslint: ignore[KS111] it is so",
            f"    minReplicas: 0 # kslint: ignore[KS111, {NAME}] it is so",
        ),
        (
            f"    minReplicas: 0 {OLD}",
            f"    # kslint: ignore[{NAME}]\n    minReplicas: 0 {OLD}",
        ),
    ],
)
def test_where_an_ignoring_comment_goes(tmp_path: Path, written: str, expected: str) -> None:
    path = tmp_path / "isvc.yaml"
    path.write_text(ISVC.replace("    minReplicas: 0", written))
    places = places_of(Folder(str(tmp_path)))
    finding = next(f for f in active(places.checked.findings) if f.name == NAME)
    action = ignoring(places, finding)
    assert action is not None
    assert edited(path.read_text(), path.as_uri(), action) == ISVC.replace(
        "    minReplicas: 0", expected
    )


def test_json_takes_no_comment(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "isvc.json").write_text(json.dumps(yaml.safe_load(ISVC), indent=2))
    places = places_of(Folder(str(tmp_path)))
    finding = next(f for f in active(places.checked.findings) if f.name == NAME)
    assert ignoring(places, finding) is None


def with_fixes(places: Places, *fixes: Fix) -> None:
    """Give the findings of a check these fixes."""
    findings = places.checked.findings
    places.checked.findings = [
        finding._replace(fix=fix)
        for finding, fix in zip(findings * len(fixes), fixes, strict=False)
    ]


def test_fixes_become_quick_fixes_and_one_action_for_all_safe_ones(tmp_path: Path) -> None:
    path, other = tmp_path / "isvc.yaml", tmp_path / "values.yaml"
    path.write_text(ISVC)
    other.write_text("a: 1\n")
    buffers = {str(path): buffer(path, ISVC)}
    places = places_of(Folder(str(tmp_path)), buffers)
    here, first = Span("isvc.yaml", 6, 5, 6, 19), Span("isvc.yaml", 1, 1, 1, 1)
    there = Span("values.yaml", 1, 4, 1, 5)
    with_fixes(
        places,
        Fix("set it to 1", True, (Edit(here, "minReplicas: 1"),)),
        Fix("set it to 2", True, (Edit(here, "minReplicas: 2"),)),
        Fix("change the values", True, (Edit(there, "2"),)),
        Fix("do both", False, (Edit(first, "# x\n"), Edit(there, "2"))),
    )
    everywhere = Range(Position(0, 0), Position(99, 0))
    offered = actions(places, "isvc.yaml", everywhere, None, True)
    fixes = {action.title: action for action in offered if not action.title.startswith("Ignore")}
    assert list(fixes) == [
        "set it to 1", "set it to 2", "change the values",
        "do both (unsafe: it changes what runs)",
    ]  # fmt: skip
    assert [action.is_preferred for action in fixes.values()] == [True, True, True, False]
    both = fixes["do both (unsafe: it changes what runs)"].edit
    assert both is not None
    changes = [c for c in both.document_changes or () if isinstance(c, TextDocumentEdit)]
    assert [c.text_document.version for c in changes] == [1, None]
    (everything,) = actions(places, "isvc.yaml", everywhere, ["source.fixAll"], True)
    assert everything.kind == FIX_ALL
    assert edited(ISVC, path.as_uri(), everything) == ISVC.replace(
        "minReplicas: 0", "minReplicas: 1"
    )
    assert edited("a: 1\n", other.as_uri(), everything) == "a: 1\n"
    assert actions(places, "isvc.yaml", everywhere, ["refactor"], True) == []


CUSTOM = """\
---
id: ACME001
name: needs-owner
title: An object without an owner
severity: error
match: {kinds: [ConfigMap]}
cel: has(object.metadata.labels)
messages: {default: "no owner"}
---
"""


def test_custom_rules_are_found_and_their_mistakes_are_told(tmp_path: Path) -> None:
    pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")
    pages = tmp_path / ".kslint" / "rules"
    pages.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    folder = Folder(str(tmp_path))
    assert folder.check({}).findings == []
    page = pages / "needs-owner.md"
    page.write_text(CUSTOM)
    assert [finding.rule for finding in folder.check({}).findings] == ["ACME001"]
    for broken in (CUSTOM.replace("has(object", "has(objct"), CUSTOM.replace("ACME", "KS")):
        page.write_text(broken)
        mistakes = folder.check({}).configured.mistakes
        assert {mistake.file for mistake in mistakes} == {".kslint/rules/needs-owner.md"}
