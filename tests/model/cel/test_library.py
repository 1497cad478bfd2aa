"""The wrapper of the CEL library, and the process it runs in: errors are errors, limits hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")

from kslint.model.cel import library as cel
from kslint.model.cel.evaluator import Evaluator, Expression, Verdict
from kslint.model.kubernetes.quantity import Quantity, QuantityError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "is not known here; a rule sees `object`, `effective`"
OVERLOAD = "matching overload for '_+_' applied to '(string, int)'"
ENVIRONMENT = cel.Environment(("object", "effective"))
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
_JSON = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=10,
)


def value(text: str, result: str = "bool", **values: Any) -> object:
    program = ENVIRONMENT.compile(text, result)
    return program.evaluate(ENVIRONMENT.activation(values))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("object.a == 1", "there is no `a`"),
        ("object.x.y == 1", "Applying SELECT to non-message type"),
        ("object.x", "it gives int, not bool"),
        ("object.x / 0 == 1", "divide by zero"),
        ("object.x > 'a'", "No matching overloads found"),
        ("quantity(object.name).isLessThan(quantity('1'))", "`qwen` is not a quantity"),
        ("object.name.matches('[')", "missing"),
        ("[1, 2][object.x + 5] == 1", "Index error"),
        ("object.many.all(a, object.many.all(b, a + b >= 0))", "Iteration budget exceeded"),
    ],
)
def test_error_values_are_errors(text: str, message: str) -> None:
    with pytest.raises(cel.CelError, match=message):
        value(text, object={"x": 1, "name": "qwen", "many": list(range(200))})


def test_what_is_not_known_is_no_error() -> None:
    with pytest.raises(cel.UnknownValueError):
        value("size(effective) == 1", object={})
    assert value("object.x == 1 || size(effective) == 1", object={"x": 1}) is True
    assert value("object.x == 2 && size(effective) == 1", object={"x": 1}) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("objct.x == 1", [(1, 6, f"`objct.x` {UNKNOWN}")]),
        ("object.x &&\n  foo", [(2, 3, f"`foo` {UNKNOWN}")]),
        ("1 + 1", [(1, 1, "gives int where bool is due")]),
        ("'é' + 1 == ''", [(1, 5, f"found no {OVERLOAD}")]),
        ("(" * 100, [(0, 0, "Expression recursion limit exceeded. limit: 32")]),
        ("\udcff", None),
    ],
)  # fmt: skip
def test_complaints_have_their_place(text: str, expected: list[Any] | None) -> None:
    with pytest.raises(cel.CompileError) as caught:
        ENVIRONMENT.compile(text, "bool")
    if expected is not None:
        assert caught.value.complaints == expected


@given(_JSON)
def test_values_are_what_they_were(data: Any) -> None:
    assert value("object.x == object.y", object={"x": data, "y": data}) is True


@given(st.text(max_size=40))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    try:
        program = ENVIRONMENT.compile(text, "bool")
        assert program.evaluate(ENVIRONMENT.activation({"object": {}})) in (True, False)
    except (cel.CelError, cel.UnknownValueError):
        return  # anything else would be an escape


_QUANTITY = st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,3})?(m|k|M|G|Ki|Mi|Gi|e[0-9])?", fullmatch=True)


@given(_QUANTITY, _QUANTITY)
def test_quantities_compare_as_kubernetes_compares_them(one: str, other: str) -> None:
    a, b = parse(one), parse(other)
    seen: dict[str, Any] = {"object": {"a": one, "b": other}}
    pair = "quantity(object.a).{}(quantity(object.b))"
    assert value(pair.format("isLessThan"), **seen) is (a < b)
    assert value(pair.format("isGreaterThan"), **seen) is (a > b)
    assert value("quantity(object.a) == quantity(object.b)", **seen) is (a == b)
    assert value(pair.format("compareTo") + " == 0", **seen) is (a == b)
    assert value(pair.format("add"), "string", **seen) == str(Quantity(a.amount + b.amount))


@given(st.text("0123456789.eEkKMGim+- ", max_size=6))
def test_is_quantity_knows_what_quantity_takes(text: str) -> None:
    try:
        parse(text)
        fits = True
    except QuantityError:
        fits = False
    assert value("isQuantity(object.q)", object={"q": text}) is fits


@pytest.fixture
def subjects() -> list[str]:
    values: list[dict[str, Any]] = [{"x": 1}, {"x": 2}, {"x": "\0"}, {"x": "\\u0000"}, {}]
    return [json.dumps({"object": one}) for one in values]


def judged(evaluator: Evaluator, subjects: list[str], *names: str) -> list[tuple[str, Verdict]]:
    assert evaluator.complaints() == {}
    return list(evaluator.judge(subjects, {name: [*range(len(subjects))] for name in names}))


@pytest.fixture
def closing() -> Iterator[list[Evaluator]]:
    made: list[Evaluator] = []
    yield made
    for evaluator in made:
        evaluator.close()


def test_verdicts_and_computed_messages(closing: list[Evaluator], subjects: list[str]) -> None:
    rule = Expression("object.x == 1", "'x is ' + string(object.x)", ("object",))
    closing.append(Evaluator({"one": rule}))
    assert judged(closing[0], subjects, "one") == [
        ("one", Verdict(1, "false", "x is 2")),
        ("one", Verdict(2, "error", "it holds a NUL character")),
        ("one", Verdict(3, "false", "x is \\u0000")),
        ("one", Verdict(4, "error", "there is no `x`")),
    ]


@pytest.mark.parametrize("message", ["object.none", "' '", "'a\\nb'", "object.long"])
def test_a_message_that_cannot_be_shown_is_left_to_the_page(
    closing: list[Evaluator], message: str
) -> None:
    closing.append(Evaluator({"one": Expression("false", message, ("object",))}))
    text = json.dumps({"object": {"long": "a" * 6000}})
    assert judged(closing[0], [text], "one") == [("one", Verdict(0, "false", ""))]


def test_a_rule_that_takes_too_much_is_stopped_alone(
    closing: list[Evaluator], subjects: list[str]
) -> None:
    grown = "string(object.x)" + ".replace('', 'aaaaaaaaaa')" * 12
    rules = {
        "before": Expression("object.x == 1", "", ("object",)),
        "greedy": Expression(f"size({grown}) > 0", "", ("object",)),
        "after": Expression("object.x == 2", "", ("object",)),
    }
    closing.append(Evaluator(rules, seconds=0.5))
    found = judged(closing[0], subjects[:2], *rules)
    assert found == [
        ("before", Verdict(1, "false", "")),
        ("after", Verdict(0, "false", "")),
    ]
    assert list(closing[0].stopped) == ["greedy"]
    assert "it took more than" in str(closing[0].stopped["greedy"])
    assert judged(closing[0], subjects[:1], "greedy", "after") == [
        ("after", Verdict(0, "false", ""))
    ]


@settings(max_examples=10)
@given(st.lists(st.text(max_size=6), max_size=3))
def test_the_worker_takes_any_text(texts: list[str]) -> None:
    evaluator = Evaluator({"one": Expression("object.x == ''", "", ("object",))})
    try:
        subjects = [json.dumps({"object": {"x": text}}) for text in texts]
        found = dict.fromkeys(range(len(texts)), "true")
        found |= {
            verdict.subject: verdict.kind for _, verdict in judged(evaluator, subjects, "one")
        }
    finally:
        evaluator.close()
    for number, text in enumerate(texts):
        expected = "true" if not text else "error" if "\0" in text else "false"
        assert found[number] == expected
