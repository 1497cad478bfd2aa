"""Baselines: what is in one does not count, what is new does, edits around it change nothing."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cases import RULE_FOLDERS, book, inside, result_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli_config import TRAP, kslint

from kslint.findings import baseline as baselines
from kslint.findings.baseline import Baseline, Key
from kslint.source.load import load
from kslint.source.nodes import Scalar, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.findings import Result

FILE = ".kslint-baseline.json"
RAN = frozenset(rule.id for rule in book() if not rule.reserved)
CASES = sorted(
    case
    for rule in book()
    if not rule.reserved
    for case in RULE_FOLDERS[rule.name].iterdir()
    if case.name.startswith("bad-")
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a trap in each of two directories."""
    (tmp_path / ".git").mkdir()
    for name in ("prod", "staging"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(TRAP)
    return tmp_path


def report(folder: Path, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        kslint(folder, "check", "--output-format=json", *args).stdout
    )
    return found


def counting(folder: Path, *args: str) -> set[tuple[str, str]]:
    """The file and rule of every finding that counts."""
    found = report(folder, *args)["findings"]
    return {(f["file"], f["rule"]) for f in found if f["suppressed"] is None}


def held(folder: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((folder / FILE).read_text())["findings"]
    return entries


# ---- the two commands


def test_what_is_written_no_longer_counts_and_stays_in_the_reports(tree: Path) -> None:
    before = report(tree)
    assert kslint(tree, "check").exit_code == 1
    done = kslint(tree, "baseline", "write")
    total = len(before["findings"])
    assert (done.exit_code, done.stderr) == (0, f"wrote {FILE}: {total} findings\n")
    done = kslint(tree, "check")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"; {total} in {FILE}\n" in done.stdout
    after = report(tree)
    assert after["summary"]["baselined"] == after["summary"]["suppressed"] == total
    assert after["summary"]["files"] == before["summary"]["files"]
    mark = {"kind": "external", "reason": f"in {FILE}"}
    assert [f | {"suppressed": mark} for f in before["findings"]] == after["findings"]
    sarif = json.loads(kslint(tree, "check", "--output-format=sarif").stdout)
    results = sarif["runs"][0]["results"]
    assert {r["baselineState"] for r in results} == {"unchanged"}
    assert all(r["suppressions"][0]["kind"] == "external" for r in results)


def test_writing_twice_changes_nothing(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    text = (tree / FILE).read_bytes()
    assert kslint(tree, "baseline", "write").exit_code == 0
    assert (tree / FILE).read_bytes() == text


def test_the_same_flaw_in_another_file_counts(tree: Path) -> None:
    (tree / "prod/a.yaml").rename(tree / "later.txt")
    kslint(tree, "baseline", "write")
    (tree / "later.txt").rename(tree / "prod/a.yaml")
    assert {file for file, _ in counting(tree)} == {"prod/a.yaml"}
    sarif = json.loads(kslint(tree, "check", "--output-format=sarif").stdout)
    states = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: r["baselineState"]
        for r in sarif["runs"][0]["results"]
    }
    assert states == {"prod/a.yaml": "new", "staging/a.yaml": "unchanged"}


def test_one_more_of_a_kind_counts_and_only_that_one(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    env = next(line for line in TRAP.splitlines(True) if "env:" in line)
    begin, end = TRAP.index("        - name:"), len(TRAP)
    assert env in TRAP[begin:end]
    second = TRAP[begin:end].replace("- name: ", "- name: second-", 1)
    (tree / "prod/a.yaml").write_text(TRAP + second)
    found = [f for f in report(tree)["findings"] if f["name"] == "vllm-omp-bind-all"]
    here = [f for f in found if f["file"] == "prod/a.yaml"]
    assert [f["suppressed"] is None for f in here] == [False, True]


def test_what_is_gone_is_said_and_taken_out(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    entries = held(tree)
    (tree / "prod/a.yaml").unlink()
    gone = [entry for entry in entries if entry["file"] == "prod/a.yaml"]
    done = kslint(tree, "check")
    assert done.exit_code == 0
    assert done.stderr == (
        f"{FILE}: {len(gone)} findings in it are fixed; `kslint baseline write` removes them\n"
    )
    assert report(tree)["baseline"] == {
        "file": FILE,
        "fixed": sorted(gone, key=lambda e: e["rule"]),
    }
    done = kslint(tree, "baseline", "write")
    rest = [entry for entry in entries if entry not in gone]
    assert done.stderr == f"wrote {FILE}: {len(rest)} findings; {len(gone)} are gone\n"
    assert held(tree) == rest
    assert kslint(tree, "check").stderr == ""


@pytest.mark.parametrize(
    "args", [["staging"], ["--select", "KS4"], ["--ignore", "KS3"], ["staging/a.yaml", "prod"]]
)
def test_what_a_run_could_not_see_is_not_called_gone(tree: Path, args: list[str]) -> None:
    kslint(tree, "baseline", "write")
    text = (tree / "prod/a.yaml").read_text().replace("VLLM_CPU_OMP_THREADS_BIND", "OTHER")
    (tree / "prod/a.yaml").write_text(text)
    assert report(tree)["baseline"]["fixed"]
    assert report(tree, *args)["baseline"]["fixed"] == []
    assert report(tree, ".", "staging")["baseline"]["fixed"]


def test_nothing_is_called_gone_if_input_could_not_be_read(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    (tree / "prod/a.yaml").write_text("kind: [\n")
    done = kslint(tree, "check")
    assert (done.exit_code, done.stderr) == (2, "")


def test_broken_input_is_in_no_baseline(tree: Path) -> None:
    (tree / "prod/a.yaml").write_text("kind: [\n")
    done = kslint(tree, "baseline", "write")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0].startswith("prod/a.yaml:2:1: ")
    assert "not written" in done.stderr
    assert not (tree / FILE).exists()


def test_suppressions_and_what_is_wrong_with_them_are_in_no_baseline(tree: Path) -> None:
    comment = "# kslint: ignore-file[ALL, vllm-omp-bind-all] a test\n"
    (tree / "prod/a.yaml").write_text(comment + TRAP)
    kslint(tree, "baseline", "write")
    rules = {entry["rule"] for entry in held(tree) if entry["file"] == "prod/a.yaml"}
    assert rules
    assert not rules & {"KS302", "KS004"}
    assert counting(tree) == {("prod/a.yaml", "KS004")}


def test_paths_that_were_not_given_keep_their_entries(tree: Path) -> None:
    kslint(tree, "baseline", "write", "prod")
    assert {entry["file"] for entry in held(tree)} == {"prod/a.yaml"}
    prod = held(tree)
    kslint(tree, "baseline", "write", "staging")
    assert [entry for entry in held(tree) if entry["file"] == "prod/a.yaml"] == prod
    assert json.loads((tree / FILE).read_text())["paths"] == ["prod", "staging"]
    (tree / "more.yaml").write_text(TRAP)
    kslint(tree, "baseline", "write")
    assert {entry["file"] for entry in held(tree)} == {"prod/a.yaml", "staging/a.yaml"}
    kslint(tree, "baseline", "write", ".")
    assert {entry["file"] for entry in held(tree)} >= {"more.yaml"}
    assert json.loads((tree / FILE).read_text())["paths"] == ["."]
    shutil.rmtree(tree / "prod")
    kslint(tree, "baseline", "write", "staging")
    assert {entry["file"] for entry in held(tree)} == {"more.yaml", "staging/a.yaml"}


def test_stdin_has_entries_of_its_own(tree: Path) -> None:
    kslint(tree, "baseline", "write", "-", stdin=TRAP)
    assert {entry["file"] for entry in held(tree)} == {"<stdin>"}
    assert kslint(tree, "check", "-", stdin=TRAP).exit_code == 0
    assert "fixed" in kslint(tree, "check", "-", stdin="---").stderr
    assert kslint(tree, "check", "prod").exit_code == 1
    kslint(tree, "baseline", "write", "prod")
    assert {entry["file"] for entry in held(tree)} == {"<stdin>", "prod/a.yaml"}


# ---- which file


def test_the_file_is_found_upward_from_the_first_path(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    assert counting(tree / "prod") == set()
    assert counting(tree.parent, f"{tree.name}/prod") == set()
    assert kslint(tree / "prod", "baseline", "write").stderr.startswith(f"wrote {tree / FILE}: ")
    assert held(tree)
    assert counting(tree, "--no-baseline")
    assert counting(tree, "--isolated")
    assert counting(tree, "--isolated", "--baseline", FILE) == set()


def test_a_directory_of_another_repository_has_its_own(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    (tree / "prod/.git").mkdir()
    assert counting(tree / "prod")


def test_the_option_and_the_configuration_name_another(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("baseline: ci/known.json\n")
    done = kslint(tree, "check")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "ci/known.json: there is no such baseline; `kslint baseline write` makes one\n"
    )
    (tree / "ci").mkdir()
    kslint(tree, "baseline", "write")
    assert {e["file"] for e in json.loads((tree / "ci/known.json").read_text())["findings"]} == {
        "../prod/a.yaml",
        "../staging/a.yaml",
    }
    assert counting(tree) == counting(tree / "prod") == set()
    kslint(tree, "baseline", "write", "--baseline", "other.json", "prod")
    assert counting(tree, "--baseline", "other.json") == {
        (file, rule) for file, rule in counting(tree, "--no-baseline") if file == "staging/a.yaml"
    }
    assert "cannot be combined" in kslint(tree, "check", "--baseline=x", "--no-baseline").stderr


# ---- what may be in it

HEAD = '{"version": 1, "paths": ["."], "findings": ['
ENTRY = '{"rule": "KS302", "file": "a.yaml", "object": "", "path": "", "count": 1}'


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("", ["1:1: this is not JSON: Expecting value"]),
        (
            f"{HEAD}\n<<<<<<< HEAD\n{ENTRY}]}}",
            ["2:1: this is not JSON: a merge conflict was left in it"],
        ),
        ("[]", ["1:1: a baseline is a mapping"]),
        ("{}", ["1:1: the version must be 1: another kslint may have written this"]),
        (
            '{"version": 2}',
            ["1:2: the version must be 1: another kslint may have written this"],
        ),
        (
            '{"version": 1, "x": 1}',
            [
                "1:16: unknown key `x`",
                "1:2: `paths` must be a list of texts",
                "1:2: `findings` must be a list",
            ],
        ),
        (
            f"{HEAD}\n 3]}}",
            ["2:2: an entry has the keys rule, file, object, path and count, and no other"],
        ),
        (
            f"{HEAD}{ENTRY},\n{ENTRY}]}}",
            ["2:2: this entry stands here for the second time"],
        ),
        (
            f"{HEAD}\n{ENTRY.replace('1}', '0}')},\n{ENTRY.replace('1}', 'true}')}]}}",
            [f"{line}:63: `count` must be a whole number of 1 or more" for line in (2, 3)],
        ),
        (
            f"{HEAD}\n{ENTRY.replace('a.yaml', '').replace(chr(34) * 2, '7', 1)}]}}",
            ["2:2: rule, file, object, path must be text"],
        ),
        ("[" * 900 + "]" * 900, [" a baseline is a mapping"]),
        ("[" * 100_000, [" this is not JSON: "]),
    ],
)
def test_mistakes_are_named_and_nothing_is_overwritten(
    tree: Path, text: str, mistakes: list[str]
) -> None:
    (tree / FILE).write_text(text)
    for command in ("check", "baseline write"):
        done = kslint(tree, *command.split())
        assert (done.exit_code, done.stdout) == (2, "")
        lines = done.stderr.splitlines()
        assert len(lines) == len(mistakes)
        for line, mistake in zip(lines, mistakes, strict=True):
            assert line.startswith(f"{FILE}:{mistake}")
    assert (tree / FILE).read_text() == text


TEXT = st.text(max_size=5) | st.sampled_from(["\ud800", "a\nb", '"', "日本"])


@given(
    st.dictionaries(st.builds(Key, TEXT, TEXT, TEXT, TEXT), st.integers(1, 3), max_size=4),
    st.lists(TEXT, unique=True).map(tuple),
)
def test_what_is_written_is_read_back(counts: dict[Key, int], paths: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder, inside(Path(folder)):
        written = Baseline(FILE, folder, tuple(sorted(paths)), counts)
        text = baselines.text(written)
        Path(FILE).write_text(text, encoding="utf-8", errors="backslashreplace")
        found = baselines.load(FILE)
        assert found == written._replace(directory=str(Path.cwd()))
        assert baselines.text(found) == text


# ---- edits that change nothing


def _free_lines(file: str) -> set[int]:
    """The lines, counted from 1, in front of which a comment can stand."""
    (parsed,) = load([file]).files
    taken: set[int] = set()
    for document in parsed.documents:
        for node in walk(document.root):
            for scalar in (node, node.key):
                if isinstance(scalar, Scalar) and scalar.span is not None:
                    taken.update(range(scalar.span.line + 1, scalar.span.end_line + 1))
    return set(range(1, len(parsed.source.lines))) - taken


def _commented(text: str, file: str, seed: int) -> str:
    free = _free_lines(file)
    lines = text.split("\n")
    return "\n".join(
        f"# a note: {number}\n\n{line}" if number in free and (number * 7 + seed) % 3 == 0 else line
        for number, line in enumerate(lines, 1)
    )


def _indented(text: str, _file: str, _seed: int) -> str:
    return re.sub(r"^(?: |- )*", lambda match: _doubled(match[0]), text, flags=re.MULTILINE)


def _doubled(indent: str) -> str:
    return indent.replace(" ", "  ").replace("-  ", "-   ")


def _crlf(text: str, _file: str, _seed: int) -> str:
    return text.replace("\n", "\r\n")


EDITS: list[Callable[[str, str, int], str]] = [_commented, _indented, _crlf]


def _known(found: Result, folder: Path) -> Baseline:
    empty = Baseline(FILE, str(folder), (), {})
    with inside(folder):
        active = [f for f in found.findings if f.suppressed is None and f.rule in RAN]
        return baselines.renewed(empty, active, ["."], [])


@settings(max_examples=25, deadline=None)
@given(case=st.sampled_from(CASES), edit=st.sampled_from(EDITS), seed=st.integers(0, 2))
def test_edits_around_a_finding_do_not_bring_it_back(
    case: Path, edit: Callable[[str, str, int], str], seed: int
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "case")
        shutil.copytree(case, folder, ignore=shutil.ignore_patterns("expect.yaml"))
        found = result_of(folder)
        known = _known(found, folder)
        assert known.counts
        for file in folder.rglob("*.yaml"):
            if file.name != "kslint.yaml":
                text = file.read_text(encoding="utf-8")
                file.write_bytes(edit(text, str(file), seed).encode())
        edited = result_of(folder)
        assert edited.failed == found.failed
        with inside(folder):
            after = baselines.applied(known, edited, RAN, ["."])
    counted = [f for f in after.findings if f.suppressed is None and f.rule in RAN]
    assert counted == []
    assert after.baseline is not None
    assert after.baseline.fixed == ()


def test_a_renamed_file_keeps_its_entries_and_a_copy_does_not(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    (tree / "prod/a.yaml").rename(tree / "prod/b.yaml")
    done = kslint(tree, "check")
    assert (done.exit_code, done.stderr) == (0, "")
    shutil.copy(tree / "prod/b.yaml", tree / "prod/a.yaml")
    assert {file for file, _ in counting(tree)} == {"prod/b.yaml"}


def test_an_item_put_in_front_changes_nothing(tree: Path) -> None:
    kslint(tree, "baseline", "write")
    text = TRAP.replace("env:\n", "env:\n            - {name: FIRST, value: a}\n")
    assert text != TRAP
    (tree / "prod/a.yaml").write_text(text)
    assert counting(tree) == set()
