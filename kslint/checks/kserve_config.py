"""KServe's ConfigMap as a whole, and modes that KServe does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.graph.gaps import VALUES
from kslint.graph.sync_options import SYNC_OPTIONS
from kslint.model.kserve import names
from kslint.model.kserve.installation import default_mode
from kslint.model.kserve.releases import releases
from kslint.model.kserve.settings import CONFIG_MAP, is_of_another, known_keys
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.settings import Settings
    from kslint.model.model import Model
    from kslint.resources import Resource

_WEBHOOK = 'admission webhook "inferenceservice.kserve-webhook-server.{}" denied the request: {}'
_PREFIX = {
    "webhook": _WEBHOOK.format("defaulter", ""),
    "controller": "fails to create IngressConfig: ",
    "pod-webhook": _WEBHOOK.format("pod-mutator", ""),
    "graphs": "",
}
_VARIANTS = {"webhook": "default", "pod-webhook": "pods"}
_MODES = (names.STANDARD, names.KNATIVE, names.MODELMESH, *names.LEGACY_MODES)
_SERVER_SIDE = "ServerSideApply=true"


def config_broken(model: Model) -> Iterator[Problem]:
    """A whole ConfigMap `inferenceservice-config` that KServe cannot read."""
    from kslint.model.kserve.admission.config import UNKNOWN_MODE, config_failures, is_whole

    fork = is_of_another(model.graph)
    for resource in () if fork else model.of_kind("ConfigMap", ""):
        data = resource.body.get("data")
        if resource.name != CONFIG_MAP or not isinstance(data, Map):
            continue
        yield from _unknown_keys(data, resource)
        gaps = model.graph.partial(resource)
        if not is_whole(data) or any(gap.kind == VALUES for gap in gaps):
            continue
        for failure in config_failures(data, _is_complete(model, resource)):
            if failure.code == UNKNOWN_MODE:
                continue  # deployment-mode-unknown speaks of it, whoever sets it
            panics = "unmarshall" in failure.message
            said = f"panic: {failure.message} [recovered]" if panics else failure.message
            yield Problem(
                failure.node,
                variant=_VARIANTS.get(failure.stage, failure.stage),
                about=resource,
                error=failure.message.rstrip(),
                said=f"{_PREFIX[failure.stage]}{said}",
            )
    for settings in model.settings:
        yield from _unquoted_list(settings, model)


def _unknown_keys(data: Map, resource: Resource) -> Iterator[Problem]:
    """Keys that no release reads: what stands below them has no effect."""
    for key, node in data.items():
        if key not in known_keys() and not _is_filled_in(key):
            yield Problem(node, variant="key", severity="warning", about=resource, key=key)


def _is_complete(model: Model, resource: Resource) -> bool:
    """Are all keys there? Not if a chart brings the ConfigMap, or another file has more of it."""
    options = resource.annotation(SYNC_OPTIONS)
    others = model.graph.find("ConfigMap", CONFIG_MAP, None).resources
    alone = all(other is resource for other in others)
    return alone and _SERVER_SIDE not in (options or "") and not list(releases(model.graph))


def _unquoted_list(settings: Settings, model: Model) -> Iterator[Problem]:
    """The chart prints `kserve.router.imagePullSecrets` as Go does: `[a b]`."""
    from kslint.model.go_json import problem

    node = settings.values.at("kserve", "router", "imagePullSecrets")
    known = settings.value_of("router", "imagePullSecrets") is not None
    if not known or not isinstance(node, Seq) or not node.children or node.place is None:
        return
    if not model.judges(settings.resource):
        return
    items = [
        f"map[{' '.join(_pairs(i))}]" if isinstance(i, Map) else i.text or "" for i in node.children
    ]
    broken = problem(f'{{"imagePullSecrets": [{" ".join(items)}]}}')
    if broken is not None:
        error = f"Unable to unmarshall agent json string due to {broken.message}"
        said = f"panic: {error}  [recovered]"
        yield Problem(node, variant="graphs", about=settings.resource, error=error, said=said)


def _pairs(item: Map) -> list[str]:
    return sorted(f"{key}:{value.text or ''}" for key, value in item.items())


def mode_unknown(model: Model) -> Iterator[Problem]:
    """A deployment mode by a name that KServe does not have."""
    for service in model.inference_services:
        node = service.resource.body.at("metadata", "annotations", names.DEPLOYMENT_MODE)
        text = None if node is None or node.is_null else node.text
        if node is None or not text or text in _MODES or _is_filled_in(text):
            continue
        known = default_mode(service.settings) if service.settings in model.installations else ""
        yield Problem(
            node,
            variant="annotation" if known else "default",
            about=service.resource,
            mode=text,
            default=known or "...",
            service=service.resource.name,
        )
    for settings in model.settings:
        yield from _unknown_default(settings, model)


def _is_filled_in(text: str) -> bool:
    from kslint.model.kubernetes.admission.field_errors import opaque

    return opaque(text)


def _unknown_default(settings: Settings, model: Model) -> Iterator[Problem]:
    from kslint.model.kserve.admission.config import UNKNOWN_MODE, deploy_failures

    root, node = settings.get("deploy"), settings.get("deploy", "defaultDeploymentMode")
    if root is None or node is None or node.place is None or not model.judges(settings.resource):
        return
    for failure in deploy_failures(root, settings.has("new-mode-names")):
        if failure.code != UNKNOWN_MODE:
            continue
        yield Problem(
            node,
            variant="chart",
            about=settings.resource,
            mode=node.text or "",
            error=failure.message,
            version=settings.version,
        )
