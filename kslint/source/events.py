"""Libyaml's events of a stream, made to hold what kubectl reads in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import ScalarEvent

from kslint.source.characters import (
    is_json,
    json_for_yaml,
    may_hold_no_number,
    with_last_line_ended,
    without_marks,
)
from kslint.source.nodes import Mark
from kslint.source.text import split_lines

if TYPE_CHECKING:
    from kslint.source.characters import JsonValue


def event_parser(data: bytes | str) -> Any:
    """Libyaml's parser where PyYAML was built with it, else the pure one."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        return yaml.SafeLoader(data)
    return CParser(data)


def event_source(data: bytes | str) -> tuple[Any, bool]:
    """A function that gives the next event, and whether `.inf` or `.nan` may be in the stream."""
    restore = None
    data = without_marks(data)
    if is_json(data):
        data, restore = json_for_yaml(data)
    no_numbers = may_hold_no_number(data)
    ended = with_last_line_ended(data)
    next_event = event_parser(ended).get_event
    if ended is not data:
        next_event = _up_to(next_event, data)
    return (next_event if restore is None else restoring(next_event, restore)), no_numbers


def restoring(next_event: Any, restore: Any) -> Any:
    """Events whose text has its surrogate pairs back."""

    def event() -> Any:
        found = next_event()
        if found.__class__ is ScalarEvent:
            found.value = restore(found.value)
        return found

    return event


def _up_to(next_event: Any, data: bytes | str) -> Any:
    """Events of a text to which a line break was added: a block of text ends where it ended."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    *before, last = split_lines(text)
    end = Mark(len(before), len(last))

    def event() -> Any:
        found: Any = next_event()
        is_scalar = found.__class__ is ScalarEvent
        if is_scalar and found.end_mark.line > end.line:
            found.end_mark = end
        return found

    return event


def shifted(next_event: Any, value: JsonValue) -> Any:
    """Events of a text that stands somewhere in a file, at their places in the file."""

    def moved(mark: Any) -> Mark:
        column = mark.column + (value.column if mark.line == 0 else 0)
        return Mark(mark.line + value.line, column)

    def event() -> Any:
        found = next_event()
        found.start_mark, found.end_mark = moved(found.start_mark), moved(found.end_mark)
        return found

    return event
