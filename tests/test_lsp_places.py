"""Places and names between kslint and the protocol."""

import os
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lsprotocol.types import Position, PositionEncodingKind
from pygls.workspace import PositionCodec

from kslint.lsp.positions import Positions
from kslint.lsp.uris import path_of, uri_of
from kslint.source.files import Found, discover, would_find
from kslint.source.nodes import Span
from kslint.source.text import Source, split_lines

ENCODINGS = (PositionEncodingKind.Utf8, PositionEncodingKind.Utf16, PositionEncodingKind.Utf32)
TEXTS = st.text(st.sampled_from("ab :\n\r\x85\u2028é😀"), max_size=30)


def positions(text: str, encoding: PositionEncodingKind) -> Positions:
    return Positions(Source("x.yaml", text.encode()), PositionCodec(encoding))


@pytest.mark.parametrize(
    ("encoding", "start", "end"),
    [(ENCODINGS[0], 8, 12), (ENCODINGS[1], 6, 10), (ENCODINGS[2], 5, 9)],
)
def test_columns_count_in_the_units_agreed_on(
    encoding: PositionEncodingKind, start: int, end: int
) -> None:
    found = positions('{"😀": name}', encoding).range(Span("x.yaml", 1, 6, 1, 10))
    assert (found.start, found.end) == (Position(0, start), Position(0, end))


def test_a_line_break_to_yaml_may_be_none_to_the_editor() -> None:
    text = 'a: "x\u2028y"\nb: 1\n'
    assert split_lines(text)[2] == "b: 1"
    found = positions(text, PositionEncodingKind.Utf16)
    assert found.range(Span("x.yaml", 3, 1, 3, 2)).start == Position(1, 0)
    assert found.place(Position(0, 6)) == (2, 1)
    assert found.place(Position(1, 0)) == (3, 1)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_there_and_back(text: str, encoding: PositionEncodingKind, data: st.DataObject) -> None:
    found = positions(text, encoding)
    lines = split_lines(text)
    line = data.draw(st.integers(1, len(lines)))
    assume(lines[line - 1])
    column = data.draw(st.integers(1, len(lines[line - 1])))
    there = found.range(Span("x.yaml", line, column, line, column + 1)).start
    assert found.place(there) == (line, column)


@settings(deadline=None)
@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_no_position_is_too_far(text: str, line: int, character: int) -> None:
    found = positions(text, PositionEncodingKind.Utf16)
    ours = found.place(Position(line, character))
    assert ours[0] <= len(split_lines(text))
    found.range(Span("x.yaml", line + 1, character + 1, line + 9, 1))


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b%20c%23d%3Be.yaml", "/a/b c#d;e.yaml"),
        ("file:///a/b;c.yaml", "/a/b;c.yaml"),
        ("file://localhost/a/b.yaml", "/a/b.yaml"),
        ("file:///a/%C3%A9.yaml", "/a/é.yaml"),
        ("untitled:Untitled-1", None),
        ("git:/a/b.yaml?ref", None),
    ],
)
def test_the_path_of_a_uri(uri: str, path: str | None) -> None:
    assert path_of(uri) == path


@pytest.mark.parametrize(
    "uri", ["file:///c%3A/a/b.yaml", "file:///C:/a/b.yaml", "file:///c:/a/b.yaml"]
)
def test_editors_spell_drives_differently(uri: str) -> None:
    assert path_of(uri, windows=True) == "C:/a/b.yaml"
    assert path_of("file://host/share/b.yaml", windows=True) == "//host/share/b.yaml"


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1))
def test_paths_survive_as_uris(names: list[str]) -> None:
    path = os.path.normpath("/" + "/".join(names).encode("utf-8", "replace").decode())
    assert path_of(uri_of(path)) == path


def test_an_unsaved_file_is_found_where_a_saved_one_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/out/\n*.tmp.yaml\n!keep.tmp.yaml\n")
    (tmp_path / "a" / "env").mkdir(parents=True)
    (tmp_path / "a" / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "a" / ".gitignore").write_text("b.yaml\n")
    names = [
        f"{folder}{name}"
        for folder in ("", "a/", "a/env/", "out/", "node_modules/", "excluded/", "out/a/")
        for name in ("a.yaml", "b.yaml", "c.tmp.yaml", "keep.tmp.yaml", "kslint.yaml", "x.txt")
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("a: 1\n")
    monkeypatch.chdir(tmp_path)

    def exclude(path: str, is_directory: bool) -> bool:
        return is_directory and os.path.normpath(path) == "excluded"

    found = {one.name for one in discover(["."], exclude) if isinstance(one, Found)}
    assert found == {"a.yaml", "b.yaml", "keep.tmp.yaml", "a/a.yaml", "a/keep.tmp.yaml"}
    assert {name for name in names if would_find(name.replace("/", os.sep), exclude)} == found
