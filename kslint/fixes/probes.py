"""Probes that wait for the server, and ask it where it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Known
from kslint.source.layout import UnfitError, key_of
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft
    from kslint.model.workload import ModelServer
    from kslint.source.nodes import JsonValue

_PATIENCE = 600
"""Seconds: a startup probe of ten minutes, as the page advises."""
_HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")


def wait(draft: Draft) -> None:
    """A startup probe that gives up after ten minutes."""
    at, facts = draft.problem.at, draft.facts
    probe = draft.around(at) if key_of(at) == "failureThreshold" else at
    if draft.problem.variant.endswith("startup"):
        delay, period = int(str(facts["delay"])), int(str(facts["period"]))
        facts["count"] = -(-(_PATIENCE - delay) // period)
        draft.put(probe, ("failureThreshold",), int(str(facts["count"])))
        return
    handler: dict[str, JsonValue] = {
        name: node.plain() for name, node in probe.items() if name in _HANDLERS
    }
    if not handler:
        raise UnfitError("the probe asks nothing")
    value: JsonValue = {**handler, "periodSeconds": 10, "failureThreshold": _PATIENCE // 10}
    draft.put(draft.around(probe), ("startupProbe",), value, after=("livenessProbe",))


def ask_health(draft: Draft) -> None:
    """The path of the server's health, or the port it listens on."""
    at, server, variant = draft.problem.at, _server(draft), draft.problem.variant
    if variant in ("path", "key", "alive"):
        handler = draft.around(at) if key_of(at) == "path" else at
        draft.put(handler, ("path",), str(draft.facts["health"]))
        return
    port = server.engine.port
    if not isinstance(port, Known) or not isinstance(at, Scalar):
        raise UnfitError("the port is not written")
    draft.replace(at, port.value)


def speak_as_served(draft: Draft) -> None:
    """The scheme that the server speaks."""
    at = draft.problem.at
    handler = draft.around(at) if key_of(at) == "scheme" else at
    draft.put(handler, ("scheme",), str(draft.facts["served"]))


def _server(draft: Draft) -> ModelServer:
    server: ModelServer = draft.subject
    return server
