"""Scalars as Kubernetes reads them. Expected values come from sigs.k8s.io/yaml v1.4.0, run."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.source.scalars import (
    TAG,
    go_number,
    is_date,
    is_no_number,
    is_octal,
    is_word,
    key_name,
    refusal,
    resolve,
)

TRUE = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"]
FALSE = ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]
NULL = ["", "~", "null", "Null", "NULL"]

INTEGERS = {
    "0": 0, "-0": 0, "+5": 5, "-5": -5, "00": 0, "010": 8, "0755": 493, "-010": -8,
    "0o10": 8, "0O10": 8, "0o17": 15, "-0o10": -8, "+0o10": 8, "0x1F": 31, "0X1f": 31,
    "-0x1f": -31, "0b11": 3, "0B11": 3, "-0b11": -3, "+0b11": 3, "0b-1": -1, "0b+1": 1,
    "1_000": 1000, "1_": 1, "1__0": 10, "0_7": 7, "0x_1": 1, "0_x1": 1, "0o_7": 7, "-_1": -1,
    "9223372036854775807": 2**63 - 1, "9223372036854775808": 2**63,
    "18446744073709551615": 2**64 - 1, "-9223372036854775808": -(2**63),
    "0xffffffffffffffff": 2**64 - 1, "0" * 30 + "7": 7,
}  # fmt: skip

FLOATS = {
    "1e3": 1000.0, "1E3": 1000.0, "12e03": 12000.0, "6.02e23": 6.02e23, "0e1": 0.0, "08": 8.0,
    "09": 9.0, "-08": -8.0, "08_1": 81.0, "07.5": 7.5, "5.": 5.0, ".5": 0.5, "-.5": -0.5,
    "+.5": 0.5, "1.e3": 1000.0, "1.10": 1.1, "1e-400": 0.0, "1_e3": 1000.0, "1e_3": 1000.0,
    "1._5": 1.5, "1e+03": 1000.0, "18446744073709551616": 2.0**64,
    "-9223372036854775809": -(2.0**63), "123456789012345678901234567890": 1.2345678901234568e29,
    "0777777777777777777777777": 7.777777777777778e23,
}  # fmt: skip

TEXT = """oN tRUE nULL 0o 0x 0xg 0b 0b12 0o8 0O8 1:30 12:30:45 190:20:30 2026-11-23
2026-11-23T10:00:00Z --5 +-5 - + . .. ... 1.5e .e3 inf nan Infinity NaN = << 1e400 -1e400
0x10000000000000000 1Gi 500m 1d 1f v1 1,000 1.2.3 0x1p3 1p3 0b1e3 _1 ._1 .1_ __ _ +_ 0x-1 0o-7
--0x1 +-0x1 00b1 ٣ 1٣ ０ 1e99999999999 .inf -.inf .NaN""".split()  # noqa: RUF001, SIM905


@pytest.mark.parametrize("literal", TRUE + FALSE)
def test_booleans(literal: str) -> None:
    assert resolve(literal, plain=True) is (literal in TRUE)
    assert key_name(literal, plain=True) == ("true" if literal in TRUE else "false")


@pytest.mark.parametrize("literal", NULL)
def test_nulls(literal: str) -> None:
    assert resolve(literal, plain=True) is None
    assert key_name(literal, plain=True) is None


@pytest.mark.parametrize(("literal", "value"), [*INTEGERS.items(), *FLOATS.items()])
def test_numbers(literal: str, value: float) -> None:
    found = resolve(literal, plain=True)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("literal", TEXT)
def test_text(literal: str) -> None:
    assert resolve(literal, plain=True) == literal


@pytest.mark.parametrize("literal", [*NULL, *TRUE, *FALSE, *INTEGERS, *FLOATS, *TEXT])
def test_quoted_is_text(literal: str) -> None:
    assert resolve(literal, plain=False) == literal
    assert key_name(literal, plain=False) == literal
    assert resolve(literal, plain=False, tag=TAG + "str") == literal


@pytest.mark.parametrize(
    ("literal", "name"),
    [
        ("1", "1"), ("010", "8"), ("0x10", "16"), ("1_000", "1000"), ("+5", "5"), ("1.5", "1.5"),
        ("1.50", "1.5"), ("3.10", "3.1"), ("1.0", "1"), ("-0.0", "-0"), ("1e5", "100000"),
        ("1e6", "1e+06"), ("1234567.5", "1.2345675e+06"), ("123456789.0", "1.2345679e+08"),
        ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("16777217.0", "1.6777216e+07"),
        ("99999999.0", "1e+08"), ("1e-50", "0"), ("1e39", ".inf"), ("-3.5e38", "-.inf"),
        ("+.Inf", ".inf"), (".NAN", ".nan"), ("1:30", "1:30"), ("2026-11-23", "2026-11-23"),
    ],
)  # fmt: skip
def test_keys_become_strings(literal: str, name: str) -> None:
    assert key_name(literal, plain=True) == name


@pytest.mark.parametrize("literal", ["9223372036854775808", "0xffffffffffffffff", "null", ""])
def test_keys_kubernetes_refuses(literal: str) -> None:
    assert key_name(literal, plain=True) is None


@pytest.mark.parametrize(
    ("tag", "literal", "value"),
    [
        ("int", "5", 5), ("int", "0x1f", 31), ("float", "5", 5), ("float", "1.5", 1.5),
        ("bool", "y", True), ("null", "", None), ("binary", "aGVsbG8=", "hello"),
        ("binary", "aGVs\nbG8=", "hello"), ("str", "5", "5"), ("timestamp", "2001-01-01",
        "2001-01-01"), ("python/name:os.system", "5", "5"), ("foo", "5", "5"),
    ],
)  # fmt: skip
def test_tags_that_fit(tag: str, literal: str, value: object) -> None:
    assert resolve(literal, plain=False, tag=TAG + tag) == value
    assert refusal(literal, TAG + tag) is None


@pytest.mark.parametrize(
    ("tag", "literal"),
    [("int", "x"), ("int", "5.5"), ("int", "1e3"), ("int", ""), ("float", "x"), ("bool", "1"),
     ("bool", "x"), ("null", "x"), ("int", "y"), ("float", "y")],
)  # fmt: skip
def test_tags_that_do_not_fit(tag: str, literal: str) -> None:
    assert refusal(literal, TAG + tag) == f"cannot decode `{literal}` as a !!{tag}"
    assert resolve(literal, plain=False, tag=TAG + tag) == literal


def test_bad_base64() -> None:
    assert refusal("***", TAG + "binary") == "!!binary value contains invalid base64 data"


@pytest.mark.parametrize("literal", [".inf", "-.inf", "+.INF", ".Inf", ".nan", ".NaN", ".NAN"])
def test_no_numbers(literal: str) -> None:
    assert is_no_number(literal)


@pytest.mark.parametrize("literal", ["inf", ".iNf", "+.nan", ".infx", ".5", ""])
def test_numbers_and_words_are_not_no_numbers(literal: str) -> None:
    assert not is_no_number(literal)


@given(st.text())
def test_quoted_text_is_itself(text: str) -> None:
    assert resolve(text, plain=False) == text


@given(st.text(alphabet="+-._0123456789xXoObBeEinfa:", max_size=24) | st.text(max_size=12))
def test_never_raises_and_never_gives_what_json_lacks(text: str) -> None:
    value = resolve(text, plain=True)
    assert not isinstance(value, float) or math.isfinite(value)
    assert isinstance(key_name(text, plain=True), (str, type(None)))
    for tag in ("int", "float", "bool", "null", "binary", "str", "x"):
        resolve(text, plain=False, tag=TAG + tag)
        refusal(text, TAG + tag)


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_in_every_base(number: int) -> None:
    sign, size = ("-", -number) if number < 0 else ("", number)
    for literal in (str(number), f"{sign}0x{size:x}", f"{sign}0b{size:b}", f"{sign}0o{size:o}"):
        assert resolve(literal, plain=True) == number


@pytest.mark.parametrize("literal", ["9" * 10**6, "0x" + "f" * 10**6, "0" * 10**6, "1_" * 10**6])
def test_huge_numbers_are_fast(literal: str) -> None:
    began = time.process_time()
    resolve(literal, plain=True)
    assert time.process_time() - began < 1


def test_words_that_only_kubectl_reads_as_booleans() -> None:
    assert all(is_word(word) == (word.lower() not in ("true", "false")) for word in TRUE + FALSE)
    assert not any(is_word(word) for word in [*NULL, "oN", "nope", "1"])


@pytest.mark.parametrize("literal", ["010", "0755", "01", "0_7", "0007"])
def test_octal(literal: str) -> None:
    assert is_octal(literal)
    assert resolve(literal, plain=True) == int(literal.replace("_", ""), 8)


@pytest.mark.parametrize("literal", ["0", "00", "0o17", "08", "10", "0x7", "-07", "07.5", ""])
def test_not_octal_by_a_zero(literal: str) -> None:
    assert not is_octal(literal)


# What kustomize v5.8.1 writes anew, and what it keeps
@pytest.mark.parametrize("literal", ["2026-11-23", "2026-1-2", "0001-01-01", "2024-02-29"])
def test_dates(literal: str) -> None:
    assert is_date(literal)


@pytest.mark.parametrize(
    "literal",
    ["2026-2-30", "2026-13-01", "26-11-23", "2026-11-23T10:00:00Z", "2026-11-23 10:00:00",
     "2026-11", "2026.11.23", "0000-00-00"],
)  # fmt: skip
def test_no_dates(literal: str) -> None:
    assert not is_date(literal)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.10, "1.1"), (20240115, "2.0240115e+07"), (1.0, "1"), (100000, "100000"), (1e6, "1e+06"),
     (1234567, "1.234567e+06"), (0.19, "0.19"), (12e3, "12000"), (123456, "123456"), (0.0, "0"),
     (-2.50, "-2.5"), (0.00001, "1e-05")],
)  # fmt: skip
def test_numbers_as_a_go_template_prints_them(number: float, text: str) -> None:
    assert go_number(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_go_prints_is_the_same_number(number: float) -> None:
    assert float(go_number(number)) == number
