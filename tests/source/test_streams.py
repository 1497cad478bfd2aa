"""What kubectl does not take though YAML does. Each was given to kubectl 1.32."""

from __future__ import annotations

import pytest

from kslint.resources import object_troubles
from kslint.source.files import Source
from kslint.source.load import Input, load_source, parsed

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ok}\n"
JSON = '{"apiVersion": "v1", "kind": "ConfigMap"}'
FLOW = "{apiVersion: v1, kind: ConfigMap}"
MARK = "\ufeff"


def places(text: str | bytes, name: str = "f.yaml", kustomize: bool = False) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    loaded = Input([], [], [])
    load_source(Source(name, data), loaded)
    assert loaded.troubles == []
    troubles = object_troubles(loaded.files, {name} if kustomize else ())
    return [f"{trouble.span.line}:{trouble.span.column} {trouble.message}" for trouble in troubles]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (OBJECT + "---foo: 1\n", "4:1 kubectl takes `---` at"),
        (OBJECT + "--- text\n", "4:1 kubectl takes nothing but a comment"),
        (OBJECT + "--- {a: b}\n", "4:1 kubectl takes nothing but a comment"),
        (OBJECT + "---\nx: .inf\n---\n" + OBJECT, "5:4 `.inf` has no form"),
        (OBJECT + "---\n? [a]\n: x\n", "5:3 a mapping or a list is no key"),
        (OBJECT + "---\n~: x\n", "5:1 null is no key"),
        (OBJECT + 'data: {a: "http:\\/\\/x"}\n', "4:17 found unknown escape"),
        (OBJECT + 'data:\n  a: "x\n    y\\/z"\n', "6:6 found unknown escape"),
        (OBJECT + "data: {a: x?y}\n", "4:12 within braces"),
        (OBJECT + "data: {a: http://x/?a=b}\n", "4:20 within braces"),
        (OBJECT + "data: {a: [b, c?]}\n", "4:16 within braces"),
        (OBJECT + 'data: {a? "x"}\n', "4:9 within braces"),
        (OBJECT + MARK + "\n", "4:1 a byte order mark stands inside"),
        (OBJECT + "data: {a: !!timestamp x}\n", "4:11 cannot decode `x` as a !!timestamp"),
        (OBJECT + "data: {a: !!timestamp 2020-13-45}\n", "4:11 cannot decode"),
        (OBJECT + "\r---\r" + OBJECT, "6:1 kubectl reads one document"),
        (OBJECT + "\x85---\x85" + OBJECT, "6:1 kubectl reads one document"),
        (JSON + "\n...\n", "2:1 kubectl reads JSON"),
        (JSON + "#", "1:42 kubectl reads JSON"),
        (JSON + "\n#c", "2:1 kubectl reads JSON"),
        (FLOW + "\n---\n" + FLOW + "\r---\r" + OBJECT, "5:1 kubectl reads one document"),
        (FLOW.replace("}", ', data: {a: "\\/"}}'), "1:46 found unknown escape"),
        ("---\n" + MARK + OBJECT, "2:1 a byte order mark stands inside"),
    ],
)
def test_what_kubectl_refuses_or_drops(text: str, place: str) -> None:
    (found,) = places(text)
    assert found.startswith(place)


@pytest.mark.parametrize(
    "text",
    [
        OBJECT + "--- # comment\n" + OBJECT,
        OBJECT + "---\t\n" + OBJECT,
        OBJECT + "data:\n  a: |\n    ---foo\n",
        OBJECT + "data: {a: 'x?', b: \"y?\"}\n",
        OBJECT + "data: {? a : b}\n",
        OBJECT + "data:\n  a: b?c\n  d: [e] # ?\n",
        OBJECT + "data: {a: 'x\\/y'}\n",
        OBJECT + "data:\n  a: x\\/y\n",
        OBJECT + 'data: {a: "x\\\\/y"}\n',
        OBJECT + "data: {a: !!timestamp 2020-1-2, b: !!timestamp 2020-01-02T3:4:5.5+01:00}\n",
        OBJECT + "data: {a: !!timestamp 2020-01-02 3:4:5}\n",
        OBJECT + "...\n---\n" + OBJECT,
        OBJECT + "...\n",
        MARK + OBJECT,
        OBJECT.replace("\n", "\r\n") + "---\r\n" + OBJECT,
        (OBJECT + "---\n" + OBJECT + "...\n").replace("\n", "\r\n"),
        '{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x\\/y?"}}\n',
        MARK + '{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x\\/y?"}}\n',
        JSON + "\n# c\n",
        JSON + "\n---\n" + OBJECT,
        JSON + "\n" + JSON + "\n",
        FLOW + "\n---\n" + OBJECT + "...\n",
        # nothing to apply
        "a: {b: c?}\n---foo: 1\n",
    ],
)
def test_what_kubectl_takes(text: str) -> None:
    assert places(text) == []


def test_kustomize_reads_a_newer_yaml() -> None:
    text = OBJECT + 'data: {a: x?y, b: "c\\/d"}\n'
    assert len(places(text)) == 2
    assert places(text, kustomize=True) == []


@pytest.mark.parametrize(("encoding", "count"), [("utf-16", 0), ("utf-16-le", 1), ("utf-16-be", 1)])
def test_utf_16_has_a_mark(encoding: str, count: int) -> None:
    assert len(places(OBJECT.encode(encoding))) == count


def test_infinities_in_utf_16() -> None:
    (found,) = places((OBJECT + "x: .inf\n").encode("utf-16"))
    assert found.startswith("4:4 `.inf`")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_byte_order_mark_may_begin_a_document(line_end: str) -> None:
    joined = f"{OBJECT}---\n{MARK}{OBJECT}---\n{MARK}".replace("\n", line_end)
    assert places(joined) == []
    loaded = parsed([Source("a.yaml", joined.encode())])
    assert [d.root.string("kind") for d in loaded.files[0].documents] == ["ConfigMap"] * 2 + [None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("|\n    x", "x\n"), (">\n    x\n    y", "x y\n"), ("|-\n    x", "x"), ("|+\n    x", "x\n"),
        ("|\n    x\n    ", "x\n"), ("|\n    # x", "# x\n"), ("'x |'", "x |"), ("x", "x"),
    ],
)  # fmt: skip
def test_the_last_line_of_a_block_ends(text: str, value: str) -> None:
    """kubectl gives each line an end; no place is moved by it."""
    data = f"{OBJECT}data:\n  a: {text}".encode()
    (document,) = parsed([Source("a.yaml", data)]).files[0].documents
    assert document.root.string("data", "a") == value
    ended = parsed([Source("a.yaml", data + b"\n")]).files[0].documents[0]
    for other in (document, ended):
        node = other.root.at("data", "a")
        assert node is not None
        assert node.start is not None
        assert (node.start.line, node.start.column) == (4, 5)
    at = document.root.at("data", "a")
    assert at is not None
    assert at.end is not None
    assert at.end.line < len(data.splitlines())
