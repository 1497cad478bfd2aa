"""Work on several cores: forked processes, which have what was read and tell the rest by JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    First = Callable[[int], Any]
    Second = Callable[[int, list[Any]], Any]


MOST = 8
"""Processes by default: each has to know the names of all objects, and containers may be told of
more cores than they are given."""


def available() -> int:
    """How many processes to run at once; 1 where forking is not safe."""
    return min(len(os.sched_getaffinity(0)), MOST) if sys.platform == "linux" else 1


def in_two_steps(count: int, first: First, second: Second) -> list[tuple[Any, Any]] | None:
    """What `count` workers find in a first and in a second step.

    The first step is given a worker's number, the second also what all found in the first. Both
    give what JSON can hold. None if a worker did not come to its end.
    """
    if count == 1:
        found = first(0)
        return [(found, second(0, [found]))]
    workers: list[_Worker] = []
    try:
        workers.extend(_Worker(number, first, second) for number in range(count))
        firsts = [worker.receive() for worker in workers]
        message = _line(firsts)
        for worker in workers:
            worker.send(message)
        return [(found, worker.receive()) for found, worker in zip(firsts, workers, strict=True)]
    except (OSError, EOFError):
        return None
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A forked process and two pipes, on which a line is a message."""

    def __init__(self, number: int, first: First, second: Second) -> None:
        asked, ask = os.pipe()
        answer, answered = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(ask)
            os.close(answer)
            _work(number, first, second, asked, answered)
        os.close(asked)
        os.close(answered)
        self._ask = os.fdopen(ask, "wb")
        self._answer = os.fdopen(answer, "rb")

    def send(self, message: bytes) -> None:
        self._ask.write(message)
        self._ask.flush()

    def receive(self) -> Any:
        """Raises EOFError if the process ended without a word."""
        line = self._answer.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return json.loads(line)

    def end(self) -> None:
        """Close, and leave no process behind."""
        for pipe in (self._ask, self._answer):
            try:
                pipe.close()
            except OSError:  # what was written could not be sent any more
                continue
        try:
            os.kill(self._process, signal.SIGKILL)  # it is at its end, or of no use
        except ProcessLookupError:
            return
        os.waitpid(self._process, 0)


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _work(number: int, first: First, second: Second, asked: int, answered: int) -> NoReturn:
    """The worker's life. It never returns, and leaves the parent's streams alone."""
    code = 1
    try:
        with os.fdopen(asked, "rb") as questions, os.fdopen(answered, "wb") as answers:
            answers.write(_line(first(number)))
            answers.flush()
            line = questions.readline()
            if line:
                answers.write(_line(second(number, json.loads(line))))
                code = 0
    finally:
        os._exit(code)  # without a word: the parent does the work itself, and says what is wrong
