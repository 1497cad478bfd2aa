"""Where KServe's settings hold quantities."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
