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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.model.kserve.llm.storage import Storage
    from kslint.model.model import Model

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


def initializer_limit(component: Component) -> Iterator[Problem]:
    """A download of a large model by an init container with the shipped limit, or less."""
    for source in (*downloads(component, "hf"), *downloads(component, "s3")):
        text = source.uri.text or ""
        size = billions(source.hf_model or text)
        if size is None or size < _LARGE or is_cached(component.owner.graph, text):
            continue
        limit = initializer_memory(component, text)
        amount = parse_or_none(limit)
        if amount is not None and _SHIPPED is not None and amount <= _SHIPPED:
            yield Problem(source.uri, uri=text, billions=f"{size:.0f}", limit=limit)


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
    for source in argocd.chart_sources(model.graph):
        if source.chart not in (*CONTROLLER_CHARTS, LLM_CHART):
            continue
        node = argocd.helm_values(model.graph, source).at(*_RESOURCES)
        if node is None or node.place is None:
            continue
        yield Problem(
            node,
            related=[(first.resource.body.at("spec", "model", "uri"), "the download")],
            about=source.application.resource,
            service=first.resource.name,
            limit=first.settings.text("storageInitializer", "memoryLimit") or "1Gi",
        )


def _fetches(storage: Storage | None) -> bool:
    return storage is not None and storage.downloads and storage.scheme in ("hf", "s3")
