"""Objects that KServe judges, and what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kslint.graph.graph import Graph
from kslint.model.kserve import settings as kserve_settings
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.model.kserve.settings import Settings

ORIGIN = Origin("written", "a test")


def graph_of(text: str) -> Graph:
    loaded = Input([], [], [])
    load_source(Source("objects.yaml", text.encode()), loaded)
    return Graph(loaded)


def configured(mode: str = "Standard", version: str = "0.19", **keys: Any) -> Settings:
    """The chart's defaults and a default mode, as a ConfigMap of the input gives them."""
    data = dict(kserve_settings.defaults(version).data)
    for key, value in {"deploy": {"defaultDeploymentMode": mode}, **keys}.items():
        data[key] = made(value, ORIGIN)
    return kserve_settings.Settings(version, data, None, Map({}))


def said(failures: list[Failure]) -> list[tuple[str, str]]:
    assert all(failure.node.place is not None for failure in failures)
    return [(failure.code, failure.message) for failure in failures]


S = "serving.kserve.io"


def names_of(rows: list[Any]) -> list[str]:
    return [f"{row[0]}-{index}" for index, row in enumerate(rows)]


def listed(name: str, more: str, rest: str = "protocolVersions: [v2]") -> str:
    return f"{rest}, supportedModelFormats: [{{name: {name}, autoSelect: true, {more}}}]"
