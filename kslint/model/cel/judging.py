"""The rules of definitions (`x-kubernetes-validations`) that objects break when they are created.

They are evaluated where the extra `cel` is installed, after the object has its defaults and has
lost what its schema does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.cel.asking import Asked, told
from kslint.model.cel.rule_tables import rule_table
from kslint.model.cel.ruled import of_definition
from kslint.model.schemas import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.model.cel.asking import Broken
    from kslint.model.cel.ruled import Ruled
    from kslint.model.cel.values import Path
    from kslint.model.schemas.catalogue import Schemas
    from kslint.resources import Resource


class _Judge:
    """Holds objects against the rules of their kinds."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._defined: dict[int, Ruled] = {}
        self._asked = Asked()

    def variants(self, resource: Resource) -> list[Ruled]:
        """The schemas that may hold for an object; the first speaks."""
        found = []
        for node in self._schemas.definitions(resource):
            made = self._defined.get(id(node))
            if made is None:
                made = self._defined[id(node)] = of_definition(node)
            found.append(made)
        family = tables.family_of(resource.group)
        if family not in tables.RULED or not self._schemas.is_added_to(resource):
            return found
        release = self._schemas.installed(family)
        if not release.in_table:
            return []
        key = resource.gvk
        known = rule_table(family).variants(key)
        place = release.place
        return found + [each.schema for each in known if place is None or place in each.releases]

    def broken(self, resources: list[Resource]) -> dict[int, list[Broken]]:
        """What objects break in every schema that may be theirs, by their identity."""
        asks = [(resource, forms) for resource in resources if (forms := self.variants(resource))]
        doubtful = [
            (resource, forms[1:], failing)
            for (resource, forms), failing in zip(asks, self._asked.failing(asks), strict=True)
            if failing
        ]
        others = [(resource, form) for resource, forms, _ in doubtful for form in forms]
        answers = self._asked.failing([(resource, [form]) for resource, form in others])
        refused: dict[tuple[int, int], set[Path]] = {
            (id(resource), id(form)): {question.subject.path for question, _ in failing}
            for (resource, form), failing in zip(others, answers, strict=True)
        }
        return {
            id(resource): [
                told(question, text)
                for question, text in failing
                if all(
                    question.subject.path in refused[id(resource), id(form)]
                    or form.at(question.subject.path) is None
                    for form in forms
                )
            ]
            for resource, forms, failing in doubtful
        }


def broken(resources: Iterable[Resource], schemas: Schemas) -> dict[int, list[Broken]]:
    """The rules that objects break, by the identity of the object; none without the extra."""
    judged = [resource for resource in resources if _is_whole(resource, schemas)]
    return _Judge(schemas).broken(judged)


def _is_whole(resource: Resource, schemas: Schemas) -> bool:
    """Is the object applied as it stands, and does its schema find no fault with it?

    What it lacks or misspells is said elsewhere, and may be why it breaks a rule.
    """
    return not (
        schemas.is_partial(resource)
        or schemas.is_filled_in(resource)
        or schemas.reading(resource).dropped
        or schemas.faulty(resource)
    )
