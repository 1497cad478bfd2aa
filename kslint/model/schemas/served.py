"""Is there such a kind in such a version, and does the cluster's release serve it?

Source: k8s.io/api prerelease-lifecycle (data/removed.json) and the tables' own releases.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from kslint.model.schemas import tables
from kslint.model.schemas.schema import within

if TYPE_CHECKING:
    from kslint.model.schemas.catalogue import Schemas
    from kslint.resources import Resource

GONE, EARLY, UNKNOWN = "gone", "early", "unknown"
"""No longer served, not served yet, never heard of."""
_SETTLED = (tables.KUBERNETES, tables.KSERVE, "argo-cd", "keda")
"""Families that bring no version out of the blue: the last two have had one for years."""
_OLD_KSERVE = "serving.kubeflow.org"
"""The group of KServe's kinds when it was called KFServing (until 0.6)."""


class Unserved:
    """A kind that is not served as it is written.

    `what` is one of the three above. `release` names the release that began or ended it, or
    that of which the table is. `instead` is the `apiVersion` to write, "" if there is none;
    `kind` is the kind to write where that is at fault. `told`: is the cluster's release known?
    """

    __slots__ = ("instead", "kind", "release", "told", "what")

    def __init__(self, what: str, release: str, instead: str, kind: str, told: bool) -> None:
        self.what = what
        self.release = release
        self.instead = instead
        self.kind = kind
        self.told = told


def unserved(schemas: Schemas, resource: Resource) -> Unserved | None:
    """Why the API server does not know an object's kind; None if it does, or that is not known."""
    group, version, kind = resource.group, resource.version, resource.kind
    if group == _OLD_KSERVE:
        return Unserved(UNKNOWN, "", f"{tables.FAMILIES[tables.KSERVE][0]}/v1beta1", "", True)
    family = tables.family_of(group)
    if family is None and group != "extensions":
        return None
    if schemas.is_defined(resource) or kind.endswith("List"):
        return None
    family = family or tables.KUBERNETES
    table = tables.table(family)
    found = table.kind(f"{group}/{version}/{kind}")
    if found is None:
        removed = _removed(resource.api_version, kind)
        if removed is not None:
            return _ended(schemas, family, removed)
        return _stranger(schemas, family, resource)
    release = schemas.installed(family)
    if release.place is None or within(found.span, release.place):
        return None
    since, until = found.span
    early = since is not None and release.place < since
    if early and not release.told:
        return None
    bound = since if early else until
    assert bound is not None
    title = f"{tables.TITLES[family]} {table.minor(bound)}"
    instead = _other(table, group, kind, release.place)
    return Unserved(EARLY if early else GONE, title, instead, "", release.told)


def _removed(api_version: str, kind: str) -> list[str] | None:
    kinds = _table().get(api_version, {})
    return kinds.get(kind) or kinds.get("*")


def _ended(schemas: Schemas, family: str, removed: list[str]) -> Unserved | None:
    """What was removed before the oldest release of the table, unless ours is older still."""
    ended, instead = removed
    release = schemas.installed(family)
    if release.version and release.version < tables.numbers(ended):
        return None
    return Unserved(GONE, f"{tables.TITLES[family]} {ended}", instead, "", True)


def _stranger(schemas: Schemas, family: str, resource: Resource) -> Unserved | None:
    """A kind or version that no release of the family has, and what was meant.

    A kind that is like none is passed over. So is a version that sounds newer than all where the
    input names no release: it may come with one that the table does not know.
    """
    table = tables.table(family)
    release = schemas.installed(family)
    if not release.in_table:
        return None
    own = [key.rsplit("/", 2) for key in table.kinds]
    wanted = resource.kind
    versions = [f"{g}/{v}".lstrip("/") for g, v, k in own if k == wanted and g == resource.group]
    if versions:
        newest = max(_rank(v.rpartition("/")[2]) for v in versions)
        may_come = family not in _SETTLED and not release.told
        if may_come and re.match(r"v\d", resource.version) and _rank(resource.version) > newest:
            return None
        return Unserved(UNKNOWN, "", _best(versions), "", True)
    elsewhere = [f"{g}/{v}".lstrip("/") for g, v, k in own if k == wanted]
    if elsewhere:
        return Unserved(UNKNOWN, "", _best(elsewhere), "", True)
    kinds = {k for g, v, k in own if (g, v) == (resource.group, resource.version)}
    plain = wanted.lower()
    meant = [k for k in kinds if plain in (k.lower(), k.lower() + "s", k.lower() + "es")]
    if not meant and len(plain) > 3:
        import difflib

        # of the core group many tools have kinds of their own: `v1` `Config`, `v1` `Template`
        is_core = not resource.group
        meant = difflib.get_close_matches(wanted, kinds, n=1, cutoff=0.9 if is_core else 0.8)
        if not meant and not is_core:
            meant = [known for known in sorted(kinds) if known.startswith(wanted)]
    if not meant:
        return None
    return Unserved(UNKNOWN, "", "", meant[0], True)


def _other(table: tables.Table, group: str, kind: str, release: int) -> str:
    """The best version in which a release serves a kind."""
    found = [
        f"{g}/{v}".lstrip("/")
        for (g, v, k), known in ((key.rsplit("/", 2), table.kind(key)) for key in table.kinds)
        if k == kind and known is not None and within(known.span, release)
    ]
    same = [each for each in found if each.rpartition("/")[0] == group]
    return _best(same or found)


def _best(versions: list[str]) -> str:
    return max(versions, key=lambda each: _rank(each.rpartition("/")[2]), default="")


def _rank(version: str) -> tuple[int, int, int]:
    """v1 over v1beta2 over v1alpha1, as the API machinery sorts them; v2 over v1."""
    stage = 2 if "alpha" not in version and "beta" not in version else int("beta" in version)
    head, _, tail = version.lstrip("v").partition("beta" if "beta" in version else "alpha")
    return stage, _small(head), _small(tail)


def _small(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[str]]]:
    import json

    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "data", "removed.json"), encoding="utf-8") as handle:
        table: dict[str, dict[str, list[str]]] = json.load(handle)
    return table
