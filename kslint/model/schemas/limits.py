"""Values of the right type that a schema does not allow, in the API server's words.

Source: k8s.io/kube-openapi v0.0.0-20250710 pkg/validation/validate and
k8s.io/apiextensions-apiserver v0.34 pkg/apiserver/{validation/validation.go,schema/listtype}.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.schemas import quantities
from kslint.model.schemas.formats import FORMATS
from kslint.model.schemas.schema import Foreign
from kslint.model.schemas.suspects import fits
from kslint.source import regexes
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.schemas.walk import Met
    from kslint.source.nodes import JsonValue, Node

_PATH, _VALUE = "\0", "\1"
"""Stand for what a reason is about."""
_LONGEST = 2000
"""Characters of a text that is held against a pattern."""


class Refusal:
    """Why a value is not allowed: `variant` of the message, the API server's text, what is.

    `lacks`: more would have to stand there.
    """

    __slots__ = ("allowed", "lacks", "node", "path", "reason", "variant")

    def __init__(
        self, variant: str, node: Node, path: str, reason: str, allowed: str, lacks: bool = False
    ) -> None:
        self.variant = variant
        self.node = node
        self.path = path
        self.reason = reason
        self.allowed = allowed
        self.lacks = lacks


def refusals(met: Met, native: bool = False) -> Iterator[Refusal]:
    """What the limits of its field say against a value. Templates are not judged.

    `native`: is it of a kind of Kubernetes' own? Of those only times have a format.
    """
    node, facets, path = met.node, met.schema.facets, met.path
    if node.is_null or not fits(node, met.schema.type):
        return
    if met.schema.type == "quantity" and quantities.refusal(node) is not None:
        return  # that is said by itself
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and opaque(node.literal):
            return
        found = list(_of_scalar(node.value, facets))
        if not found and (not native or facets.get("f") == "date-time"):
            found = list(_of_format(node.value, facets.get("f")))
        for variant, reason, allowed in found:
            yield Refusal(variant, node, path, _worded(path, node.value, reason), allowed)
        return
    if isinstance(node, Seq):
        size = len(node.children)
        for reason, allowed, lacks in _count(size, facets, "imin", "imax", _ITEMS):
            yield Refusal("count", node, path, _worded(path, size, reason), allowed, lacks)
        yield from _twice(node, facets, path)
    elif isinstance(node, Map):
        size = sum(not child.is_null for child in node.entries.values())
        for reason, allowed, lacks in _count(size, facets, "pmin", "pmax", _ENTRIES):
            yield Refusal("count", node, path, _worded(path, size, reason), allowed, lacks)


def _worded(path: str, value: JsonValue, reason: str) -> str:
    """A reason as the API server prints it, with the path and the value in their places."""
    shown = json.dumps(value, ensure_ascii=False)
    return f"{path}: {reason.replace(_VALUE, shown).replace(_PATH, path)}"


def _of_scalar(value: JsonValue, facets: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    choices = facets.get("e")
    if choices is not None and value not in choices and (value != "" or "t" not in facets):
        shown = ", ".join(json.dumps(str(choice), ensure_ascii=False) for choice in choices)
        few = ", ".join(f"`{choice}`" for choice in choices[:12])
        detail = facets.get("d")
        reason = f"Unsupported value: {_VALUE}: supported values: {shown}"
        yield "default", f"Invalid value: {_VALUE}: {detail}" if detail else reason, few
        return
    if isinstance(value, str):
        yield from _of_text(value, facets)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _of_number(value, facets)


def _of_text(value: str, facets: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    pattern = facets.get("re")
    if pattern is not None and _matches(pattern, value) is False:
        reason = f"Invalid value: {_VALUE}: {_PATH} in body should match '{pattern}'"
        yield "pattern", reason, f"text that matches `{pattern}`"
        return  # what has the wrong length has mostly the wrong form, too
    least, most = facets.get("lmin", 0), facets.get("lmax")
    if len(value) < least:
        reason = f"Invalid value: {_VALUE}: {_PATH} in body should be at least {least} chars long"
        yield "length", reason, f"at least {least} character" + "s" * (least != 1)
    if most is not None and len(value) > most:
        reason = f"Too long: may not be more than {most} bytes"
        yield "length", reason, f"no more than {most} characters"


def _of_format(value: JsonValue, name: str | None) -> Iterator[tuple[str, str, str]]:
    form = FORMATS.get(name or "")
    if form is not None and isinstance(value, str) and value and not form.is_met(value):
        yield (
            "default",
            f"Invalid value: {_VALUE}: {_PATH} in body must be of type {name}: {_VALUE}",
            form.takes,
        )


def _of_number(value: float, facets: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, word, is_refused in (
        ("min", "greater than or equal to", lt),
        ("xmin", "greater than", le),
        ("max", "less than or equal to", gt),
        ("xmax", "less than", ge),
    ):
        bound = facets.get(key)
        if bound is not None and is_refused(value, bound):
            reason = f"Invalid value: {_VALUE}: {_PATH} in body should be {word} {bound}"
            yield "range", reason, f"{word} {bound}"
    step = facets.get("mul")
    if step and not _is_multiple(value, step):
        reason = f"Invalid value: {_VALUE}: {_PATH} in body should be a multiple of {step}"
        yield "range", reason, f"a multiple of {step}"


def _is_multiple(value: float, step: float) -> bool:
    """Exactly, whatever the size; what is no number is a multiple of nothing."""
    if isinstance(value, float) and not isfinite(value):
        return False
    whole, part = (Fraction(one if isinstance(one, int) else repr(one)) for one in (value, step))
    return (whole / part).denominator == 1


_ITEMS = ("items", "element", "elements")
_ENTRIES = ("properties", "entry", "entries")


def _count(
    size: int, facets: dict[str, Any], least: str, most: str, words: tuple[str, str, str]
) -> Iterator[tuple[str, str, bool]]:
    low, high = facets.get(least, 0), facets.get(most)
    if size < low:
        reason = f"Invalid value: {_VALUE}: {_PATH} in body should have at least {low} {words[0]}"
        yield reason, f"at least {low} {words[1 if low == 1 else 2]}", True
    if high is not None and size > high:
        reason = f"Too many: {_VALUE}: must have at most {high} items"
        yield reason, f"at most {high} {words[1 if high == 1 else 2]}", False


def _twice(node: Seq, facets: dict[str, Any], path: str) -> Iterator[Refusal]:
    """Elements that stand in a set, or in a list with keys, for the second time."""
    keys = facets.get("k")
    if keys is None and "s" not in facets:
        return
    seen: set[str] = set()
    for index, child in enumerate(node.children):
        value = child.plain()
        if keys is not None:
            if not isinstance(value, dict):
                continue
            value = {key: value[key] for key in keys if key in value}
        shown = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if "{{" in shown or "${" in shown or "$(" in shown:
            continue
        if shown in seen:
            where = f"{path}[{index}]"
            key = next(iter(keys), None) if keys else None
            at = child if key is None else child.get(key) or child
            yield Refusal("duplicate", at, where, f"{where}: Duplicate value: {shown}", shown)
        seen.add(shown)


def _matches(pattern: str, value: str) -> bool | None:
    """Does a text match a pattern of Go's? None if that cannot be told."""
    if len(value) > _LONGEST:
        return None
    if isinstance(pattern, Foreign):
        try:
            return regexes.is_in(pattern, value)
        except regexes.PatternError:
            return None
    compiled = _compiled(pattern)
    return None if compiled is None else compiled.search(value) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = pattern[:-1] + r"\Z"  # Python's `$` overlooks a line break at the end
    try:
        return re.compile(pattern, re.ASCII)
    except re.error:
        return None
