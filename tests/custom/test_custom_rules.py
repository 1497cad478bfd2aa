"""Custom rules as their authors meet them: pages, mistakes, findings, tests."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from cases import ROOT, inside
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from kslint.cli.commands import app
from kslint.custom.sight import as_stored
from kslint.source.files import Source
from kslint.source.parser import compose

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

GUIDE = (ROOT / "docs" / "custom-rules.md").read_text(encoding="utf-8")
EXAMPLES = {
    match[1]: page
    for page in re.findall(r"^````markdown\n(.*?)^````$", GUIDE, re.DOTALL | re.MULTILINE)
    if (match := re.search(r"^name: (.*)$", page, re.MULTILINE))
}
FRONT = """\
---
id: ACME001
name: needs-owner
title: An object without an owner
severity: error
match: {kinds: [ConfigMap]}
cel: has(object.metadata.labels) && 'owner' in object.metadata.labels
at: metadata.labels
messages: {default: "{kind} `{name}` in `{namespace}` has no owner"}
---
"""
BODY = """
## Bad
```yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
```

## Good
```yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: a, labels: {owner: me}}
```
"""
MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  namespace: models
  labels:
    team: x
"""

needs_cel = pytest.mark.skipif(
    importlib.util.find_spec("cel_expr_python") is None, reason="the extra `cel` is not installed"
)


def kslint(folder: Path, *args: str) -> Result:
    with inside(folder):
        result = CliRunner().invoke(app, args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def found(folder: Path, *args: str) -> list[dict[str, Any]]:
    done = kslint(folder, "check", "--quiet", "--output-format", "json", *args)
    assert done.stderr == ""
    findings: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return findings


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one custom rule, and one object that breaks it."""
    (tmp_path / ".git").mkdir()
    page(tmp_path, FRONT + BODY)
    (tmp_path / "a.yaml").write_text(MANIFEST)
    return tmp_path


def page(folder: Path, text: str, name: str = "needs-owner", where: str = ".kslint/rules") -> None:
    (folder / where).mkdir(parents=True, exist_ok=True)
    (folder / where / f"{name}.md").write_text(text, encoding="utf-8")


@needs_cel
def test_a_finding_is_like_any_other(tree: Path) -> None:
    (finding,) = found(tree)
    assert (finding["rule"], finding["severity"], finding["line"]) == ("ACME001", "error", 6)
    assert finding["message"] == "ConfigMap `a` in `models` has no owner"
    assert finding["path"] == "metadata.labels"
    assert found(tree, "--ignore", "acme") == []
    assert found(tree, "--select", "custom") == [finding]
    (tree / "kslint.yaml").write_text("severity: {needs-owner: note}\n")
    assert found(tree)[0]["severity"] == "note"
    (tree / "kslint.yaml").write_text("perPath: {'*.yaml': {ignore: [ACME001]}}\n")
    assert found(tree) == []
    (tree / "kslint.yaml").unlink()
    (tree / "a.yaml").write_text(
        MANIFEST.replace("labels:", "labels: # kslint: ignore[ACME001] no")
    )
    assert found(tree)[0]["suppressed"] is not None


@needs_cel
def test_sarif_does_not_send_readers_to_our_site(tree: Path) -> None:
    report = json.loads(kslint(tree, "check", "--output-format", "sarif").stdout)
    rules = {rule["id"]: rule for rule in report["runs"][0]["tool"]["driver"]["rules"]}
    assert "helpUri" not in rules["ACME001"]
    assert "## Bad" in rules["ACME001"]["help"]["markdown"]


@needs_cel
def test_what_is_missing_points_at_the_nearest_block(tree: Path) -> None:
    (tree / "a.yaml").write_text(MANIFEST.replace("  labels:\n    team: x\n", ""))
    assert [(f["line"], f["column"]) for f in found(tree)] == [(3, 1)]


@needs_cel
def test_directories(tree: Path) -> None:
    page(
        tree,
        FRONT.replace("ACME001", "ACME002").replace("owner\nt", "other\nt"),
        "needs-other",
        "p",
    )
    (tree / "p" / "README.md").write_text("no page")
    (tree / "sub").mkdir()
    (tree / "sub" / "a.yaml").write_text(MANIFEST)
    assert [f["rule"] for f in found(tree, "sub")] == ["ACME001"]
    assert found(tree, "sub", "--isolated") == []
    (tree / "kslint.yaml").write_text("rules: [p]\n")
    assert [f["rule"] for f in found(tree, "sub")] == ["ACME001", "ACME002"]
    (tree / "kslint.yaml").write_text("version: 1\nrules: [p, none]\n")
    done = kslint(tree, "check")
    assert (done.exit_code, done.stderr) == (2, "kslint.yaml:2:12: no such directory\n")


@needs_cel
@pytest.mark.parametrize("steering", ["\\u202e", "\\e[31m", "\\na.yaml:1:1: "])
def test_no_expression_steers_the_terminal_where_it_is_wrong(tree: Path, steering: str) -> None:
    page(tree, FRONT.replace(LINE_OF_CEL, f'cel: "true {steering} true"\n') + BODY)
    done = kslint(tree, "check")
    assert done.exit_code == 2
    for line in done.stderr.split("\n")[:-1]:
        assert line.startswith(".kslint/rules/needs-owner.md:7:")
        assert line.isprintable()


@needs_cel
@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_linked_pages_are_not_read(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tree / ".kslint").rename(tmp_path_factory.mktemp("outside") / "k")
    (tree / ".kslint").symlink_to(tmp_path_factory.getbasetemp() / "outside0" / "k")
    assert found(tree) == []


def edited(old: str, new: str) -> str:
    assert old in FRONT
    return FRONT.replace(old, new)


LINE_OF_CEL = "cel: has(object.metadata.labels) && 'owner' in object.metadata.labels\n"


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("# no front matter\n", ["1:1: a page begins with front matter between two `---` lines"]),
        ("---\n[]\n---\n", ["2:1: the front matter must be a mapping"]),
        ("---\na: [\n---\n", ["3:1: did not find expected node content"]),
        (edited(LINE_OF_CEL, ""), ["2:1: the front matter needs `cel`"]),
        (edited(LINE_OF_CEL, LINE_OF_CEL + "check: os.system\n"),
         [("8:1: `check` names Python that comes with kslint; a page of your own has `cel`, an "
          "expression that must be true")]),
        (edited("ACME001", "KS101"), [("2:1: `id` must be capitals and a number, such as ACME001, "
                                      "and not begin with KS, not `KS101`")]),
        (edited("severity: error", "severity: bad"),
         ["5:1: `severity` must be error, warning or note, not `bad`"]),
        (edited("name: needs-owner", "name: other"),
         ["3:1: the name must be that of the file, `needs-owner`"]),
        (edited("at: metadata.labels", "at: metadata..labels"),
         ['8:1: `at` must be a path such as `spec.predictor`, `args[0]` or `labels["a.b/c"]`']),
        (edited("at: metadata", "subject: container\nat: metadata"),
         ["6:9: kslint knows of no containers of ConfigMap; `subject: object` sees it"]),
        (edited("{kind} `", "{kind.__class__} `"),
         [("9:12: `{kind.__class__}` stands for nothing; known here: {kind}, {name}, {namespace}, "
          "{container}, {value}, {origin}")]),
        (edited("{kind} `", "{kind:>999999999} `"), [("9:12: `{kind}` stands for nothing; known "
         "here: {kind}, {name}, {namespace}, {container}, {value}, {origin}")]),
        (edited("{kind} `", "{ `"),
         ["9:12: a brace stands alone: write `{{` or `}}` for one that is meant"]),
        (edited("at: metadata", "severity: note\nat: metadata"),
         ["8:1: key `severity` occurs twice in one mapping, first in line 5"]),
    ],
)  # fmt: skip
def test_mistakes_on_a_page_have_their_place(tree: Path, text: str, mistakes: list[str]) -> None:
    page(tree, text)
    done = kslint(tree, "check")
    expected = [f".kslint/rules/needs-owner.md:{mistake}" for mistake in mistakes]
    assert (done.stderr.splitlines(), done.stdout, done.exit_code) == (expected, "", 2)


@needs_cel
@pytest.mark.parametrize(
    ("written", "mistakes"),
    [
        ("cel: objct.a == 1", ["7:11: `objct.a` is not known here; a rule sees `object`"]),
        ("cel: |-\n  has(object.a) &&\n    foo > 1",
         ["9:5: `foo` is not known here; a rule sees `object`"]),
        ("cel: >-\n  has(object.a) &&\n  foo > 1",
         ["9:3: `foo` is not known here; a rule sees `object`"]),
        ('cel: "object.a == \\"x\\" &&\\n foo"',
         ["7:30: `foo` is not known here; a rule sees `object`"]),
        ("cel: size(effective) == 1",
         ["7:11: `effective` is not known here; a rule sees `object`"]),
        ("cel: object.a + 'x'\nmessageExpression: 1 + 2",
         ["7:6: gives string where bool is due", "8:20: gives int where string is due"]),
    ],
)  # fmt: skip
def test_complaints_of_cel_have_their_place(tree: Path, written: str, mistakes: list[str]) -> None:
    page(tree, FRONT.replace(LINE_OF_CEL, written + "\n"))
    done = kslint(tree, "check")
    expected = [f".kslint/rules/needs-owner.md:{mistake}" for mistake in mistakes]
    assert (done.stderr.splitlines(), done.stdout, done.exit_code) == (expected, "", 2)


def test_ids_and_names_are_not_taken_twice(tree: Path) -> None:
    page(tree, FRONT.replace("needs-owner", "canary-on-rwo-pvc"), "canary-on-rwo-pvc")
    page(tree, FRONT.replace("needs-owner", "needs-zebra"), "needs-zebra")
    lines = kslint(tree, "rules").stderr.splitlines()
    assert lines == [
        ".kslint/rules/canary-on-rwo-pvc.md:3:1: `canary-on-rwo-pvc` is taken by a rule of kslint",
        (
            ".kslint/rules/needs-zebra.md:2:1: `ACME001` is taken by the rule in "
            ".kslint/rules/needs-owner.md"
        ),
    ]


@needs_cel
def test_an_expression_that_fails_does_not_pass(tree: Path) -> None:
    page(tree, edited("has(object.metadata.labels) && 'owner' in object.metadata.labels",
                      "object.spec.replicas > 1"))  # fmt: skip
    messages = [finding["message"] for finding in found(tree)]
    assert messages == ["`needs-owner` cannot judge ConfigMap `a`: there is no `spec`"]
    page(tree, edited("has(object.metadata.labels) && 'owner' in object.metadata.labels",
                      "object.spec.replicas > 1\nfailurePolicy: Ignore"))  # fmt: skip
    assert found(tree) == []


@needs_cel
def test_a_rule_that_takes_too_much_leaves_the_others_whole(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kslint.custom.verdicts.SECONDS", 0.5)
    grown = "object.kind" + ".replace('', 'aaaaaaaaaa')" * 12
    text = edited("has(object.metadata.labels) && 'owner' in object.metadata.labels",
                  f"size({grown}) > 0").replace("ACME001", "ACME002")  # fmt: skip
    page(tree, text.replace("needs-owner", "needs-much"), "needs-much")
    done = kslint(tree, "check", "--output-format", "concise")
    assert done.exit_code == 2
    assert "custom rule needs-much was stopped: it took more than" in done.stdout
    assert "has no owner" in done.stdout


def test_without_the_library_nothing_is_checked(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kslint.model.cel.evaluator._LIBRARY", "no_such_library")
    done = kslint(tree, "check")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "custom rules need the extra `cel`, on Python 3.11 or later: pip install 'kslint[cel]'; "
        "--isolated checks without them\n"
    )
    assert kslint(tree, "check", "--isolated").exit_code == 0


def test_the_rule_is_listed_and_explained(tree: Path) -> None:
    assert "ACME001  needs-owner" in kslint(tree, "rules").stdout
    assert "## Good" in kslint(tree, "explain", "needs-owner").stdout


@needs_cel
def test_rules_test(tree: Path) -> None:
    done = kslint(tree, "rules", "test")
    assert (done.stdout, done.exit_code) == ("ok    ACME001  needs-owner  (2 cases)\n", 0)


@needs_cel
def test_rules_test_says_what_fails(tree: Path) -> None:
    page(
        tree,
        FRONT + BODY.replace("## Bad", "## Swap").replace("Good", "Bad").replace("Swap", "Good"),
    )
    for case in ("bad-one", "good-one"):
        folder = tree / ".kslint" / "rules" / "needs-owner" / case
        folder.mkdir(parents=True)
        (folder / "x.yaml").write_text(MANIFEST)
    (tree / ".kslint/rules/needs-owner/bad-one/expect.yaml").write_text("- {line: 7}\n")
    done = kslint(tree, "rules", "test", ".kslint/rules")
    at = ".kslint/rules/needs-owner"
    message = "ConfigMap `a` in `models` has no owner"
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "FAIL  ACME001  needs-owner  (4 cases)",
        f"      {at}.md: Bad: no finding where one is due",
        (
            f"      {at}.md: Good: {at}.md:16:1: a finding where none is due: "
            "ConfigMap `a` in `` has no owner"
        ),
        f"      {at}/bad-one: no finding such as expect.yaml has: line 7",
        (
            f"      {at}/bad-one: a finding that expect.yaml has not: file x.yaml, line 6, "
            f"column 3, severity error, message {message}"
        ),
        f"      {at}/good-one: {at}/good-one/x.yaml:6:3: a finding where none is due: {message}",
    ]
    (tree / ".kslint/rules/needs-owner/bad-one/expect.yaml").write_text("- {row: 7}\n")
    assert "must be a list of findings" in kslint(tree, "rules", "test").stderr


@needs_cel
def test_rules_test_wants_examples_and_rules(tree: Path) -> None:
    page(tree, FRONT)
    done = kslint(tree, "rules", "test")
    assert "has no example under `## Bad`" in done.stdout
    assert done.exit_code == 1
    (tree / "empty").mkdir()
    done = kslint(tree, "rules", "test", "empty")
    assert done.exit_code == 2
    assert done.stderr.startswith("No custom rules found. ")


@needs_cel
def test_the_examples_of_the_guide_do_what_it_says(tmp_path: Path) -> None:
    assert len(EXAMPLES) == 3
    for name, text in EXAMPLES.items():
        page(tmp_path, text, name)
    done = kslint(tmp_path, "rules", "test", ".kslint/rules")
    assert (done.exit_code, done.stdout.count("ok  ")) == (0, 3), done.stdout


@needs_cel
def test_origins_are_told(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name, text in EXAMPLES.items():
        page(tmp_path, text, name)
        bad = text.partition("## Bad\n")[2].partition("## Good")[0]
        blocks = re.findall(r"```yaml\n(.*?)```", bad, re.DOTALL)
        (tmp_path / f"{name}.yaml").write_text("---\n".join(blocks))
    messages = {(f["rule"], f["line"]): f["message"] for f in found(tmp_path, "--select", "ACME")}
    assert messages["ACME001", 18].startswith("container `kserve-container` of InferenceService ")
    assert "has 2Gi of memory, from the default of KServe 0.19" in messages["ACME002", 7]
    assert messages["ACME003", 5] == "qwen starts as 1 pod(s) in prod"


@pytest.mark.parametrize("text", [FRONT, *EXAMPLES.values()])
def test_the_schema_takes_what_the_reader_takes(text: str) -> None:
    schema = json.loads((ROOT / "rules" / "page.schema.json").read_text(encoding="utf-8"))
    front = yaml.safe_load(text.split("\n---\n", maxsplit=1)[0][4:])
    jsonschema.validate(front, schema)
    for broken in ({**front, "check": "models.path"}, {k: front[k] for k in front if k != "cel"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: null, b: [null]}", {"b": [None]}),
        ("[2.0, 1e3, 2.5, 1e21]", [2, 1000, 2.5, 1e21]),
        ("[9223372036854775807, 9223372036854775808]", [2**63 - 1, 2.0**63]),
        ("[2026-01-01, 1:30, 'y', yes]", ["2026-01-01", "1:30", "y", True]),
    ],
)
def test_values_are_as_the_api_server_holds_them(text: str, value: object) -> None:
    stored = as_stored(next(iter(compose(Source("x", text.encode()), text))).root)
    assert json.dumps(stored) == json.dumps(value)


@given(st.text(max_size=60))
def test_no_front_matter_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    (folder / ".git").mkdir()
    page(folder, f"---\n{text}\n---\n")
    done = kslint(folder, "rules")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(".kslint/rules/needs-owner.md:")
