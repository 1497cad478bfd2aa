"""What Go's `encoding/json` says to a text that is no JSON (encoding/json/scanner.go, Go 1.26)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACE = " \t\r\n"
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_END = "unexpected end of JSON input"


class Broken(NamedTuple):
    """Where a text stops being JSON, by its offset, and what is said."""

    offset: int
    message: str


class _BrokenError(Exception):
    def __init__(self, offset: int, message: str) -> None:
        self.broken = Broken(offset, message)


def problem(text: str) -> Broken | None:
    """The error of `json.Unmarshal` for the syntax; None for JSON. Never raises."""
    # Go reads bytes, and prints each as the character of that number.
    scanner = _Scanner(text.encode("utf-8", "replace").decode("latin-1"))
    try:
        scanner.value()
        scanner.skip()
        if scanner.at < len(scanner.text):
            raise scanner.unexpected("after top-level value")
    except _BrokenError as error:
        return error.broken
    except RecursionError:
        return None
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1

    def peek(self) -> str:
        """The next character that is no space; there is one, or it raises."""
        self.skip()
        return self.there()

    def there(self) -> str:
        """The next character; there is one, or it raises."""
        if self.at >= len(self.text):
            raise _BrokenError(self.at, _END)
        return self.text[self.at]

    def here(self) -> str:
        """The next character; at the end Go looks at a space."""
        return self.text[self.at : self.at + 1] or " "

    def unexpected(self, where: str) -> _BrokenError:
        return _BrokenError(self.at, f"invalid character {_quoted(self.here())} {where}")

    def value(self) -> None:
        sign = self.peek()
        if sign == "{":
            self._several("}", self._pair, "after object key:value pair")
        elif sign == "[":
            self._several("]", self.value, "after array element")
        elif sign == '"':
            self._string()
        elif sign == "-" or sign.isdecimal():
            self._number()
        elif sign in _LITERALS:
            self._literal(_LITERALS[sign])
        else:
            raise self.unexpected("looking for beginning of value")

    def _several(self, end: str, one: Callable[[], None], after: str) -> None:
        self.at += 1
        if self.peek() == end:
            self.at += 1
            return
        while True:
            one()
            sign = self.peek()
            if sign not in (",", end):
                raise self.unexpected(after)
            self.at += 1
            if sign == end:
                return

    def _pair(self) -> None:
        if self.peek() != '"':
            raise self.unexpected("looking for beginning of object key string")
        self._string()
        if self.peek() != ":":
            raise self.unexpected("after object key")
        self.at += 1
        self.value()

    def _string(self) -> None:
        self.at += 1
        while (sign := self.there()) != '"':
            if sign < " ":
                raise self.unexpected("in string literal")
            self.at += 1
            if sign == "\\":
                self._escape()
        self.at += 1

    def _escape(self) -> None:
        sign = self.here()
        if sign not in 'bfnrt\\/"u':
            raise self.unexpected("in string escape code")
        self.at += 1
        for _ in range(4 if sign == "u" else 0):
            if self.here() not in "0123456789abcdefABCDEF":
                raise self.unexpected("in \\u hexadecimal character escape")
            self.at += 1

    def _number(self) -> None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:  # a minus without a digit
            self.at += 1
            raise self.unexpected("in numeric literal")
        self.at = match.end()
        rest = self.text[self.at : self.at + 1]
        if rest == "." and "." not in match[0] and "e" not in match[0].lower():
            self.at += 1
            raise self.unexpected("after decimal point in numeric literal")
        if rest in ("e", "E") and "e" not in match[0].lower():
            self.at += 1
            if self.here() in "+-":
                self.at += 1
            raise self.unexpected("in exponent of numeric literal")

    def _literal(self, word: str) -> None:
        for sign in word:
            if self.here() != sign:
                raise self.unexpected(f"in literal {word} (expecting {_quoted(sign)})")
            self.at += 1


def _quoted(sign: str) -> str:
    """As quoteChar, of scanner.go."""
    if sign in "'\\":
        return f"'\\{sign}'"
    if sign == '"':
        return "'\"'"
    if sign.isprintable():
        return f"'{sign}'"
    known = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    short = f"\\x{ord(sign):02x}" if ord(sign) < 0x80 else f"\\u{ord(sign):04x}"
    return f"'{known.get(sign, short)}'"
