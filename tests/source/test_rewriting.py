"""Changes to documents laid out in any way: what was meant, nothing else, or nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint.source.edits import EditError, applied, collide
from kslint.source.files import Source
from kslint.source.layout import UnfitError
from kslint.source.nodes import Scalar, walk
from kslint.source.parser import compose
from kslint.source.rereading import Written, children, written
from kslint.source.rewriting import Rewriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.source.nodes import JsonValue, Node

KEYS = ("name", "env", "spec", "a", "on-call", "x y")
SCALARS = ("1", "text", '"quoted"', "'it''s'", '"2"', "~", "", "true", "0.5", "http://a/b#c")
BLOCKS = (
    "|\n{0}line\n{0}# no comment",
    "|-\n{0}one\n\n{0}two",
    ">\n{0}folded\n{0}text",
    "|+\n{0}kept\n",
)

ITEMS: list[JsonValue] = ["x", {"name": "n", "value": "1"}]


def rewriter(data: bytes, number: int = 0) -> Rewriter:
    source = Source("a.yaml", data)
    roots = [document.root for document in compose(source, source.text())]
    return Rewriter(Written(roots, roots[number], roots[number], None))


def after(data: bytes, change: Callable[[Rewriter, Node], None], number: int = 0) -> bytes:
    """A document with a change made, which `change` is given the root for."""
    made = rewriter(data, number)
    change(made, made.document.root)
    return applied(made.source, made.finished())


@st.composite
def block(draw: Any, depth: int = 0, indent: int = 0) -> list[str]:
    """The lines of a block mapping, with comments, of every style that people write."""
    lines: list[str] = []
    pad = " " * indent
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)):
        if draw(st.booleans()):
            lines.append(f"{pad}# about {key}")
        kind = draw(st.sampled_from(["scalar", "scalar", "block", "map", "list", "flow"]))
        tail = draw(st.sampled_from(["", "", " # why", "  \t# tab"]))
        if kind == "scalar" or depth > 2:
            lines.append(f"{pad}{key}: {draw(st.sampled_from(SCALARS))}{tail}")
        elif kind == "block":
            lines += f"{pad}{key}: {draw(st.sampled_from(BLOCKS)).format(pad + '  ')}".split("\n")
        elif kind == "flow":
            text = draw(
                st.sampled_from(["{}", "[]", "{a: 1, b: [x]}", "[1, 'two', {a: b}]", "[ a, ]"])
            )
            lines.append(f"{pad}{key}: {text}{tail}")
        elif kind == "map":
            lines.append(f"{pad}{key}:{tail}")
            lines += draw(block(depth + 1, indent + draw(st.sampled_from([2, 4]))))
        else:
            lines.append(f"{pad}{key}:{tail}")
            dash = indent + draw(st.sampled_from([0, 2]))
            for _ in range(draw(st.integers(1, 3))):
                item = draw(block(depth + 1, dash + 2))
                while item[0].lstrip().startswith("#"):
                    item.pop(0)
                lines.append(" " * dash + "- " + item[0][dash + 2 :])
                lines += item[1:]
    return lines


@st.composite
def files(draw: Any) -> bytes:
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = [line.replace("\n", end) for line in draw(block())]
    text = end.join(lines) + draw(st.sampled_from(["", end, f"{end}---{end}b: 1"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    data: bytes = text.encode(encoding)
    return data


def comments(data: bytes) -> list[str]:
    """Comments on lines of their own."""
    lines = Source("", data).lines
    return sorted(line.strip() for line in lines if line.strip().startswith("# about"))


@settings(deadline=None, max_examples=150)
@given(data=files(), choose=st.data())
def test_any_change_is_right_or_refused(data: bytes, choose: st.DataObject) -> None:
    made = rewriter(data)
    root = made.document.root
    node = choose.draw(st.sampled_from([n for n in walk(root) if n is not root] or [root]))
    kind = choose.draw(st.sampled_from(["replace", "put", "append", "remove", "rename"]))
    holder = made.way(node)[-2] if len(made.way(node)) > 1 else root
    try:
        if kind == "replace":
            made.replace(node, choose.draw(st.sampled_from(["new", 7, True, "it's 'x'", "1e3"])))
        elif kind == "put":
            made.put(node, ("fresh", "deep"), {"a": [1, {"b": "c"}]})
        elif kind == "append":
            made.append(node, choose.draw(st.sampled_from(ITEMS)))
        elif kind == "remove":
            made.remove(made.way(node), frozenset({"env"}))
        elif node.key is not None:
            made.rename(holder, node.key.text, "renamed")
        edits = made.finished()
    except UnfitError:
        return
    result = applied(made.source, edits)
    assert comments(result) == comments(data) or kind == "remove"
    # what stands before and behind is as it was, byte for byte
    before, behind = made.source.text(), Source("", result).text()
    lines = [edit.span for edit in edits]
    first, last = min(span.line for span in lines), max(span.end_line for span in lines)
    olds, news = before.split("\n"), behind.split("\n")
    assert olds[: first - 1] == news[: first - 1]
    rest = olds[last:]
    assert rest == news[len(news) - len(rest) :]


@settings(deadline=None, max_examples=60)
@given(lines=block())
def test_plain_blocks_are_never_refused(lines: list[str]) -> None:
    data = "\n".join([*lines, ""]).encode()
    out = after(data, lambda made, root: made.put(root, ("fresh",), 1))
    assert list(rewriter(out).document.root.plain()) == [  # type: ignore[arg-type]
        *rewriter(data).document.root.plain(), "fresh",  # type: ignore[misc]
    ]  # fmt: skip


PUT = {
    b"a: {x: 1}": b"a: {x: 1, new: 2}",
    b"a: {}": b"a: {new: 2}",
    b"a:": b"a: {new: 2}",
    b"a: ~ # none": b"a: {new: 2} # none",
    b"a:\n  x: 1 # one\n# end": b"a:\n  x: 1 # one\n  new: 2\n# end",
    b"a:\r\n    x: 1\r\nb: 2": b"a:\r\n    x: 1\r\n    new: 2\r\nb: 2",
    b"a:\n  x: |\n    text\n    # s\n\nb: 1": b"a:\n  x: |\n    text\n    # s\n  new: 2\n\nb: 1",
    b"a:\n  x: |+\n    text\n\nb: 1\n": b"a:\n  x: |+\n    text\n\n  new: 2\nb: 1\n",
    b'{"a": {"x": 1}}': b'{"a": {"x": 1, "new": 2}}',
    b'{\n\t"a": {\n\t\t"x": 1\n\t}\n}': b'{\n\t"a": {\n\t\t"x": 1,\n\t\t"new": 2\n\t}\n}',
    b"b: &b {z: 1}\na:\n  <<: *b\n  x: *b\n": b"b: &b {z: 1}\na:\n  <<: *b\n  x: *b\n  new: 2\n",
}


@pytest.mark.parametrize("text", PUT, ids=bytes.decode)
def test_put(text: bytes) -> None:
    def change(made: Rewriter, root: Node) -> None:
        mapping = root.get("a")
        assert mapping is not None
        made.put(mapping, ("new",), 2)

    assert after(text, change) == PUT[text]


REMOVED = {
    b"a:\n  x: 1 # gone\n  # stays\n  y: 2": b"a:\n  # stays\n  y: 2",
    b"a: {x: 1, y: 2}": b"a: {y: 2}",
    b"a: {y: 2, x: 1}": b"a: {y: 2}",
    b"a: {x: 1}": b"a: {}",
    b"a:\n  x: 1\n": b"a: {}\n",
    b"b: 1\na:\n  x: 1": b"b: 1\na: {}",
    b"env:\n  x: 1\nb: 1": b"b: 1",
    b'{"a": {"x": 1, "y": 2}}': b'{"a": {"y": 2}}',
}


@pytest.mark.parametrize("text", REMOVED, ids=bytes.decode)
def test_remove(text: bytes) -> None:
    def change(made: Rewriter, root: Node) -> None:
        holder = root.get("a") or root.get("env")
        assert holder is not None
        made.remove([root, holder, holder.get("x") or holder], frozenset({"env"}))

    assert after(text, change) == REMOVED[text]


APPENDED = {
    b"a: [x]": b"a: [x, new]",
    b"a: []": b"a: [new]",
    b'a: ["x"]': b'a: ["x", "new"]',
    b"a:\n- 'x' # one\nb: 1": b"a:\n- 'x' # one\n- 'new'\nb: 1",
    b"a:\n  - k: 1\n    l:\n      - 2\n": b"a:\n  - k: 1\n    l:\n      - 2\n  - new\n",
    b'{"a": [1]}': b'{"a": [1, "new"]}',
    b"a:": b"a: [new]",
}


@pytest.mark.parametrize("text", APPENDED, ids=bytes.decode)
def test_append(text: bytes) -> None:
    def change(made: Rewriter, root: Node) -> None:
        made.append(root.get("a") or root, "new")

    assert after(text, change) == APPENDED[text]


@pytest.mark.parametrize(
    "text",
    [
        b"b: &b {x: 1}\nc:\n  <<: *b\na: {<<: *b}",  # `c` would get the new key of `b` too
        b"a: !!map {x: !!int 1}",
    ],
)
def test_what_reaches_further_is_refused(text: bytes) -> None:
    made = rewriter(text)
    root = made.document.root
    with pytest.raises(UnfitError):
        change(made, root)


def change(made: Rewriter, root: Node) -> None:
    tagged = root.at("a", "x")
    if isinstance(tagged, Scalar) and tagged.tag is not None:
        made.replace(tagged, 2)
    else:
        made.put(root.get("b") or root, ("new",), 2)
    made.finished()


def test_a_mapping_is_no_place_for_a_value_of_its_own() -> None:
    made = rewriter(b"a: {b: 1}\n")
    mapping = made.document.root.get("a")
    assert mapping is not None
    with pytest.raises(UnfitError):
        made.put(mapping, (), True)


def test_an_alias_changes_with_its_anchor_and_that_is_known() -> None:
    made = rewriter(b"a: &a {x: 1}\nb: *a\n")
    root = made.document.root
    made.put(root.get("a") or root, ("new",), 2)
    assert applied(made.source, made.finished()) == b"a: &a {x: 1, new: 2}\nb: *a\n"
    assert made.reused


def test_documents_inside_of_scalars_are_rewritten_in_place() -> None:
    data = b"a: 1\nvalues: |\n  # inner\n  x:\n    y: 1 # why\nb: 2\n"
    source = Source("a.yaml", data)
    roots = [document.root for document in compose(source, data)]
    from kslint.source.inner import inner_document

    holder = roots[0].get("values")
    assert isinstance(holder, Scalar)
    inner = inner_document(holder)
    assert inner is not None
    made = Rewriter(written(roots, inner.at("x", "y") or inner))
    made.put(made.document.root.get("x") or inner, ("new",), True)
    assert applied(source, made.finished()) == data.replace(
        b"y: 1 # why\n", b"y: 1 # why\n    new: true\n"
    )


def test_bytes_that_are_no_text_are_left_alone() -> None:
    made = rewriter(b"a: {}")
    made.put(children(made.document.root)[0], ("x",), 1)
    with pytest.raises(EditError):
        applied(Source("a.yaml", b"a: {}\xff"), made.edits)


def test_touching_edits_collide() -> None:
    made = rewriter(b"a: {}\nb: {}")
    for node in children(made.document.root):
        made.put(node, ("x",), 1)
    one, other = made.edits
    assert collide(one, one)
    assert not collide(one, other)
