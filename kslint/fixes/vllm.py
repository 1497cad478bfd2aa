"""What vLLM on CPU needs of its container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.quantity import parse_or_none
from kslint.source.layout import key_of
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft
    from kslint.model.workload import Server
    from kslint.source.nodes import JsonValue


def two_cores(draft: Draft) -> None:
    """Two cores where fewer are given; as many as are asked for where that is more."""
    at, server = draft.problem.at, _server(draft)
    side = draft.problem.variant.removeprefix("injected-")
    asked = server.container.at("resources", "requests", "cpu")
    cores, two = parse_or_none(asked.text if asked else None), parse_or_none("2")
    assert two is not None
    value: JsonValue = "2"
    if asked is not None and cores is not None and cores > two:
        value = asked.plain()
    if isinstance(at, Scalar) and key_of(at) == "cpu":
        draft.replace(at, value if isinstance(at.value, str) else 2)
        return
    steps, key = ("resources", side, "cpu"), key_of(at)
    draft.put(at, steps[steps.index(key) + 1 :] if key in steps else steps, value)


def _server(draft: Draft) -> Server:
    server: Server = draft.subject
    return server
