"""The asker's side of the evaluating process: starts it, asks it, and outlives its death."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from kslint.config.written import Mistake, MistakesError
from kslint.model.cel.protocol import MAX_MEMORY, OUT_OF_MEMORY, READY, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SECONDS = 30.0
"""Processor time that one rule may take of a run."""
_LIBRARY = "cel_expr_python"
_MISSING = (
    "custom rules need the extra `cel`, on Python 3.11 or later: pip install 'kslint[cel]'; "
    "--isolated checks without them"
)
_WORKER = "import sys; sys.path += sys.argv[1:]; from kslint.model.cel.worker import main; main()"


class ExtraError(MistakesError):
    """The CEL library is not installed, or does not load."""

    def __init__(self, message: str) -> None:
        super().__init__([Mistake(0, 0, message)])


class Expression(NamedTuple):
    """What a rule asks: CEL that must be true, CEL for a message or "", and what they see."""

    cel: str
    message: str
    variables: tuple[str, ...]


class Complaint(NamedTuple):
    """What is wrong with an expression: `cel` or `message`. Line and column are 0 if not known."""

    key: str
    line: int
    column: int
    message: str


class Verdict(NamedTuple):
    """A rule that does not hold for a subject: `kind` is `false`, or `error` if it broke on it.

    `text` is the computed message, if there is one, or the error.
    """

    subject: int
    kind: str
    text: str


class Evaluator:
    """Judges subjects by rules. A rule that breaks the process is left out from then on.

    `seconds` of processor time are a rule's; all of them have `total` by the clock, if given.
    """

    def __init__(
        self,
        rules: Mapping[str, Expression],
        seconds: float = SECONDS,
        total: float | None = None,
    ) -> None:
        self._rules = dict(rules)
        self._seconds = seconds
        self._end_at = None if total is None else monotonic() + total
        self._process: _Process | None = None
        self.stopped: dict[str, StoppedError] = {}

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def complaints(self) -> dict[str, list[Complaint]]:
        """What is wrong with each rule's expressions.

        Raises ExtraError.
        """
        found: dict[str, list[Complaint]] = {}
        while self._process is None and self._rules:
            found = {
                name: [Complaint(key, *complaint) for key, complaint in answer]
                for name, answer in self._ask("compile", self._compilation(), [])
            }
        return {name: complaints for name, complaints in found.items() if complaints}

    def judge(
        self, subjects: list[str], asked: Mapping[str, list[int]]
    ) -> Iterator[tuple[str, Verdict]]:
        """The verdicts of rules on numbered subjects, each the JSON of its variables.

        A rule that is stopped on the way gives none; `stopped` says why.
        """
        left = {name: numbers for name, numbers in asked.items() if numbers}
        while left := {name: numbers for name, numbers in left.items() if name in self._rules}:
            if self._process is None:
                self.complaints()
                continue
            for name, answer in self._ask("judge", left, subjects):
                del left[name]
                for verdict in answer:
                    yield name, Verdict(*verdict)

    def _compilation(self) -> dict[str, dict[str, object]]:
        return {n: {**rule._asdict(), "seconds": self._seconds} for n, rule in self._rules.items()}

    def _ask(
        self, what: str, parts: Mapping[str, Any], subjects: Iterable[str]
    ) -> Iterator[tuple[str, Any]]:
        """The answers to the parts of one request, up to a part that ends the process."""
        process = self._process or self._start()
        lines = [*subjects]
        request = {"compile": {}, "judge": {}, "subjects": len(lines), what: parts}
        with suppress(BrokenPipeError):  # it is dead: no answer will come
            process.stdin.write("\n".join([json.dumps(request), *lines, ""]).encode())
            process.stdin.flush()
        for name in list(parts):
            answer = process.stdout.readline()
            if not answer.endswith(b"\n"):
                self._rules.pop(name)
                self.stopped[name] = StoppedError(_reason(self._end(), self._seconds))
                if self._end_at is not None and monotonic() > self._end_at:
                    self._rules.clear()
                return
            yield name, json.loads(answer)
            if self._end_at is not None and monotonic() > self._end_at:
                self._rules.clear()
                self.close()
                return

    def _start(self) -> _Process:
        """The worker: our interpreter, with ourselves and the library where it can find them."""
        from importlib.util import find_spec

        found = find_spec(_LIBRARY)
        if found is None or found.submodule_search_locations is None:
            raise ExtraError(_MISSING)
        here = os.path.abspath(__file__)
        for _ in __name__.split("."):
            here = os.path.dirname(here)
        library = os.path.dirname(next(iter(found.submodule_search_locations)))
        self._process = _Process(
            [sys.executable, "-P", "-c", _WORKER, here, library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("KSLINT_TRACEBACK") else subprocess.DEVNULL,
        )
        if json.loads(self._process.stdout.readline() or "null") != READY:
            self._end()
            raise ExtraError(f"custom rules cannot be evaluated: {_LIBRARY} does not load")
        return self._process

    def _end(self) -> int:
        """The exit code of a worker that is at its end."""
        process, self._process = self._process, None
        assert process is not None
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()
        return process.wait()


class _Process(subprocess.Popen[bytes]):
    """A process with both its ends at hand."""

    stdin: IO[bytes]
    stdout: IO[bytes]


def _reason(code: int, seconds: float) -> str:
    import signal

    if code == -getattr(signal, "SIGPROF", 0):
        return f"it took more than {seconds:g} s of processor time"
    if code in (OUT_OF_MEMORY, -getattr(signal, "SIGABRT", 0)):
        return f"it took more than {MAX_MEMORY >> 20} MiB of memory, or broke the CEL library"
    return f"it broke the CEL library (exit code {code})"
