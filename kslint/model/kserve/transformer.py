"""The pods of transformers and explainers, with the arguments that KServe adds.

Mirrors pkg/controller/v1beta1/inferenceservice/components/{transformer,explainer}.go and
pkg/apis/serving/v1beta1/{transformer_custom,explainer_custom,explainer_art}.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.pod_edits import elements
from kslint.model.kserve.workload import Built, predictor_name, with_service_name
from kslint.model.tree import appended, put, put_missing, replace_item, without
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node


def component_pod(isvc: Map, name: str, settings: Settings) -> Built:
    """The pod spec of a transformer or explainer, with the arguments KServe adds."""
    component = isvc.at("spec", name)
    if not isinstance(component, Map):
        return Built(None, unknown=f"spec.{name} is not a mapping")
    pod_spec = without(component, *names.COMPONENT_FIELDS, "art", "storageUris")
    art = component.get("art")
    first = component.at("containers", 0)
    if isinstance(art, Map) and first is None:
        server = _art_container(isvc, art, settings)
    elif isinstance(first, Map):
        server = _with_arguments(isvc, name, first, settings)
    else:
        return Built(None, unknown=f"spec.{name} has no containers")
    pod_spec = put(pod_spec, ("containers",), replace_item(component.get("containers"), 0, server))
    if name == "transformer":
        pod_spec = with_service_name(pod_spec, isvc, settings, only_first=True)
    return Built(pod_spec)


def _default_arguments(isvc: Map, component: str, settings: Settings) -> list[tuple[str, str]]:
    name = isvc.string("metadata", "name") or ""
    namespace = isvc.string("metadata", "namespace") or ""
    return [
        ("--model_name", name),
        ("--predictor_host", f"{predictor_name(isvc, settings)}.{namespace}"),
        ("--http_port", str(names.DEFAULT_HTTP_PORT)),
        ("--workers", isvc.string("spec", component, "containerConcurrency") or ""),
    ]


def _with_arguments(isvc: Map, component: str, container: Map, settings: Settings) -> Map:
    """--model_name, --predictor_host, --http_port and --workers, where the container has none.

    An explainer gets --http_port even if it has one.
    """
    args = container.get("args")
    present = [item.text or "" for item in elements(args)]
    file = f"pkg/apis/serving/v1beta1/{component}_custom.go @v0.19.0"
    origin = Origin("controller", f"the {component}'s default arguments", file)
    added: list[Node] = []
    for flag, value in _default_arguments(isvc, component, settings):
        always = component == "explainer" and flag == "--http_port"
        if value and (always or not any(item.startswith(flag) for item in present)):
            added += [made(flag, origin), made(value, origin)]
    return put(container, ("args",), appended(args, added, origin)) if added else container


def _art_container(isvc: Map, art: Map, settings: Settings) -> Map:
    """The ART explainer's container. Its own arguments come twice, as upstream builds them.

    Mirrors pkg/apis/serving/v1beta1/explainer_art.go @v0.19.0.
    """
    origin = Origin(
        "controller",
        "the ART explainer's arguments",
        "pkg/apis/serving/v1beta1/explainer_art.go @v0.19.0",
    )
    own = elements(art.get("args"))
    present = [item.text or "" for item in own]
    model_name, host, port, workers = _default_arguments(isvc, "explainer", settings)
    texts = [*model_name, *port]  # whatever its own arguments say
    for flag, value in (host, workers):
        if value and not any(item.startswith(flag) for item in present):
            texts += [flag, value]
    if art.string("storageUri"):
        texts += ["--storage_uri", names.MODEL_MOUNT_PATH]
    texts += ["--adversary_type", art.string("type") or ""]
    config = art.get("config")
    for key, value_node in sorted(() if config is None else config.items()):
        texts += [f"--{key}", value_node.text or ""]
    container = without(art, "type", "storageUri", "runtimeVersion", "config", "storage", "args")
    args = Seq([*(made(text, origin) for text in texts), *own, *own])
    args.origin = origin
    container = put(container, ("args",), args)
    image = settings.text("explainers", "art", "image")
    version = art.string("runtimeVersion") or settings.text(
        "explainers", "art", "defaultImageVersion"
    )
    return put_missing(container, ("image",), made(f"{image}:{version}", origin))
