"""The rulebook keeps its own rules: pages, fixtures, ids, and examples that do what they say."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml
from cases import ROOT, RULE_FOLDERS, book, expected_in, findings_in

from kslint import rulebook

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.rulebook import Rule

RULES = book()
CHECKED = [rule for rule in RULES if not rule.reserved]


def str_name(rule: Rule) -> str:
    return rule.name


SECTIONS = ["What happens", "Why", "Bad", "Good", "Fix", "References"]
WITHOUT_EXAMPLES = {"unreadable-input", "internal-error"}
"""What these report is not in any YAML."""

_BLOCK = re.compile(r"^```ya?ml(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(page: str, name: str) -> str:
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {name}"
    return found[1]


def write_example(page: str, name: str, folder: Path) -> None:
    """Write the blocks of a section as files; a block may carry its file name after `yaml`."""
    blocks = _BLOCK.findall(section(page, name))
    assert blocks
    for number, (file, text) in enumerate(blocks):
        target = folder / (file or f"example{number}.yaml")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def test_ids_and_names_are_unique() -> None:
    for values in ([r.id for r in RULES], [r.name for r in RULES]):
        assert len(values) == len(set(values))
    taken = [alias for rule in RULES for alias in rule.aliases]
    assert not set(taken) & {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=str_name)
def test_front_matter_matches_its_schema(rule: Rule) -> None:
    schema = json.loads((ROOT / "rules" / "page.schema.json").read_text(encoding="utf-8"))
    text = (ROOT / "rules" / rule.category / f"{rule.name}.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("\n---\n")[0][4:])
    jsonschema.validate(front, schema)


@pytest.mark.parametrize("rule", RULES, ids=str_name)
def test_page_has_every_section_in_order(rule: Rule) -> None:
    wanted = [s for s in SECTIONS if rule.name not in WITHOUT_EXAMPLES or s not in ("Bad", "Good")]
    assert re.findall(r"^## (.+)$", rule.page(), re.MULTILINE) == wanted
    for name in wanted:
        assert section(rule.page(), name).strip()


STILTED = re.compile(
    r"\b(?:blanks?|mend(?:s|ed)?|forevery|for ever|runbook|without a word|is silent"
    r"|rule speaks|is taken for|stands? beside)\b",
    re.IGNORECASE,
)
"""What reads as a riddle, or names what a user cannot see."""


@pytest.mark.parametrize("rule", RULES, ids=str_name)
def test_page_is_in_plain_words(rule: Rule) -> None:
    words = _BLOCK.sub("", f"{rule.title}\n{rule.help}\n{rule.symptom}\n{rule.page()}")
    assert STILTED.findall(words) == []


@pytest.mark.parametrize("rule", RULES, ids=str_name)
def test_page_says_that_it_was_seen_in_production(rule: Rule) -> None:
    said = "seen in production" in rule.page().lower()
    assert said == ("runbook" in rule.evidence)


@pytest.mark.parametrize("rule", CHECKED, ids=str_name)
def test_check_exists_and_says_what_it_looks_for(rule: Rule) -> None:
    topic, _, function = rule.check.partition(".")
    module = __import__(f"kslint.checks.{topic}", fromlist=[function])
    assert getattr(module, function).__doc__


@pytest.mark.parametrize("rule", CHECKED, ids=str_name)
def test_has_bad_and_near_miss_fixtures(rule: Rule) -> None:
    cases = [case for case in RULE_FOLDERS[rule.name].iterdir() if case.is_dir()]
    bad = [case for case in cases if case.name.startswith("bad-")]
    good = [case for case in cases if case.name.startswith("good-")]
    assert len(bad) + len(good) == len(cases)
    assert len(bad) >= 2
    assert len(good) >= 3
    assert all(expected_in(case) for case in bad)
    assert not any((case / "expect.yaml").exists() for case in good)


SEEN_ELSEWHERE = frozenset({"deleted", "bounded"})
"""Messages that no folder shows: about what a change takes away (test_changed.py), and about what
is too much to follow (graph/test_bounded.py)."""


@pytest.mark.parametrize("rule", CHECKED, ids=str_name)
def test_every_message_is_seen_in_a_fixture(rule: Rule) -> None:
    """A message that no fixture shows is not known to be right, or to be reachable."""
    messages = {e.message for case in RULE_FOLDERS[rule.name].iterdir() for e in expected_in(case)}
    for variant, template in rule.messages.items():
        if variant in SEEN_ELSEWHERE:
            continue
        pattern = re.escape(template)
        pattern = re.sub(r"\\\{\w+\\\}", "(.*)", pattern)
        assert any(re.fullmatch(pattern, m) for m in messages), f"message `{variant}` is unseen"


@pytest.mark.parametrize("rule", [r for r in RULES if r.name not in WITHOUT_EXAMPLES], ids=str_name)
def test_examples_behave_as_they_say(rule: Rule, tmp_path: Path) -> None:
    for name, expected in (("Bad", True), ("Good", False)):
        folder = tmp_path / name
        folder.mkdir()
        write_example(rule.page(), name, folder)
        assert bool(findings_in(folder, rule.name)) is expected, name


@pytest.mark.parametrize("rule", CHECKED, ids=str_name)
def test_good_examples_are_silent_under_every_rule(rule: Rule, tmp_path: Path) -> None:
    from cases import result_of

    write_example(rule.page(), "Good", tmp_path)
    assert [f for f in result_of(tmp_path).findings if f.severity == "error"] == []


def test_selectors() -> None:
    by_prefix = rulebook.matching(RULES, "KS1")
    assert by_prefix
    assert all(rule.id.startswith("KS1") for rule in by_prefix)
    assert [r.id for r in rulebook.matching(RULES, "ks302")] == ["KS302"]
    assert [r.name for r in rulebook.matching(RULES, "vllm-omp-bind-all")] == ["vllm-omp-bind-all"]
    with pytest.raises(rulebook.RulebookError, match="did you mean `vllm-omp-bind-all`"):
        rulebook.matching(RULES, "vllm-omp-bind-al")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no front matter", "front matter between"),
        ("---\nid: KS1\n---\n", "the page's name must be its file name"),
        ("---\nname: x\nid: KS1\n---\n", "needs `severity`"),
        ("---\nname: [x\n---\n", "did not find"),
    ],
)
def test_an_unusable_page_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.md").write_text(text, encoding="utf-8")
    with pytest.raises(rulebook.RulebookError, match=message):
        rulebook.load(str(tmp_path))


def test_an_index_holds_what_the_pages_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = rulebook.load()
    for rule in pages:
        (tmp_path / rule.category).mkdir(exist_ok=True)
        shutil.copy(rule.file, tmp_path / rule.category)
    (tmp_path / rulebook.INDEX).write_text(rulebook.index(pages))
    monkeypatch.setattr(rulebook, "folder", lambda: str(tmp_path))
    indexed = rulebook.load()
    assert [rule._replace(file="") for rule in indexed] == [
        rule._replace(file="") for rule in pages
    ]
    assert [rule.page() for rule in indexed] == [rule.page() for rule in pages]


FIXABLE = [rule for rule in RULES if rule.fix is not None]


def test_the_table_of_fixes_is_true() -> None:
    text = (ROOT / "docs" / "fixes.md").read_text(encoding="utf-8")
    row = r"^\| (KS\d+) \[([a-z0-9-]+)\]\([^)]*\) \| .+ \| (.+) \|$"
    cells = {(id_, name): safe for id_, name, safe in re.findall(row, text, re.MULTILINE)}
    assert cells.keys() == {(rule.id, rule.name) for rule in FIXABLE}
    for rule in FIXABLE:
        assert rule.fix is not None
        assert (cells[rule.id, rule.name] == "never") == (rule.fix.safe is False)
    named = re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", text.partition("have no fix")[2])
    assert named
    assert set(named) <= {rule.name for rule in RULES if rule.fix is None}


@pytest.mark.parametrize("rule", FIXABLE, ids=str_name)
def test_a_fix_has_a_function_and_speaks_of_variants_there_are(rule: Rule) -> None:
    assert rule.fix is not None
    topic, _, function = rule.fix.change.partition(".")
    module = __import__(f"kslint.fixes.{topic}", fromlist=[function])
    assert getattr(module, function).__doc__
    safe = () if isinstance(rule.fix.safe, bool) else rule.fix.safe
    assert {*rule.fix.texts, *safe} - {"default"} <= rule.messages.keys()
    assert "`--fix" in section(rule.page(), "Fix")


def test_every_category_has_a_title() -> None:
    schema = json.loads((ROOT / "rules" / "page.schema.json").read_text(encoding="utf-8"))
    named = schema["$defs"]["builtin"]["properties"]["category"]["enum"]
    assert sorted(named) == sorted(rulebook.CATEGORIES)
