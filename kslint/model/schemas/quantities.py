"""Why a text is no Kubernetes quantity, and which one was meant."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission.field_errors import stands_in
from kslint.model.kubernetes.quantity import QuantityError, parse
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from kslint.source.nodes import Node


def refusal(node: Node) -> str | None:
    """Why a value is no quantity, in the API server's words; None if it is one, or unknown.

    Space around it is cut off as Quantity.UnmarshalJSON does. Templates are not judged.
    """
    if not isinstance(node, Scalar) or node.is_null:
        return None
    return _refusal(node.text)


@lru_cache(maxsize=4096)
def _refusal(text: str) -> str | None:
    try:
        parse(text.strip())
    except QuantityError as error:
        return None if stands_in(text) else str(error)
    return None


_SUFFIXES = {
    **{unit.lower(): unit for unit in ("k", "M", "G", "T", "P", "E")},
    **{f"{unit.lower()}b": unit for unit in ("k", "M", "G", "T", "P", "E")},
    **{f"{unit.lower()}{end}": f"{unit}i" for unit in "KMGTPE" for end in ("i", "ib")},
    **dict.fromkeys(("", "b", "bytes", "core", "cores", "cpu", "cpus", "vcpu", "vcpus"), ""),
    **dict.fromkeys(("mcpu", "millicore", "millicores", "millicpu"), "m"),
}
"""Units people write, in lower case, and the suffix they mean."""


def suggestion(text: str) -> str | None:
    """The quantity that a text was probably meant to be, or None."""
    squeezed = "".join(text.replace(",", ".").split())
    number = squeezed.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    suffix = _SUFFIXES.get(squeezed[len(number) :].lower())
    if suffix is None or not number:
        return None
    try:
        parse(number + suffix)
    except QuantityError:
        return None
    return number + suffix
