"""What the storage initializer is given for a download: credentials, settings of S3, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import once
from kslint.findings import Problem
from kslint.model.downloads import is_cached
from kslint.model.engines.vllm.weights import billions
from kslint.model.gitops import argocd
from kslint.model.kserve.installation import LLM_CHART
from kslint.model.kserve.releases import CONTROLLER_CHARTS
from kslint.model.kserve.storage.containers import initializer_memory
from kslint.model.kserve.storage.reaching import (
    downloads,
    token_of_server_alone,
    unreached_s3,
    unread_annotations,
)
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.model.platform.distributions import may_differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kserve.component import Declaration
    from kslint.model.kserve.isvc import Component
    from kslint.model.kserve.llm.spec import MergedSpec
    from kslint.model.kserve.llm.storage import Storage
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SHIPPED = parse_or_none("1Gi")
_LARGE = 7.0
"""Billions of parameters from which on the shipped limit is not enough."""
_RESOURCES = ("kserve", "storage", "resources")


def annotation_not_read(component: Component) -> Iterator[Problem]:
    """An annotation about S3 that KServe does not read where it stands, or under this name."""
    for one in unread_annotations(component):
        yield Problem(one.node, variant=one.why, about=one.resource, name=one.name, right=one.right)


def not_reached(component: Component) -> Iterator[Problem]:
    """An s3:// download that goes without the credentials which are there."""
    found = unreached_s3(component)
    if found is None:
        return
    settings, account = component.owner.settings, found.account_resource
    listed = None if account is None else account.body.at("metadata", "name")
    secret = found.secret.body.at("metadata", "name")
    download = found.source.uri
    yield Problem(
        found.node,
        variant="keys" if found.keys else "default",
        related=[
            (listed, "the ServiceAccount"),
            (secret, "the Secret"),
            (download, "the download"),
        ],
        about=found.secret if found.keys else None,
        account=found.account,
        secret=found.secret.name,
        key=settings.text("credentials", "s3", "s3AccessKeyIDName"),
        secret_key=settings.text("credentials", "s3", "s3SecretAccessKeyName"),
    )


def server_token(component: Component) -> Iterator[Problem]:
    """A token in the server's environment, for a model that the init container fetches."""
    token = token_of_server_alone(component)
    if token is None or is_cached(component.owner.graph, token.source.uri.text or ""):
        return
    own = token.node.place is not None
    yield Problem(
        token.node if own else token.source.uri,
        related=[(token.source.uri, "this is downloaded")],
        variable=token.variable,
        uri=token.source.uri.text or "",
    )


def initializer_limit(model: Model) -> Iterator[Problem]:
    """A download of a large model by an init container with the shipped limit, or less."""
    graph = model.graph
    for service in model.inference_services:
        for component in service.components:
            for source in (*downloads(component, "hf"), *downloads(component, "s3")):
                text = source.uri.text or ""
                limit = None if is_cached(graph, text) else initializer_memory(component, text)
                if limit is not None:
                    name = source.hf_model or text
                    yield from _too_small(source.uri, name, limit, service, graph)
    fetching = [llm for llm in model.llm_services if _fetches(llm.storage)]
    if not fetching or any(True for _ in _chart_values(graph)):
        return  # what those values do not reach is said where they stand
    for llm in fetching:
        storage = llm.storage
        if storage is not None and not is_cached(graph, storage.uri) and not llm.own_initializer:
            limit = llm.settings.text("storageInitializer", "memoryLimit")
            yield from _too_small(storage.node, storage.uri, limit, llm, graph, "llm")


def _too_small(
    node: Node,
    name: str,
    limit: str,
    owner: Declaration | MergedSpec,
    graph: Graph,
    variant: str = "default",
) -> Iterator[Problem]:
    parts = [part.partition(":")[0] for part in name.split("/")]
    size = max((known for part in parts if (known := billions(part)) is not None), default=0.0)
    amount = parse_or_none(limit)
    if size < _LARGE or may_differ(graph, owner.settings, owner.resource):
        return
    if amount is not None and _SHIPPED is not None and amount <= _SHIPPED:
        text = node.text or ""
        yield Problem(
            node,
            variant=variant,
            about=owner.resource,
            uri=text,
            billions=f"{size:.0f}",
            limit=limit,
        )


def chart_resources(model: Model) -> Iterator[Problem]:
    """Values for the storage initializer's resources, where only LLMInferenceServices download."""
    yield from once(_chart_resources(model))


def _chart_resources(model: Model) -> Iterator[Problem]:
    fetching = [llm for llm in model.llm_services if _fetches(llm.storage)]
    if not fetching or any(
        downloads(component, scheme)
        for service in model.inference_services
        for component in service.components
        for scheme in ("hf", "s3", "gs", "https", "http", "hdfs", "webhdfs")
    ):
        return
    first = fetching[0]
    for node, resource in _chart_values(model.graph):
        yield Problem(
            node,
            related=[(first.resource.body.at("spec", "model", "uri"), "the download")],
            about=resource,
            service=first.resource.name,
            limit=first.settings.text("storageInitializer", "memoryLimit") or "1Gi",
        )


def _chart_values(graph: Graph) -> Iterator[tuple[Node, Resource]]:
    """Where charts of KServe are given resources for the storage initializer."""
    for source in argocd.chart_sources(graph):
        if source.chart in (*CONTROLLER_CHARTS, LLM_CHART):
            node = argocd.helm_values(graph, source).at(*_RESOURCES)
            while node is not None and node.place is None:  # a parameter: its end is written
                node = next((child for _, child in node.items()), None)
            if node is not None:
                yield node, source.application.resource


def _fetches(storage: Storage | None) -> bool:
    return storage is not None and storage.downloads and storage.scheme in ("hf", "s3")
