"""Options of `check` for daily work: counts by rule, exit codes, an editor's unsaved buffer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cases import FIXTURES
from test_cli_config import TRAP, kslint
from test_report_json import SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

BAD = FIXTURES / "platform-bad"
MENDED = TRAP.replace("VLLM_CPU_OMP_THREADS_BIND", "OTHER")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    for name in ("a/one.yaml", "a/two.yaml", "b/three.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TRAP.replace("name: qwen-cpu", f"name: {name[2:-5]}"))
    return tmp_path


def lines(folder: Path, *args: str, stdin: str | None = None) -> list[str]:
    """The places of one rule's findings."""
    options = ("--select=KS302", "--output-format=concise")
    done = kslint(folder, "check", *options, *args, stdin=stdin)
    return [line.split(": ")[0] for line in done.stdout.splitlines()]


# ---- --statistics


def test_statistics_stand_in_for_the_findings(tree: Path) -> None:
    (tree / "b/three.yaml").write_text(TRAP + "# kslint: ignore[vllm-omp-bind-all]\n")
    (tree / "b/four.yaml").write_text("# kslint: ignore-file[KS302] no\n" + TRAP)
    for report in ("text", "concise"):
        options = ("--statistics", "--select=KS302,KS304", f"--output-format={report}")
        done = kslint(tree, "check", *options)
        assert done.stdout == (
            "4  warning  KS304  missing-enforce-eager\n"
            "3  error    KS302  vllm-omp-bind-all\n"
            "1  warning  KS004  unused-suppression\n"
            "\n"
            "3 errors, 5 warnings in 4 files (4 objects); 1 suppressed\n"
        )
        assert done.exit_code == 1


def test_statistics_of_nothing(tree: Path) -> None:
    done = kslint(tree, "check", "--statistics", "--select=KS402")
    assert done.stdout == "No findings in 3 files (3 objects)\n"


def test_statistics_in_json_stand_beside_the_findings(tree: Path) -> None:
    done = kslint(tree, "check", "--statistics", "--output-format=json")
    report: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    assert sum(row["findings"] for row in report["statistics"]) == len(report["findings"])
    assert "statistics" not in json.loads(kslint(tree, "check", "--output-format=json").stdout)


def test_statistics_leave_other_reports_whole(tree: Path) -> None:
    kslint(tree, "check", "--statistics", "--output-format=text", "--output-format=sarif:out.sarif")
    assert len(json.loads((tree / "out.sarif").read_text())["runs"][0]["results"]) >= 3


# ---- --exit-zero


def test_exit_zero_is_about_findings_only(tree: Path) -> None:
    assert kslint(tree, "check").exit_code == 1
    assert kslint(tree, "check", "--exit-zero").exit_code == 0
    assert kslint(tree, "check", "--exit-zero", "nowhere").exit_code == 2
    assert kslint(tree, "check", "--exit-zero", "--select=nothing").exit_code == 2


# ---- --stdin-filename


def test_stdin_has_the_name_of_its_file(tree: Path) -> None:
    assert lines(tree, "-", stdin=TRAP) == ["<stdin>:20:15"]
    assert lines(tree, "-", "--stdin-filename=b/new.yaml", stdin=TRAP) == ["b/new.yaml:20:15"]
    assert lines(tree, "--stdin-filename", "./b/../b/new.yaml", stdin=TRAP) == ["b/new.yaml:20:15"]
    assert lines(tree / "b", "-", f"--stdin-filename={tree / 'b/new.yaml'}", stdin=TRAP) == [
        "new.yaml:20:15"
    ]


@pytest.mark.parametrize("paths", [["."], [".", "-"], ["-", "."], ["a", "b", "b/three.yaml"]])
def test_stdin_stands_in_for_a_file_of_the_tree(tree: Path, paths: list[str]) -> None:
    found = lines(tree, *paths, "--stdin-filename", "b/three.yaml", stdin=MENDED)
    assert found == ["a/one.yaml:20:15", "a/two.yaml:20:15"]
    broken = kslint(tree, "check", *paths, "--stdin-filename=b/three.yaml", stdin="a: [\n")
    assert broken.exit_code == 2
    assert "b/three.yaml:2:1" in broken.stdout


def test_a_new_buffer_joins_the_tree(tree: Path) -> None:
    found = lines(tree, "b", "--stdin-filename", "b/a.yaml", stdin=TRAP)
    assert found == ["b/a.yaml:20:15", "b/three.yaml:20:15"]


def test_the_name_decides_about_configuration_and_baseline(tree: Path) -> None:
    (tree / "b/kslint.yaml").write_text('perPath: {"legacy/**": {ignore: [KS302]}}\n')
    for name, count in (("b/x.yaml", 1), ("b/legacy/x.yaml", 0), ("a/legacy/x.yaml", 1)):
        assert len(lines(tree, "-", "--stdin-filename", name, stdin=TRAP)) == count
    kslint(tree, "baseline", "write", "a")
    assert kslint(tree, "check", "-", stdin=TRAP).exit_code == 1
    text = (tree / "a/one.yaml").read_text()
    assert kslint(tree, "check", "--stdin-filename=a/one.yaml", stdin=text).exit_code == 0


def test_the_name_tells_a_template(tree: Path) -> None:
    (tree / "chart/templates").mkdir(parents=True)
    (tree / "chart/Chart.yaml").write_text("name: chart\n")
    text = TRAP.replace("name: qwen-cpu", 'name: "{{ .Release.Name }}"')
    assert lines(tree, "-", "--stdin-filename=chart/templates/x.yaml", stdin=text) == []
    assert len(lines(tree, "-", "--stdin-filename=chart/x.yaml", stdin=text)) == 1


# ---- --quiet, --verbose, --show-files


def test_quiet_prints_findings_only(tree: Path) -> None:
    done = kslint(tree, "check", "--select=KS302", "--quiet", "-o", "text")
    assert done.stdout.count("error[KS302]") == 3
    assert "3 files" not in done.stdout
    assert done.stderr == ""
    assert kslint(tree, "check", "-q", "--select=KS101", "b").stdout == ""


def test_verbose_says_what_was_read_and_assumed(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("version: 1\nkserve: {version: '0.16'}\n")
    said = kslint(tree, "check", "--verbose").stderr
    assert "configuration: kslint.yaml" in said
    assert "read 3 files with 3 objects" in said
    assert "KServe 0.16, from the configuration" in said
    assert "Kubernetes 1.34, kslint's default" in said
    (tree / "kslint.yaml").unlink()
    assert "KServe 0.19, from kslint's default" in kslint(tree, "check", "-v").stderr


def test_quiet_and_verbose_exclude_each_other(tree: Path) -> None:
    done = kslint(tree, "check", "-q", "-v")
    assert done.exit_code == 2
    assert "cannot be combined" in done.stderr


def test_files_are_shown_and_not_checked(tree: Path) -> None:
    (tree / ".gitignore").write_text("two.yaml\n")
    done = kslint(tree, "check", "--show-files")
    assert done.stdout == "a/one.yaml\nb/three.yaml\n"
    assert done.exit_code == 0
    assert kslint(tree, "check", "--show-files", "missing.yaml").exit_code == 2


# ---- --min-severity


def levels(folder: Path, *args: str) -> tuple[list[str], str]:
    """The severities that a concise report shows, and the summary of one in text."""
    options = ("check", "--select=KS302,KS304", *args)
    shown = kslint(folder, *options, "--output-format=concise").stdout
    said = kslint(folder, *options).stdout.split("\n\n")[-1].splitlines()[0]
    return [line.split(" ")[1].partition("[")[0] for line in shown.splitlines()], said


@pytest.fixture
def mild(tree: Path) -> Path:
    """Three errors and three notes."""
    (tree / "kslint.yaml").write_text("severity: {KS304: note}\n")
    return tree


def test_notes_are_counted_and_shown_on_demand(mild: Path) -> None:
    counted = "3 errors, 3 notes in 3 files (3 objects)"
    assert levels(mild) == (["error"] * 3, f"{counted}; 3 notes not shown (--min-severity note)")
    for asked in ("--min-severity=note", "--fail-on=note"):
        shown, said = levels(mild, asked)
        assert (sorted(shown), said) == (["error"] * 3 + ["note"] * 3, counted)
    (mild / "kslint.yaml").write_text("severity: {KS304: note}\nminSeverity: note\n")
    assert levels(mild)[1] == counted
    assert levels(mild, "--min-severity=error")[1].endswith(
        "3 notes not shown (--min-severity note)"
    )


def test_what_is_not_shown_counts_all_the_same(mild: Path) -> None:
    (mild / "kslint.yaml").write_text("severity: {KS304: note, KS302: warning}\n")
    shown, said = levels(mild, "--min-severity=error")
    assert shown == []
    assert said.endswith("6 findings not shown (--min-severity note)")
    options = ("check", "--select=KS302", "--fail-on=warning", "--min-severity=error")
    assert kslint(mild, *options).exit_code == 1


def test_reports_for_programs_hold_notes_unless_told(mild: Path) -> None:
    options = ("check", "--select=KS302,KS304", "--output-format=json")
    found = json.loads(kslint(mild, *options).stdout)
    assert len(found["findings"]) == 6
    found = json.loads(kslint(mild, *options, "--min-severity=warning").stdout)
    assert (len(found["findings"]), found["summary"]["notes"]) == (3, 3)
    markdown = kslint(mild, "check", "--select=KS302,KS304", "--output-format=markdown").stdout
    assert "3 notes not shown" in markdown
