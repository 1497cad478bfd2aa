"""From what a cluster printed back to the rule: search over the symptoms on the pages.

A page lists under `symptoms` what its trap looks like, in the words of the program that says so.
`...` stands for what varies: between quotes for one value, elsewhere for up to twenty words. A
message that holds such a text, whatever is around it, is surely about the rule; one that holds
most of it may be, and so may a few words that are a part of such a text. A page without the list is
found by its `symptom`, but never surely.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.rulebook import Rule

_WORD = re.compile(r"[^\W_]+(?:'(?:t|s|re|ve|ll|d|m)\b)?")
_GAP = re.compile(r"\.{3,}|…")
_QUOTES = frozenset("\"'`\u2018\u2019\u201c\u201d")
_QUOTED = re.compile(r"""(["'`])((?:(?!\.{3})[^\s"'`])+)\1""")
_NUMBER = re.compile(r"\b\d{3,}\b")
"""Values that a text names: a message about another value is another message."""
_TEMPLATE = re.compile(r"\{\{|\}\}|\{[a-z_]*\}|<[a-z_-]+>")
"""What a `symptom` holds in place of values."""
_NOISE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\\+[nrt]")
"""Colours of a terminal, and line breaks as JSON writes them."""

_COMMON_WORDS = """
    a about admission after again all an and another any api apps are as at available back base
    be because been before being bit but by can cannot cause caused client code com connection
    container containers core could couldn't create created creating default default-scheduler
    defaulter defined denied deployment did didn't do does doesn't due during each engine error
    errors exception exit failed failing fails failure false file first for found from get given
    got had has have helpful how http https if in incoming inferenceservice inferenceservices
    info initialization initialize initialized int internal into invalid io is it its k8s kind
    kserve kubelet kubernetes last line list literal load local log make making may message
    missing model more must mutator my name named namespace need new no node nodes none not null
    occurred of off on one only or org other out path pod post predictor preemption proc
    process python reason request requested requests resource root running runtimeerror
    s scheduler scheduling see server service serving set should size so spec started starting
    state status sure test than that the their them then there these they this time to true try
    trying type typeerror unable unexpected up url use used user using v1 validator value
    valueerror version victims waiting warning was we webhook were when which while will with
    without you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())
"""Words that are no evidence: those of all messages, and of what many begin or end with."""
_ORDINARY = 0.2
"""What such a word weighs; any other weighs 1."""

_FAR = 20
"""Over so many words a `...` goes."""
_WRAPPED = 3
"""Over so many lines a terminal may have broken a message."""
_NEAR = 0.8
"""The share of a text that must agree to come near it."""
_SHARED = 3.0
"""What must agree with a `symptom`: a few unusual words that follow each other."""
_BESIDE = 0.5
"""A match of less than this share of the best one's weight is not worth a line."""
_ENOUGH = 2.0
"""What a match must weigh to leave no doubt: one unusual word alone has many causes."""
_APART = 0.75
"""And by how much it must outweigh the next: about one unusual word."""

_SHOWN = 160
"""Characters of a line that are shown; the rest of a long one says no more."""

_Pair = tuple[str, str]


class Match(NamedTuple):
    """A rule, the line that led to it, whether it must be meant, and the weight of what agrees."""

    rule: Rule
    line: str
    sure: bool
    weight: float


class _Words(NamedTuple):
    """A text in words. `places` counts those between blanks: `a-b c` is three words, two places."""

    words: list[str]
    places: list[int]


class _Piece(NamedTuple):
    """Words that follow each other, and what may be before them: None, one value, or more."""

    gap: bool | None
    words: tuple[str, ...]


class _Part(NamedTuple):
    """The words between two blanks."""

    words: tuple[str, ...]
    weight: float


class _Text(NamedTuple):
    """One of a rule's texts; `listed` are those under `symptoms`. Links are where parts meet."""

    rule: Rule
    listed: bool
    pieces: tuple[_Piece, ...]
    fixed: frozenset[str]
    unusual: frozenset[str]
    parts: tuple[_Part, ...]
    links: tuple[tuple[_Pair, float], ...]

    @property
    def weight(self) -> float:
        return sum(part.weight for part in self.parts)


def search(rules: Iterable[Rule], message: str, limit: int = 8) -> list[Match]:
    """The rules that a message or a log may be about: the sure ones, else those that come near.

    The best come first. What agrees with several rules equally leads to all of them.
    """
    shown = message.replace("\u2019", "'").splitlines()
    lines = [_words(line) for line in shown]
    said = {word for line in lines for word in line.words}
    texts = [text for rule in rules for text in _texts(rule, said)]
    best: dict[str, Match] = {}
    for find in (_sure, _near, _within):
        for text, number, weight in find(texts, lines):
            known = best.get(text.rule.id)
            if known is None or weight > known.weight:
                line = _excerpt(shown[number].strip(), text)
                best[text.rule.id] = Match(text.rule, line, find is _sure, weight)
        if best:
            break
    found = sorted(best.values(), key=lambda match: (-match.weight, match.rule.id))
    return [match for match in found if match.weight >= _BESIDE * found[0].weight][:limit]


def _excerpt(line: str, text: _Text) -> str:
    """A line, or what is around the first unusual word of the text in one that is too long."""
    if len(line) <= _SHOWN:
        return line
    words = (word for piece in text.pieces for word in piece.words if word in text.unusual)
    places = (line.lower().find(word) for word in words)
    start = max(0, next((place for place in places if place >= 0), 0) - _SHOWN // 3)
    return ("…" if start else "") + line[start : start + _SHOWN]


def plain(found: list[Match]) -> Match | None:
    """The match that leaves no doubt, if there is one."""
    if not found or not found[0].sure or found[0].weight < _ENOUGH:
        return None
    alone = len(found) == 1 or found[0].weight >= found[1].weight + _APART
    return found[0] if alone else None


def _texts(rule: Rule, said: set[str]) -> Iterator[_Text]:
    """The texts of a rule that may be in a message of these words."""
    lines = rule.symptoms or _TEMPLATE.sub(" ... ", rule.symptom).splitlines()
    for line in lines:
        shared = said.intersection(_WORD.findall(line.lower()))
        if any(_weight(word) == 1.0 for word in shared) or (shared and _QUOTED.search(line)):
            yield _text(rule, bool(rule.symptoms), line)


def _text(rule: Rule, listed: bool, line: str) -> _Text:
    quoted = frozenset(word for match in _QUOTED.finditer(line) for word in _words(match[2]).words)
    fixed = quoted.union(_NUMBER.findall(line))
    pieces: list[_Piece] = []
    parts: list[_Part] = []
    links: list[tuple[_Pair, float]] = []
    gap: bool | None = None
    end = 0
    for match in [*_GAP.finditer(line), None]:
        words = _words(line[end : match.start() if match else None])
        if words.words:
            pieces.append(_Piece(gap, tuple(words.words)))
            new = list(_parts(words, quoted))
            parts += new
            links += [
                ((one.words[-1], two.words[0]), (one.weight + two.weight) / 2)
                for one, two in itertools.pairwise(new)
            ]
        if match:
            around = (line[match.start() - 1 : match.start()], line[match.end() : match.end() + 1])
            gap = not _QUOTES.issuperset(around) if pieces else None
            end = match.end()
    unusual = {word for part in parts for word in part.words if _weight(word) == 1.0}
    return _Text(
        rule, listed, tuple(pieces), fixed, quoted.union(unusual), tuple(parts), tuple(links)
    )


def _parts(text: _Words, quoted: frozenset[str]) -> Iterator[_Part]:
    pairs = zip(text.words, text.places, strict=True)
    for _, group in itertools.groupby(pairs, key=lambda pair: pair[1]):
        words = tuple(word for word, _ in group)
        yield _Part(words, max(1.0 if word in quoted else _weight(word) for word in words))


def _words(line: str) -> _Words:
    words: list[str] = []
    places: list[int] = []
    for place, part in enumerate(_NOISE.sub(" ", line).lower().split()):
        found = _WORD.findall(part)
        words += found
        places += [place] * len(found)
    return _Words(words, places)


def _weight(word: str) -> float:
    ordinary = word in _COMMON or len(word) == 1 or (word.isdigit() and len(word) < 3)
    return _ORDINARY if ordinary else 1.0


# --- the texts that are there


def _sure(texts: list[_Text], lines: list[_Words]) -> Iterator[tuple[_Text, int, float]]:
    """The listed texts that the lines hold, the line they begin in, and how much they weigh."""
    often = Counter(word for text in texts for word in text.unusual)
    anchored = defaultdict(list)
    for text in texts:
        if text.listed and text.unusual:
            anchored[min(text.unusual, key=lambda word: (often[word], word))].append(text)
    anchors = [anchored.keys() & set(line.words) for line in lines]
    for number, line in enumerate(lines):
        near = set().union(*anchors[number : number + _WRAPPED])
        if near:
            window = _joined(lines[number : number + _WRAPPED])
            for text in (text for word in sorted(near) for text in anchored[word]):
                if _holds(window, text.pieces, len(line.words)):
                    yield text, number, text.weight


def _joined(lines: list[_Words]) -> _Words:
    if len(lines) == 1:
        return lines[0]
    words: list[str] = []
    places: list[int] = []
    for line in lines:
        before = places[-1] + 1 if places else 0
        words += line.words
        places += [before + place for place in line.places]
    return _Words(words, places)


def _holds(text: _Words, pieces: tuple[_Piece, ...], ahead: int) -> bool:
    """Do the pieces follow each other in a text, beginning in its first `ahead` words?"""
    ends: list[int] = []
    for number, piece in enumerate(pieces):
        starts = _starts(text.words, piece.words)
        if number:
            far = _FAR if piece.gap else 1
            starts = [
                start for start in starts if any(_reaches(text, end, start, far) for end in ends)
            ]
        else:
            starts = [start for start in starts if start < ahead]
        ends = [start + len(piece.words) for start in starts]
        if not ends:
            return False
    return True


def _starts(words: list[str], piece: tuple[str, ...]) -> list[int]:
    first, length = piece[0], len(piece)
    return [
        start
        for start, word in enumerate(words)
        if word == first and tuple(words[start : start + length]) == piece
    ]


def _reaches(text: _Words, end: int, start: int, far: int) -> bool:
    """Is what is between the words `end` and `start` no more than `far` words by blanks?"""
    if start <= end:
        return start == end
    return text.places[start - 1] - text.places[end] < far


# --- the texts that come near


def _near(texts: list[_Text], lines: list[_Words]) -> Iterator[tuple[_Text, int, float]]:
    """The texts of which a line, or all of a short message, holds most; and how much it weighs."""
    holding = defaultdict(list)
    for index, text in enumerate(texts):
        for word in text.unusual:
            holding[word].append(index)
    whole = [(0, _joined(lines))] if 1 < len(lines) <= _WRAPPED else []
    for number, line in [*enumerate(lines), *whole]:
        words = set(line.words)
        known = words & holding.keys()
        if len(known) < 2:
            continue
        pairs = set(itertools.pairwise(line.words))
        shared = Counter(index for word in known for index in holding[word])
        for index, count in shared.items():
            weight = _agreeing(texts[index], words, pairs) if count > 1 else 0.0
            if weight:
                yield texts[index], number, weight


def _agreeing(text: _Text, words: set[str], pairs: set[_Pair]) -> float:
    """The weight of what a line has of a text, or 0 if that is too little."""
    linked = sum(weight for link, weight in text.links if link in pairs)
    if not text.listed:
        return linked if linked >= _SHARED else 0.0
    if not text.fixed <= words:
        return 0.0
    agreed = sum(part.weight for part in text.parts if words.issuperset(part.words))
    links = sum(weight for _, weight in text.links)
    share = min(agreed / text.weight, linked / links if links else 1.0)
    return text.weight * share if share >= _NEAR else 0.0


# --- the texts that hold the message


def _within(texts: list[_Text], lines: list[_Words]) -> Iterator[tuple[_Text, int, float]]:
    """The texts that a message of one line is a part of: what somebody types from memory."""
    whole = [(number, line) for number, line in enumerate(lines) if line.words]
    if len(whole) != 1 or len(whole[0][1].words) < 2:  # one word says little
        return
    number, line = whole[0]
    weight = sum(_weight(word) for word in line.words)
    for text in texts if weight >= 1.0 else ():
        if any(_starts(list(piece.words), tuple(line.words)) for piece in text.pieces):
            yield text, number, weight
