"""Walking a shell script to the server it starts: which command, with which environment."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.engines.vllm.lexer import tokens
from kslint.model.engines.vllm.programs import is_assignment, may_start, server_start, shell_script
from kslint.model.engines.vllm.words import DYNAMIC, Text, Word
from kslint.model.kubernetes.pod import EnvVar
from kslint.source.parts import part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.model.engines.vllm.lexer import Token
    from kslint.model.engines.vllm.programs import Start
    from kslint.source.nodes import Node

_OPENING = frozenset(("if", "while", "until", "case", "for", "select"))
_CLOSING = frozenset(("fi", "done", "esac"))
_PASSED = frozenset(("then", "else", "elif", "do", "!", "{", "}", "time", "if", "while", "until"))
_TESTS = frozenset(("[", "[[", "test"))
_EXPORTS = frozenset(("export", "declare", "typeset"))
_ESCAPED = frozenset(("$", "`", '"', "\\", "\n"))
"""What a backslash in double quotes takes the meaning from."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_SCRIPT = 200_000
"""Scripts beyond this many characters are left unread."""
MAX_LEVEL = 4
"""Shells within shells, and `eval`, are followed this deep."""


class Run(NamedTuple):
    """A server that is started.

    `words[start.first:]` are its arguments. `environment` is what the command line adds to the
    container's. `in_shell` is True if a shell starts it, `execed` if it then replaces the shell.
    `only` is False where something else may be started instead. `background`: the shell goes on
    while it runs. `beside` are servers that it then certainly starts as well.
    """

    words: list[Word]
    start: Start
    environment: dict[str, EnvVar]
    in_shell: bool
    execed: bool
    only: bool
    background: bool = False
    beside: tuple[Run, ...] = ()


def find_run(words: list[Word], variables: Mapping[str, EnvVar], level: int = 0) -> Run | None:
    """The server these words start, directly or in the script of `sh -c`; None if none.

    `variables` is the environment the words run in. Of several servers it is the first.
    """
    if start := server_start(words):
        execed = any(word.text == "exec" for word in words[: start.program_at])
        own = _inline(words[: start.program_at])
        return Run(words, start, own, False, execed, True)
    at = shell_script(words)
    script = None if at is None else words[at].origin
    if at is None or script is None or level >= MAX_LEVEL or len(script.text) > MAX_SCRIPT:
        return None
    own = _inline(words[:at])
    walk = _Walk(words[at + 1 :], {**variables, **own}, level + 1)
    runs = list(walk.runs(script))
    if not runs:
        return None
    first = runs[0]
    environment = {**own, **first.environment}
    return first._replace(
        environment=environment,
        in_shell=True,
        only=first.only and len(runs) == 1,
        beside=tuple(_beside(runs)),
    )


def _beside(runs: list[Run]) -> Iterator[Run]:
    """The servers that certainly run together with the first."""
    for before, run in pairwise(runs):
        if not (before.only and before.background and run.only):
            return
        yield run


def _inline(words: list[Word]) -> dict[str, EnvVar]:
    """The variables of `A=b env C=d program`."""
    return {
        name: EnvVar(name, value if word.known else None, word.node, word.node)
        for word in words
        if is_assignment(word.text)
        for name, _, value in (word.text.partition("="),)
    }


class _Walk:
    """The state of a shell on its way through a script. `arguments` are `$0`, `$1`, ..."""

    def __init__(self, arguments: list[Word], variables: Mapping[str, EnvVar], level: int) -> None:
        self.arguments = arguments
        self.given = variables
        self.level = level
        self.local: dict[str, str | None] = {}
        self.exported: dict[str, EnvVar] = {}
        self.depth = 0
        self.evaluating = False

    def runs(self, script: Text) -> Iterator[Run]:
        previous, guarded = "", False
        for operator, command in _commands(tokens(script.text)):
            # after `a || ` and after `[ test ] && ` a command may or may not be run
            guarded = previous == "||" or (previous == "&&" and guarded)
            command = self._without_keywords(command)
            if command and command[0].literal == "eval" and self.level < MAX_LEVEL:
                self.level, self.evaluating = self.level + 1, True
                yield from self.runs(_unquoted(script, command[1:]))
                self.level, self.evaluating = self.level - 1, False
            elif command:
                yield from self._command(script, command, operator, guarded)
                guarded = guarded or command[0].literal in _TESTS
            previous = operator

    def _without_keywords(self, command: list[Token]) -> list[Token]:
        """The command less `if`, `then`, `do` ...; keeps count of how deep it is in them."""
        for index, token in enumerate(command):
            word = token.literal
            if word in _OPENING:
                self.depth += 1
            elif word in _CLOSING:
                self.depth = max(self.depth - 1, 0)
            if word not in _PASSED and word not in _CLOSING:
                return command[index:]
        return []

    def _command(
        self, script: Text, command: list[Token], operator: str, guarded: bool
    ) -> Iterator[Run]:
        name = command[0].literal
        if name and name not in _EXPORTS and not is_assignment(name) and not may_start(name):
            return
        sure = not guarded and self.depth == 0
        words = [word for token in command for word in self._words(script, token)]
        if self._assigns(words, sure and operator != "("):  # `A=(...)` is an array
            return
        run = find_run(words, {**self.given, **self.exported}, self.level)
        if run is not None:
            environment = {**self.exported, **run.environment}
            yield run._replace(
                environment=environment, only=run.only and sure, background=operator == "&"
            )

    def _assigns(self, words: list[Word], sure: bool) -> bool:
        """Carry out a command that only sets or exports variables; False for any other.

        A value given under a condition may or may not hold, so it is unknown.
        """
        exporting = bool(words) and words[0].text in _EXPORTS
        rest = words[1:] if exporting else words
        if not exporting and not all(is_assignment(word.text) for word in rest):
            return False
        for word in rest:
            name, equals, value = word.text.partition("=")
            known: str | None = value if word.known and sure else None
            if name.endswith("+"):
                name = name[:-1]
                before = self._value(name)
                known = None if known is None or before is None else before + known
            if equals:
                self.local[name] = known
            passed_on = exporting or name in self.given or name in self.exported
            if passed_on and name in self.local:
                self.exported[name] = EnvVar(name, self.local[name], word.node, word.node)
        return True

    def _words(self, script: Text, token: Token) -> Iterator[Word]:
        """The arguments that one word of the script becomes."""
        elsewhere = self._written_elsewhere(token)
        if elsewhere is not None:
            yield from elsewhere
            return
        fields = [""]
        loose = spliced = False
        for piece in token.pieces:
            if piece.variable and piece.text in ("@", "*"):
                yield from self._spliced()
                spliced = True
                continue
            value = self._value(piece.text) if piece.variable else piece.text
            value = DYNAMIC if value is None else value
            splits = not piece.quoted and (piece.variable or value == DYNAMIC)
            array = piece.variable and piece.text.endswith(("[@]", "[*]"))
            loose = loose or array or (splits and DYNAMIC in value)
            if splits:
                first, *others = self._split(value) or [""]
                fields[-1] += first
                fields += others
            else:
                fields[-1] += value
        empty = spliced or all(piece.variable and not piece.quoted for piece in token.pieces)
        if fields == [""] and empty:
            return
        node = script.node(token.start, token.end)
        for field in fields:
            yield Word(field, node, loose, Text(field, node))

    def _spliced(self) -> Iterator[Word]:
        """`$@`: the arguments as they are; under `eval`, what the shell reads in them."""
        for word in self.arguments[1:]:
            if self.evaluating and word.known:
                yield from _fields(self._split(word.text), word.text, word.node)
            else:
                yield word

    def _written_elsewhere(self, token: Token) -> list[Word] | None:
        """The words of a lone `$1` or `$ARGS` at the place where their text is written.

        None for any other word, and where the value is unknown or the script's own.
        """
        pieces = [piece for piece in token.pieces if piece.text]
        if len(pieces) != 1 or not pieces[0].variable:
            return None
        name, quoted = pieces[0].text, pieces[0].quoted
        if name.isdecimal():
            index = int(name[:4])
            return [self.arguments[index]] if index < len(self.arguments) else None
        variable = None if name in self.local else self.given.get(name)
        if variable is None or not variable.value or variable.value_node is None:
            return None
        fields = [variable.value] if quoted else self._split(variable.value)
        return list(_fields(fields, variable.value, variable.value_node))

    def _split(self, value: str) -> list[str]:
        """Word splitting of a value; under `eval` its quotes are read as well."""
        if self.evaluating:
            try:
                return shlex.split(value)
            except ValueError:  # a quote that is not closed
                pass
        return value.split()

    def _value(self, name: str) -> str | None:
        """A variable's value, or None if unknown. `name` is what stands in the braces."""
        if name.isdecimal():
            index = int(name[:4])
            return self.arguments[index].text if index < len(self.arguments) else ""
        match = _NAME.match(name)
        if match is None:
            return None
        found, rest = match.group(0), name[match.end() :]
        if found in self.local:
            value = self.local[found]
        else:
            value = self.given[found].value if found in self.given else None
        simple = not rest or (rest.startswith((":-", "-")) and bool(value))
        return value if simple else None


def _fields(fields: list[str], text: str, node: Node) -> Iterator[Word]:
    """The pieces of a text as words, each at its place in the scalar that holds the text."""
    position = 0
    for field in fields:
        place = part(node, field, position)
        position = max(text.find(field, position) + len(field), position)
        yield Word(field, place, False, Text(field, place))


def _commands(found: list[Token]) -> Iterator[tuple[str, list[Token]]]:
    """Simple commands, each with the operator that ends it."""
    command: list[Token] = []
    for token in found:
        if token.operator:
            if command:
                yield token.operator, command
            command = []
        else:
            command.append(token)
    if command:
        yield "", command


def _unquoted(script: Text, arguments: list[Token]) -> Text:
    """What `eval` reads: its arguments with one layer of quotes taken off.

    Variables are put in later, so single quotes around one are taken off as well.
    """
    if not arguments:
        return script.kept([])
    text, index, end = script.text, arguments[0].start, arguments[-1].end
    kept: list[int] = []
    quote, inner, keeps_inner = "", -1, False
    while index < end:
        character, following = text[index], text[index + 1 : index + 2]
        if character == "\\" and (not quote or (quote == '"' and following in _ESCAPED)):
            index += 1
            kept += [index] if following not in ("", "\n") else []
        elif character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
        elif character == "'":
            if index != inner:
                inner = text.find("'", index + 1, end)
                keeps_inner = inner > 0 and "$" not in text[index:inner]
            kept += [index] if keeps_inner else []
        else:
            kept.append(index)
        index += 1
    return script.kept(kept)
