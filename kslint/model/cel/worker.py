"""The process that evaluates expressions.

It is apart from the one that reads the tree, since a rule comes with the repository that is
checked: an expression that never ends, takes all memory or breaks the CEL library ends this
process and nothing else. Requests and answers are lines of JSON; the answers to a request come
one by one, so that the asker knows which rule it was.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

from kslint.model.cel import library as cel
from kslint.model.cel.protocol import ERROR, FALSE, MAX_MEMORY, OUT_OF_MEMORY, READY

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT = 5 * 1024
"""Characters of a computed message; Kubernetes has the same bound."""

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

Answer = tuple[int, str, str]
"""The number of a subject; FALSE or ERROR; the computed message, or what went wrong."""


class Rule:
    """A rule's compiled expressions, and the seconds of processor time it has left."""

    def __init__(self, request: dict[str, Any], environment: cel.Environment) -> None:
        self.environment = environment
        self.variables = tuple(request["variables"])
        self.truth = environment.compile(request["cel"], "bool")
        self.left: float = request["seconds"]
        self.message: cel.Program | None = None
        if request["message"]:
            self.message = environment.compile(request["message"], "string")

    def judge(self, activation: Any) -> tuple[str, str] | None:
        """FALSE or ERROR with a text; None if the rule holds, or nobody can know."""
        try:
            if self.truth.evaluate(activation):
                return None
        except cel.UnknownValueError:
            return None
        except cel.CelError as error:
            return ERROR, str(error)
        return FALSE, self._computed(activation)

    def _computed(self, activation: Any) -> str:
        """The computed message, or "" where the page's own stands in, as in Kubernetes."""
        if self.message is None:
            return ""
        try:
            text = str(self.message.evaluate(activation)).strip()
        except (cel.CelError, cel.UnknownValueError):
            return ""
        return text if len(text) <= MAX_TEXT and "\n" not in text else ""


class Worker:
    """Answers requests, one after the other."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._environments: dict[tuple[str, ...], cel.Environment] = {}

    def compiled(self, name: str, request: dict[str, Any]) -> list[tuple[str, cel.Complaint]]:
        """What is wrong with a rule's expressions: which of them, and where."""
        variables = tuple(request["variables"])
        environment = self._environments.get(variables)
        if environment is None:
            environment = self._environments[variables] = cel.Environment(variables)
        found = []
        for key, result in (("cel", "bool"), ("message", "string")):
            try:
                if request[key]:
                    environment.compile(request[key], result)
            except cel.CompileError as error:
                found += [(key, complaint) for complaint in error.complaints]
        if not found:
            self._rules[name] = Rule(request, environment)
        return found

    def judged(self, name: str, subjects: Subjects, numbers: list[int]) -> list[Answer]:
        """The subjects that a rule does not hold for, or fails on."""
        rule, answers = self._rules[name], []
        with _time_limit(rule):
            for number in numbers:
                try:
                    answer = rule.judge(subjects.activation(number, rule))
                except cel.CelError as error:
                    answer = ERROR, str(error)
                if answer is not None:
                    answers.append((number, *answer))
        return answers


class Subjects:
    """The values that one request brings, read when and as often as rules see other variables."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines
        self._known: dict[tuple[int, tuple[str, ...]], Any] = {}

    def activation(self, number: int, rule: Rule) -> Any:
        """The values as a rule sees them. Raises CelError where CEL cannot hold them."""
        found = self._known.get((number, rule.variables))
        if found is None:
            line = self._lines[number]
            if _NUL.search(line):
                raise cel.CelError("it holds a NUL character")
            values = json.loads(line)
            seen = {name: values[name] for name in rule.variables if name in values}
            found = rule.environment.activation(seen)
            self._known[number, rule.variables] = found
        return found


class _time_limit:  # noqa: N801  (reads as a function)
    """Ends the process when a rule has had its time. Windows has no such timer."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __enter__(self) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, max(self._rule.left, 0.001))

    def __exit__(self, *_: object) -> None:
        if hasattr(signal, "setitimer"):
            self._rule.left, _interval = signal.setitimer(signal.ITIMER_PROF, 0)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # the asker may have been started without


def _answers() -> Iterator[Any]:
    """An answer to each part of each request on standard input."""
    yield READY
    worker = Worker()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        lines = [sys.stdin.buffer.readline() for _ in range(request["subjects"])]
        subjects = Subjects(lines)
        for name, rule in request["compile"].items():
            yield worker.compiled(name, rule)
        for name, numbers in request["judge"].items():
            yield worker.judged(name, subjects, numbers)


def main() -> None:
    """Answer until standard input ends. What native code prints goes to stderr."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit()
    try:
        for answer in _answers():
            out.write(json.dumps(answer).encode() + b"\n")
            out.flush()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
