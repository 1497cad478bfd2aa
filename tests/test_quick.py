"""The command line of `check` without typer means what it means to typer."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from cases import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint.cli import check as command
from kslint.cli import quick
from kslint.cli.commands import app

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.cli.checking import Options

WORDS = [
    *quick.FLAGS, *quick.SINGLE, *quick.REPEATED, *(f"{one}=" for one in quick.SINGLE),
    "--select=KS1,vllm", "--fail-on=note", "--fail-on=never", "--jobs=2", "--jobs=0",
    "--jobs=1x", "--jobs=٣", "3", "--no-such", "--help", "-x", "-",
    "--", "-o", "-q", "-v", "-o=json", "-qv",
    "note", "error", "KS101", "a b", "text", "sarif:x=y", "", "=", "ü",
]  # fmt: skip


def by_typer(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Options | None:
    """What the command would run with; None if typer ends it first."""
    seen: list[Options] = []

    def note(options: Options) -> int:
        seen.append(options)
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(command, "run", note)
        with contextlib.suppress(SystemExit):
            app(["check", *arguments], prog_name="kslint")
    return seen[0] if seen else None


def test_every_option_of_the_command_is_known_to_both() -> None:
    group: Any = typer.main.get_command(app)
    options = {
        option: (parameter.name, bool(parameter.is_flag), bool(parameter.multiple))
        for parameter in group.commands["check"].params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert options == {
        **{option: (name, True, False) for option, name in quick.FLAGS.items()},
        **{option: (name, False, False) for option, name in quick.SINGLE.items()},
        **{option: (name, False, True) for option, name in quick.REPEATED.items()},
    }


@settings(deadline=None)
@given(arguments=st.lists(st.sampled_from(WORDS), max_size=6))
def test_both_read_a_command_line_alike(arguments: list[str]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = by_typer(arguments, monkeypatch)
    found = quick.parse(arguments)
    assert found in (None, expected)


@pytest.mark.parametrize(
    "arguments",
    [[], ["a", "b"], ["-"], ["--", "-x"], ["--select", "KS1", "--select=vllm", "dir"],
     ["--fail-on", "note", "--isolated"], ["--jobs", "3"],
     ["dir", "--config=k.yaml", "--output-format", "json"]],
)  # fmt: skip
def test_plain_command_lines_need_no_typer(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = quick.parse(arguments)
    assert found is not None
    assert found == by_typer(arguments, monkeypatch)


DISPENSABLE = {
    "asyncio", "click", "concurrent", "dataclasses", "difflib", "html", "importlib.metadata",
    "inspect", "jsonschema", "logging", "multiprocessing", "networkx", "pathlib", "pydantic",
    "rich", "socket", "subprocess", "typer", "urllib", "yaml.resolver",
}  # fmt: skip
PROGRAM = """\
import os
import sys
before = set(sys.modules)
from kslint import __main__
os._exit = lambda _: print(*set(sys.modules) - before)
__main__._check(sys.argv[1:])
"""


def test_a_plain_check_imports_nothing_that_it_can_do_without(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures/platform-good", tmp_path / "platform")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert "kslint.running.engine" in loaded
    assert loaded & DISPENSABLE == set()
