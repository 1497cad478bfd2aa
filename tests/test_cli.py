"""The command line as a user meets it: exit codes, streams, selection, and no traceback, ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases import FIXTURES, ROOT, book

from kslint.rulebook import RulebookError, matching

BAD = str(FIXTURES / "platform-bad")
GOOD = str(FIXTURES / "platform-good")


def kslint(
    *args: str, stdin: bytes = b"", cwd: Path = ROOT, **env: str
) -> subprocess.CompletedProcess[bytes]:
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"PYTHONPATH": str(ROOT), **env}
    command = [sys.executable, "-m", "kslint", *args]
    return subprocess.run(
        command, input=stdin, capture_output=True, cwd=cwd, env=environment, timeout=60, check=False
    )


def test_a_clean_tree_exits_0() -> None:
    done = kslint("check", GOOD)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "No findings in 40 files (38 objects)\n"


def test_errors_exit_1() -> None:
    done = kslint("check", BAD)
    assert done.returncode == 1
    assert b" errors, " in done.stdout
    assert b"\x1b[" not in done.stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--select", "canary-in-standard-mode"], 0),
        (["--select", "canary-in-standard-mode", "--fail-on", "warning"], 1),
        (["--select", "KS4"], 1),
        (["--select", "KS101,KS4,vllm", "--ignore", "KS101,KS401,KS402,vllm"], 0),
        (["--ignore", "KS1,KS6,KS7,KS8", "--ignore", "KS2,KS3,KS401,KS402,KS9,gitops"], 0),
        (["--select", "no-such-rule"], 2),
        (["--fail-on", "never"], 2),
        (["--no-such-option"], 2),
    ],
)
def test_selection_and_threshold_decide_the_exit_code(options: list[str], code: int) -> None:
    done = kslint("check", BAD, *options)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_an_unknown_rule_gets_a_suggestion() -> None:
    done = kslint("check", GOOD, "--select", "canary-on-rwo")
    assert b"canary-on-rwo-pvc" in done.stderr


@pytest.mark.parametrize(
    ("name", "hint"), [("vlm", "did you mean `vllm`?"), ("KS999", "`kslint rules` lists them")]
)
def test_categories_are_suggested_and_numbers_are_not(name: str, hint: str) -> None:
    with pytest.raises(RulebookError) as caught:
        matching(book(), name)
    assert str(caught.value).endswith(hint)


def test_json_holds_the_contract() -> None:
    done = kslint("check", BAD, "--output-format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["version"] == 1
    assert report["summary"]["errors"] == 24
    first = next(f for f in report["findings"] if f["rule"] == "KS101")
    assert first["file"] == "fixtures/platform-bad/serving/models/qwen-cpu.yaml"
    assert first["path"] == "spec.predictor.containers[0].resources.requests.cpu"
    assert (first["kind"], first["namespace"], first["resource"]) == (
        "InferenceService",
        "models",
        "qwen-cpu",
    )
    line = Path(ROOT, first["file"]).read_text().split("\n")[first["line"] - 1]
    assert line[first["column"] - 1 : first["end_column"] - 1] == "cpu"


def test_files_are_named_from_the_working_directory() -> None:
    done = kslint("check", ".", "--output-format", "json", cwd=FIXTURES / "platform-bad")
    names = {f["file"] for f in json.loads(done.stdout)["findings"]}
    assert "serving/models/qwen-cpu.yaml" in names


def test_stdin() -> None:
    text = (FIXTURES / "vllm/vllm-omp-bind-all/bad-env/deployment.yaml").read_bytes()
    done = kslint("check", "-", stdin=text)
    assert done.returncode == 1
    assert b"<stdin>:20:15" in done.stdout


@pytest.mark.parametrize("text", [b"", b" \n\n"])
def test_stdin_that_is_empty_is_no_clean_input(text: bytes) -> None:
    """The command before the pipe has failed, most likely."""
    done = kslint("check", "-", stdin=text)
    assert done.returncode == 2
    assert b"is empty" in done.stdout
    assert kslint("check", "-", "--stdin-filename", "new.yaml", stdin=text).returncode == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"kind: [1\n", b"broken.yaml:2:1"),
        (b"kind: A\n\x00\x01\x02\x03", b"holds binary data"),
        (b"kind: A\napiVersion: v1\nkind: B\n", b"broken.yaml:3:1"),
        (b"kind: &a [*a]\n", b"broken.yaml:1:11"),
        (b"kind: " + b"{" * 60_000, b"nested deeper than 200 levels"),
    ],
)
def test_bad_input_exits_2_and_the_rest_is_checked(
    tmp_path: Path, content: bytes, message: bytes
) -> None:
    good = FIXTURES / "vllm/vllm-omp-bind-all/bad-env/deployment.yaml"
    (tmp_path / "broken.yaml").write_bytes(content)
    (tmp_path / "other.yaml").write_bytes(good.read_bytes())
    done = kslint("check", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stdout
    assert b"KS302" in done.stdout
    assert b"Traceback" not in done.stderr + done.stdout


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    done = kslint("check", "nowhere", GOOD, cwd=tmp_path)
    assert done.returncode == 2
    assert b"nowhere:1:1" in done.stdout
    assert b"no such file or directory" in done.stdout


def test_a_file_of_100_megabytes(tmp_path: Path) -> None:
    with open(tmp_path / "huge.yaml", "wb") as handle:
        handle.write(b"kind: A\n")
        handle.truncate(100 * 1024 * 1024)
    done = kslint("check", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert b"is larger than 32 MiB" in done.stdout


def test_a_yaml_bomb(tmp_path: Path) -> None:
    lines = ["kind: A", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    done = kslint("check", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert b"YAML bomb" in done.stdout


def test_a_tree_without_objects_says_so(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("image: x\n")
    done = kslint("check", ".", cwd=tmp_path)
    assert done.returncode == 0
    assert b"No Kubernetes object was found" in done.stdout


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, b"No file was found to check: kslint reads .yaml"),
        ({"kslint.yaml": "exclude: ['*']", "a.yaml": "kind: A"}, b"No file was found to check"),
        ({"values.yaml": "image: x"}, b"No Kubernetes object was found to check\n"),
        ({"x.yaml": "{{ if x }}\nkind: {{ b }}"}, b"--render"),
    ],
)
def test_nothing_to_check_is_said_whatever_the_report(
    tmp_path: Path, files: dict[str, str], message: bytes
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = kslint("check", cwd=tmp_path)
    assert message in done.stdout
    assert (done.returncode, done.stderr) == (0, b"")
    assert message in kslint("check", "--output-format=json", cwd=tmp_path).stderr


def test_an_error_of_input_is_not_called_nothing_to_check(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: [\n")
    done = kslint("check", cwd=tmp_path)
    assert b"to check" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", b"a path is empty; is a variable not set?"),
        ("link", b"is a link to nothing"),
        ("[ab].yaml", b"matches no file"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path: Path, path: str, message: bytes) -> None:
    (tmp_path / "link").symlink_to("gone.yaml")
    done = kslint("check", path, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stdout


def test_colour_is_for_terminals_and_by_wish() -> None:
    assert b"\x1b[1;31m" in kslint("check", BAD, FORCE_COLOR="1").stdout
    assert b"\x1b[" not in kslint("check", BAD, FORCE_COLOR="1", NO_COLOR="1").stdout
    assert b"\x1b[" not in kslint("check", BAD, "--output-format", "json", FORCE_COLOR="1").stdout


def test_rules_lists_every_rule() -> None:
    done = kslint("rules")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert all(f"{rule.id}  {rule.name}" in text for rule in book())


@pytest.mark.parametrize("name", ["KS101", "cpu-request-over-injected-limit"])
def test_explain_by_id_and_name(name: str) -> None:
    done = kslint("explain", name)
    assert done.returncode == 0
    assert b"## What happens" in done.stdout


def test_version_and_help() -> None:
    from kslint import __version__

    assert kslint("--version").stdout.decode() == f"kslint {__version__}\n"
    for args in (["--help"], ["check", "--help"], ["explain", "--help"], ["render", "--help"]):
        assert kslint(*args).returncode == 0


def test_shell_completion_can_be_shown() -> None:
    done = kslint("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert b"_KSLINT_COMPLETE" in done.stdout


def test_an_internal_error_says_how_to_report_it(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import kslint.source.load as l\n"
        "def broken(*paths): raise ZeroDivisionError('oops')\n"
        "l.parsed = broken\n"
    )
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    done = kslint("check", GOOD, PYTHONPATH=path)
    assert done.returncode == 2
    assert b"ZeroDivisionError: oops" in done.stderr
    assert b"report it" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_broken_rule_is_a_finding_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import kslint.checks.vllm as v\n"
        "def broken(server): raise KeyError('oops')\n"
        "v.too_few_cores = broken\n"
    )
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    done = kslint("check", BAD, PYTHONPATH=path)
    assert done.returncode == 2
    assert b"rule vllm-cpu-too-few-cores failed: KeyError" in done.stdout
    assert b"KS302" in done.stdout


def test_a_closed_pipe_ends_quietly() -> None:
    command = f"{sys.executable} -m kslint rules | true"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, cwd=ROOT, check=False, timeout=60
    )
    assert done.stderr == b""


def test_the_same_findings_whatever_the_order_of_paths() -> None:
    parts = sorted(str(p) for p in (FIXTURES / "platform-bad").iterdir())
    one = kslint("check", *parts, "--output-format", "json").stdout
    other = kslint("check", *reversed(parts), "--output-format", "json").stdout
    assert json.loads(one)["findings"] == json.loads(other)["findings"]


def test_every_report_in_one_run(tmp_path: Path) -> None:
    wanted = ["concise", "json", "sarif", "junit", "github", "gitlab", "markdown", "html"]
    options = [f"--output-format={name}:{tmp_path / name}" for name in wanted]
    done = kslint("check", BAD, *options, "--output-format=text")
    assert done.returncode == 1
    assert b"error[KS101]" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(wanted)
    for name in wanted:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "cpu-request-over-injected-limit" in text, name
        assert "{" + "request}" not in text, name
        assert "\x1b[" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["pdf"], b"no format is called"),
        (["json:"], b"names no file"),
        (["json", "sarif"], b"standard output"),
        (["json:one.json", "sarif:./one.json"], b"one.json"),
    ],
)
def test_formats_that_cannot_be(options: list[str], message: bytes) -> None:
    done = kslint("check", BAD, *(f"--output-format={option}" for option in options))
    assert done.returncode == 2
    assert message in done.stderr
    assert not done.stdout


def test_a_report_never_overwrites_a_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "claim.yaml"
    manifest.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    done = kslint("check", str(tmp_path), f"--output-format=json:{manifest}")
    assert done.returncode == 2
    assert b"is not overwritten" in done.stderr
    assert manifest.read_text().startswith("apiVersion")


def test_a_report_follows_no_link_of_the_tree(tmp_path: Path) -> None:
    """Whoever opens a pull request may commit a link in the place of the report."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.profile").write_text("original")
    tree = tmp_path / "tree"
    (tree / "hooks").mkdir(parents=True)
    (tree / "hooks/run").write_text("original")
    (tree / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    (tree / "out.sarif").symlink_to("../home/.profile")
    (tree / "in.sarif").symlink_to("hooks/run")
    (tree / "new.sarif").symlink_to("../home/new")
    (tree / "reports").symlink_to("../home")
    for place in ("out.sarif", "in.sarif", "new.sarif", "reports/x", "reports/.profile"):
        done = kslint("check", f"--output-format=sarif:{place}", "--output-format=text", cwd=tree)
        assert done.returncode == 2
        assert done.stderr.startswith(place.encode() + b": not written: a link leads from there")
        assert b"No findings" in done.stdout
        written = kslint("baseline", "write", f"--baseline={place}", cwd=tree)
        assert written.returncode == 2
    assert (tmp_path / "home/.profile").read_text() == "original"
    assert (tree / "hooks/run").read_text() == "original"
    assert os.listdir(tmp_path / "home") == [".profile"]


@pytest.mark.skipif(not os.path.exists("/dev/stderr"), reason="no such device")
def test_a_report_to_standard_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    done = kslint("check", "--output-format=text:/dev/stderr", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"No findings" in done.stderr


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    missing = tmp_path / "no" / "report.json"
    done = kslint("check", str(tmp_path), f"--output-format=json:{missing}")
    assert done.returncode == 2
    assert b"cannot be written" in done.stderr
    assert not done.stdout


def test_rules_as_json_are_whole() -> None:
    listed = json.loads(kslint("rules", "-o", "json").stdout)
    assert listed["version"] == 1
    assert [rule["id"] for rule in listed["rules"]] == [rule.id for rule in book()]
    assert {rule["fix"] for rule in listed["rules"]} == {None, "safe", "unsafe", "safe or unsafe"}
    (one,) = json.loads(kslint("rules", "-o", "json", "--select", "KS101").stdout)["rules"]
    assert one["name"] == "cpu-request-over-injected-limit"
    assert kslint("rules", "--select", "vlm").returncode == 2


def test_a_path_in_place_of_a_command_is_answered(tmp_path: Path) -> None:
    done = kslint(str(tmp_path))
    assert done.returncode == 2
    assert "kslint check" in done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("kslint check --select vllm-omp", "vllm-omp-bind-all"),
        ("kslint check --ignore KS101,KS10", "KS101,KS102"),
        ("kslint check -o sar", "sarif"),
        ("kslint explain cpu-req", "cpu-request-over-injected-limit"),
    ],
)
def test_names_are_completed(words: str, expected: str) -> None:
    count = str(len(words.split()) - 1)
    done = kslint(_KSLINT_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count)
    assert expected in done.stdout.decode().split("\n")
