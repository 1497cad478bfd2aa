"""The text and the lines of a file, as far as no reader of YAML is needed for them."""

from __future__ import annotations

import pytest

from kslint.source.text import Source


@pytest.mark.parametrize(
    ("data", "text", "held"),
    [
        (b"a: some-option", "some-option", True),
        (b'a: "some\\u002doption"', "some-option", True),
        (b'a: "some\\x2Doption"', "some-option", True),
        (b'a: "some\\\n  -option"', "some-option", True),
        (b'a: "some\\\r\n  -option"', "some-option", True),
        (b'a: "b\\/c"', "b/c", True),
        ("a: some-option".encode("utf-16"), "some-option", True),
        (b'a: "b\\nc"', "some-option", False),
        (b'a: "b\\/c"', "some-option", False),
        (b"a: '\\d+'", "b/c", False),
        (b"a: b", "some-option", False),
    ],
)
def test_a_text_that_may_stand_in_a_value(data: bytes, text: str, held: bool) -> None:
    assert Source("a.yaml", data).may_hold(text) is held


class Counted(bytes):
    """Bytes that count how often they are searched."""

    searches = 0

    def __contains__(self, text: object) -> bool:
        Counted.searches += 1
        return super().__contains__(text)  # type: ignore[operator]


def test_a_text_is_searched_for_once() -> None:
    source = Source("a.yaml", Counted(b"kind: Service\n"))
    assert [source.may_hold("serving"), source.may_hold("Serv")] == [False, True]
    before = Counted.searches
    assert [source.may_hold("serving"), source.may_hold("Serv")] * 9 == [False, True] * 9
    assert Counted.searches == before
