"""Arguments of a server as its argparse parser reads them: flags, their values, the rest.

Rules of vLLM's FlexibleArgumentParser (vllm/utils/argparse_utils.py v0.23.0): underscores count
as hyphens in long names up to the first dot, unique prefixes are completed, `-O2` is
`--optimization-level 2`, and of duplicates the last wins.
"""

from __future__ import annotations

import re
from math import isinf
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Invalid, Known, integer
from kslint.model.engines.vllm.facts import described, resolve
from kslint.model.engines.vllm.words import DYNAMIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kslint.model.engines.vllm.facts import Version
    from kslint.model.engines.vllm.words import Word
    from kslint.source.nodes import Node

_NEGATIVE = re.compile(r"-\d+|-\d*\.\d+")
_HUMAN = re.compile(r"(\d{1,300}(?:\.\d+)?)([kKmMgGtT])", re.ASCII)
_HUGGINGFACE = {
    **dict.fromkeys(
        ("model-dir", "model-id", "model-revision", "tokenizer-revision", "max-length",
         "tensor-input-names", "task", "backend", "http-port", "grpc-port", "workers",
         "max-threads", "max-asyncio-workers", "enable-grpc", "enable-docs-url",
         "enable-latency-logging", "configure-logging", "log-config-file", "access-log-format",
         "model-name", "predictor-host", "protocol", "predictor-protocol", "predictor-use-ssl",
         "predictor-request-timeout-seconds"), "1"),
    **dict.fromkeys(
        ("disable-lower-case", "disable-special-tokens", "return-token-type-ids",
         "return-probabilities", "disable-log-requests"), "0"),
}  # fmt: skip
"""Options of KServe's own server beside vLLM's, and how many values they take
(python/huggingfaceserver/huggingfaceserver/__main__.py, python/kserve/kserve/model_server.py)."""


HUGGINGFACE_OPTIONS = frozenset(_HUGGINGFACE)


class Flag(NamedTuple):
    """One option as given.

    `name` is canonical: long, hyphens, no dashes; completed if a prefix was written; without
    `no-` where `negated`. `value` is its (first) value, None when it has none or when it is not
    `known`. `values` holds all of a list option. `node` is the argument, `value_node` the value:
    the same where both stand in one word. `follower` is a word behind an option that takes none.
    """

    name: str
    value: str | None
    known: bool
    node: Node
    value_node: Node | None
    values: tuple[str, ...]
    negated: bool
    written: str
    joined: bool
    value_nodes: tuple[Node, ...] = ()
    follower: Word | None = None

    @property
    def spelling(self) -> str:
        """What argparse looks up: a long option without dashes, a short one with its own."""
        head = self.written.partition(".")[0]
        return head[2:].replace("_", "-") if head.startswith("--") else head

    @property
    def whole(self) -> bool:
        """False for a word that holds more than an option: `--dtype auto`, or a blank behind it."""
        return self.written.split() == [self.written]


class Arguments(NamedTuple):
    """All flags in order, the positional words, and whether that is certainly all."""

    flags: list[Flag]
    positionals: list[Word]
    complete: bool


def parse_arguments(
    words: list[Word], version: Version | None = None, huggingface: bool = False
) -> Arguments:
    """Read a server's arguments. Never raises; what argparse would refuse is kept as written.

    `version` decides which prefixes are unique; `huggingface` adds the options of KServe's server.
    """
    return _Reader(words, version, huggingface).read()


def parse_others(words: list[Word], names: Mapping[str, tuple[str, str]]) -> Arguments:
    """Read the arguments of another server than vLLM.

    `names` are its options by each of their spellings: the name, and how many values it takes. An
    option that is not among them takes the next word, if that is none itself.
    """
    return _OtherReader(words, names).read()


class _Reader:
    def __init__(self, words: list[Word], version: Version | None, huggingface: bool) -> None:
        self.words = words
        self.version = version
        self.own = _HUGGINGFACE if huggingface else {}
        self.position = 0
        self.result = Arguments([], [], True)
        self.complete = True

    def read(self) -> Arguments:
        while self.position < len(self.words):
            word = self.words[self.position]
            self.position += 1
            if word.text == "--":
                self.result.positionals.extend(self.words[self.position :])
                break
            if word.loose and word.text.startswith(DYNAMIC) and not self._may_be_model():
                self.complete = False  # `$EXTRA_ARGS`: any flags, or none
            elif not _is_option(word.text):
                self.result.positionals.append(word)
            elif DYNAMIC in word.text.partition("=")[0]:
                self.complete = False
            else:
                self._option(word)
        return self.result._replace(complete=self.complete)

    def _may_be_model(self) -> bool:
        """True for the first of several words: `vllm serve $MODEL --port 80` names one model."""
        return not self.own and self.position == 1 and len(self.words) > 1

    def _option(self, word: Word) -> None:
        written, joined, value = word.text.partition("=")
        if re.match(r"-O[^=]", written):  # -O2, -Odecode
            written, joined, value = "-O", "=", written[2:]
        name, negated, arity = self._resolve(written)
        if joined:
            self._add(word, name, negated, written, [word._replace(text=value)], True)
            return
        values = []
        while arity != "0" and self.position < len(self.words) and self._is_value():
            values.append(self.words[self.position])
            self.position += 1
            if arity != "+":
                break
        self._add(word, name, negated, written, values, False)
        if arity == "0" and self.position < len(self.words) and self._is_value():
            self.result.flags[-1] = self.result.flags[-1]._replace(
                follower=self.words[self.position]
            )

    def _add(
        self,
        word: Word,
        name: str,
        negated: bool,
        written: str,
        values: list[Word],
        joined: bool,
    ) -> None:
        known = all(value.known for value in values)
        texts = tuple(value.text for value in values) if known else ()
        node = values[0].node if values else None
        flag = Flag(
            name,
            texts[0] if texts else None,
            known,
            word.node,
            node,
            texts,
            negated,
            written,
            joined,
            tuple(value.node for value in values),
        )
        self.result.flags.append(flag)

    def _is_value(self) -> bool:
        word = self.words[self.position]
        return not _is_option(word.text) or _NEGATIVE.fullmatch(word.text) is not None

    def _resolve(self, written: str) -> tuple[str, bool, str]:
        """Canonical name, whether negated, and how many values it takes."""
        head, dot, rest = written.partition(".")
        if written == "-O":
            return "optimization-level", False, "1"
        spelling = head[2:].replace("_", "-") if head.startswith("--") else head
        if spelling not in self.own:
            own = [name for name in self.own if spelling and name.startswith(spelling)]
            found = resolve(spelling, self.version)
            if found is None and len(own) == 1:
                found = own[0], False
            name, negated = found or (spelling.lstrip("-"), False)
        else:
            name, negated = spelling, False
        return name + dot + rest, negated, "1" if dot else self._arity(name)

    def _arity(self, name: str) -> str:
        if name in self.own:
            return self.own[name]
        known = described(name, self.version)
        return "1" if known is None else known.arity


class _OtherReader(_Reader):
    def __init__(self, words: list[Word], names: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(words, None, False)
        self.names = names

    def _may_be_model(self) -> bool:
        return False

    def _resolve(self, written: str) -> tuple[str, bool, str]:
        spelling = written.lstrip("-").replace("_", "-")
        name, arity = self.names.get(spelling, (spelling, "1"))
        return name, False, arity


def _is_option(text: str) -> bool:
    return len(text) > 1 and text[0] == "-" and not _NEGATIVE.fullmatch(text)


def parse_human_int(text: str, node: Node | None = None) -> Known[int] | Invalid:
    """The number of a size option: `4k` is 4000, `4K` 4096, and K, M, G, T take no decimals.

    Source: human_readable_int in vllm/utils/argparse_utils.py v0.23.0.
    """
    text = text.strip()
    match = _HUMAN.fullmatch(text)
    if match is None:
        return integer(text, node)
    number, suffix = match.groups()
    power = "kmgt".index(suffix.lower()) + 1
    if suffix.islower():
        size = float(number) * 1000**power
        if isinf(size):
            return Invalid(text, "cannot convert float infinity to integer", node)
        return Known(int(size), node)
    if "." in number:
        return Invalid(text, f"Decimals are not allowed with binary suffixes like {suffix}.", node)
    return Known(int(number) * 1024**power, node)
