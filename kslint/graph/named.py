"""Finding items by the names they have or had, where patches and others ask for one of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.items import Id, Item


class Named:
    """The items of a kustomization in order, by every name they have had.

    It is told of what changes in the items: `discard` of one that goes, `renew` where names or the
    items themselves may be others.
    """

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self._by_name: dict[str, list[Item]] | None = None

    def renew(self) -> None:
        self._by_name = None

    def add(self, item: Item) -> None:
        """Note one that comes last."""
        self.items.append(item)
        if self._by_name is not None:
            for name in dict.fromkeys(identity.name for identity in item.ids):
                self._by_name.setdefault(name, []).append(item)

    def discard(self, item: Item) -> None:
        self.items.remove(item)
        for name in {identity.name for identity in item.ids} if self._by_name is not None else ():
            self._named(name).remove(item)

    def of_name(self, name: str) -> Iterator[Item]:
        """Those that are, or were, called so."""
        yield from self._named(name)

    def known_as(self, identity: Id) -> list[Item]:
        """Those that have, or had, an identity."""
        return [item for item in self._named(identity.name) if identity in item.ids]

    def _named(self, name: str) -> list[Item]:
        if self._by_name is None:
            self._by_name = {}
            for item in self.items:
                for each in dict.fromkeys(identity.name for identity in item.ids):
                    self._by_name.setdefault(each, []).append(item)
        return self._by_name.get(name, [])
