"""When a CronJob runs, and why a text is no schedule.

Source: github.com/robfig/cron/v3 v3.0.1 parser.go (ParseStandard), which the API server uses.
"""

from __future__ import annotations

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number + 1 for number, name in enumerate(_MONTHS)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
"""Minute, hour, day of the month, month, day of the week: bounds and names."""
_NAMED = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


def schedule_error(text: str) -> str:
    """Why a text is no schedule, in the parser's words; "" if it is one."""
    if text.startswith(("TZ=", "CRON_TZ=")):
        text = text.partition(" ")[2].strip()
    if text.startswith("@"):
        if text in _NAMED or text.startswith("@every "):
            return ""
        return f"unrecognized descriptor: {text}"
    words = text.split()
    if len(words) != len(_FIELDS):
        return f"expected exactly 5 fields, found {len(words)}: [{' '.join(words)}]"
    for field, bounds in zip(words, _FIELDS, strict=True):
        for part in field.split(","):
            error = _range_error(part, *bounds) if part else ""
            if error:
                return error
    return ""


def _range_error(text: str, low: int, high: int, names: dict[str, int]) -> str:
    """As getRange."""
    span, *steps = text.split("/")
    first, *last = span.split("-")
    if len(steps) > 1:
        return f"too many slashes: {text}"
    begin: int | None = low
    end: int | None = high
    if first not in ("*", "?"):
        if len(last) > 1:
            return f"too many hyphens: {text}"
        begin = _number(first, names)
        end = _number(last[0], names) if last else begin
        for given, written in ((begin, first), (end, last[0] if last else first)):
            if given is None:
                return _no_number(written)
    step = 1
    if steps:
        found = _number(steps[0], {})
        if found is None:
            return _no_number(steps[0])
        step = found
        if not last and first not in ("*", "?"):
            end = high
    assert begin is not None
    assert end is not None
    if begin < low:
        return f"beginning of range ({begin}) below minimum ({low}): {text}"
    if end > high:
        return f"end of range ({end}) above maximum ({high}): {text}"
    if begin > end:
        return f"beginning of range ({begin}) beyond end of range ({end}): {text}"
    if step == 0:
        return f"step of range should be a positive number: {text}"
    return ""


def _number(text: str, names: dict[str, int]) -> int | None:
    if text.lower() in names:
        return names[text.lower()]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _no_number(text: str) -> str:
    if text[:1] == "-" and text[1:].isdigit():
        return f"negative number ({text}) not allowed: {text}"
    return f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
