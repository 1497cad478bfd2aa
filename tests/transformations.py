"""Ways to write the same manifests differently, which must change no finding but its place.

A transformation takes the files of an input and gives others that mean the same to a cluster.
Files that one cannot rewrite safely it leaves as they are: broken ones, those where a comment or
an anchor would be lost, those that an Application or a kustomization reads by name.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from yaml.events import AliasEvent, ScalarEvent

from kslint.report.yaml import render
from kslint.resources import KUSTOMIZATIONS, is_object
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from kslint.source.document import Document
    from kslint.source.nodes import Node

Files = dict[str, bytes]
"""Contents by path, in the order they are read in."""
Place = tuple[str, int]
"""File and line."""


class Rewritten(NamedTuple):
    """The new files, and where the line of an old finding stands now; columns stay.

    `moved` is None where places are not told.
    """

    files: Files
    moved: Callable[[Place], Place] | None


class Transformation(NamedTuple):
    """A name, and what rewrites an input."""

    name: str
    change: Callable[[Files, Random], Rewritten]


def _documents(name: str, data: bytes) -> list[Document] | None:
    """The documents of a file that is read without trouble; None of others."""
    loaded = Input([], [], [])
    load_source(Source(name, data), loaded)
    if loaded.troubles or loaded.skipped or not loaded.files:
        return None
    documents = loaded.files[0].documents
    if any(d.duplicates or d.refusals or d.composite_keys for d in documents):
        return None
    return documents


def _is_data(name: str) -> bool:
    return name.endswith((".yaml", ".yml", ".json"))


def _mentions(files: Files, name: str) -> list[str]:
    """The files that name another one."""
    word = posixpath.basename(name).encode()
    return [other for other, data in files.items() if word in data]


def _movable(files: Files, name: str) -> bool:
    """Are there but Kubernetes objects in a file, and may it be named or divided otherwise?"""
    documents = _documents(name, files[name]) if _is_data(name) else None
    if not documents or b"ignore-file" in files[name]:
        return False
    if _is_template(files, name) or ".template." in name:
        return False
    globs = (b"include:", b"exclude:", b"perPath", b"files:")
    return all(is_object(d.root) for d in documents) and not any(
        glob in data for glob in globs for data in files.values()
    )


def _is_template(files: Files, name: str) -> bool:
    """Is a file a chart's template, which is text for Helm first and YAML afterwards?"""
    return "/templates/" in f"/{name}" and _is_chart(files)


def _is_chart(files: Files) -> bool:
    return any(posixpath.basename(name) == "Chart.yaml" for name in files)


# ---- the same text, with other bytes between


def _each(files: Files, change: Callable[[str, bytes], bytes]) -> Files:
    return {n: change(n, d) if _is_data(n) and d.isascii() else d for n, d in files.items()}


def _carriage_returns(files: Files, _: Random) -> Rewritten:
    def change(_name: str, data: bytes) -> bytes:
        return data if b"\r" in data else data.replace(b"\n", b"\r\n")

    return Rewritten(_each(files, change), lambda place: place)


def _byte_order_mark(files: Files, random: Random) -> Rewritten:
    encoding = random.choice(["utf-8-sig", "utf-16"])
    return Rewritten(
        _each(files, lambda _, data: data.decode().encode(encoding)), lambda place: place
    )


def _blanks_at_line_ends(files: Files, _: Random) -> Rewritten:
    def change(name: str, data: bytes) -> bytes:
        inside = _text_lines(data)
        if inside is None or b"kslint:" in data or b"\r" in data:
            return data
        lines = data.decode().split("\n")
        return "\n".join(
            line if number in inside or not line.strip() else line + "  "
            for number, line in enumerate(lines)
        ).encode()

    return Rewritten(_each(files, change), lambda place: place)


def _comments_behind(files: Files, _: Random) -> Rewritten:
    def change(name: str, data: bytes) -> bytes:
        inside = _text_lines(data)
        if inside is None or b"\r" in data:
            return data
        lines = data.decode().split("\n")
        return "\n".join(
            line if number in inside or not line.strip() or "#" in line else f"{line}  # a: [note"
            for number, line in enumerate(lines)
        ).encode()

    return Rewritten(_each(files, change), lambda place: place)


def _text_lines(data: bytes) -> set[int] | None:
    """The lines, from 0, that a text of several lines covers; None if the YAML is broken.

    Lines of directives and document marks are among them: little may follow there.
    """
    found: set[int] = set()
    try:
        for event in yaml.parse(data, Loader=yaml.CSafeLoader):
            start: Any = event.start_mark
            end: Any = event.end_mark
            if isinstance(event, ScalarEvent) and end.line > start.line:
                block = event.style in ("|", ">")
                last = end.line - (end.column == 0 and block)
                found.update(range(start.line, last + 1))
    except yaml.YAMLError:
        return None
    lines = data.decode().split("\n")
    found |= {n for n, line in enumerate(lines) if line.startswith(("%", "---", "..."))}
    return found


def _lines_between(new: bytes) -> Callable[[Files, Random], Rewritten]:
    """Put a line in before every fifth line or so, where none of a text stands."""

    def change(files: Files, random: Random) -> Rewritten:
        before: dict[str, list[int]] = {}
        found: Files = {}
        for name, data in files.items():
            inside = _text_lines(data) if _is_data(name) and data.isascii() else None
            if inside is None or b"\r" in data or b"{{" in data:
                found[name] = data
                continue
            lines: list[bytes] = []
            before[name] = []
            for number, line in enumerate(data.split(b"\n")):
                # a text is over where the line before it is no part of it any more
                if number not in inside and line.strip() and random.random() < 0.2:
                    lines.append(new)
                    before[name].append(number)
                lines.append(line)
            found[name] = b"\n".join(lines)

        def moved(place: Place) -> Place:
            name, line = place
            return name, line + sum(number < line for number in before.get(name, ()))

        return Rewritten(found, moved)

    return change


# ---- the same values, in another notation


def _rewritten(
    write: Callable[[list[Document]], str | None],
) -> Callable[[Files, Random], Rewritten]:
    def change(files: Files, _: Random) -> Rewritten:
        def one(name: str, data: bytes) -> bytes:
            documents = _documents(name, data)
            if documents is None or b"kslint:" in data or _has_aliases(data):
                return data
            if _is_template(files, name):
                return data
            text = write(documents)
            return data if text is None else text.encode()

        return Rewritten(_each(files, one), None)

    return change


def _has_aliases(data: bytes) -> bool:
    """True, too, for what PyYAML cannot read: kubectl takes more."""
    try:
        events = list(yaml.parse(data, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return True
    return any(isinstance(event, AliasEvent) for event in events)


def _as_json(documents: list[Document]) -> str:
    return "\n---\n".join(json.dumps(d.root.plain(), indent=2) for d in documents) + "\n"


def _as_json_lines(documents: list[Document]) -> str:
    return "\n---\n".join(json.dumps(d.root.plain(), separators=(",", ":")) for d in documents)


def _as_flow(documents: list[Document]) -> str:
    """Flow style, with every text in single quotes."""
    return "".join(f"---\n{_flow(d.root.plain())}\n" for d in documents)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",\n ".join(f"{_flow(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value)


def _as_block(documents: list[Document]) -> str:
    """As kubectl prints it: comments gone, quotes only where they are needed."""
    return "---\n".join(render(document.root) for document in documents)


def _keys_turned(documents: list[Document]) -> str:
    return "---\n".join(render(_turned(document.root)) for document in documents)


def _turned(node: Node) -> Node:
    """Every mapping with its keys the other way round."""
    if isinstance(node, Map):
        return Map({key: _turned(child) for key, child in reversed(node.entries.items())})
    if isinstance(node, Seq):
        return Seq([_turned(child) for child in node.children])
    return node


def _anchored(documents: list[Document]) -> str | None:
    """A lone document with anchors on its blocks, and nulls spelt `~`."""
    if len(documents) != 1:
        return None
    count = 0
    lines = []
    for line in render(documents[0].root).split("\n"):
        if re.fullmatch(r"\s*(- )?[a-zA-Z]+:", line):
            count += 1
            line += f" &a{count}"
        lines.append(re.sub(r": null$", ": ~", line))
    return "\n".join(lines)


# ---- the same documents, in other files


def _parts(data: bytes) -> list[bytes] | None:
    """The texts between document marks; None where there is more to it than `---` lines."""
    text = data.decode()
    if re.search(r"^(%|\.\.\.|--- *[^\s#])", text, re.MULTILINE) or "\r" in text:
        return None
    parts = re.split(r"^---.*\n", text, flags=re.MULTILINE)
    return [part.encode() for part in parts if _has_content(part)]


def _has_content(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.split("\n"))


def _documents_turned(files: Files, _: Random) -> Rewritten:
    """Each file's documents the other way round; a file's lines move with their document."""
    found = dict(files)
    shifts: dict[str, list[tuple[int, int, int]]] = {}  # first line, end, by how much
    for name, data in files.items():
        parts = _parts(data) if _movable(files, name) and data.isascii() else None
        if parts is None or len(parts) < 2:
            continue
        at, places = 0, []
        for part in parts:
            at = data.index(part, at)
            first = data.count(b"\n", 0, at) + 1
            places.append((first, part.rstrip(b"\n") + b"\n"))
            at += len(part)
        line, shifts[name] = 1, []
        for first, part in reversed(places):
            size = part.count(b"\n")
            shifts[name].append((first, first + size, line - first))
            line += size + 1
        found[name] = b"---\n".join(part for _, part in reversed(places))

    def moved(place: Place) -> Place:
        name, line = place
        for first, end, by in shifts.get(name, ()):
            if first <= line < end:
                return name, line + by
        return place

    return Rewritten(found, moved)


def _one_document_a_file(files: Files, _: Random) -> Rewritten:
    """Files divided; a kustomization lists the parts where it listed the whole."""
    found = dict(files)
    for name, data in files.items():
        parts = _parts(data) if _movable(files, name) and data.isascii() else None
        if parts is None or len(parts) < 2:
            continue
        stem, dot, suffix = name.rpartition(".")
        new = [f"{stem}-{number}{dot}{suffix}" for number in range(len(parts))]
        if _renamed_in_kustomizations(found, name, new):
            del found[name]
            found.update(zip(new, parts, strict=True))
    return Rewritten(found, None)


def _renamed_in_kustomizations(files: Files, name: str, new: list[str]) -> bool:
    """Put new names in place of one in lists of kustomizations. False if another file names it."""
    mentions = _mentions(files, name)
    if sum(posixpath.basename(other) == posixpath.basename(name) for other in files) > 1:
        return False
    old = posixpath.basename(name)
    line = re.compile(rf"^(\s*- )(\S*/|){re.escape(old)}\s*$", re.MULTILINE)
    changed: Files = {}
    for other in mentions:
        text = files[other].decode()
        if posixpath.basename(other) not in KUSTOMIZATIONS or text.count(old) != len(
            line.findall(text)
        ):
            return False
        if len(new) > 1 and "atches" in text:  # a patch of several documents is another thing
            return False
        items = "\n".join(rf"\g<1>\g<2>{posixpath.basename(each)}" for each in new)
        changed[other] = line.sub(items, text).encode()
    files.update(changed)
    return True


def _all_in_one_file(files: Files, _: Random) -> Rewritten:
    """The files of a directory joined, where none of them is read by name.

    Two files that write the same object are pieces that some tool joins: they stay apart.
    """
    found: Files = {}
    written: dict[str, set[object]] = {}
    first: dict[str, str] = {}
    starts: dict[str, tuple[str, int]] = {}
    for name, data in files.items():
        directory = posixpath.dirname(name)
        kustomized = any(posixpath.join(directory, k) in files for k in KUSTOMIZATIONS)
        if (
            kustomized
            or not _movable(files, name)
            or _mentions(files, name)
            or _parts(data) is None
            or name.endswith(".json")
            or written.setdefault(directory, set()) & (new := _identities(name, data))
        ):
            found[name] = data
            continue
        written[directory] |= new
        if directory not in first:
            first[directory] = name
            found[name] = data
        else:
            into = first[directory]
            before = found[into].rstrip(b"\n") + b"\n---\n"
            starts[name] = (into, before.count(b"\n"))
            found[into] = before + data

    def moved(place: Place) -> Place:
        name, line = place
        into, offset = starts.get(name, (name, 0))
        return into, line + offset

    return Rewritten(found, moved)


def _identities(name: str, data: bytes) -> set[object]:
    """Kind and metadata of a file's objects."""
    found: set[object] = set()
    for document in _documents(name, data) or ():
        plain: Any = document.root.plain()
        metadata = plain.get("metadata")
        if isinstance(metadata, dict):
            found.add(repr((plain.get("kind"), metadata.get("namespace"), metadata.get("name"))))
    return found


def _lists(files: Files, _: Random) -> Rewritten:
    """The objects of a file as the items of a `kind: List`."""
    found = dict(files)
    for name, data in files.items():
        parts = _parts(data) if _movable(files, name) and data.isascii() else None
        if not parts or _mentions(files, name) or name.endswith(".json"):
            continue
        if any(
            is_json_like(part) or re.search(rb"^kind: \S*List\b", part, re.MULTILINE)
            for part in parts
        ):
            continue
        items = [
            b"  -\n" + b"\n".join(b"    " + line if line else line for line in part.split(b"\n"))
            for part in parts
        ]
        found[name] = b"apiVersion: v1\nkind: List\nitems:\n" + b"\n".join(items)
    return Rewritten(found, None)


def is_json_like(data: bytes) -> bool:
    return data.lstrip()[:1] in (b"{", b"[")


def _other_names(files: Files, _: Random) -> Rewritten:
    """Files renamed so that they are read in the opposite order."""
    found = dict(files)
    now: dict[str, str] = {}
    names = [name for name in files if _movable(files, name)]
    for number, name in enumerate(reversed(names)):
        directory, base = posixpath.split(name)
        new = posixpath.join(directory, f"{number:03}-of-{base}")
        if _renamed_in_kustomizations(found, name, [new]):
            found[new] = found.pop(name)
            now[name] = new
    return Rewritten(in_walk_order(found), lambda place: (now.get(place[0], place[0]), place[1]))


def in_walk_order(files: Files) -> Files:
    """In the order a walk through the directories gives: files before directories."""
    return {name: files[name] for name in sorted(files, key=_walk_order)}


def _walk_order(name: str) -> list[tuple[bool, str]]:
    *directories, base = name.split("/")
    return [*((True, part) for part in directories), (False, base)]


def _other_order(files: Files, random: Random) -> Rewritten:
    names = list(files)
    random.shuffle(names)
    return Rewritten({name: files[name] for name in names}, lambda place: place)


def _strangers(files: Files, _: Random) -> Rewritten:
    """Files that have nothing to do with the rest."""
    widget = b"apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: w\n  namespace: else\n"
    more = {
        "000.yaml": widget,
        "zzz/notes.yaml": b"- a list\n- of notes\n",
        "zzz/empty.yaml": b"# nothing\n",
    }
    return Rewritten(in_walk_order({**files, **more}), lambda place: place)


def _from_above(files: Files, _: Random) -> Rewritten:
    """The input is a directory of what is checked."""
    # whether a directory is a chart's is looked up on the disk
    if _is_chart(files) or any(b"perPath" in data for data in files.values()):
        return Rewritten(files, lambda place: place)
    return Rewritten(
        {f"tree/{name}": data for name, data in files.items()},
        lambda place: (f"tree/{place[0]}", place[1]),
    )


TRANSFORMATIONS = [
    Transformation("CRLF", _carriage_returns),
    Transformation("a byte order mark, UTF-16", _byte_order_mark),
    Transformation("blanks at line ends", _blanks_at_line_ends),
    Transformation("comments behind lines", _comments_behind),
    Transformation("comments between lines", _lines_between(b"# a: [note")),
    Transformation("blank lines", _lines_between(b"")),
    Transformation("JSON", _rewritten(_as_json)),
    Transformation("JSON on one line", _rewritten(_as_json_lines)),
    Transformation("flow style", _rewritten(_as_flow)),
    Transformation("block style", _rewritten(_as_block)),
    Transformation("keys turned", _rewritten(_keys_turned)),
    Transformation("anchors", _rewritten(_anchored)),
    Transformation("documents turned", _documents_turned),
    Transformation("one document a file", _one_document_a_file),
    Transformation("all in one file", _all_in_one_file),
    Transformation("lists", _lists),
    Transformation("other names", _other_names),
    Transformation("another order", _other_order),
    Transformation("strangers", _strangers),
    Transformation("from above", _from_above),
]
