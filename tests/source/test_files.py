"""Finding and reading input."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from kslint.findings import Result, Summary
from kslint.report import frames
from kslint.report import text as text_report
from kslint.source import files
from kslint.source.files import (
    MAX_BYTES,
    SKIPPED_DIRECTORIES,
    Found,
    InputProblem,
    Source,
    discover,
    read,
)
from kslint.source.load import load
from kslint.source.text import encoding_of, split_lines


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("a: 1\n")


def names(*paths: str) -> list[str]:
    return [item.name for item in discover(paths) if isinstance(item, Found)]


def problems(*paths: str) -> list[InputProblem]:
    return [item for item in discover(paths) if isinstance(item, InputProblem)]


# What is found


def test_directories_files_and_suffixes() -> None:
    write("b.yml", "a.yaml", "c.json", "D.YAML", "x.txt", "yaml", "d/z.yaml", ".h.yaml", ".g/i.yml")
    top = [".h.yaml", "D.YAML", "a.yaml", "b.yml", "c.json"]
    assert names(".") == [*top, ".g/i.yml", "d/z.yaml"]
    assert names("x.txt", "yaml") == ["x.txt", "yaml"]
    assert problems(".") == []


def test_each_file_once() -> None:
    write("d/a.yaml", "d/e/b.yaml")
    everything = ["d/a.yaml", "d/e/b.yaml"]
    assert names("d", "d/a.yaml", ".", "./d/../d", os.path.abspath("d")) == everything
    assert names("d/e/b.yaml", "d") == everything
    Path("link.yaml").symlink_to("d/a.yaml")
    Path("linked").symlink_to("d")
    assert names("link.yaml", "d") == ["link.yaml", "d/e/b.yaml"]
    assert names("linked", "d") == names("d", "linked") == everything
    assert len(problems("x", "x", "./x")) == 1


def test_skipped_directories_and_virtual_environments() -> None:
    write(
        "a.yaml", *(f"{name}/x.yaml" for name in SKIPPED_DIRECTORIES), "env/x.yaml", "env/y/x.yaml"
    )
    Path("env/pyvenv.cfg").write_text("home = x\n")
    assert names(".") == ["a.yaml"]
    assert names("env", "node_modules") == ["env/x.yaml", "env/y/x.yaml", "node_modules/x.yaml"]


def test_links_are_not_followed() -> None:
    write("d/a.yaml")
    Path("d/link.yaml").symlink_to("a.yaml")
    Path("d/dangling.yaml").symlink_to("nowhere")
    Path("d/loop").symlink_to(".")
    Path("d/up").symlink_to("..")
    Path("d/self").symlink_to("self")
    assert names("d") == ["d/a.yaml"]
    assert problems("d") == []
    assert [p.message for p in problems("d/dangling.yaml")] == ["is a link to nothing"]
    assert "symbolic links" in problems("d/self")[0].message


def test_pipes_and_devices_in_a_directory_are_never_opened() -> None:
    os.mkfifo("pipe.yaml")
    write("a.yaml")
    assert names(".") == ["a.yaml"]
    assert [len(f.documents) for f in load(["."]).files] == [1]
    assert problems("/dev/null") == [InputProblem("/dev/null", "is neither a file nor a directory")]


def test_a_named_pipe_is_read() -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_text("a: 1\n"))
    writer.start()
    (found,) = discover(["pipe"])
    assert isinstance(found, Found)
    source = read(found)
    writer.join()
    assert isinstance(source, Source)
    assert source.data == b"a: 1\n"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.yaml", ["a.yaml", "b.yaml"]),
        ("?.yaml", ["a.yaml", "b.yaml"]),
        ("[b-z].yaml", ["b.yaml"]),
        ("d/*", ["d/a.yaml", "d/e/c.yaml", "d/t.txt"]),
        ("*/a.yaml", ["d/a.yaml"]),
        ("**/a.yaml", ["a.yaml", "d/a.yaml"]),
        ("d/**", ["d/a.yaml", "d/e/c.yaml", "d/t.txt"]),
        ("**/**/e/*.yaml", ["d/e/c.yaml"]),
        ("./d/**/*.yaml", ["d/a.yaml", "d/e/c.yaml"]),
        (".h*", [".h/x.yaml"]),
    ],
)
def test_globs(pattern: str, expected: list[str]) -> None:
    write(
        "a.yaml", "b.yaml", "d/a.yaml", "d/t.txt", "d/e/c.yaml", ".h/x.yaml", "node_modules/a.yaml"
    )
    found = sorted(name for name in names(pattern) if not name.startswith("node_modules"))
    assert found == expected
    assert "node_modules/a.yaml" not in names("**/a.yaml")
    absolute = os.path.join(os.getcwd(), pattern)
    assert sorted(n for n in names(absolute) if not n.startswith("node_modules")) == expected


def test_a_glob_that_matches_nothing() -> None:
    write("a.yaml")
    assert problems("*.json") == [InputProblem("*.json", "matches no file")]
    write("b[1].yaml")
    assert names("b[1].yaml") == ["b[1].yaml"]


def test_a_glob_ends_in_spite_of_loops() -> None:
    write("d/a.yaml")
    Path("d/x").symlink_to(".")
    Path("d/y").symlink_to(".")
    began = time.process_time()
    assert names("**/*.yaml") == ["d/a.yaml"]
    assert names("**/x/**/*.yaml") == ["d/x/a.yaml"]
    assert time.process_time() - began < 1


# How it is shown


def test_names_are_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/b.yaml", "..c.yaml", "other/x.yaml")
    assert names("./a/../a//b.yaml") == ["a/b.yaml"]
    assert names(os.path.abspath("a")) == ["a/b.yaml"]
    assert names("..c.yaml") == ["..c.yaml"]
    outside = os.path.abspath("other/x.yaml")
    monkeypatch.chdir("a")
    assert names("..//other/./x.yaml") == ["../other/x.yaml"]
    assert names(outside) == [outside]


@pytest.mark.parametrize(
    "name", ["a b.yaml", "a\nb.yaml", "é.yaml", "a\x1b[31m.yaml", "a\u202eb.yml"]
)
def test_odd_names(name: str) -> None:
    write(name)
    Path(name).write_text("apiVersion: [\n")
    loaded = load(["."])
    (trouble,) = loaded.troubles
    assert trouble.span.file == name
    _printed(loaded.troubles[0].span.file)


def test_names_that_are_no_utf_8() -> None:
    name = os.fsdecode(b"caf\xe9.yaml")
    try:
        Path(name).write_text("kind: [\n")
    except OSError:
        pytest.skip("this file system has no such names")
    for paths in (["."], [name], [name[:-1] + "*"], ["missing" + name]):
        (trouble,) = load(paths).troubles
        assert trouble.span.file.endswith(r"caf\xe9.yaml")
        _printed(trouble.span.file)


def _printed(file: str) -> None:
    file.encode()
    shown = frames.printable(file)
    assert shown.isprintable()
    assert text_report.render(Result([], Summary(0, 0, 0, 0, 0), False, []), {})


def test_long_and_impossible_paths() -> None:
    (long,) = problems("x/" * 5000 + "a.yaml")
    assert "too long" in long.message
    (long_glob,) = problems("x" * 5000 + "*")
    assert long_glob.message == "matches no file"
    assert problems("a\0b") == [InputProblem("a\\x00b", "is not a path")]
    assert [p.file for p in problems("")] == ["<empty path>"]
    deep = Path("/".join(["d" * 200] * 15))
    deep.mkdir(parents=True)
    (deep / "a.yaml").write_text("a: 1\n")
    assert len(load(["."]).files) == 1


# What cannot be read


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = io.BytesIO(b"a: [\n")

    monkeypatch.setattr(sys, "stdin", Standard)
    loaded = load(["-", "-"])
    assert [str(trouble.span) for trouble in loaded.troubles] == ["<stdin>:2:1"]
    Standard.buffer = io.BytesIO(b"a" * 100)
    assert isinstance(read(Found("-", "<stdin>", True), max_bytes=99), InputProblem)


def test_a_large_file_that_is_named_is_refused_without_being_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write("a.yaml")
    os.truncate("a.yaml", MAX_BYTES + 1)
    (found,) = discover(["a.yaml"])
    assert isinstance(found, Found)
    monkeypatch.setattr(
        files, "_read_up_to", lambda _, limit: pytest.fail("read") if limit else b""
    )
    problem = read(found)
    assert isinstance(problem, InputProblem)
    assert problem.message.startswith("is larger than 32 MiB")


def test_the_head_of_a_large_file_tells_if_it_is_a_manifest() -> None:
    Path("a.yaml").write_text("apiVersion: v1\nkind: Pod\n")
    Path("data.json").write_text("[1, 2]\n")
    for file in ("a.yaml", "data.json"):
        os.truncate(file, MAX_BYTES + 1)
    loaded = load(["."])
    assert [trouble.span.file for trouble in loaded.troubles] == ["a.yaml"]
    assert [(s.file, s.reason) for s in loaded.skipped] == [("data.json", "larger than 32 MiB")]


def test_a_file_that_grows_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml")
    monkeypatch.setattr(files, "_read_up_to", lambda _handle, limit: b"x" * limit)
    (found,) = discover(["a.yaml"])
    assert isinstance(found, Found)
    assert isinstance(read(found, max_bytes=1000), InputProblem)


def test_a_file_that_vanishes() -> None:
    write("a.yaml", "b.yaml")
    found = [item for item in discover(["."]) if isinstance(item, Found)]
    Path("a.yaml").unlink()
    first, second = (read(item) for item in found)
    assert first == InputProblem("a.yaml", "cannot be read: No such file or directory")
    assert isinstance(second, Source)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_without_permission_for_real() -> None:
    write("a.yaml", "d/b.yaml")
    Path("a.yaml").chmod(0)
    Path("d").chmod(0)
    messages = [trouble.message for trouble in load(["."]).troubles]
    Path("d").chmod(0o700)
    assert messages == ["cannot be read: Permission denied"] * 2


def test_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml", "d/b.yaml", "e/c.yaml")
    real_open, real_scan = open, os.scandir

    def no_open(file: str, *args: object, **kwargs: object) -> object:
        if str(file).endswith("a.yaml"):
            raise PermissionError(13, "Permission denied")
        return real_open(file, *args, **kwargs)  # type: ignore[call-overload]

    def no_scan(path: str) -> object:
        if path.endswith("d"):
            raise PermissionError(13, "Permission denied")
        return real_scan(path)

    monkeypatch.setattr("builtins.open", no_open)
    monkeypatch.setattr(os, "scandir", no_scan)
    loaded = load(["."])
    assert [(t.span.file, t.message) for t in loaded.troubles] == [
        ("a.yaml", "cannot be read: Permission denied"),
        ("d", "cannot be read: Permission denied"),
    ]
    assert [file.source.name for file in loaded.files] == ["e/c.yaml"]


@pytest.mark.parametrize("data", [b"\x7fELF\0\0\0", b"PK\x03\x04\0", b"a: 1\n\0" + b"x" * 9000])
def test_binary_data(data: bytes) -> None:
    Path("a.yaml").write_bytes(data)
    (found,) = discover(["a.yaml"])
    assert isinstance(found, Found)
    assert read(found) == InputProblem("a.yaml", "holds binary data, not YAML or JSON")
    (found,) = discover(["."])
    assert isinstance(found, Found)
    assert read(found) == InputProblem("a.yaml", "binary data", passed_over=True)


def test_what_git_crypt_encrypts_is_passed_over() -> None:
    Path("a.yaml").write_bytes(b"\0GITCRYPT\0\x93\x01")
    (found,) = discover(["."])
    assert isinstance(found, Found)
    assert read(found) == InputProblem("a.yaml", "encrypted by git-crypt", passed_over=True)


def test_a_manifest_with_a_zero_byte_is_no_binary_file() -> None:
    Path("a.yaml").write_bytes(b"apiVersion: v1\nkind: Secret\0\n")
    (found,) = discover(["."])
    assert isinstance(found, Found)
    assert read(found) == InputProblem("a.yaml", "holds binary data, not YAML or JSON")


# Text


@pytest.mark.parametrize(
    ("data", "encoding"),
    [(b"", "utf-8"), (b"a", "utf-8"), (b"abcd", "utf-8"), (b"\xef\xbb\xbfa", "utf-8-sig"),
     ("ab".encode("utf-16"), "utf-16"), ("ab".encode("utf-16-le"), "utf-16-le"),
     ("ab".encode("utf-16-be"), "utf-16-be"), (b"\xff\xfe", "utf-16"), (b"\0\0\0\0", "utf-8")],
)  # fmt: skip
def test_encodings(data: bytes, encoding: str) -> None:
    assert encoding_of(data) == encoding


def test_lines_are_those_yaml_counts() -> None:
    assert split_lines("a\r\nb\rc\nd\x85e\u2028f\u2029g") == list("abcdefg")
    assert split_lines("a\x0bb\x0cc\x1cd\n") == ["a\x0bb\x0cc\x1cd", ""]
    source = Source("f", b"\xef\xbb\xbfa\r\n\xffb")
    assert [source.line(n) for n in (-1, 0, 1, 2, 3)] == ["", "", "a", "\ufffdb", ""]


def test_a_pattern_follows_no_link_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("a: 1\n")
    tree = tmp_path / "tree"
    (tree / "serving").mkdir(parents=True)
    (tree / "shared.yaml").write_text("a: 1\n")
    (tree / "serving" / "own.yaml").write_text("a: 1\n")
    (tree / "serving" / "link.yaml").symlink_to(outside / "secret.yaml")
    (tree / "serving" / "near.yaml").symlink_to(tree / "shared.yaml")
    (tree / "linked").symlink_to(outside)
    monkeypatch.chdir(tree)

    def names(pattern: str) -> list[str]:
        found = discover([pattern])
        return [one.name if isinstance(one, Found) else one.message for one in found]

    assert names("serving/*.yaml") == ["serving/own.yaml"]
    assert names("*/*.yaml") == ["serving/near.yaml", "serving/own.yaml"]
    assert names("linked/*.yaml") == ["linked/secret.yaml"]  # whoever names the link means it
    (tree / ".git").mkdir()
    assert names("serving/*.yaml") == ["serving/near.yaml", "serving/own.yaml"]
    assert names("linked/*.yaml") == ["linked/secret.yaml"]
    assert names("linke[d]/*.yaml") == ["matches no file"]
