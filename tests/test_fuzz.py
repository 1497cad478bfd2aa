"""A short run of scripts/fuzz.py, and that it would tell if something broke."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import fuzz
import pytest

from kslint.running import engine

if TYPE_CHECKING:
    from kslint.findings import Result
    from kslint.source.load import Input

WITHOUT_END = 10**6


@pytest.mark.parametrize("seed", range(4))
def test_nothing_breaks(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each input is made from its seed and number: a failure here fails everywhere."""
    monkeypatch.setattr(fuzz, "CPU_SECONDS", WITHOUT_END)
    options = ["--count=150", f"--seed={seed}", f"--save={tmp_path}", f"--seconds={WITHOUT_END}"]
    code = fuzz.main(options)
    assert code == 0, capsys.readouterr().out


def test_what_breaks_is_saved_with_the_lines_that_matter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(loaded: Input, *_: object) -> Result:
        for file in loaded.files:
            if b"kserve-container" in file.source.data:
                raise ZeroDivisionError
        return run(loaded, [], fuzz.CONFIGS[0], runner.book)

    run, runner = engine.run, fuzz.Runner()
    lines = [f"line{number}: 1\n" for number in range(40)]
    lines[30] = "name: kserve-container\n"
    files = {"a.yaml": "".join(lines).encode(), "b.yaml": b"b: 1\n"}
    monkeypatch.setattr(fuzz, "load_cases", lambda: [files])
    monkeypatch.setattr(engine, "run", broken)
    options = ["--count=20", "--first=1", f"--save={tmp_path}", f"--seconds={WITHOUT_END}"]
    assert fuzz.main(options) == 1
    assert "ZeroDivisionError at test_fuzz.py" in capsys.readouterr().out
    (case,) = (entry for entry in tmp_path.iterdir() if entry.is_dir())
    (file,) = (entry for entry in case.rglob("*") if entry.is_file())
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") == 0
    assert "kserve-container" in text
    assert "ZeroDivisionError" in Path(f"{case}.txt").read_text(encoding="utf-8")


def test_a_hang_is_a_breakage(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*_: object) -> Result:
        while True:
            pass

    runner, case = fuzz.Runner(), {"a.yaml": b"a: 1\n"}
    assert runner.run(case, fuzz.CONFIGS[0], on_disk=False).word == "clean"  # all is imported now
    monkeypatch.setattr(fuzz, "CPU_SECONDS", 0.2)
    monkeypatch.setattr(engine, "run", hangs)
    outcome = runner.run(case, fuzz.CONFIGS[0], on_disk=False)
    assert outcome.word == "broken"
    assert outcome.problem.startswith("HangError at ")


def test_a_rule_that_breaks_is_a_breakage(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(engine, "subjects", crash)
    for on_disk in (False, True):
        outcome = fuzz.Runner().run({"a.yaml": b"a: 1\n"}, fuzz.CONFIGS[0], on_disk)
        assert outcome.word == "broken", outcome
        assert "KeyError" in outcome.detail
