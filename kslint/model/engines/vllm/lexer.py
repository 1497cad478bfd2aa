"""Splitting a shell script into words and operators, with the place of each.

Only what decides where a command begins and ends is read: quotes, escapes, comments, here
documents, redirections and substitutions. POSIX.1-2017 XCU chapter 2, plus `|&`, `<<<`, `&>`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kslint.model.engines.vllm.words import DYNAMIC

_OPERATOR = re.compile(r"\n|;;|;|&&|&|\|\||\|&|\||\(|\)")
_REDIRECTION = re.compile(r"[0-9]*(?:<<<|<<-?|<&|<>|<|>>|>&|>\||>)|&>>?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[@*#?$!0-9-]")
_PLAIN = re.compile(r"[^ \t\r\n;&|()<>'\"\\$`#]+")


class Piece(NamedTuple):
    """Part of a word: literal text, or the name of a variable whose value belongs there."""

    text: str
    variable: bool
    quoted: bool


class Token(NamedTuple):
    """A word (`operator` is empty) or an operator, and where it stands in the script."""

    operator: str
    pieces: tuple[Piece, ...]
    start: int
    end: int

    @property
    def literal(self) -> str | None:
        """The text of a word that is written without quotes or variables; None for others."""
        if len(self.pieces) == 1 and not self.pieces[0].variable and not self.pieces[0].quoted:
            return self.pieces[0].text
        return None


def tokens(script: str) -> list[Token]:
    """All tokens of a script. Never raises: an unclosed quote ends with the script."""
    return _Lexer(script).run()


class _Lexer:
    def __init__(self, script: str) -> None:
        self.script = script
        self.position = 0
        self.found: list[Token] = []
        self.here_documents: list[tuple[str, bool]] = []

    def run(self) -> list[Token]:
        script, size = self.script, len(self.script)
        while self.position < size:
            character = script[self.position]
            if character in " \t\r":
                self.position += 1
            elif script.startswith("\\\n", self.position):
                self.position += 2
            elif character == "#":
                self._skip_line()
            elif redirection := _REDIRECTION.match(script, self.position):
                self._redirect(redirection)
            elif operator := _OPERATOR.match(script, self.position):
                self._operator(operator.group(0))
            else:
                start = self.position
                pieces = self._word()
                self.found.append(Token("", tuple(pieces), start, self.position))
        return self.found

    def _operator(self, text: str) -> None:
        self.found.append(Token(text, (), self.position, self.position + len(text)))
        self.position += len(text)
        if text == "\n" and self.here_documents:
            self._skip_here_documents()

    def _skip_line(self) -> None:
        end = self.script.find("\n", self.position)
        self.position = len(self.script) if end < 0 else end

    def _redirect(self, match: re.Match[str]) -> None:
        """Drop a redirection and its target; remember a here document to skip."""
        self.position = match.end()
        while self.script[self.position : self.position + 1] in (" ", "\t"):
            self.position += 1
        operator = match.group(0).lstrip("0123456789")
        if self.script[self.position : self.position + 1] == "(":  # <(process substitution)
            self._skip_parentheses()
            return
        target = self._word()
        if operator in ("<<", "<<-"):
            delimiter = "".join(piece.text for piece in target)
            self.here_documents.append((delimiter, operator == "<<-"))

    def _skip_here_documents(self) -> None:
        for delimiter, tabs in self.here_documents:
            while self.position < len(self.script):
                start = self.position
                self._skip_line()
                line = self.script[start : self.position]
                self.position += 1
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
        self.here_documents.clear()

    def _word(self) -> list[Piece]:
        """The pieces of the word that starts here. Empty if none does."""
        pieces: list[Piece] = []
        while self.position < len(self.script):
            character = self.script[self.position]
            if match := _PLAIN.match(self.script, self.position):
                pieces.append(Piece(match.group(0), False, False))
                self.position = match.end()
            elif character == "'":
                end = self.script.find("'", self.position + 1)
                end = len(self.script) if end < 0 else end
                pieces.append(Piece(self.script[self.position + 1 : end], False, True))
                self.position = end + 1
            elif character == '"':
                self.position += 1
                pieces += self._double_quoted()
            elif character == "\\":
                if self.script[self.position + 1 : self.position + 2] != "\n":
                    text = self.script[self.position + 1 : self.position + 2]
                    pieces.append(Piece(text, False, True))
                self.position += 2
            elif character in "$`":
                pieces.append(self._substitution(False))
            elif character == "#":  # inside a word it begins no comment
                pieces.append(Piece("#", False, False))
                self.position += 1
            else:
                break
        self.position = min(self.position, len(self.script))
        return pieces

    def _double_quoted(self) -> list[Piece]:
        """The pieces up to the closing quote, which is passed."""
        pieces = [Piece("", False, True)]
        text: list[str] = []
        while self.position < len(self.script):
            character = self.script[self.position]
            if character == '"':
                self.position += 1
                break
            if character == "\\":
                following = self.script[self.position + 1 : self.position + 2]
                if following != "\n":
                    text.append(
                        following if following in ("$", "`", '"', "\\") else f"\\{following}"
                    )
                self.position += 2
            elif character in "$`":
                pieces.append(Piece("".join(text), False, True))
                text.clear()
                pieces.append(self._substitution(True))
            else:
                text.append(character)
                self.position += 1
        pieces.append(Piece("".join(text), False, True))
        return pieces

    def _substitution(self, quoted: bool) -> Piece:
        """What a `$...` or a backquoted command stands for, as a variable or as unknown."""
        script, start = self.script, self.position
        if script[start] == "`":
            end = script.find("`", start + 1)
            self.position = len(script) if end < 0 else end + 1
            return Piece(DYNAMIC, False, quoted)
        self.position += 1
        following = script[self.position : self.position + 1]
        if following == "(":
            self._skip_parentheses()
            return Piece(DYNAMIC, False, quoted)
        if following == "{":
            start = self.position
            self._skip_braces()
            return Piece(script[start + 1 : self.position - 1], True, quoted)
        if match := _VARIABLE.match(script, self.position):
            self.position = match.end()
            return Piece(match.group(0), True, quoted)
        return Piece("$", False, quoted)

    def _skip_braces(self) -> None:
        """Pass the brace that opens here and all up to the one that closes it."""
        depth = 0
        while self.position < len(self.script):
            character = self.script[self.position]
            self.position += 1
            depth += (character == "{") - (character == "}")
            if depth == 0:
                return

    def _skip_parentheses(self) -> None:
        """Pass the parenthesis that opens here and all up to the one that closes it."""
        depth = 0
        while self.position < len(self.script):
            character = self.script[self.position]
            self.position += 1
            if character == "\\":
                self.position += 1
            elif character in "'\"":
                end = self.script.find(character, self.position)
                self.position = len(self.script) if end < 0 else end + 1
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if depth == 0:
                    return
