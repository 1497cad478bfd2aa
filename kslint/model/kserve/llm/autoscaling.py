"""What scales an LLMInferenceService: a VariantAutoscaling counts, an HPA or KEDA acts.

Mirrors pkg/controller/v1alpha2/llmisvc/scaling.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.llm.configs import child_name, present
from kslint.model.kserve.llm.made import labels_of, new_object
from kslint.model.kubernetes.defaults import defaulted_scaler
from kslint.model.tree import put, put_missing
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import JsonValue

WVA_SETTINGS = "autoscaling-wva-controller-config"

_ACCELERATOR = "inference.optimization/acceleratorName"
_METRIC = "wva_desired_replicas"
_PASSED = (
    "pollingInterval", "cooldownPeriod", "idleReplicaCount", "fallback", "advanced",
    "initialCooldownPeriod",
)  # fmt: skip
_SOURCE = "pkg/controller/v1alpha2/llmisvc/scaling.go"


def unscaled(service: LLMInferenceService, spec: Map) -> str:
    """Why a ScaledObject is not built; "" if all are."""
    wanted = any(block.at("wva", "keda") is not None for _, block in _scalings(spec))
    if wanted and not service.settings.text(WVA_SETTINGS, "prometheus", "url"):
        return f"{WVA_SETTINGS}.prometheus.url is not in the input"
    return ""


def scalers(service: LLMInferenceService, spec: Map) -> Iterator[Map]:
    """The autoscaling objects of the main workload, then of prefill."""
    for path, scaling in _scalings(spec):
        wva = scaling.get("wva")
        if not isinstance(wva, Map):
            continue
        yield _variant(service, spec, path, scaling)
        if isinstance(wva.get("keda"), Map) and not unscaled(service, spec):
            yield _scaled_object(service, spec, path, scaling)
        if isinstance(wva.get("hpa"), Map):
            yield _hpa(service, spec, path, scaling)


def _scalings(spec: Map) -> list[tuple[tuple[str, ...], Map]]:
    paths: tuple[tuple[str, ...], ...] = ((), ("prefill",))
    return [(p, found) for p in paths if isinstance(found := spec.at(*p, "scaling"), Map)]


def _variant(
    service: LLMInferenceService, spec: Map, path: tuple[str, ...], scaling: Map
) -> Map:  # fmt: skip
    labels = labels_of(service, "llminferenceservice-workload")
    labels[_ACCELERATOR] = spec.string(*path, "labels", _ACCELERATOR) or "unknown"
    origin = _origin("480-520")
    version = "llmd.ai/v1alpha1"
    name = _name(service, path, "-va")
    body = new_object(service, version, "VariantAutoscaling", name, labels, origin)
    body = put(body, ("spec", "scaleTargetRef"), made(_target(service, spec, path), origin))
    model = spec.at("model", "name") or spec.at("model", "uri")
    if model is not None:
        body = put(body, ("spec", "modelID"), model)
    body = _with_bounds(body, scaling, ("minReplicas", "maxReplicas"), origin)
    cost = scaling.at("wva", "variantCost") or made("10.0", _origin("a default of the CRD"))
    return put(body, ("spec", "variantCost"), cost)


def _hpa(
    service: LLMInferenceService, spec: Map, path: tuple[str, ...], scaling: Map
) -> Map:  # fmt: skip
    labels = labels_of(service, "llminferenceservice-workload")
    origin = _origin("178-235")
    kind, name = "HorizontalPodAutoscaler", _name(service, path, "-hpa")
    body = new_object(service, "autoscaling/v2", kind, name, labels, origin)
    body = put(body, ("spec", "scaleTargetRef"), made(_target(service, spec, path), origin))
    body = _with_bounds(body, scaling, ("minReplicas", "maxReplicas"), origin)
    selector: dict[str, JsonValue] = {"variant_name": _name(service, path, "-va")}
    metric: dict[str, JsonValue] = {"name": _METRIC, "selector": {"matchLabels": selector}}
    target: dict[str, JsonValue] = {"type": "Value", "value": "1"}
    external: dict[str, JsonValue] = {"metric": metric, "target": target}
    metrics: list[JsonValue] = [{"type": "External", "external": external}]
    body = put(body, ("spec", "metrics"), made(metrics, origin))
    behavior = scaling.at("wva", "hpa", "behavior")
    if isinstance(behavior, Map):
        body = put(body, ("spec", "behavior"), behavior)
    return defaulted_scaler(body)


def _scaled_object(
    service: LLMInferenceService, spec: Map, path: tuple[str, ...], scaling: Map
) -> Map:  # fmt: skip
    labels = labels_of(service, "llminferenceservice-workload")
    origin = _origin("377-453")
    kind, name = "ScaledObject", _name(service, path, "-keda")
    body = new_object(service, "keda.sh/v1alpha1", kind, name, labels, origin)
    body = put(body, ("spec", "scaleTargetRef"), made(_target(service, spec, path), origin))
    body = _with_bounds(body, scaling, ("minReplicaCount", "maxReplicaCount"), origin)
    keda = scaling.at("wva", "keda")
    for field in _PASSED:
        value = None if keda is None else keda.get(field)
        if value is not None and not value.is_null:
            body = put(body, ("spec", field), value)
    return put(body, ("spec", "triggers"), made([_trigger(service, path)], origin))


def _trigger(service: LLMInferenceService, path: tuple[str, ...]) -> dict[str, JsonValue]:
    def setting(field: str) -> str:
        return service.settings.text(WVA_SETTINGS, "prometheus", field)

    labels = f'variant_name="{_name(service, path, "-va")}"'
    labels += f',exported_namespace="{service.namespace or ""}"'
    insecure = service.settings.flag(WVA_SETTINGS, "prometheus", "tlsInsecureSkipVerify")
    metadata: dict[str, JsonValue] = {
        "serverAddress": setting("url"),
        "query": f"{_METRIC}{{{labels}}}",
        "threshold": "1",
        "unsafeSsl": str(insecure).lower(),
    }
    if setting("authModes"):
        metadata["authModes"] = setting("authModes")
    trigger: dict[str, JsonValue] = {
        "type": "prometheus",
        "name": "wva-desired-replicas",
        "metadata": metadata,
    }
    if setting("triggerAuthName"):
        reference: dict[str, JsonValue] = {"name": setting("triggerAuthName")}
        if setting("triggerAuthKind"):
            reference["kind"] = setting("triggerAuthKind")
        trigger["authenticationRef"] = reference
    return trigger


def _with_bounds(body: Map, scaling: Map, fields: tuple[str, str], origin: Origin) -> Map:
    for field, bound in zip(fields, ("minReplicas", "maxReplicas"), strict=True):
        value = scaling.get(bound)
        if value is not None and not value.is_null:
            body = put(body, ("spec", field), value)
    return put_missing(body, ("spec", fields[0]), made(1, origin))


def _target(
    service: LLMInferenceService, spec: Map, path: tuple[str, ...]
) -> dict[str, JsonValue]:  # fmt: skip
    group = present(spec, *path, "worker")
    suffix = ("-kserve-mn" if group else "-kserve") + ("-prefill" if path else "")
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1" if group else "apps/v1",
        "kind": "LeaderWorkerSet" if group else "Deployment",
        "name": child_name(service.resource.name, suffix),
    }


def _name(service: LLMInferenceService, path: tuple[str, ...], suffix: str) -> str:
    return child_name(service.resource.name, ("-kserve-prefill" if path else "-kserve") + suffix)


def _origin(lines: str) -> Origin:
    return Origin("controller", "the autoscaling reconciler", f"{_SOURCE}:{lines} @v0.19.0")
