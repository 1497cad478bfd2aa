"""Options of Argo CD Applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.sync_options import option_is
from kslint.model.kserve import names
from kslint.source.layout import key_of
from kslint.source.nodes import Scalar, Seq

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft
    from kslint.source.nodes import JsonValue, Node

_RESPECT = "RespectIgnoreDifferences=true"


def add_option(draft: Draft, option: str) -> None:
    """A sync option, in the place of the same one with another value if there is such."""
    at = draft.problem.at
    if isinstance(at, Scalar) and at.key is None:
        draft.replace(at, option)
    else:
        _option(draft, at, option)


def _option(draft: Draft, near: Node, option: str) -> None:
    """Write an option below `spec`, `syncPolicy` or `syncOptions`, whichever is there."""
    if isinstance(near, Seq) or key_of(near) == "syncOptions":
        draft.append(near, option)
    elif key_of(near) == "syncPolicy":
        draft.put(near, ("syncOptions",), [option])
    else:
        draft.put(near, ("syncPolicy", "syncOptions"), [option])


def keep_stop(draft: Draft) -> None:
    """The stop annotation left to the live object: ignored in comparisons, and by syncs."""
    spec = draft.around(draft.problem.at, 3)
    pointer = "/metadata/annotations/" + names.STOP.replace("/", "~1")
    kind = "InferenceService"
    entry: JsonValue = {"group": names.GROUP, "kind": kind, "jsonPointers": [pointer]}
    existing = spec.get("ignoreDifferences")
    if existing is None:
        draft.put(spec, ("ignoreDifferences",), [entry])
    elif not any(
        one.string("kind") == kind and pointer in [p.text for p in one.listed("jsonPointers")]
        for one in existing.elements()
    ):
        draft.append(existing, entry)
    if not option_is(spec.at("syncPolicy", "syncOptions"), _RESPECT.partition("=")[0]):
        _option(draft, spec.nearest("syncPolicy", "syncOptions"), _RESPECT)
