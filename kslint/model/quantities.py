"""Why a text is no Kubernetes quantity, and where KServe's settings hold some."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.quantity import QuantityError, parse
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

_SETTINGS = frozenset(
    {"cpuLimit", "cpuModelcar", "cpuRequest", "memoryLimit", "memoryModelcar", "memoryRequest"}
)
"""Fields of inferenceservice-config that go through resource.MustParse (@v0.19.0)."""


class Amount(NamedTuple):
    """A value that has to be a quantity, and where it stands."""

    node: Node
    path: str


def of_settings(settings: Settings) -> Iterator[Amount]:
    """The quantities of inferenceservice-config that the input writes, of every key."""
    for key, root in settings.data.items():
        for holder, path in ((root, key), (root.get("resource"), f"{key}.resource")):
            for name, node in () if holder is None else holder.items():
                written = node.place is not None and name in _SETTINGS
                if written and node.text:  # "" switches a default off
                    yield Amount(node, f"{path}.{name}")


def refusal(node: Node) -> str | None:
    """Why a value is no quantity, in the API server's words; None if it is one, or unknown.

    Space around it is cut off as Quantity.UnmarshalJSON does. Templates are not judged.
    """
    if not isinstance(node, Scalar) or node.is_null:
        return None
    return _refusal(node.text)


@lru_cache(maxsize=4096)
def _refusal(text: str) -> str | None:
    if opaque(text) or "${" in text:
        return None
    try:
        parse(text.strip())
    except QuantityError as error:
        return str(error)
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
