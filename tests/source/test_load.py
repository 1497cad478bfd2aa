"""Broken input is told at its place, and everything else is still read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kslint.source import load as module
from kslint.source.files import Source
from kslint.source.load import MAX_BROKEN_DOCUMENTS, Input, Trouble, load, load_source, parsed
from kslint.source.nodes import Span


def loaded(text: str | bytes, name: str = "f.yaml") -> Input:
    result = Input([], [], [])
    load_source(Source(name, text.encode() if isinstance(text, str) else text), result)
    return result


def places(result: Input) -> list[tuple[int, int]]:
    assert {trouble.rule for trouble in result.troubles} <= {"yaml-syntax"}
    return [(trouble.span.line, trouble.span.column) for trouble in result.troubles]


def values(result: Input) -> list[object]:
    return [document.root.plain() for file in result.files for document in file.documents]


def test_documents_around_a_broken_one_are_read_at_their_lines() -> None:
    result = loaded("a: 1\n---\nb: [1\n---\nc: 3\n---\n d: 1\ne: 2\n---\nf:\n  g: 5\n")
    assert places(result) == [(4, 1), (8, 1)]
    assert values(result) == [{"a": 1}, {"c": 3}, {"f": {"g": 5}}]
    documents = result.files[0].documents
    assert [document.number for document in documents] == [0, 2, 4]
    assert documents[2].root.at("f", "g").place == Span("f.yaml", 11, 3, 11, 4)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "broken",
    ["b: [1", "b: {", "b: 'x", 'b: "\\q"', "b: @x", " b: 1\nc: 2", "b: c: d", "\tb: 1", "- b\nc",
     "b: *x", "<<: 1", "[" * 300, "b: |\n  x\n y: 1", "}", "b: &x [*x]", "%", "b: %x"],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_broken_document_is_one_trouble(broken: str, newline: str) -> None:
    text = f"a: 1\n---\n{broken}\n---\nz:\n  y: 2\n".replace("\n", newline)
    result = loaded(text)
    assert len(result.troubles) == 1
    assert values(result) == [{"a": 1}, {"z": {"true": 2}}]
    last = result.files[0].documents[-1].root.at("z", "true")
    assert last is not None
    assert last.span is not None
    assert last.span.line == 6 + broken.count("\n")


def test_a_broken_first_line_is_told_once() -> None:
    assert places(loaded("--- }\na: 1\n")) == [(1, 5)]
    assert places(loaded("a: 1\n--- }\n---\nb: 1\n")) == [(2, 5)]


def test_dashes_that_are_no_separator() -> None:
    result = loaded("a: [\n---b\n---\nc: 1\n")
    assert len(result.troubles) == 1
    assert values(result) == [{"c": 1}]


def test_many_broken_documents() -> None:
    few = loaded("a: [\n---\n" * (MAX_BROKEN_DOCUMENTS - 1) + "b: 1\n")
    assert len(few.troubles) == MAX_BROKEN_DOCUMENTS - 1
    assert values(few) == [{"b": 1}]
    many = loaded("a: [\n---\n" * 5000 + "b: 1\n")
    assert len(many.troubles) == MAX_BROKEN_DOCUMENTS + 1
    assert many.troubles[-1].message == (
        f"{MAX_BROKEN_DOCUMENTS} documents before are broken; the rest of the file is not read"
    )
    assert many.troubles[-1].span.line == 2 * MAX_BROKEN_DOCUMENTS


def test_a_wrong_byte_is_one_message_and_the_rest_is_read() -> None:
    result = loaded(b"a: 1\n---\nb: caf\xe9\n---\nc: \x07\n---\nd: 4\n")
    assert [trouble.message for trouble in result.troubles] == ["byte 0xe9 is not UTF-8"]
    assert places(result) == [(3, 7)]
    assert values(result) == [{"a": 1}, {"b": "caf\ufffd"}, {"c": "\ufffd"}, {"d": 4}]
    assert [d.number for d in result.files[0].documents] == [0, 1, 2, 3]


def test_garbage_is_one_message() -> None:
    result = loaded(b"\x89PNG\r\n\x1a\n[{\n---\n@\n")
    assert len(result.troubles) == 1
    assert places(result) == [(1, 1)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_kubectl_reads(encoding: str) -> None:
    result = loaded("a: é😀\n---\nb: [\n---\nc: 1\n".encode(encoding))
    assert values(result) == [{"a": "é😀"}, {"c": 1}]
    assert places(result) == [(4, 1)]


@pytest.mark.parametrize("data", ["a: 1".encode("utf-32"), b"\xff\xfe\x00", b"\xfe\xff"])
def test_other_encodings_do_not_crash(data: bytes) -> None:
    loaded(data)


def test_conflict_markers() -> None:
    text = "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n---\nc: 1\n"
    result = loaded(text)
    message = "a merge conflict marker was left in the file"
    assert result.troubles == [Trouble("yaml-syntax", Span("f.yaml", 2, 1, 2, 8), message)]
    assert values(result) == [{"c": 1}]


# Templates

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


@pytest.mark.parametrize(
    "text",
    [
        "{{- if .Values.x }}\n" + OBJECT + "{{- end }}\n",
        OBJECT + "data:\n  {{- toYaml .Values.data | nindent 2 }}\n",
        OBJECT + "data:\n  x: {{ .Values.x }}\n",
        OBJECT + "data:\n  x: {{ .Values.x | quote }}\n",
        OBJECT + 'data:\n  x: "{{ .Values.x | default "y" }}"\n',
        OBJECT + 'data:\n  x: {{ include "name" . }}-x\n',
        "{% if x %}\n" + OBJECT + "{% endif %}\n",
        "metadata:\n  name: {{ x }}-y\n" + OBJECT,
        "{{<- /*\n  {x}: 1\n*/ ->}}\n" + OBJECT,
        OBJECT + "%{ if x }namespace: ${x}%{ endif }\n",
        OBJECT + "data:\n  a: b\n  <MORE_DATA>\n  c: d\n",
        OBJECT + "data:\n  <MORE_DATA>\n  c: d\n",
        OBJECT + "data:\n  a: %namespace%-b\n",
        OBJECT + "data:\n  a: {PREFIX}.16\n",
        OBJECT + "data:\n  a: b\n  ...\n  c: d\n",
    ],
)
def test_templates_are_passed_over_and_counted(text: str) -> None:
    result = loaded(text)
    assert [(s.file, s.reason) for s in result.skipped] == [("f.yaml", module.TEMPLATE)]
    assert result.troubles == []
    assert result.files == []


TEMPLATE = OBJECT + "data: {{ x }}\n"
LATER = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: y}\n"


@pytest.mark.parametrize(
    ("text", "parts", "kept"),
    [
        (OBJECT + "---\n" + TEMPLATE, [(3, 9)], 1),
        (TEMPLATE + "---\n" + OBJECT, [(0, 4)], 1),
        (OBJECT + "---\n{{- if x }}\n" + LATER + "{{- end }}\n---\n" + LATER, [(3, 9)], 2),
        (TEMPLATE + "---\n" + OBJECT + "---\n" + TEMPLATE, [(0, 4), (8, 14)], 1),
        ("a: {{b: c}: d}\n---\n" + OBJECT, [(0, 1)], 1),
        # a document of a file of templates that breaks where there are no braces
        (f"{TEMPLATE}---\n{OBJECT}{{{{- x }}}}\na: b\n\n y: 1\n---\n{LATER}", [(0, 4), (4, 12)], 1),
        ("---\n".join([TEMPLATE + "{{ y }}\n"] * 30), None, 0),
    ],
)
def test_a_template_takes_no_other_document_along(
    text: str, parts: list[tuple[int, int]] | None, kept: int
) -> None:
    result = loaded(text)
    assert result.troubles == []
    assert sum(len(file.documents) for file in result.files) == kept
    if parts is not None:
        assert [(part.first, part.last) for part in result.skipped] == parts


@pytest.mark.parametrize(
    "line", ["  name: qwen: x # {{ x }}", "  name: x: y #{{ x }} {% y %}", "# {{ x }}\n y: : z"]
)
def test_braces_in_a_comment_make_no_template(line: str) -> None:
    result = loaded(f"kind: Pod\nmetadata:\n{line}\n")
    assert result.skipped == []
    assert len(result.troubles) == 1


# Files that are no manifests


def come_upon(text: str | bytes, name: str = "f.yaml") -> module.Input:
    data = text.encode() if isinstance(text, str) else text
    result = module.Input([], [], [])
    module.load_source(Source(name, data, named=False), result)
    return result


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tsconfig.json", '{\n  // as tsc allows\n  "lib": ["ES2020",],\n}\n'),
        ("tasks.json", '// tasks\n{"tasks": [{"group": {"kind": "build"}, /* { */ }],}\n'),
        ("database.yml", "development:\n  <<: *default\n  database: <%= ENV['DB'] %>\n"),
        ("notes.yaml", "a: b\n c: d\n"),
        ("steps.yaml", "run: |\n  cat <<E\n  apiVersion: v1\n  E\n x: y\n"),
        ("data.yaml", b"a: \xff\xfe\n"),
        ("x.yaml", "a: [\n"),
    ],
)
def test_a_broken_file_that_is_no_manifest_is_no_trouble(name: str, text: str | bytes) -> None:
    result = come_upon(text, name)
    assert (result.troubles, result.skipped) == ([], [])
    (file,) = result.files
    assert isinstance(file, module.Other)
    assert file.glimpse() == []
    assert not file.is_used
    used = file.documents
    assert (file.is_used, len(used)) == (True, len(file.documents))
    assert file.troubles
    data = text.encode() if isinstance(text, str) else text
    named = module.Input([], [], [])
    module.load_source(Source(name, data), named)
    assert named.troubles == file.troubles


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "apiVersion: v1\nkind: Pod\n a: b\n"),
        ("a.yaml", "# x\n---\n  kind: Pod\n  spec: [\n"),
        ("a.yaml", "a: [\n---\nkind: Pod\n"),
        ("a.yaml", " apiVersion: v1\nkind: Pod\n"),
        ("a.json", '{"metadata": {}, "kind": "Pod",, /* x */\n}\n'),
        ("a.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: a: b}}\n"),
        ("a.yaml", "\"apiVersion\": v1\n'kind' : Pod\n: [\n"),
        ("kustomization.yaml", "resources: [a.yaml\n"),
        ("a/Chart.yaml", "name: [\n"),
    ],
)
def test_a_broken_manifest_is_a_trouble_wherever_it_is_found(name: str, text: str) -> None:
    result = come_upon(text, name)
    assert len(result.troubles) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n", "[1, 2, 3]\n", '{"panels": [{"kinds": 1}]}\n', "on: push\njobs: {a: {kind: b}}\n",
        "x:\n          kind: y\n", '{"html": "\\u003cp\\u003e"}\n', "",
    ],
)  # fmt: skip
def test_what_cannot_be_a_manifest_is_parsed_when_it_is_used(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(module, "compose", lambda *_: pytest.fail("was parsed"))
        (file,) = come_upon(text).files
    assert isinstance(file, module.Other)
    assert not file.is_used
    assert [document.root.plain() for document in file.documents] == values(loaded(text))


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\n", "APIVERSION: v1\n", "kind: Pod\nmetadata: {}\n", "  kind: Pod\n",
        '{"kind": "Pod"}\n', '{\n  "kind": "Pod"\n}\n', "a: serving.kserve.io/v1beta1\n",
        '{"\\u0061piVersion": "v1"}\n', '"\\x6bind": Pod\n', '? "api\\\n  Version"\n: v1\n',
        "x: &a kind\n*a : Pod\napiVersion: v1",
    ],
)  # fmt: skip
def test_what_may_be_a_manifest_is_parsed(text: str) -> None:
    for data in (text.encode(), text.encode("utf-16")):
        (file,) = come_upon(data).files
        assert not isinstance(file, module.Other)


@pytest.mark.parametrize(
    "text",
    [
        OBJECT + "data:\n  x: '{{ name }}'\n y: 1\n",
        OBJECT + 'data:\n  x: "{{ name }}" y\n',
        OBJECT + "data:\n  x: '{{ name }}'\n---\n" + OBJECT + "data: [\n",
        OBJECT + "# {{ x }}\n y: 1\n",
        OBJECT + "data:\n  ? {x: y}\n  : '{{ z }}'\n  w: [\n",
        OBJECT + "data: {a: {{{}}}\n",
    ],
)
def test_a_broken_manifest_with_quoted_braces_is_a_trouble(text: str) -> None:
    result = loaded(text)
    assert result.skipped == []
    assert len(result.troubles) == 1


def test_quoted_braces_are_text() -> None:
    result = loaded(OBJECT + "data:\n  x: '{{ name }}'\n  ? {y: z}\n  : 1\n")
    assert (result.skipped, result.troubles) == ([], [])
    assert len(result.files[0].documents) == 1


def test_templates_of_a_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    quoted = OBJECT + "data:\n  x: '{{ name }}'\n"
    for folder in ("chart", "plain"):
        deep = Path(folder, "templates", "deep")
        deep.mkdir(parents=True)
        (deep / "braces.yaml").write_text(quoted)
        (deep / "none.yaml").write_text(OBJECT)
    Path("chart", "Chart.yaml").write_text("name: x\n")
    result = load(["."])
    assert [(s.file, s.reason) for s in result.skipped] == [
        ("chart/templates/deep/braces.yaml", "Helm template")
    ]
    assert [file.source.name for file in result.files] == [
        "chart/Chart.yaml",
        "chart/templates/deep/none.yaml",
        "plain/templates/deep/braces.yaml",
        "plain/templates/deep/none.yaml",
    ]
    monkeypatch.chdir(tmp_path / "chart" / "templates" / "deep")
    assert [skipped.file for skipped in load(["."]).skipped] == ["braces.yaml"]


def test_unreadable_input_is_a_trouble_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("a: 1\n")
    Path("b.yaml").write_bytes(b"a\0b")
    result = load(["missing.yaml", "a.yaml", "b.yaml"])
    assert result.troubles == [
        Trouble(
            "unreadable-input", Span("b.yaml", 1, 1, 1, 1), "holds binary data, not YAML or JSON"
        ),
        Trouble("unreadable-input", Span("missing.yaml", 1, 1, 1, 1), "no such file or directory"),
    ]
    assert values(result) == [{"a": 1}]


def test_troubles_point_at_a_second_place_where_it_helps() -> None:
    (trouble,) = loaded("a:\n  - b\n  c: 1\n").troubles
    assert trouble.span[1:3] == (3, 3)
    assert [(span.line, text) for span, text in trouble.related] == [
        (2, "while parsing a block collection")
    ]


def test_a_large_file_of_broken_documents_is_fast() -> None:
    began = time.process_time()
    loaded("a: [\n---\nb: 1\n---\n" * 50_000)
    assert time.process_time() - began < 5


def test_what_stands_before_dots_is_whole() -> None:
    assert values(loaded("a: 1\n...\nb: 2\n---\nc: 3\n")) == [{"a": 1}, {"c": 3}]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a:\n\tb: 1\n", 2), ("\ta: 1\n", 1), ("a:\n  b: 1\n\tc: 2\n", 3), ("a: |\n\tb\n", 2)],
)
def test_tabs_are_named(text: str, line: int) -> None:
    (trouble,) = loaded(text).troubles
    assert trouble.message == "YAML does not allow tabs for indentation; use spaces"
    assert trouble.span.line == line


def test_other_characters_are_not_called_tabs() -> None:
    (trouble,) = loaded("a: @b\n").troubles
    assert "tab" not in trouble.message


@pytest.mark.parametrize("quote", ['\\"', '"', '"\\\n'])
def test_quotes_that_nothing_closes_take_no_time(quote: str) -> None:
    """From each of them to look for an end takes the square of their number."""
    begin = '{"apiVersion": "v1", "kind": "ConfigMap", "a": "\\ud83d\\ude00", "b": "'
    for named in (True, False):
        start = time.process_time()
        parsed([Source("a.json", (begin + quote * 100_000).encode(), named=named)])
        assert time.process_time() - start < 20
