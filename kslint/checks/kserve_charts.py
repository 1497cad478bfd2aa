"""KServe's charts: objects that two of them render, and values that none of them reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import once
from kslint.findings import Problem
from kslint.model.kserve.charts import SHARED, configs_rendered_twice, unread_values
from kslint.model.kserve.installation import values_are_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.gitops.argocd import Source
    from kslint.model.model import Model
    from kslint.source.nodes import Node


def config_owned_twice(model: Model) -> Iterator[Problem]:
    """Two charts that render the same ConfigMap in one namespace."""
    yield from once(_config_owned_twice(model))


def _config_owned_twice(model: Model) -> Iterator[Problem]:
    for twice in configs_rendered_twice(model.graph):
        if all(values_are_known(model.graph, s) for s in (twice.first, twice.second)):
            first, second = twice.first.application, twice.second.application
            yield Problem(
                _switch(twice.second),
                related=[(_switch(twice.first), f"`{first.name}` renders it too")],
                about=second.resource,
                first=first.name,
                second=second.name,
                namespace=twice.namespace,
            )


def _switch(source: Source) -> Node:
    """Where the switch stands or belongs; `chart` where the source has no values at all."""
    helm = source.node.get("helm")
    if helm is None:
        return source.node.get("chart") or source.node
    return source.node.nearest("helm", "valuesObject", *SHARED)


def value_not_read(model: Model) -> Iterator[Problem]:
    """A value for one of KServe's charts that no template of it reads."""
    yield from once(_value_not_read(model))


def _value_not_read(model: Model) -> Iterator[Problem]:
    for unread in unread_values(model.graph):
        yield Problem(
            unread.node,
            variant="elsewhere" if unread.others else "default",
            about=unread.source.application.resource,
            chart=unread.source.chart,
            path=unread.path,
            version=unread.version,
            others=" and ".join(f"`{other}`" for other in unread.others),
        )
