"""Functions that Kubernetes 1.34 adds to CEL, beside those of quantities.

Source: k8s.io/apiserver v0.34 pkg/cel/library (lists.go, regex.go, ip.go, cidr.go) and
google/cel-go v0.26 ext/sets.go. Left out are `indexOf` of lists, whose name the library has taken,
and what takes or gives a type of its own (`url`, `ip`, `cidr`, `semver`, `format`).
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kslint.source.regexes import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Signature = tuple[str, "Callable[..., Any]", str, tuple[str, ...], bool]
"""Name, what computes it, the types that it gives and takes, and whether it is a method."""


def is_ip(text: str) -> bool:
    """One without a zone, and no IPv4 address in the clothes of IPv6."""
    try:
        found = ip_address(text)
    except ValueError:
        return False
    mapped = isinstance(found, IPv6Address) and found.ipv4_mapped is not None
    return "%" not in text and not mapped


def is_cidr(text: str) -> bool:
    """An address and the length of its prefix, whatever the bits behind it are."""
    address, _, bits = text.rpartition("/")
    if not is_ip(address) or not re.fullmatch("0|[1-9][0-9]{0,2}", bits, re.ASCII):
        return False
    return int(bits) <= (128 if ":" in address else 32)


def find(text: str, pattern: str) -> str:
    """The first match, or ""."""
    return next(iter(matches(pattern, text)), "")


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """The matches, up to a limit unless that is negative."""
    found = matches(pattern, text)
    return found if limit < 0 else found[:limit]


def _is_sorted(values: list[Any]) -> bool:
    return all(a <= b for a, b in pairwise(values))


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _contains(values: list[Any], others: Iterable[Any]) -> bool:
    return all(any(_same(value, other) for value in values) for other in others)


def _equivalent(values: list[Any], others: list[Any]) -> bool:
    return _contains(values, others) and _contains(others, values)


def _intersects(values: list[Any], others: list[Any]) -> bool:
    return any(_same(value, other) for value in values for other in others)


FUNCTIONS: tuple[Signature, ...] = (
    ("isSorted", _is_sorted, "bool", ("list",), True),
    ("sum", sum, "dyn", ("list",), True),
    ("min", min, "dyn", ("list",), True),
    ("max", max, "dyn", ("list",), True),
    ("find", find, "string", ("string", "string"), True),
    ("findAll", find_all, "list", ("string", "string"), True),
    ("findAll", find_all, "list", ("string", "string", "int"), True),
    ("isIP", is_ip, "bool", ("string",), False),
    ("isCIDR", is_cidr, "bool", ("string",), False),
    ("sets.contains", _contains, "bool", ("list", "list"), False),
    ("sets.equivalent", _equivalent, "bool", ("list", "list"), False),
    ("sets.intersects", _intersects, "bool", ("list", "list"), False),
)
