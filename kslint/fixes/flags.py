"""Flags and variables of servers: words of a command, whole list items or parts of a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.source.layout import UnfitError, key_of
from kslint.source.nodes import Scalar, Seq

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft
    from kslint.model.workload import Server
    from kslint.source.nodes import Node

_COMMANDS = ("args", "command")


def add(draft: Draft, flag: str) -> None:
    """A flag behind the arguments; in the place of its opposite, or of its other value."""
    at = draft.problem.at
    if key_of(at) in _COMMANDS and not isinstance(at, Seq):
        if not at.is_null or key_of(at) != "args" or not _server(draft).engine.commandline.by_image:
            raise UnfitError("something else stands where the list of words belongs")
        draft.append(at, flag)
        return
    if isinstance(at, Scalar):
        _, equals, value = flag.partition("=")
        joined = at.literal.startswith("-") or not equals
        _write(draft, at, flag if joined else value)
        return
    server = _server(draft)
    line = server.engine.commandline
    if line.shell:
        words = [*(flag.value_node or flag.node for flag in line.flags)]
        words += [word.node for word in line.positionals]
        if not words:
            raise UnfitError("no argument shows where the command ends")
        draft.splice(max(words, key=_position), f" {flag}", behind=True)
    elif isinstance(at, Seq):
        draft.append(at, flag)
    elif line.by_image:
        draft.put(at, ("args",), [flag], after=("image", "name"))
    else:
        raise UnfitError("the command has no arguments to stand beside")


def set_value(draft: Draft) -> None:
    """The place where storage puts the model, as the flag's value."""
    at = draft.problem.at
    mount, flag = str(draft.problem.facts["mount"]), str(draft.problem.facts["flag"])
    literal = at.literal if isinstance(at, Scalar) else ""
    _write(draft, at, f"{flag}={mount}" if literal.startswith(f"{flag}=") else mount)


def drop_variable(draft: Draft, name: str, default: str) -> None:
    """A variable taken out of `env`; set to its default where a command or a ConfigMap sets it."""
    at = draft.problem.at
    if at.key is not None and at.key.text == "value":
        draft.remove(draft.around(at))
    elif at.key is not None and at.key.text == name:
        draft.replace(at, default)
    else:
        _write(draft, at, f"{name}={default}")


def _write(draft: Draft, word: Node, text: str) -> None:
    """Another text for a word, be it a whole item or a part of a script."""
    if draft.is_whole(word):
        draft.replace(word, text)
    elif isinstance(word, Scalar):
        draft.splice(word, text)


def _server(draft: Draft) -> Server:
    """The server that a missing flag was missed in."""
    server = draft.model.server_at(draft.problem.at)
    if server is not None:
        return server
    raise UnfitError("the server was not found again")


def _position(node: Node) -> tuple[int, int]:
    if node.start is None:
        raise UnfitError("an argument stands in no file")
    return node.start.line, node.start.column
