"""The command line a container runs: which server, with which flags and inline environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import ABSENT, Known, Unknown
from kslint.model.engines.options import OPTIONS
from kslint.model.engines.vllm.arguments import Flag, parse_arguments, parse_others
from kslint.model.engines.vllm.image import is_stock, is_upstream
from kslint.model.engines.vllm.programs import (
    API_SERVER,
    HUGGINGFACE,
    OTHERS,
    VLLM_SERVE,
    server_start,
    shell_script,
)
from kslint.model.engines.vllm.shell import find_run
from kslint.model.engines.vllm.words import DYNAMIC, Text, Word, item_words
from kslint.model.kubernetes.pod import environment

if TYPE_CHECKING:
    from kslint.model.answer import Answer
    from kslint.model.engines.vllm.facts import Version
    from kslint.model.engines.vllm.image import Image
    from kslint.model.engines.vllm.shell import Run
    from kslint.model.kubernetes.pod import EnvVar
    from kslint.source.nodes import Node

__all__ = [
    "API_SERVER",
    "HUGGINGFACE",
    "VLLM_SERVE",
    "CommandLine",
    "Flag",
    "Script",
    "read_commandline",
]


_SHELL_OPTION = re.compile(r"-[a-z]*c")


class Script(NamedTuple):
    """A shell script that the manifest does not show: what stands for it, and what it does.

    `variables` are the script's own; their values are pointed at where they are written.
    """

    marker: str
    text: Node
    variables: dict[str, EnvVar]


class CommandLine:
    """How a container starts its server.

    `program`: VLLM_SERVE, API_SERVER or HUGGINGFACE, or "" if it starts no server.
    `by_image`: the image's ENTRYPOINT names the program, the manifest gives bare arguments.
    `doubled`: where `args` repeats the program that the ENTRYPOINT already names (exit code 2).
    `unsplit`: where several words of the program stand in one item, so that it is not found.
    `shell`, `execed`: a shell starts it; and it replaces that shell (`exec`), so gets SIGTERM.
    `flags`: all, in order. `positionals`: words that are neither flags nor their values.
    `complete`: no flags can come from elsewhere (`$ARGS`, a `--config` file, another branch).
    `environment`: variables that the command line itself sets.
    `beside`: servers that the same script certainly starts too, and leaves running with this one.
    """

    __slots__ = (
        "beside",
        "by_image",
        "complete",
        "doubled",
        "environment",
        "execed",
        "flags",
        "positionals",
        "program",
        "shell",
        "unsplit",
    )

    def __init__(
        self, program: str = "", by_image: bool = False, doubled: Node | None = None
    ) -> None:
        self.program = program
        self.by_image = by_image
        self.doubled = doubled
        self.unsplit: Node | None = None
        self.shell = False
        self.execed = False
        self.flags: list[Flag] = []
        self.positionals: list[Word] = []
        self.complete = True
        self.environment: dict[str, EnvVar] = {}
        self.beside: list[CommandLine] = []

    def flag(self, name: str) -> Flag | None:
        """The flag that counts: of duplicates the last. `name` as in `Flag.name`."""
        for flag in reversed(self.flags):
            if flag.name == name:
                return flag
        return None

    def value(self, name: str) -> Answer[str]:
        """A flag's value; "" for one written without. Absent only if it is certainly not given."""
        flag = self.flag(name)
        if flag is None:
            return ABSENT if self.complete else Unknown("more flags may be added")
        if not flag.known:
            return Unknown("its value is set elsewhere", flag.value_node or flag.node)
        return Known(flag.value or "", flag.value_node or flag.node)

    def all(self, name: str) -> list[Flag]:
        return [flag for flag in self.flags if flag.name == name]

    def __repr__(self) -> str:
        return f"CommandLine({self.program!r}, {[flag.written for flag in self.flags]})"


def value_of(variable: EnvVar | None, open_ended: bool) -> Answer[str]:
    """A variable's value; the node is that of the value. `open_ended`: envFrom may set more."""
    if variable is None:
        return Unknown("envFrom may set it") if open_ended else ABSENT
    node = variable.value_node or variable.node
    if variable.value is None or DYNAMIC in variable.value:
        return Unknown("its value is set elsewhere", node)
    return Known(variable.value, node)


def read_commandline(
    container: Node, image: Image, version: Version | None = None, script: Script | None = None
) -> CommandLine:
    """Read `command` and `args` over the image's ENTRYPOINT.

    Kubernetes puts `command` in the place of ENTRYPOINT and `args` in that of CMD
    (core/v1 Container). `version` decides which prefixes of options are unique.
    """
    variables = environment(container)
    command = item_words(container, "command", variables)
    if script is not None:
        variables = {**script.variables, **variables}
        text = script.text.text or ""
        whole = Word(text, script.text, origin=Text(text, script.text))
        command = [whole if word.text == script.marker else word for word in command]
    arguments = item_words(container, "args", variables)
    repeats = not command and is_stock(image)
    shell: list[Word] = []
    if repeats and arguments and _SHELL_OPTION.fullmatch(arguments[0].text):
        shell = [arguments[0]._replace(text="sh")]  # somebody took the image for a shell
    run = find_run([*shell, *command, *arguments], variables)
    if run is not None:
        doubled = arguments[0].node if repeats else None
        return _filled(CommandLine(run.start.program, doubled=doubled), run, version)
    unsplit = _unsplit(command, arguments)
    if unsplit is not None:
        return unsplit
    if command or not image.entrypoint or _runs_other(arguments):
        return CommandLine()
    line = CommandLine(image.entrypoint, by_image=True)
    if repeats and arguments and arguments[0].text == "serve":
        line.doubled = arguments.pop(0).node
    # a private image that is given nothing brings its own model and flags
    line.complete = bool(arguments) or is_upstream(image)
    return _with_arguments(line, arguments, version)


def _unsplit(command: list[Word], arguments: list[Word]) -> CommandLine | None:
    """A server that would be started if blanks divided the items, as a shell has it."""
    items = [*command, *arguments]
    first = next((word for word in items if word.known and len(word.text.split()) > 1), None)
    if first is None or not command:
        return None
    words = [word._replace(text=text) for word in items for text in word.text.split()]
    start = server_start(words)
    shell = shell_script(words)
    named = any("vllm" in word.text for word in words)
    if start is None and (shell is None or not named or first is not command[0]):
        return None
    line = CommandLine(VLLM_SERVE if start is None else start.program)
    line.unsplit, line.complete = first.node, False
    return line


def _runs_other(arguments: list[Word]) -> bool:
    """True for arguments such as `/bin/bash -c ...` or `bench serve`: no server comes of them."""
    first = arguments[0].text if arguments else ""
    return first.startswith(("/bin/", "/usr/bin/")) or first in ("bash", "sh", "bench", "sleep")


def _filled(line: CommandLine, run: Run, version: Version | None) -> CommandLine:
    line.shell, line.execed = run.in_shell, run.execed
    line.environment = run.environment
    line.complete = run.only
    line.beside = [_filled(CommandLine(one.start.program), one, version) for one in run.beside]
    return _with_arguments(line, run.words[run.start.first :], version)


def _with_arguments(line: CommandLine, words: list[Word], version: Version | None) -> CommandLine:
    if line.program in OTHERS:
        read = parse_others(words, OPTIONS[line.program])
    else:
        read = parse_arguments(words, version, line.program == HUGGINGFACE)
    line.flags, line.positionals = read.flags, read.positionals
    from_file = line.program != HUGGINGFACE and line.flag("config") is not None
    line.complete = line.complete and read.complete and not from_file
    return line
