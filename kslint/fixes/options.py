"""Options that vLLM's parser refuses: renamed, removed, divided, or given another value."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from kslint.model.engines.vllm import facts
from kslint.model.engines.vllm.release import TOLD
from kslint.source.layout import UnfitError
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft
    from kslint.model.engines.vllm.arguments import Flag
    from kslint.source.nodes import Node

_OPTION = re.compile(r"--?[a-z][a-z0-9._-]*(=\S*)?")


def replace_refused(draft: Draft) -> None:
    """Another name for an option, or none at all where what it did is gone."""
    at, instead = draft.problem.at, str(draft.problem.facts["instead"])
    if draft.problem.variant == "dash":
        _write(draft, at, instead)
        draft.facts["change"] = f"write `{instead}`"
        return
    release = draft.subject.engine.release
    if release.certainty != TOLD:
        draft.doubt("no tag tells the image's release")
    flag = _flag(draft, at)
    if instead.startswith("remove it"):
        for node in dict.fromkeys((flag.node, *(() if flag.joined else flag.value_nodes))):
            draft.remove(node)
        draft.facts["change"] = f"remove `{flag.written}`"
    elif _OPTION.fullmatch(instead) and _is_there(instead, release.candidates):
        name, equals, _ = instead.partition("=")
        literal = at.literal if isinstance(at, Scalar) else ""
        rest = literal.removeprefix(flag.written)
        if not literal.startswith(flag.written) or (equals and (rest or flag.value_nodes)):
            raise UnfitError("the option is not written as it is read")
        _write(draft, at, (instead if equals else name) + rest)
        draft.facts["change"] = f"write `{instead}`"
    else:
        raise UnfitError("nothing takes its place as it stands")


def _is_there(instead: str, candidates: tuple[facts.Version, ...]) -> bool:
    spelling = instead.removeprefix("--").partition("=")[0].partition(".")[0]
    return all(facts.accepts(spelling, release) for release in candidates)


def rewrite_value(draft: Draft) -> None:
    """The JSON that was meant, in the place of the value."""
    at, like = draft.problem.at, str(draft.problem.facts["like"])
    if not like or not draft.is_whole(at):
        raise UnfitError("what is meant is not clear")
    literal = at.literal if isinstance(at, Scalar) else ""
    head = literal.partition("=")[0] + "=" if literal.startswith("-") else ""
    draft.replace(at, head + like)


def split_item(draft: Draft) -> None:
    """An item for each word."""
    at = draft.problem.at
    text = at.literal if isinstance(at, Scalar) else ""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UnfitError("its quotes are not closed") from error
    if any(mark in text for mark in "$`|;&<>{\\\"'") or words in ([], [text]):
        raise UnfitError("a shell might make something else of it")
    draft.divide(at, words)


def _flag(draft: Draft, at: Node) -> Flag:
    for flag in draft.subject.engine.commandline.flags:
        if flag.node is at:
            found: Flag = flag
            return found
    raise UnfitError("the option was not found again")


def _write(draft: Draft, word: Node, text: str) -> None:
    """Another text for a word, be it a whole item or a part of a script."""
    if draft.is_whole(word):
        draft.replace(word, text)
    elif isinstance(word, Scalar):
        draft.splice(word, text)


def start_by_command(draft: Draft) -> None:
    """The program in `command`, in the place of the image's own; a lone `serve` left out."""
    at = draft.problem.at
    if isinstance(at, Scalar) and at.literal == "serve":
        draft.remove(at)
        return
    arguments = draft.around(at)
    if arguments.key is None or arguments.key.text != "args":
        raise UnfitError("it stands in no `args` of a container")
    if draft.around(arguments).key is not None:
        raise UnfitError("it is added to a runtime's arguments")
    draft.rename(arguments, "command")


def without_value(draft: Draft) -> None:
    """A switch by itself, in the sense of the value it was given."""
    at = draft.problem.at
    value = str(draft.problem.facts["value"]).lower()
    flag = str(draft.problem.facts["flag"])
    if value not in ("true", "1", "yes", "on") or not draft.is_whole(at):
        raise UnfitError("what is meant is not clear")
    if draft.problem.variant == "joined":
        draft.replace(at, flag)
    else:
        draft.remove(at)
