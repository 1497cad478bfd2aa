"""Probes of model servers: do they wait for the warm-up, and do they ask the right place?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Known
from kslint.model.engines.vllm.engine import Engine
from kslint.model.engines.vllm.weights import billions
from kslint.model.kubernetes.pod import accelerator, containers, init_containers
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.workload import ModelServer, Server
    from kslint.source.nodes import Node

_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_ASK_THE_ENGINE = ("/health", "/ping")
_ANSWERED = ("/v1/models", "/version", "/load", "/metrics", "/docs", "/openapi.json")
"""Other paths that vLLM 0.23 answers with 200, from the moment that the engine is up."""


_EXPECTED = ("/healthz", "/readyz", "/livez", "/ready", "/live", "/v1/health")
_GUESSED = {
    "huggingfaceserver": ((*_EXPECTED, "/health"), "/v2/health/ready"),
    "sglang": ((*_EXPECTED, "/v2/health/ready", "/v2/health/live"), "/health"),
    "tgi": ((*_EXPECTED, "/v2/health/ready", "/v2/health/live"), "/health"),
}
"""Paths that servers of other kinds answer with 404, and where their health is.

Sources: KServe v0.19.0 python/kserve/kserve/protocol/rest; SGLang v0.5.5
entrypoints/http_server.py; Text Generation Inference v3.3.4 router/src/server.rs.
"""
_LARGE = 14
"""Billions of parameters from which on a model counts as large."""


def too_short(server: ModelServer, *, startup: int, liveness: int, large: int) -> Iterator[Problem]:
    """A probe that gives up, in seconds, before the server has warmed up."""
    if not server.engine.backend_certain:
        return
    load = _load(server)
    if load:
        startup = liveness = large
    for name, needed in (("startupProbe", startup), ("livenessProbe", liveness)):
        probe = server.container.get(name)
        if probe is None or not any(True for _ in probe.items()):
            continue
        budget = _budget(probe)
        if budget is not None and budget < needed:
            variant = "startup" if name == "startupProbe" else "liveness"
            yield Problem(
                probe.nearest("failureThreshold"),
                variant=f"large_{variant}" if load else variant,
                load=load,
                engine=server.engine.name,
                workload=server.resource.name,
                budget=budget,
                needed=needed,
                probe=name,
                delay=_seconds(probe, "initialDelaySeconds", 0),
                period=_seconds(probe, "periodSeconds", 10),
                failures=_seconds(probe, "failureThreshold", 3),
            )
        return


def _load(server: ModelServer) -> str:
    """What makes the start a long one, in words: the size of the model, or GPUs; "" for neither."""
    size = billions(server.engine.model.text)
    if size is not None and size >= _LARGE:
        return f"a model of about {size:.0f} billion parameters"
    limits = server.container.at("resources", "limits")
    for name, amount in () if limits is None else limits.items():
        count = parse_or_none(amount.text) if accelerator(name) and "mig-" not in name else None
        if count is not None and count.whole() > 1:
            return f"a server on {count.whole()} GPUs"
    return ""


def _budget(probe: Node) -> int | None:
    """Seconds until a probe that never succeeds gives up; None if a number cannot be read."""
    delay = _seconds(probe, "initialDelaySeconds", 0)
    period = _seconds(probe, "periodSeconds", 10)
    failures = _seconds(probe, "failureThreshold", 3)
    if delay is None or period is None or failures is None:
        return None
    return delay + period * failures


def _seconds(probe: Node, field: str, default: int) -> int | None:
    """A number of a probe; the API server takes 0 and null of the latter two for "not set"."""
    node = probe.get(field)
    if node is None or node.is_null:
        return default
    number = probe.integer(field)
    return number or default if number is not None else None


def wrong_endpoint(server: ModelServer) -> Iterator[Problem]:
    """A probe that the server does not answer with 200, by its path or its port."""
    engine = server.engine
    port = engine.port.value if isinstance(engine.port, Known) else None
    for name, handler in _handlers(server):
        if port is not None:
            yield from _wrong_port(server, name, handler, port)
        if _is_http(server, name, handler):
            yield from _wrong_path(server, name, handler)


def _handlers(server: ModelServer) -> Iterator[tuple[str, Map]]:
    """What the probes of a server ask of itself, over HTTP or TCP."""
    known = server.engine.health_path is not None or server.engine.kind in _GUESSED
    for name in _PROBES if known else ():
        probe = server.container.get(name)
        handler = None if probe is None else probe.get("httpGet") or probe.get("tcpSocket")
        if isinstance(handler, Map) and not handler.string("host"):
            yield name, handler


def _is_http(server: ModelServer, name: str, handler: Node) -> bool:
    return server.container.at(name, "httpGet") is handler


def scheme_mismatch(server: Server) -> Iterator[Problem]:
    """A probe that speaks TLS with a server that does not, or the other way about."""
    served = server.engine.scheme
    if not isinstance(served, Known):
        return
    for name, handler in _handlers(server):
        asked = handler.string("scheme") or "HTTP"
        # a preset of another release may use another scheme
        written = handler.start is not None and _is_http(server, name, handler)
        if written and asked != served.value and asked in ("HTTP", "HTTPS"):
            yield Problem(
                _written(handler, "scheme"),
                related=[(served.node, "the certificate is given here")],
                probe=name,
                scheme=asked,
                served=served.value,
            )


def _wrong_path(server: ModelServer, name: str, handler: Node) -> Iterator[Problem]:
    text = handler.string("path") or "/"
    engine = server.engine
    if not isinstance(engine, Engine) or engine.kind in _GUESSED:
        yield from _guessed(server, name, handler, text)
        return
    root = _root_path(engine)
    if root is None or "$(" in text or "{{" in text:
        return
    path = "/" + text.partition("?")[0].strip("/")
    path = path[len(root) :] if path.startswith(f"{root}/") else path
    guarded = path.startswith("/v1/") and not _has_key(handler)
    key = engine.wants_key
    locked = key.node if isinstance(key, Known) and key.value else None
    if path in _ASK_THE_ENGINE:
        return
    if path not in _ANSWERED:
        variant = "path"
    elif guarded and locked is not None:
        variant = "key"
    elif name == "livenessProbe":
        variant = "alive"
    else:
        return
    yield Problem(
        _written(handler, "path"),
        variant=variant,
        severity="note" if variant == "alive" else None,
        related=[(locked, "the key is set here")] if variant == "key" else (),
        probe=name,
        path=text,
        engine=engine.name,
        health=engine.health_path,
        container=server.container.string("name") or "",
    )


def _guessed(server: ModelServer, name: str, handler: Node, text: str) -> Iterator[Problem]:
    """A path that people expect of a server, and that this one does not have."""
    paths, health = _GUESSED[server.engine.kind]
    if "/" + text.partition("?")[0].strip("/") in paths:
        yield Problem(
            _written(handler, "path"),
            variant="path",
            probe=name,
            path=text,
            engine=server.engine.name,
            health=health,
            container=server.container.string("name") or "",
        )


def _written(handler: Node, field: str) -> Node:
    """A field where it is written; of the API server's default the handler."""
    node = handler.get(field)
    return handler if node is None or node.place is None else node


def _has_key(handler: Node) -> bool:
    headers = handler.listed("httpHeaders")
    return any((header.string("name") or "").lower() == "authorization" for header in headers)


def _root_path(engine: Engine) -> str | None:
    """--root-path, under which every path is answered as well; None if it is not known."""
    answer = engine.value("root-path")
    if isinstance(answer, Known):
        return "/" + answer.value.strip("/")
    return "" if engine.flag("root-path") is None else None


def _wrong_port(server: ModelServer, name: str, handler: Node, port: int) -> Iterator[Problem]:
    injected = handler.start is None
    node = handler.get("port")
    text = handler.string("port") or ""
    declared = _ports(server.container)
    number = int(text[:6]) if text.isascii() and text.isdigit() else _named(declared, text)
    if number == port or not text or "$(" in text or "{{" in text:
        return
    if number is not None and (
        _is_a_neighbours(server, number) or _is_anothers(server.container, number)
    ):
        return
    assert node is not None
    variant = "port" if number is not None else "unnamed"
    yield Problem(
        # KServe's own probe asks the first containerPort, or 8080 where none is declared
        server.container if node.place is None else node,
        variant="injected" if injected else variant,
        related=[(_declaration(declared, text), f"port `{text}` is declared here")],
        probe=name,
        port=text if text.isdigit() or number is None else f"{text} ({number})",
        served=port,
        engine=server.engine.name,
        container=server.container.string("name") or "",
    )


def _ports(container: Node) -> list[Node]:
    return container.listed("ports")


def _declaration(declared: list[Node], name: str) -> Node | None:
    port = next((port for port in declared if port.string("name") == name), None)
    return None if port is None else port.get("containerPort")


def _named(declared: list[Node], name: str) -> int | None:
    port = next((port for port in declared if port.string("name") == name), None)
    return None if port is None else port.integer("containerPort")


def _is_anothers(container: Node, number: int) -> bool:
    """Does a script start another server, on this port? Any of its servers may be probed."""
    items = [*container.listed("command"), *container.listed("args")]
    found = [port for item in items for port in _PORT_OPTION.findall(item.text or "")]
    return str(number) in found


_PORT_OPTION = re.compile(r"--port[=\s]+[\"']?(\d+)")


def _is_a_neighbours(server: ModelServer, number: int) -> bool:
    """Does another container of the pod declare the port? They share one network."""
    spec = server.workload.pod_spec
    return any(
        port.integer("containerPort") == number
        for container in (*containers(spec), *init_containers(spec))
        if container is not server.container
        for port in _ports(container)
    )
