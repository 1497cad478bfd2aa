"""Patterns for paths, matched in time that grows with pattern times path and no faster.

Patterns stand in the input: whoever opens a pull request writes them. As regular expressions, a
handful of stars can keep one busy for years. Here a pattern is cut at its stars, each piece is
taken where it first fits, and none is ever tried again.

The language is git's (wildmatch.c v2.47, with WM_PATHNAME).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Union

LONGEST = 4096
"""Characters of a pattern; longer ones match nothing. No path is longer on Linux."""
_MOST = 100
"""Patterns that the braces of one may stand for."""
_STAR, _SLASH, _ANY = "*", "/", "."
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "blank": r" \t",
    "print": " -~",
    "graph": "!-~",
    "cntrl": r"\x00-\x1f\x7f",
}


class _Piece:
    """What stands between two stars: text of a fixed length. `regex` has no quantifier."""

    __slots__ = ("length", "regex", "text")

    def __init__(self, length: int, text: str | None, regex: re.Pattern[str] | None) -> None:
        self.length = length
        self.text = text
        self.regex = regex

    def is_at(self, text: str, start: int) -> bool:
        if self.regex is None:
            return text.startswith(self.text or "", start)
        return self.regex.match(text, start) is not None

    def find(self, text: str, start: int, end: int) -> int:
        if self.regex is None:
            return text.find(self.text or "", start, end)
        found = self.regex.search(text, start, end)
        return -1 if found is None else found.start()


_Part = Union[list[_Piece], None]
"""What one name of a path must be; None for any number of directories."""


class Glob:
    """One pattern. With `crossing`, stars and question marks match slashes too.

    `literal` is the only path that matches, if there are no signs in the pattern; `never` is true
    of a pattern that git cannot read, and that matches nothing.
    """

    __slots__ = ("_crossing", "_ending", "_parts", "literal", "never")

    def __init__(self, pattern: str, crossing: bool = False) -> None:
        tokens = _tokens(pattern) if len(pattern) <= LONGEST else None
        self.never = tokens is None
        self._crossing = crossing
        self._parts = [_pieces(tokens or [])] if crossing else _parts(tokens or [])
        fixed = [part[0].text for part in self._parts if part is not None and len(part) == 1]
        names = [text for text in fixed if text is not None]
        whole = not self.never and len(names) == len(self._parts)
        self.literal = "/".join(names) if whole else None
        self._ending = self._after_a_star()

    def _after_a_star(self) -> str | None:
        """What a path ends with, for patterns such as `*.pem`, which most lists consist of."""
        part = self._parts[0] if len(self._parts) == 1 else None
        if part is None or len(part) != 2 or part[0].text != "":
            return None
        return part[1].text

    def matches(self, path: str) -> bool:
        if self.never:
            return False
        if self.literal is not None:
            return path == self.literal
        if self._ending is not None:
            return path.endswith(self._ending) and (self._crossing or "/" not in path)
        return self._follows([path] if self._crossing else path.split("/"))

    def _follows(self, names: list[str]) -> bool:
        """Do the parts match these names? The last `**` may always take one more of them."""
        parts = self._parts
        part = name = 0
        again: tuple[int, int] | None = None
        while name < len(names):
            if part < len(parts) and (wanted := parts[part]) is None:
                if part + 1 == len(parts):
                    return True
                part += 1
                again = (part, name)
            elif part < len(parts) and wanted is not None and _fits(wanted, names[name]):
                part, name = part + 1, name + 1
            elif again is not None:
                part, name = again[0], again[1] + 1
                again = (part, name)
            else:
                return False
        return part == len(parts)


def crossing(pattern: str, path: str) -> bool:
    """Does a path match a pattern with braces, whose stars go over slashes?"""
    return any(glob.matches(path) for glob in _globs(pattern, True))


def by_parts(pattern: str, path: str) -> bool:
    """Does a path match a pattern with braces, whose single stars keep within a part of it?"""
    return any(glob.matches(path) for glob in _globs(pattern, False))


@lru_cache(1024)
def of_name(pattern: str) -> Glob:
    """A pattern for one name, as a shell has it."""
    return Glob(pattern)


@lru_cache(1024)
def _globs(pattern: str, crossing: bool) -> tuple[Glob, ...]:
    return tuple(Glob(one, crossing) for one in _expanded(pattern))


def _fits(pieces: list[_Piece], text: str) -> bool:
    """Is a text made of the pieces, in their order, with anything between them?"""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(text) == first.length and first.is_at(text, 0)
    start, end = first.length, len(text) - last.length
    if start > end or not first.is_at(text, 0) or not last.is_at(text, end):
        return False
    for piece in pieces[1:-1]:
        start = piece.find(text, start, end)
        if start < 0:
            return False
        start += piece.length
    return True


def _parts(tokens: list[str]) -> list[_Part]:
    parts: list[_Part] = []
    name: list[str] = []
    for token in (*tokens, _SLASH):
        if token != _SLASH:
            name.append(token)
            continue
        any_number = len(name) > 1 and set(name) == {_STAR}
        parts.append(None if any_number else _pieces(name))
        name = []
    return parts


def _pieces(tokens: list[str]) -> list[_Piece]:
    pieces: list[_Piece] = []
    signs: list[str] = []
    for token in tokens:
        if token != _STAR:
            signs.append(token)
        elif signs or not pieces:  # a star behind a star says nothing new
            pieces.append(_piece(signs))
            signs = []
    return [*pieces, _piece(signs)]


def _piece(signs: list[str]) -> _Piece:
    if all(len(sign) <= 2 and sign != _ANY for sign in signs):
        return _Piece(len(signs), "".join(sign[-1] for sign in signs), None)
    return _Piece(len(signs), None, re.compile("".join(signs), re.DOTALL))


def _tokens(pattern: str) -> list[str] | None:
    """A star and a slash as they are, for anything else a regular expression of one character.

    None for a pattern that ends in the middle of a sign.
    """
    tokens: list[str] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "[":
            found = _set(pattern, at + 1)
            if found is None:
                return None
            token, at = found
            tokens.append(token)
            continue
        if sign == "\\":
            at += 1
            if at == len(pattern):
                return None
            tokens.append(re.escape(pattern[at]))
        else:
            tokens.append({"*": _STAR, "?": _ANY}.get(sign) or re.escape(sign))
        at += 1
    return tokens


def _set(pattern: str, at: int) -> tuple[str, int] | None:
    """The set that begins behind a bracket as a regular expression, and where it ends."""
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    begin, items, before = at, "", ""
    while (sign := pattern[at : at + 1]) != "]" or at == begin:
        if sign == "[" and pattern[at + 1 : at + 2] == ":":
            end = pattern.find("]", at + 2)
            if end > at + 2 and pattern[end - 1] == ":":
                letters = _CLASSES.get(pattern[at + 2 : end - 1])
                if letters is None:
                    return None
                items, before, at = items + letters, "", end + 1
                continue
            if end < 0:
                return None
        is_range = sign == "-" and before and pattern[at + 1 : at + 2] not in ("", "]")
        at += bool(is_range)
        at += pattern[at : at + 1] == "\\"
        sign = pattern[at : at + 1]
        if not sign:
            return None
        if not is_range:
            items, before = items + re.escape(sign), sign
        else:
            items += f"{re.escape(before)}-{re.escape(sign)}" if before <= sign else ""
            before = ""
        at += 1
    if not items:
        return ("." if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{items}]", at + 1


def _expanded(pattern: str) -> list[str]:
    """What the braces of a pattern stand for; nothing if that is too much.

    The innermost go first, so that what is left is as it was outside of them.
    """
    found: list[str] = []
    left = [pattern] if len(pattern) <= LONGEST else []
    while left:
        text = left.pop()
        end = text.find("}")
        begin = text.rfind("{", 0, end) if end >= 0 else -1
        if begin < 0:
            found.append(text)
        else:
            words = text[begin + 1 : end].split(",")
            left += [text[:begin] + word + text[end + 1 :] for word in words]
        if len(found) + len(left) > _MOST:
            return []
    return found
