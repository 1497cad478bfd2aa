"""Runs one test vector through the model and says where the two disagree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from unittest import mock

import yaml

from kslint.graph.graph import Graph
from kslint.model.kserve import names, runtimes
from kslint.model.kserve.isvc import InferenceService
from kslint.model.kserve.settings import defaults, from_data
from kslint.model.kserve.storage import containers as storage_containers
from kslint.model.kubernetes.quantity import QuantityError, parse
from kslint.model.tree import put
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

VERSION = "0.19"
MISSING = object()

_CACHES = "local model caches are not modelled"
_CLOSED = "unknown, not an error: another runtime may be installed"
KNOWN_GAPS: dict[str, str] = {
    "cache-match-uses-first-node-group": _CACHES,
    "cache-match-uses-node-group-annotation": _CACHES,
    "cache-prefix-of-another-uri-is-not-confused": _CACHES,
    "cache-match-records-source-uri": _CACHES,
    "namespace-cache-match-sets-both-labels": _CACHES,
    "unknown-format-finds-nothing": _CLOSED,
    "disabled-runtime-is-not-found": _CLOSED,
    "v2-only-runtime-with-v1-finds-nothing": _CLOSED,
    "explicit-unknown-runtime-lookup-error": _CLOSED,
    "explicit-missing-runtime-fails-the-service": _CLOSED,
}
"""Vectors the model does not follow, and why not."""


class DisagreementError(Exception):
    """The model says something else than the vector."""


def judge(vector: dict[str, Any]) -> None:
    """Raises DisagreementError with the first difference."""
    with (
        mock.patch.object(runtimes, "stock", return_value=()),
        mock.patch.object(storage_containers, "shipped", return_value=()),
    ):
        _judge(vector)


def _judge(vector: dict[str, Any]) -> None:
    graph = _graph(vector["objects"])
    settings = _settings(vector.get("settings", {}))
    services = [
        InferenceService(resource, graph, settings)
        for resource in graph.of_kind("InferenceService", names.GROUP)
    ]
    expect = vector["expect"]
    if "rejected" in expect:
        said = _refusals(services, graph, ("webhook", "api-server"))
        _expect_message("rejected", expect["rejected"], said)
    if "error" in expect:
        _expect_message("error", expect["error"], _refusals(services, graph, ("controller",)))
    if "runtime" in expect:
        predictor = services[0].predictor
        assert predictor is not None
        found = predictor.runtime
        _same("runtime", expect["runtime"], found.name if found is not None else None)
    if any(item["kind"] == "InferenceService" for item in expect.get("objects", ())):
        refused = _refusals(services, graph, ("webhook",))
        if refused:
            raise DisagreementError(f"accepted by upstream, refused here: {refused[0]}")
    effective = _effective(services)
    for item in expect.get("objects", ()):
        body = effective.get(f"{item['kind']}/{item['name']}")
        if body is None:
            raise DisagreementError(
                f"no {item['kind']}/{item['name']}; there is {sorted(effective)}"
            )
        for path, value in item.get("at", {}).items():
            _same(path, value, _at(body, path))
        for path in item.get("absent", ()):
            value = _at(body, path)
            if value not in (MISSING, None, False, "", [], {}):
                raise DisagreementError(f"{path} is {value!r}, expected to be absent")
    for name in expect.get("gone", ()):
        if name in effective:
            raise DisagreementError(f"{name} exists")


def _graph(bodies: list[dict[str, Any]]) -> Graph:
    loaded = Input([], [], [])
    text = "---\n".join(yaml.safe_dump(body, sort_keys=False) for body in bodies)
    load_source(Source("vector.yaml", text.encode()), loaded)
    assert not loaded.troubles
    return Graph(loaded)


def _settings(given: dict[str, Any]) -> Settings:
    settings = defaults(VERSION)
    standard = {"deploy": {"defaultDeploymentMode": "Standard"}}
    settings.data = {**settings.data, **from_data({**standard, **given}, VERSION).data}
    settings.holder = Map({})
    return settings


def _refusals(services: list[InferenceService], graph: Graph, stages: tuple[str, ...]) -> list[str]:
    from kslint.model.kserve.admission import refusals
    from kslint.model.kserve.admission.runtimes import runtime_rejections

    found = [f for service in services for f in refusals.of_service(service)]
    for kind in ("ServingRuntime", "ClusterServingRuntime"):
        for resource in graph.of_kind(kind):
            found += runtime_rejections(resource, graph)
    return [failure.message for failure in found if failure.stage in stages]


def _expect_message(what: str, wanted: str, said: list[str]) -> None:
    if not any(wanted in message for message in said):
        raise DisagreementError(f"{what}: {wanted!r} is not among {said}")


def _effective(services: list[InferenceService]) -> dict[str, Node]:
    from kslint.model.kserve.pod_webhook import admitted_pod
    from kslint.model.kserve.rendering import created

    found: dict[str, Node] = {}
    for service in services:
        name = service.resource.name
        found[f"InferenceService/{name}"] = service.stored
        for body in created(service):
            found[f"{body.string('kind')}/{body.string('metadata', 'name')}"] = body
        for component in service.components:
            pod = admitted_pod(component)
            if pod is not None:
                found[f"Pod/{component.metadata.string('name')}"] = put(None, ("spec",), pod)
    return found


_STEP = re.compile(r'\["((?:[^"\\]|\\.)+)"\]|\[(\w+)=([^\]]+)\]|\[(-?\d+)\]|([^.\[\]]+)')


def _at(root: Node, path: str) -> Any:
    """The plain value at a path, without what the API server's defaults add."""
    node: Node | None = root
    for quoted, field, wanted, index, key in _STEP.findall(path):
        if node is None:
            return MISSING
        if quoted or key:
            node = node.get(quoted or key)
        elif index:
            children = node.elements()
            node = children[int(index)] if -len(children) <= int(index) < len(children) else None
        else:
            node = next((c for c in node.elements() if c.string(field) == wanted), None)
    return MISSING if node is None or _by_api_server(node) else _plain(node)


def _by_api_server(node: Node) -> bool:
    return node.origin is not None and node.origin.kind == "api-server"


def _plain(node: Node) -> Any:
    if isinstance(node, Map):
        return {
            k: _plain(v) for k, v in node.entries.items() if not _by_api_server(v) and not v.is_null
        }
    if isinstance(node, Seq):
        return [_plain(v) for v in node.children]
    return node.value if isinstance(node, Scalar) else None


def _same(path: str, wanted: Any, found: Any) -> None:
    if not _equal(wanted, found):
        shown = "nothing" if found is MISSING else repr(found)
        raise DisagreementError(f"{path}: expected {wanted!r}, the model says {shown}")


def _equal(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(_equal(wanted[k], found[k]) for k in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_equal, wanted, found))
    if wanted == found and type(wanted) is type(found):
        return True
    if {type(wanted), type(found)} <= {str, int, float}:
        return _same_quantity(str(wanted), str(found))
    return False


def _same_quantity(wanted: str, found: str) -> bool:
    try:
        return parse(wanted) == parse(found)
    except QuantityError:
        return False
