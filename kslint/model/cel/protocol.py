"""What asker and worker agree on. Neither CEL nor anything else is imported here."""

from __future__ import annotations


class StoppedError(Exception):
    """A rule whose evaluation was ended. The message says why."""


READY = "ready"
"""The worker's first answer: the library is loaded."""
FALSE, ERROR = "false", "error"
"""Why a verdict is there: the rule does not hold, or its expression failed."""
MAX_MEMORY = 1 << 30
"""Bytes of address space that the worker may take."""
OUT_OF_MEMORY = 3
"""The worker's exit code when it has taken them."""
