"""Configuration end to end: what it does to a run, and what its mistakes look like."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from cases import FIXTURES, inside
from typer.testing import CliRunner

from kslint.cli.commands import app

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

TRAP = (FIXTURES / "vllm/vllm-omp-bind-all/bad-env/deployment.yaml").read_text(encoding="utf-8")
RESERVED = (
    "reports input that cannot be read, and stays as it is; `exclude` keeps files from being read"
)
RULE = "vllm-omp-bind-all"


def kslint(folder: Path, *args: str, stdin: str | None = None) -> Result:
    with inside(folder):
        result = CliRunner().invoke(app, args, input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def found(folder: Path, *args: str) -> dict[str, str]:
    """The one rule's findings: severities by file."""
    done = kslint(folder, "check", "--output-format", "json", *args)
    report: dict[str, Any] = json.loads(done.stdout)
    return {f["file"]: f["severity"] for f in report["findings"] if f["name"] == RULE}


def files_read(folder: Path, *args: str) -> int:
    done = kslint(folder, "check", "--output-format", "json", *args)
    count: int = json.loads(done.stdout)["summary"]["files"]
    return count


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one trap in each of three files."""
    (tmp_path / ".git").mkdir()
    for name in ("app/a.yaml", "tests/b.yaml", "app/vendor/c.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TRAP)
    return tmp_path


ALL = {"app/a.yaml": "error", "tests/b.yaml": "error", "app/vendor/c.yaml": "error"}


def test_the_trap_is_there_without_a_configuration(tree: Path) -> None:
    assert found(tree) == ALL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"severity: {{{RULE}: warning}}", dict.fromkeys(ALL, "warning")),
        ("severity: {KS302: note}", dict.fromkeys(ALL, "note")),
        ("severity: {KS302: note, vllm: warning}", dict.fromkeys(ALL, "note")),
        ("severity: {vllm: warning, KS302: note}", dict.fromkeys(ALL, "note")),
        ("severity: {KS302: off}", {}),
        ("ignore: [KS302]", {}),
        ("select: [KS101]", {}),
        ("select: [vllm]", ALL),
        ("perPath: {tests/**: {ignore: [KS302]}}", {n: "error" for n in ALL if n[0] == "a"}),
        ("perPath: {'*.yaml': {ignore: [vllm]}}", {}),
        ("perPath: {tests/: {ignore: [KS101]}}", ALL),
        ("exclude: ['**/vendor/**']", {n: "error" for n in ALL if "vendor" not in n}),
        ("exclude: [vendor/, /tests]", {"app/a.yaml": "error"}),
        ("exclude: ['*.yaml', '!b.yaml']", {"tests/b.yaml": "error"}),
    ],
)
def test_what_a_configuration_does(tree: Path, text: str, expected: dict[str, str]) -> None:
    (tree / "kslint.yaml").write_text(text)
    assert found(tree) == expected
    assert found(tree, "--isolated") == ALL


def test_patterns_are_relative_to_the_configuration_and_not_to_the_run(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("exclude: [app/vendor/]\nperPath: {tests/: {ignore: [ALL]}}")
    assert found(tree / "app", ".", "../tests") == {"a.yaml": "error"}


def test_excluded_files_are_not_read_unless_they_are_named(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("exclude: [app/, broken.yaml]")
    (tree / "broken.yaml").write_text("kind: [")
    assert files_read(tree) == 1
    assert kslint(tree, "check", "--select", RULE).exit_code == 1
    assert found(tree, "app/a.yaml") == {"app/a.yaml": "error"}
    assert kslint(tree, "check", "broken.yaml").exit_code == 2


def test_the_configuration_is_no_manifest(tree: Path) -> None:
    assert files_read(tree) == 3
    (tree / "mine.yaml").write_text("failOn: error")
    (tree / "tests" / ".kslint.yaml").write_text("a: [broken")
    assert files_read(tree, "--config", "mine.yaml") == 3


def test_the_threshold(tree: Path) -> None:
    (tree / "kslint.yaml").write_text(
        "failOn: warning\nseverity: {ALL: warning}\nselect: [KS302]\n"
    )
    assert kslint(tree, "check").exit_code == 1
    assert kslint(tree, "check", "--fail-on", "error").exit_code == 0
    assert kslint(tree, "check", "--isolated", "--select", RULE).exit_code == 1
    (tree / "kslint.yaml").write_text("severity: {ALL: warning}\nselect: [KS302]\n")
    assert kslint(tree, "check").exit_code == 0


def test_the_command_line_wins(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("select: [KS302, KS301]\nignore: [KS302]\n")
    assert found(tree) == {}
    assert found(tree, "--select", "KS302") == ALL
    assert found(tree, "--select", "vllm") == {}
    (tree / "kslint.yaml").write_text("select: [KS302]\n")
    assert found(tree, "--ignore", RULE) == {}
    assert found(tree, "--select", "KS101") == {}


def test_which_file_is_used(tree: Path) -> None:
    (tree / "pyproject.toml").write_text("[tool.kslint]\nseverity = {KS302 = 'note'}\n")
    assert found(tree) == dict.fromkeys(ALL, "note")
    (tree / "tests" / "kslint.yml").write_text("severity: {KS302: warning}")
    assert found(tree, "app") == {n: "note" for n in ALL if n[0] == "a"}
    assert found(tree, "tests", "app") == dict.fromkeys(ALL, "warning")
    assert found(tree, "--config", "tests/kslint.yml") == dict.fromkeys(ALL, "warning")
    assert found(tree / "tests", "-") == {}
    options = ("--output-format", "json", "--select", RULE)
    done = kslint(tree / "tests", "check", "-", *options, stdin=TRAP)
    assert json.loads(done.stdout)["findings"][0]["severity"] == "warning"


def test_rules_about_input_may_be_selected_but_not_switched_off(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("select: [yaml-syntax, KS302]\nignore: [ALL]\n")
    assert found(tree, "--select", "KS302") == ALL
    (tree / "broken.yaml").write_text("kind: [")
    done = kslint(tree, "check", "--output-format", "json")
    assert done.exit_code == 2
    assert [f["name"] for f in json.loads(done.stdout)["findings"]] == ["yaml-syntax"]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (
            "select:\n  - canary-on-rwo\n",
            [
                (
                    "2:5: no rule or category is called `canary-on-rwo`; "
                    "did you mean `canary-on-rwo-pvc`?"
                )
            ],
        ),
        (
            "ignore: [KS101, zzzz]\n",
            ["1:17: no rule or category is called `zzzz`; `kslint rules` lists them"],
        ),
        (
            "severity:\n  KS101: note\n  qqqq: note\n",
            ["3:3: no rule or category is called `qqqq`; `kslint rules` lists them"],
        ),
        (
            "perPath:\n  tests/**:\n    ignore: [qqqq]\n",
            ["3:14: no rule or category is called `qqqq`; `kslint rules` lists them"],
        ),
        (
            "severity:\n  yaml-syntax: off\n",
            [
                f"2:3: `yaml-syntax` {RESERVED}",
            ],
        ),
        (
            "failOn: off\nclustr: {}\nignore: [qqqq]\n",
            [
                "1:1: `failOn` must be error, warning or note, not `off`",
                "2:1: unknown key `clustr`; did you mean `cluster`?",
                "3:10: no rule or category is called `qqqq`; `kslint rules` lists them",
            ],
        ),
        ("a: 'x\n", ["2:1: found unexpected end of stream"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "render", "config show"])
def test_mistakes_are_all_listed(tree: Path, text: str, errors: list[str], command: str) -> None:
    (tree / "kslint.yaml").write_text(text)
    done = kslint(tree, *command.split())
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [f"kslint.yaml:{line}" for line in errors]
    assert done.stdout == ""


def test_mistakes_in_pyproject_name_file_and_key(tree: Path) -> None:
    (tree / "pyproject.toml").write_text("[tool.kslint.cluster]\ncomplete = 3\n")
    done = kslint(tree, "check")
    assert done.exit_code == 2
    assert done.stderr == (
        "pyproject.toml: `tool.kslint.cluster.complete` must be true or false or a list, not `3`\n"
    )


def test_ambiguous_and_missing_files_and_contradicting_options(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("")
    (tree / ".kslint.yaml").write_text("")
    done = kslint(tree, "check")
    assert done.exit_code == 2
    assert done.stderr == (
        "kslint.yaml and .kslint.yaml configure kslint in one directory: keep one\n"
    )
    assert kslint(tree, "check", "--config", "kslint.yaml", "--select", RULE).exit_code == 1
    missing = kslint(tree, "check", "--config", "none.yaml")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert missing.stderr.startswith("none.yaml: ")
    assert kslint(tree, "check", "--config", "kslint.yaml", "--isolated").exit_code == 2


def test_an_unknown_machine_is_a_warning(tree: Path) -> None:
    (tree / "kslint.yaml").write_text(
        "cluster:\n  nodes:\n"
        "    - {name: a, count: 1, machine: e2-standard-4}\n"
        "    - {name: b, count: 1, machine: abacus-9000}\n"
        "    - {name: c, count: 1, machine: abacus-9000, allocatable: {cpu: 4, memory: 8Gi}}\n"
    )
    done = kslint(tree, "check", "--select", RULE)
    assert done.exit_code == 1
    assert done.stderr == (
        "kslint.yaml:4:27: warning: machine type `abacus-9000` is not known; without allocatable "
        "cpu and memory the pool's capacity is unknown\n"
    )


def test_the_cluster_reaches_graph_and_model(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "platform-bad", tmp_path / "tree")
    (tmp_path / "tree" / "kslint.yaml").write_text('kserve: {version: "0.16"}\n')
    done = kslint(tmp_path / "tree", "check", "--output-format", "json")
    (message,) = [f["message"] for f in json.loads(done.stdout)["findings"] if f["rule"] == "KS101"]
    assert "the default of KServe 0.16" in message
    rendered = kslint(tmp_path / "tree", "render", "--isvc", "qwen-cpu")
    assert "the default of KServe 0.16" in rendered.stdout


# --- config show, config schema, init


def test_schema_is_the_shipped_one(tmp_path: Path) -> None:
    done = kslint(tmp_path, "config", "schema")
    assert done.exit_code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(done.stdout))


def test_show(tree: Path) -> None:
    done = kslint(tree, "config", "show")
    assert done.stdout.startswith("# no configuration file: the defaults\n")
    assert yaml.safe_load(done.stdout) == {
        "cluster": {"egress": {"huggingface": "throttled"}},
        "idlePause": "annotation",
        "requireReason": False,
    }
    unset = done.stdout.partition("# Not set; these defaults apply:\n")[2]
    assert "#   kubernetes.version: 1.34\n" in unset
    assert "#   failOn: error\n" in unset
    assert "#   baseline: none found\n" in unset
    (tree / "kslint.yaml").write_text('kserve: {version: "0.19"}\ncluster: {complete: false}\n')
    done = kslint(tree / "app", "config", "show", "vendor")
    assert done.stdout.startswith("# from ")
    assert done.stdout.splitlines()[0].endswith("kslint.yaml")
    shown = yaml.safe_load(done.stdout)
    assert shown["kserve"] == {"version": "0.19"}
    assert shown["cluster"]["complete"] is False
    unset = done.stdout.partition("# Not set; these defaults apply:\n")[2]
    assert "kserve.version" not in unset
    assert "cluster.complete" not in unset
    (tree / ".kslint-baseline.json").write_text("{}")
    again = kslint(tree, "config", "show").stdout
    assert re.search(r"^#   baseline: .*\.kslint-baseline\.json$", again, re.MULTILINE)


def test_show_tells_of_every_key(tree: Path) -> None:
    """What the schema knows is either shown as set or said to be unset."""
    schema = json.loads(kslint(tree, "config", "schema").stdout)
    shown = kslint(tree, "config", "show").stdout
    for key in schema["properties"].keys() - {"version"}:
        assert re.search(rf"^(#   )?{key}[.:]", shown, re.MULTILINE), key


def test_init_looks_at_the_tree_and_validates(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "platform-good", tmp_path / "tree")
    done = kslint(tmp_path, "init", "tree")
    assert (done.exit_code, done.stderr) == (0, "wrote tree/kslint.yaml\n")
    text = (tmp_path / "tree" / "kslint.yaml").read_text()
    assert "The tree says KServe 0.19." in text
    assert "The tree shows cert-manager." in text
    assert "gatewayClasses: [agentgateway]" in text
    assert "# complete: [argocd, gateway, models" in text
    checked = kslint(tmp_path, "check", "tree", "--select", RULE)
    assert (checked.exit_code, checked.stderr) == (0, "")


def test_init_in_an_empty_directory(tmp_path: Path) -> None:
    assert kslint(tmp_path, "init").exit_code == 0
    assert kslint(tmp_path, "config", "show").stdout.startswith("# from kslint.yaml\n")


def uncommented(text: str) -> str:
    """The file with its examples in force: commented lines that are YAML keys or list items."""
    lines = []
    for line in text.splitlines():
        bare = line.lstrip(" ")
        body = bare[2:] if bare.startswith("# ") else ""
        word, colon, _ = body.lstrip(" -").partition(":")
        is_key = bool(colon) and (word.isidentifier() or word.startswith('"'))
        lines.append(line[: len(line) - len(bare)] + body if is_key else line)
    return "\n".join(lines)


def test_the_examples_that_init_comments_out_are_valid(tmp_path: Path) -> None:
    text = uncommented(kslint(tmp_path, "init", "--stdout").stdout)
    data = yaml.safe_load(text)
    assert {"kserve", "vllm", "ignore", "severity", "perPath", "exclude"} <= data.keys()
    assert {"nodes", "complete"} <= data["cluster"].keys()
    (tmp_path / "kslint.yaml").write_text(text)
    done = kslint(tmp_path, "config", "show")
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "text"),
    [("kslint.yaml", "a: ["), (".kslint.yaml", ""), ("pyproject.toml", "[tool.kslint]\n")],
)
def test_init_never_overwrites(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    done = kslint(tmp_path, "init")
    assert done.exit_code == 2
    assert done.stderr == f"{name} exists and is left as it is; --stdout prints a new one\n"
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == text
    printed = kslint(tmp_path, "init", "--stdout")
    assert (printed.exit_code, os.listdir(tmp_path)) == (0, [name])


def test_init_says_what_is_wrong(tmp_path: Path) -> None:
    done = kslint(tmp_path, "init", "none")
    assert (done.exit_code, done.stderr) == (2, "none: no such directory\n")
    (tmp_path / "kslint.yaml").symlink_to("nowhere")
    done = kslint(tmp_path, "init")
    assert done.exit_code == 2
    assert done.stderr == "kslint.yaml: cannot be written: File exists\n"
    (tmp_path / "pyproject.toml").write_text("[tool.kslint")
    assert kslint(tmp_path, "init").exit_code == 2


def test_init_writes_on_no_strange_names(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
        'metadata: {name: g, namespace: "a\\n]: x"}\nspec: {gatewayClassName: "true"}\n'
    )
    assert kslint(tmp_path, "init").exit_code == 0
    shown = yaml.safe_load(kslint(tmp_path, "config", "show").stdout)
    assert shown["cluster"]["gatewayClasses"] == ["true"]
