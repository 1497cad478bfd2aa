"""What a terminal can do: colours, links, and a width at which text is wrapped."""

from __future__ import annotations

from typing import NamedTuple

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "bold": "1",
    "frame": "34",
    "dim": "2",
    "related": "36",
    "help": "32",
}
NARROWEST = 40
"""Columns below which text is not wrapped further."""


class Terminal(NamedTuple):
    """Where a report is shown.

    `width` is in columns, None where lines may be of any length. `linked` are the names of the
    rules whose pages are on the web; it is empty where links are not understood.
    """

    colour: bool = False
    width: int | None = None
    linked: frozenset[str] = frozenset()


PLAIN = Terminal()


class Painter:
    """Wraps text in ANSI styles, or leaves it alone."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and text else text


def link(text: str, url: str) -> str:
    """Text that leads to a URL: OSC 8, as most terminals understand it."""
    return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"


def wrapped(text: str, width: int | None, first: int, hanging: int) -> str:
    """One line of text on as many as it takes, broken at blanks only.

    The first begins in column `first`; the others are indented by `hanging`.
    """
    if width is None or first + len(text) <= width:
        return text
    import textwrap

    lines = textwrap.wrap(
        text,
        max(width, NARROWEST),
        initial_indent="\0" * first,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[first:]


def count(amount: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{amount} {word}{'' if amount == 1 else 's'}"
