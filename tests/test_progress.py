"""The line of a long run: what a terminal is sent, and who never sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cases import ROOT

from kslint.cli import progress

if TYPE_CHECKING:
    from pathlib import Path

pty = pytest.importorskip("pty")

OBJECT = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def test_a_terminal_is_told_and_left_clean(tmp_path: Path) -> None:
    """The run waits for its input until the line has been seen."""
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "CI"}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
    command = [sys.executable, "-m", "kslint", "check", "-"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        cwd=tmp_path,
    ) as process:
        os.close(theirs)
        seen = b""
        while b"kslint: reading, " not in seen:
            seen += os.read(ours, 100)
        out, _ = process.communicate(OBJECT)
    seen = b""
    try:
        while part := os.read(ours, 100):
            seen += part
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert process.returncode == 0
    assert out == b"No findings in 1 file (1 object)\n"
    assert seen.endswith(b"\r\x1b[K")


@pytest.mark.parametrize(
    ("environment", "is_terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"CI": "true"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_only_a_human_is_told(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_terminal: bool, wanted: bool
) -> None:
    for name in ("CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    assert progress.is_wanted() is wanted
