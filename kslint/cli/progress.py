"""A line on stderr that says what a long run does: on a terminal only, gone before a report."""

from __future__ import annotations

import os
import sys
from typing import Any

DELAY = 1.0
"""Seconds before anything is said; most runs are over by then."""
_STEP = 0.2
_CLEAR = "\r\x1b[K"


class Progress:
    """Says what is done, from now on until `end`.

    A timer's signal interrupts the run to do it: no thread, and nothing for the run to call.
    """

    def __init__(self, doing: str, quiet: bool = False) -> None:
        self.doing = doing
        self._drawn = False
        self._running = not quiet and is_wanted()
        if self._running:
            import atexit
            import signal
            import time

            self._begin = time.monotonic()
            signal.signal(signal.SIGALRM, self._draw)
            signal.setitimer(signal.ITIMER_REAL, DELAY, _STEP)
            atexit.register(self.end)

    def end(self) -> None:
        """Say no more, and take back what was said. May be called again."""
        if self._running:
            import signal

            signal.setitimer(signal.ITIMER_REAL, 0)
            self._running = False
        if self._drawn:
            _write(_CLEAR)
            self._drawn = False

    def _draw(self, _signal: int, _frame: Any) -> None:
        import time

        self._drawn = True
        seconds = int(time.monotonic() - self._begin)
        # the cursor goes back: whatever is written after a crash begins its line
        _write(f"{_CLEAR}kslint: {self.doing}, {seconds} s\r")


def is_wanted() -> bool:
    """Is a human looking on? CI systems may lend a terminal, and keep all that is written to it."""
    if os.environ.get("CI") or os.environ.get("TERM") == "dumb" or not sys.stderr.isatty():
        return False
    import signal
    import threading

    is_main = threading.current_thread() is threading.main_thread()
    return is_main and hasattr(signal, "setitimer")  # Windows has none


def _write(text: str) -> None:
    """Past Python's buffers, in which the signal may have interrupted a write."""
    os.write(sys.stderr.fileno(), text.encode())
