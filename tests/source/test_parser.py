"""Composing: exact places, Kubernetes' reading of anchors and merges, and limits that hold."""

from __future__ import annotations

import builtins
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint.source.events import event_parser
from kslint.source.files import Source
from kslint.source.nodes import Map, Node, Scalar, Span
from kslint.source.parser import MAX_DEPTH, ForbiddenCharacterError, YamlError, compose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.source.document import Document


def documents(text: str | bytes) -> list[Document]:
    data = text.encode() if isinstance(text, str) else text
    return list(compose(Source("f.yaml", data), data))


def root(text: str | bytes) -> Node:
    return documents(text)[0].root


def problem(text: str | bytes) -> YamlError:
    with pytest.raises(YamlError) as caught:
        documents(text)
    return caught.value


def place(span: Span | None) -> tuple[int, int, int, int]:
    assert span is not None
    return span[1:]


def key_place(node: Node | None) -> tuple[int, int, int, int]:
    assert node is not None
    assert node.key is not None
    return place(node.key.span)


def value_place(node: Node | None) -> tuple[int, int, int, int]:
    assert node is not None
    return place(node.span)


# Places. Each case: text, path, place of the key, place of the value.
PLACES: dict[str, tuple[str | bytes, Sequence[str | int], tuple[int, ...], tuple[int, ...]]] = {
    "block": ("a:\n  bc: def\n", ["a", "bc"], (2, 3, 2, 5), (2, 7, 2, 10)),
    "flow": ("a: {b: 1, cd: ef}\n", ["a", "cd"], (1, 11, 1, 13), (1, 15, 1, 17)),
    "quoted": ("'a': \"b c\"\n", ["a"], (1, 1, 1, 4), (1, 6, 1, 11)),
    "item": ("a:\n- b: 1\n- b: 22\n", ["a", 1, "b"], (3, 3, 3, 4), (3, 6, 3, 8)),
    "plain lines": ("a: b\n  c\n\n  d\n", ["a"], (1, 1, 1, 2), (1, 4, 4, 4)),
    "quoted lines": ('a: "b\n  c"\n', ["a"], (1, 1, 1, 2), (1, 4, 2, 5)),
    "literal": ("a: |\n  b\nc: d\n", ["a"], (1, 1, 1, 2), (1, 4, 3, 1)),
    "after literal": ("a: |\n  b\nc: d\n", ["c"], (3, 1, 3, 2), (3, 4, 3, 5)),
    "crlf": ("a: b\r\nc:\r\n  d: e\r\n", ["c", "d"], (3, 3, 3, 4), (3, 6, 3, 7)),
    "cr": ("a: b\rc: d\r", ["c"], (2, 1, 2, 2), (2, 4, 2, 5)),
    "bom": (b"\xef\xbb\xbfa: b\n", ["a"], (1, 1, 1, 2), (1, 4, 1, 5)),
    "bom, second line": (b"\xef\xbb\xbfa: b\nc: d\n", ["c"], (2, 1, 2, 2), (2, 4, 2, 5)),
    "utf-16": ("a: é\nc: d\n".encode("utf-16"), ["c"], (2, 1, 2, 2), (2, 4, 2, 5)),
    "wide": ("日本: 語 x\n", ["日本"], (1, 1, 1, 3), (1, 5, 1, 8)),
    "emoji": ("{😀: 1, b: 2}\n", ["b"], (1, 8, 1, 9), (1, 11, 1, 12)),
    "tabs in json": ('{\n\t"a":\t1,\n\t"b": 2\n}', ["b"], (3, 2, 3, 5), (3, 7, 3, 8)),
    "json escape": ('{"a": "\\ud83d\\ude00", "b": 2}', ["b"], (1, 23, 1, 26), (1, 28, 1, 29)),
    "null": ("a:\nb: 1\n", ["a"], (1, 1, 1, 2), (1, 3, 1, 3)),
    "explicit key": ("? a\n: b\n", ["a"], (1, 3, 1, 4), (2, 3, 2, 4)),
    "line separator": ('a: "\u2028"\nb: c\n', ["b"], (3, 1, 3, 2), (3, 4, 3, 5)),
    "block map": ("a:\n  b: c\n\n# comment\nd: e\n", ["a"], (1, 1, 1, 2), (2, 3, 2, 7)),
    "block list": ("a:\n  - b\n  - c\n\nd: e\n", ["a"], (1, 1, 1, 2), (2, 3, 3, 6)),
    "flow map": ("a: {b: c}\nd: e\n", ["a"], (1, 1, 1, 2), (1, 4, 1, 10)),
}


COLONS = {  # kubectl v1.32 reads each so
    "a: [1.1.1.1, fd00::, x:]\nb: c:d\n": {"a": ["1.1.1.1", "fd00::", "x:"], "b": "c:d"},
    "a: {b: fe80::, 'c:,': 'd:]'}\n": {"a": {"b": "fe80::", "c:,": "d:]"}},
    "a: [b::]\n---\nc: [d:]\n": {"a": ["b::"]},
}


@pytest.mark.parametrize("text", COLONS)
def test_a_text_in_brackets_may_end_in_a_colon(text: str) -> None:
    read = documents(text)
    assert read[0].root.plain() == COLONS[text]
    assert [document.number for document in read] == list(range(len(read)))
    assert value_place(root("a: [b::, cd]\n").at("a", 1)) == (1, 10, 1, 12)


def test_a_colon_that_no_reader_takes_is_named() -> None:
    assert problem("a: [b:[c]]\n").message == "did not find expected ',' or ']'"


@pytest.mark.parametrize("case", PLACES)
def test_places(case: str) -> None:
    text, path, key, value = PLACES[case]
    node = root(text).at(*path)
    assert key_place(node) == key
    assert value_place(node) == value


@pytest.mark.parametrize("case", [c for c in PLACES if not c.startswith("utf-16")])
def test_the_pure_parser_gives_the_same_places(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_libyaml(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "yaml._yaml":
            raise ImportError
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_libyaml)
    assert isinstance(event_parser("a"), yaml.SafeLoader)
    text, path, key, _ = PLACES[case]
    assert key_place(root(text).at(*path)) == key


def test_many_documents_and_their_numbers() -> None:
    found = documents("# one\na: 1\n---\n---\nb: 2\n...\n---\n- c\n")
    assert [d.number for d in found] == [0, 1, 2, 3]
    assert [d.root.plain() for d in found] == [{"a": 1}, None, {"b": 2}, ["c"]]
    assert value_place(found[3].root.at(0)) == (8, 3, 8, 4)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", b"\xef\xbb\xbf"])
def test_nothing_in_it(text: str | bytes) -> None:
    assert documents(text) == []


def test_directives() -> None:
    assert root("%YAML 1.1\n---\na: 1\n").plain() == {"a": 1}
    assert root("%TAG !e! tag:e,2000:\n---\na: !e!x 1\n").plain() == {"a": "1"}
    assert place(problem("%YAML 2.0\n---\na: 1\n").span)[0] == 1


# What go-yaml makes of anchors and merge keys (sigs.k8s.io/yaml v1.4.0, run).
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("&x a: *x", {"a": "a"}),
        ("a: &x b\n*x : 2", {"a": "b", "b": 2}),
        ("a: {x: 5, <<: {x: 1}}", {"a": {"x": 1}}),
        ("a: {<<: {x: 1}, x: 5}", {"a": {"x": 5}}),
        ("a: {<<: [{x: 1}, {x: 2, z: 3}]}", {"a": {"x": 1, "z": 3}}),
        ("a: {<<: {x: 1}, <<: {x: 2}}", {"a": {"x": 2}}),
        ("a: {<<: []}", {"a": {}}),
        ('a: {"<<": {x: 1}}', {"a": {"<<": {"x": 1}}}),
        ("a: <<", {"a": "<<"}),
        ("- =", ["="]),
        ("a: !foo x", {"a": "x"}),
        ("a: !!int '5'", {"a": 5}),
        ("a: &b\nc: *b", {"a": None, "c": None}),
        ("y: 1\noff: 2\n1: 3\n1.50: 4\n010: 5\n!!str 7: 6\n!!int '8': 9",
         {"true": 1, "false": 2, "1": 3, "1.5": 4, "8": 9, "7": 6}),
    ],
)  # fmt: skip
def test_anchors_merges_and_keys_as_go_yaml_reads_them(text: str, value: object) -> None:
    assert root(text).plain() == value


def test_an_alias_gets_its_own_key_and_keeps_the_place_of_the_value() -> None:
    node = root("a: &x {b: 1}\nc: *x\n")
    assert key_place(node.get("a")) == (1, 1, 1, 2)
    assert key_place(node.get("c")) == (2, 1, 2, 2)
    assert node.at("c", "b") is node.at("a", "b")


def test_an_alias_as_a_key_stands_where_it_is_used() -> None:
    assert key_place(root("a: &x b\n*x : 2").get("b")) == (2, 1, 2, 3)


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("a: *x", "alias *x has no anchor before it", (1, 4, 1, 6)),
        ("a: 1\n---\nb: &x 1\n---\nc: *x", "alias *x has no anchor before it", (5, 4, 5, 6)),
        ("a: &x\n  b: *x", "alias *x stands inside its own anchor", (2, 6, 2, 8)),
        ("a: &x [*x]", "alias *x stands inside its own anchor", (1, 8, 1, 10)),
    ],
)
def test_aliases_that_mean_nothing(text: str, message: str, where: tuple[int, ...]) -> None:
    error = problem(text)
    assert error.message == message
    assert place(error.span) == where


@pytest.mark.parametrize("value", ["1", "", "[1]", "[[{x: 1}]]", "[{x: 1}, y]"])
def test_merging_what_is_no_mapping(value: str) -> None:
    error = problem(f"a:\n  <<: {value}\n")
    assert error.message == "a merge key `<<` takes a mapping or a list of mappings"
    assert place(error.span) == (2, 3, 2, 5)


def test_duplicates_know_both_places() -> None:
    (found,) = documents("a: 1\nb: {y: 1, true: 2}\na: 3\n")
    (inner, outer) = found.duplicates
    assert (outer.name, place(outer.first.span), place(outer.again.span)) == (
        "a", (1, 1, 1, 2), (3, 1, 3, 2),
    )  # fmt: skip
    assert (inner.name, inner.first.literal, inner.again.literal) == ("true", "y", "true")
    assert found.root.plain() == {"a": 3, "b": {"true": 2}}


def test_overriding_a_merged_key_is_no_duplicate_but_doing_so_twice_is() -> None:
    assert documents("a: {<<: {x: 1}, x: 2}")[0].duplicates == []
    assert [d.name for d in documents("a: {<<: {x: 1}, x: 2, x: 3}")[0].duplicates] == ["x"]


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("a: 1\n~: 2", "null is no key of an object", (2, 1, 2, 2)),
        ("null: 2", "null is no key of an object", (1, 1, 1, 5)),
        ("? \n: 2", "null is no key of an object", (1, 2, 1, 2)),
        ("18446744073709551615: 1", "an integer over 63 bits is no key of an object",
         (1, 1, 1, 21)),
        ("{a: {b: 1} : 2}", None, ()),
        ("? {b: 1}\n: 2", "a mapping or a list is no key of an object", (1, 3, 1, 9)),
        ("? [b]\n: 2", "a mapping or a list is no key of an object", (1, 3, 1, 6)),
        ("a: !!int x", "cannot decode `x` as a !!int", (1, 4, 1, 11)),
        ("a: .inf", "`.inf` has no form in JSON: quote it if it is text", (1, 4, 1, 8)),
        ("a: [&x -.Inf, *x]", "`-.Inf` has no form in JSON: quote it if it is text",
         (1, 5, 1, 13)),
    ],
)  # fmt: skip
def test_what_yaml_allows_and_kubernetes_refuses(
    text: str, message: str | None, where: tuple[int, ...]
) -> None:
    if message is None:
        problem(text)
        return
    found = documents(text)[0].refusals
    assert (found[0].message, place(found[0].span)) == (message, where)


def test_what_only_looks_like_it() -> None:
    for text in ("a: '.inf'", 'a: ".nan"', "a: x.inf", ".inf: 1", "'~': 1", "a: !foo {b: 1}"):
        assert documents(text)[0].refusals == []


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['touch pwned']",
        "a: !!python/name:os.system",
        "a: !!python/object:yaml.Loader {b: 1}",
        "!!python/tuple [1]",
        "a: !<tag:yaml.org,2002:python/object/new:os.system> [x]",
    ],
)
def test_tags_construct_nothing(text: str) -> None:
    (found,) = documents(text)
    (refusal,) = found.refusals
    assert "!!python/" in refusal.message
    assert refusal.span.line == 1
    assert isinstance(found.root, Node)


def test_composite_keys_are_told() -> None:
    (found,) = documents("a: {{ x }}\n")
    assert [place(span) for span in found.composite_keys] == [(1, 5, 1, 10)]
    assert documents("a: {b: {c: d}}\n")[0].composite_keys == []


# Limits


@pytest.mark.parametrize("opening", ["{", "[", "- ", "? ", "{a: ", "[a, ", "&a [", "!x {", '{"a":'])
def test_deep_nesting_is_refused_at_once(opening: str) -> None:
    began = time.process_time()
    error = problem(opening * 100_000)
    assert time.process_time() - began < 0.5
    assert error.message == f"nested deeper than {MAX_DEPTH} levels"
    assert error.span == Span("f.yaml", 1, MAX_DEPTH * len(opening) + 1, *error.span[3:])


def test_the_deepest_that_is_allowed_can_be_walked() -> None:
    node = root("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    node.plain()
    assert problem("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_aliases_do_not_nest_past_the_limit() -> None:
    half = MAX_DEPTH // 2
    lines = [f"a0: &a0 {'[' * half}{']' * half}"]
    lines += [f"a{n}: &a{n} {'[' * half}*a{n - 1}{']' * half}" for n in range(1, 20)]
    error = problem("\n".join(lines))
    assert error.message == f"aliases nest deeper than {MAX_DEPTH} levels"
    assert error.span.line == 2
    assert isinstance(root("a: &a {b: {c: 1}}\nd: [[*a]]"), Map)


def test_alias_bombs_are_refused_fast() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    began = time.process_time()
    error = problem("\n".join(lines))
    assert time.process_time() - began < 1
    assert "a YAML bomb?" in error.message


def test_merge_bombs_are_refused_fast() -> None:
    lines = ["a0: &a0 {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40)]
    began = time.process_time()
    assert "a YAML bomb?" in problem("\n".join(lines)).message
    assert time.process_time() - began < 2


def test_a_large_document_may_have_a_small_alias() -> None:
    text = "a: &a [" + "1," * 510_000 + "]\nb: &b 1\nc: *b\n"
    assert root(text).get("c") is not None


def test_100_000_documents() -> None:
    began = time.process_time()
    data = b"---\na: 1\n" * 100_000
    *_, last = compose(Source("f.yaml", data), data)
    assert last.number == 99_999
    assert key_place(last.root.get("a")) == (200_000, 1, 200_000, 2)
    assert time.process_time() - began < 10


# Characters


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        (b"a: 1\nb: \xff\n", (2, 4), "byte 0xff is not UTF-8"),
        (b"\xc3\xa9: 1\r\n\xc3\xa9\xc3\xa9: \xe9\n", (2, 5), "byte 0xe9 is not UTF-8"),
        (b"\xef\xbb\xbfa: \x07", (1, 4), "character U+0007 is not allowed"),
        (b"a: 1\n\xf0\x9f\x98\x80: \x00", (2, 4), "character U+0000 is not allowed"),
        (b"a: \x1b[31m", (1, 4), "character U+001B is not allowed"),
        (b"a: \xed\xa0\xbd", (1, 4), "byte 0xed is not UTF-8"),
        (b"a: \x7f", (1, 4), "character U+007F is not allowed"),
        ("a: 1\nb: \ufffe".encode(), (2, 4), "character U+FFFE is not allowed"),
        ("a: é\nb: 1".encode("utf-16")[:-1], (2, 4), "byte 0x31 is not UTF-16"),
        (b"#" * 70_000 + b"\n" + b"a: 1\n" * 9_000 + b"\xff", (9_002, 1), "byte 0xff is not UTF-8"),
    ],
)
def test_forbidden_characters(data: bytes, where: tuple[int, int], message: str) -> None:
    with pytest.raises(ForbiddenCharacterError) as caught:
        documents(data)
    assert (caught.value.message, place(caught.value.span)[:2]) == (message, where)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"a": "\ud83d\ude00"}', "😀"),
        (r'{"a": "\uD83D\uDE00 \u00e9"}', "😀 é"),
        (r'{"a": "\ud83d"}', "\ufffd"),
        (r'{"a": "\\ud83d\\ude00"}', r"\ud83d\ude00"),
        (r'{"a": "\\\ud83d\ude00"}', "\\😀"),
        ('{"a": "\ue123 \\ud83d\\ude00"}', "\ue123 😀"),
        (r'{"a": "\ue123 \ud83d\ude00"}', "\ue123 😀"),
        (r"{a: \ud83d\ude00}", r"\ud83d\ude00"),  # no JSON: text without quotes has no escapes
        (r'{"a": "\/x\"\b\f\n\r\t"}', '/x"\b\f\n\r\t'),
        ('\n \t{"a"\t:\t"b"}', "b"),
        ('{"a": 1, "a": 2}', 2),
    ],
)
def test_json(text: str, value: object) -> None:
    assert root(text).plain() == {"a": value}


def test_surrogates_in_yaml_are_an_error_as_for_kubernetes() -> None:
    assert problem(r'a: "\ud83d\ude00"').span.line == 1


# Round trips

# PyYAML writes YAML's three rare line breaks as they are, and folding makes blanks of them
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def _quoted_where_readers_differ(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """PyYAML leaves plain what Kubernetes takes for a number or a boolean (`y`, `1e3`)."""
    style = None if Scalar(text).value == text and "\ufeff" not in text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(str, _quoted_where_readers_differ)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.booleans(), st.booleans(), st.sampled_from([None, '"', "'", "|", ">"]))
def test_what_is_dumped_comes_back(
    value: Any, flow: bool, unicode: bool, style: str | None
) -> None:
    text = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=flow, allow_unicode=unicode, default_style=None
    )
    assert root(text).plain() == value
    if style is not None and isinstance(value, str):
        dumped = yaml.safe_dump(value, default_style=style, allow_unicode=unicode)
        assert root(dumped).plain() == value


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:- \n\t{}[]?&*!|>'\"#%,<.0~\r\\é😀\u2028", max_size=40))
def test_any_text_gives_documents_or_one_error_inside_it(text: str) -> None:
    source = Source("f.yaml", text.encode())
    place = Span("f.yaml", 1, 1, 1, 1)
    try:
        for document in compose(source, source.data):
            document.root.plain()
    except YamlError as error:
        place = error.span
    assert 1 <= place.line <= len(source.lines) + 1
    assert place.column >= 1


# What kubectl makes of it, and other readers do not


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("a: 1\n--- {b: 2}\n", "kubectl takes nothing but a comment behind `---` on its line",
         (2, 1, 2, 4)),
        ("--- !foo\na: 1\n", "kubectl takes nothing but a comment behind `---` on its line",
         (1, 1, 1, 4)),
        ("# c\n%YAML 1.1\n---\na: 1\n",
         "kubectl takes no `%` directives: it cuts them off from their document", (2, 1, 2, 1)),
    ],
)  # fmt: skip
def test_starts_of_documents_that_kubectl_refuses(
    text: str, message: str, where: tuple[int, ...]
) -> None:
    (refusal,) = documents(text)[-1].refusals
    assert (refusal.message, place(refusal.span)) == (message, where)


@pytest.mark.parametrize("text", ["---\na: 1\n", "--- # c\na: 1\n", "---\n", "---\n---\na: 1\n"])
def test_starts_of_documents_that_kubectl_takes(text: str) -> None:
    assert [d.refusals for d in documents(text) if d.refusals] == []


def test_a_merge_below_a_key_replaces_it() -> None:
    (found,) = documents("a:\n  x: 5\n  y2: 1\n  <<: {x: 1, z: 3}\n  w: 2\n")
    (lost,) = found.overridden
    assert (lost.name, lost.written.plain(), lost.brought.plain()) == ("x", 5, 1)
    assert key_place(lost.written) == (2, 3, 2, 4)
    assert place(lost.merge.span) == (4, 3, 4, 5)


@pytest.mark.parametrize(
    "text",
    ["a: {<<: {x: 1}, x: 5}", "a: {<<: [{x: 1}, {x: 2}]}", "a: {<<: {x: 1}, <<: {x: 2}}",
     "a: {y2: 1, <<: {x: 1}}"],
)  # fmt: skip
def test_merges_that_replace_nothing_that_was_written(text: str) -> None:
    assert documents(text)[0].overridden == []


def test_an_anchor_defined_again_is_told_where_it_is_used() -> None:
    (found,) = documents("a: &x 1\nb: *x\nc: &x 2\nd: *x\ne: *x\n")
    (again,) = found.redefined
    assert (again.name, again.first.plain(), again.again.plain()) == ("x", 1, 2)
    assert place(again.alias) == (4, 4, 4, 6)
    assert documents("a: &x 1\nb: *x\nc: &x 2\n")[0].redefined == []


def test_a_stream_of_json_texts() -> None:
    text = '{"a": 1}\n{"a": "é",\r\n\t"b": "\\ud83d\\ude00"} [2]{"c":\n3}\n\n'
    found = documents(text)
    assert [d.root.plain() for d in found] == [
        {"a": 1}, {"a": "é", "b": "\U0001f600"}, [2], {"c": 3},
    ]  # fmt: skip
    assert [d.number for d in found] == [0, 1, 2, 3]
    assert key_place(found[1].root.get("a")) == (2, 2, 2, 5)
    assert key_place(found[1].root.get("b")) == (3, 2, 3, 5)
    assert key_place(found[3].root.get("c")) == (3, 27, 3, 30)
    assert value_place(found[3].root.get("c")) == (4, 1, 4, 2)


@pytest.mark.parametrize("text", ['{"a": 1} {"b": }', '{"a": 1} x', '{"a": 1}}', '{"a": 1} {b: 2}'])
def test_what_is_no_stream_of_json_texts(text: str) -> None:
    assert problem(text).span.line == 1


def test_a_key_too_long_for_libyaml_in_a_stream_of_json_texts() -> None:
    error = problem('{"a": 1}\n{"' + "k" * 2000 + '": 1}')
    assert error.span.line == 2
