"""What standard output can show: colour, links, how many columns."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kslint.report.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.rulebook import Rule

_LINKING = {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby"}
"""Values of TERM_PROGRAM of terminals that understand OSC 8."""
_LINKING_VARIABLES = ("KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM")
_VTE = 5000
"""The first VTE_VERSION that understands it (0.50)."""


def of_output(rules: Iterable[Rule]) -> Terminal:
    """What a report on standard output may use."""
    linked = (rule.name for rule in rules if not rule.custom) if has_links() else ()
    return Terminal(has_colour(), width(), frozenset(linked))


def has_colour() -> bool:
    """Colour on a terminal; NO_COLOR switches it off, FORCE_COLOR on, in that order."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def has_links() -> bool:
    """Does the terminal say that it is one that understands links? FORCE_HYPERLINK decides."""
    forced = os.environ.get("FORCE_HYPERLINK")
    if forced is not None:
        return forced not in ("", "0")
    if not sys.stdout.isatty() or not has_colour():
        return False
    version = os.environ.get("VTE_VERSION", "")
    return (
        os.environ.get("TERM_PROGRAM") in _LINKING
        or os.environ.get("TERM", "").startswith(("xterm-kitty", "alacritty", "foot"))
        or any(os.environ.get(name) for name in _LINKING_VARIABLES)
        or (version.isdecimal() and int(version) >= _VTE)
    )


def width() -> int | None:
    """Columns of the terminal; None where output goes elsewhere and lines stay whole."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns
