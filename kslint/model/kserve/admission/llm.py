"""What refuses an LLMInferenceService: its webhook, then the controller over the merged spec.

Mirrors pkg/apis/serving/v1alpha2/llm_inference_service{,_config}_validation.go and, where it
differs, v1alpha1 @v0.19.0. A Failure's message is the detail of the field error (without the
value the API server prints before it), its code is the field's path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Failure
from kslint.model.kserve.llm.autoscaling import WVA_SETTINGS
from kslint.model.kserve.llm.configs import child_name, present
from kslint.model.kserve.llm.picker_config import own_config
from kslint.model.kserve.llm.scheduler import is_managed, picker_arguments
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.resources import Resource
    from kslint.source.nodes import Node

    Problem = tuple[str, str, Node]
    """A field's path, the detail, and the node it is about."""

_WORKER = (
    "when worker is specified, parallelism must be configured "
    "for either data parallelism or pipeline parallelism"
)


def llm_rejections(llm: LLMInferenceService) -> list[Failure]:
    """Everything that refuses the service, webhook first.

    The controller validates the merged spec again, by the rules of v1alpha2; what the webhook
    has said is not repeated. Group sizes may not change either, which one manifest cannot show.
    """
    said = list(_spec_problems(llm.stored.get("spec"), llm.resource.name, llm.resource.version))
    failures = [Failure("webhook", detail, node, path) for path, detail, node in said]
    known = {(path, detail) for path, detail, _ in said}
    if llm.effective is not None:
        merged = llm.effective
        for path, detail, node in _merged_problems(merged, llm.resource.name):
            if (path, detail) not in known:
                failures.append(Failure("controller", detail, node, path))
    failures.extend(_template_failures(llm))
    failures.extend(_storage_failures(llm))
    failures.extend(_picker_failures(llm))
    failures.extend(_keda_failures(llm))
    return failures


def llm_config_rejections(resource: Resource) -> list[Failure]:
    """What refuses an LLMInferenceServiceConfig.

    Source: llm_inference_service_config_validation.go:115-160.
    """
    failures = []
    refs = resource.body.at("spec", "baseRefs")
    if refs is not None and refs.elements():
        message = (
            "baseRefs is not a permitted field in LLMInferenceServiceConfig, "
            "support for recursive refs has been disabled"
        )
        failures.append(Failure("webhook", message, refs, "spec.baseRefs"))
    scheduler = resource.body.at("spec", "router", "scheduler")
    if scheduler is not None:
        for path, detail, node in _scheduler_replicas(scheduler):
            failures.append(Failure("webhook", detail, node, path))
    return failures


def _spec_problems(spec: Node | None, name: str, version: str) -> Iterator[Problem]:
    if spec is None:
        return
    yield from _router_problems(spec, version)
    yield from _parallelism_problems(spec)
    yield from _scheduler_problems(spec)
    yield from _scaling_problems(spec)
    if version != "v1alpha1":
        yield from _lora_problems(spec, name)


def _merged_problems(spec: Node, name: str) -> Iterator[Problem]:
    """The rules of v1alpha2, less those the controller's own merge settles before.

    gateway.refs replace parentRefs, and a config.ref becomes inline (config_merge.go:331-404).
    """
    yield from _parallelism_problems(spec)
    yield from _scaling_problems(spec)
    yield from _lora_problems(spec, name)


def _router_problems(spec: Node, version: str) -> Iterator[Problem]:
    http = spec.at("router", "route", "http")
    if not isinstance(http, Map):
        return
    path = "spec.router.route.http"
    refs, inline = http.get("refs"), http.get("spec")
    gateway = spec.at("router", "gateway")
    gateway_refs = None if gateway is None else gateway.get("refs")
    has_gateway_refs = gateway_refs is not None and bool(gateway_refs.elements())
    if refs is not None and refs.elements():
        if isinstance(inline, Map):
            yield (
                path,
                (
                    "unsupported configuration: cannot use both custom HTTPRoute refs "
                    f"('{path}.refs') "
                    f"and an inline route spec ('{path}.spec'); choose one"
                ),
                refs,
            )
        if isinstance(gateway, Map) and not has_gateway_refs:
            yield (
                f"{path}.refs",
                (
                    f"unsupported configuration: custom HTTP routes ('{path}.refs') cannot be used "
                    "with a managed gateway ('spec.router.gateway'); "
                    f"either remove '{path}.refs' or set 'spec.router.gateway.refs'"
                ),
                refs,
            )
    parents = None if inline is None else inline.get("parentRefs")
    if parents is None or not parents.elements() or not has_gateway_refs:
        return
    said = "cannot be used with"
    if version != "v1alpha1":
        if gateway_refs is None or _references(parents) == _references(gateway_refs):
            return
        said = "has parentRefs that conflict with"
    yield (
        f"{path}.spec",
        (
            f"unsupported configuration: managed HTTP route spec ('{path}.spec') {said} custom "
            "gateway refs ('spec.router.gateway.refs'); either remove 'spec.router.gateway.refs' "
            f"or '{path}.spec.parentRefs'"
        ),
        parents,
    )


def _references(refs: Node) -> list[tuple[str, str, str]]:
    return sorted(
        (
            item.string("namespace") or "",
            item.string("name") or "",
            item.string("sectionName") or "",
        )
        for item in refs.elements()
    )


def _blocks(spec: Node) -> Iterator[tuple[str, Node]]:
    """The workloads of a spec: the main one, and prefill."""
    yield "spec", spec
    prefill = spec.get("prefill")
    if isinstance(prefill, Map):
        yield "spec.prefill", prefill


def _parallelism_problems(spec: Node) -> Iterator[Problem]:
    for path, block in _blocks(spec):
        sizes = block.get("parallelism")
        worker = block.get("worker")
        if isinstance(sizes, Map):
            yield from _size_problems(path, sizes, worker)
        elif isinstance(worker, Map):
            yield f"{path}.worker", _WORKER, worker


def _size_problems(path: str, sizes: Map, worker: Node | None) -> Iterator[Problem]:
    pipeline, data, local = (sizes.integer(f) for f in ("pipeline", "data", "dataLocal"))
    by_pipeline = (pipeline or 0) > 0
    by_data = (data or 0) > 0 or (local or 0) > 0
    if isinstance(worker, Map) and not by_data and not by_pipeline:
        yield f"{path}.worker", _WORKER, worker
    path = f"{path}.parallelism"
    if by_pipeline and by_data:
        yield (
            path,
            (
                "cannot set both pipeline parallelism and data parallelism (data or dataLocal) "
                "simultaneously"
            ),
            sizes,
        )
    for missing, given in (("dataLocal", "data"), ("data", "dataLocal")):
        node = sizes.get(given)
        if sizes.integer(missing) is None and sizes.integer(given) is not None and node is not None:
            yield f"{path}.{missing}", f"{missing} must be set when {given} is set", node
    for field in ("pipeline", "data", "dataLocal"):
        size, node = sizes.integer(field), sizes.get(field)
        if size is not None and size <= 0 and node is not None:
            yield f"{path}.{field}", f"{field} parallelism must be greater than 0", node


def _scheduler_problems(spec: Node) -> Iterator[Problem]:
    scheduler = spec.at("router", "scheduler")
    if not isinstance(scheduler, Map):
        return
    yield from _scheduler_replicas(scheduler)
    config = scheduler.get("config")
    if not isinstance(config, Map):
        return
    path = "spec.router.scheduler.config"
    inline, ref = config.get("inline"), config.get("ref")
    inline = None if inline is None or inline.is_null else inline
    has_ref = isinstance(ref, Map)
    if inline is None and not has_ref:
        yield path, "either inline or ref is required", config
    if inline is not None and has_ref:
        yield path, "both inline and ref are set, either specify inline or ref", config
    if isinstance(inline, Map) and not inline.entries:  # `{}`: fewer than three bytes
        yield f"{path}.inline", "inline configuration is invalid", inline
    if has_ref and ref is not None and not ref.string("name"):
        yield f"{path}.ref.name", "name is empty", ref


def _scheduler_replicas(scheduler: Node) -> Iterator[Problem]:
    replicas, node = scheduler.integer("replicas"), scheduler.get("replicas")
    if replicas is not None and replicas <= 0 and node is not None:
        path = "spec.router.scheduler.replicas"
        yield path, "scheduler replicas must be greater than zero", node


def _lora_problems(spec: Node, name: str) -> Iterator[Problem]:
    lora = spec.at("model", "lora")
    if lora is None:
        return
    path = "spec.model.lora"
    for field in ("maxRank", "maxAdapters", "maxCpuAdapters"):
        value, node = lora.integer(field), lora.get(field)
        if value is not None and value < 1 and node is not None:
            yield f"{path}.{field}", f"{field} must be at least 1", node
    base = spec.string("model", "name")
    base = name if base is None else base
    seen: dict[str, int] = {}
    for index, adapter in enumerate(lora.listed("adapters")):
        where = f"{path}.adapters[{index}].name"
        node = adapter.get("name") or adapter
        own = adapter.string("name")
        if not own:
            yield where, "adapter name is required", adapter
            continue
        if own in (".", ".."):
            yield where, 'adapter name must not include "." or ".." (path traversal risk)', node
            continue
        if own in seen:
            yield where, f"duplicate name (same as adapters[{seen[own]}])", node
        else:
            seen[own] = index
        if own == base:
            yield where, f'adapter name must differ from base model name "{base}"', node


def _scaling_problems(spec: Node) -> Iterator[Problem]:
    backends = []
    for path, block in _blocks(spec):
        scaling = block.get("scaling")
        if not isinstance(scaling, Map):
            continue
        yield from _bounds_problems(f"{path}.scaling", block, scaling)
        wva = scaling.get("wva")
        if not isinstance(wva, Map):
            detail = (
                "wva is required when scaling is configured; it provides the autoscaling mechanism"
            )
            yield f"{path}.scaling.wva", detail, scaling
            continue
        yield from _actuator_problems(f"{path}.scaling.wva", wva)
        yield from _idle_problems(f"{path}.scaling", scaling, wva)
        backends.append(("hpa" if present(wva, "hpa") else "keda", wva))
    if len(backends) == 2 and backends[0][0] != backends[1][0]:
        yield (
            "spec.prefill.scaling.wva",
            (
                "decode and prefill must use the same actuator backend; "
                f"decode uses {backends[0][0]} but prefill uses {backends[1][0]} — mixing backends "
                "requires two separate metric pipelines and leads to independent, unsynchronised "
                "scaling decisions"
            ),
            backends[1][1],
        )


def _bounds_problems(path: str, block: Node, scaling: Map) -> Iterator[Problem]:
    if block.integer("replicas") is not None:
        yield (
            path,
            (
                "scaling and replicas are mutually exclusive; "
                "use scaling for autoscaled deployments or replicas for static deployments"
            ),
            block.get("replicas") or scaling,
        )
    least, node = scaling.integer("minReplicas"), scaling.get("minReplicas")
    most = scaling.integer("maxReplicas") if scaling.get("maxReplicas") is not None else 0
    if least is not None and most is not None and least > most and node is not None:
        detail = f"minReplicas ({least}) cannot exceed maxReplicas ({most})"
        yield f"{path}.minReplicas", detail, node


def _actuator_problems(path: str, wva: Map) -> Iterator[Problem]:
    hpa, keda = present(wva, "hpa"), present(wva, "keda")
    if hpa and keda:
        yield path, "hpa and keda are mutually exclusive; choose one actuator backend", wva
    if not hpa and not keda:
        yield path, "either hpa or keda must be specified as the actuator backend", wva
    cost = wva.get("variantCost")
    if cost is not None and cost.text and not _is_cost(cost.text):
        detail = 'variantCost must be a non-negative numeric string (e.g., "10", "10.0", "0.5")'
        yield f"{path}.variantCost", detail, cost
    advanced = wva.at("keda", "advanced")
    if advanced is None:
        return
    modifiers = advanced.get("scalingModifiers")
    fields = ("formula", "target", "activationTarget", "metricType")
    if modifiers is not None and any(modifiers.string(field) for field in fields):
        yield (
            f"{path}.keda.advanced.scalingModifiers",
            "scalingModifiers must not be set; WVA controls the scaling metric formula and logic",
            modifiers,
        )
    name = advanced.at("horizontalPodAutoscalerConfig", "name")
    if name is not None and name.text:
        yield (
            f"{path}.keda.advanced.horizontalPodAutoscalerConfig.name",
            (
                "horizontalPodAutoscalerConfig.name must not be set; "
                "the controller manages the HPA name"
            ),
            name,
        )


def _idle_problems(path: str, scaling: Map, wva: Map) -> Iterator[Problem]:
    idle, node = wva.integer("keda", "idleReplicaCount"), wva.at("keda", "idleReplicaCount")
    if idle is None or node is None:
        return
    least = scaling.integer("minReplicas")
    if least is None:
        yield (
            f"{path}.minReplicas",
            (
                "minReplicas is required when idleReplicaCount is set; "
                f"idleReplicaCount ({idle}) must be less than minReplicas"
            ),
            node,
        )
    elif idle >= least:
        yield (
            f"{path}.wva.keda.idleReplicaCount",
            (
                f"idleReplicaCount ({idle}) must be less than minReplicas ({least}); "
                "idleReplicaCount defines the replica floor when no triggers are active"
            ),
            node,
        )


def _is_cost(text: str) -> bool:
    r"""Does the text match `^\d+(\.\d+)?$`?"""
    whole, point, fraction = text.partition(".")
    parts = (whole, fraction) if point else (whole,)
    return all(part.isascii() and part.isdigit() for part in parts)


def _template_failures(llm: LLMInferenceService) -> Iterator[Failure]:
    """Presets for data parallelism read the service's own sizes, not those of a baseRef.

    Templates are filled in from the spec as it was before the merge (config_merge.go:320,566),
    and config-llm-*-worker-data-parallel.yaml read `.Spec.Parallelism.Expert` unguarded.
    """
    own = llm.stored.get("spec")
    for config in llm.presets or ():
        if not config.name.endswith("worker-data-parallel") or not config.shipped:
            continue
        path = ("prefill",) if "-prefill-" in config.name else ()
        block = own if own is None or not path else own.get("prefill")
        if not present(block, "parallelism"):
            field = ".".join(("", "Spec", *(step.capitalize() for step in path), "Parallelism"))
            message = (
                "failed to combine base-configurations: failed to merge config: template: config: "
                f'executing "config" at <{field}.Expert>: '
                "nil pointer evaluating *v1alpha2.ParallelismSpec.Expert"
            )
            refs = llm.resource.body.at("spec", "baseRefs") or llm.resource.body
            yield Failure("controller", message, refs, "parallelism-of-base")


def _picker_failures(llm: LLMInferenceService) -> Iterator[Failure]:
    """Metric flags that the scheduler no longer takes (scheduler.go:1270-1280)."""
    spec = llm.effective
    template = None if spec is None else spec.at("router", "scheduler", "template")
    if llm.stopped or spec is None or not isinstance(template, Map) or not is_managed(spec):
        return
    if own_config(llm, spec) == "" or not picker_arguments(llm, spec, template).stuck:
        return
    name = child_name(llm.resource.name, "-kserve-router-scheduler")
    message = (
        "failed to build expected scheduler deployment: failed to apply v0.7.0 scheduler "
        f"migrations: scheduler deployment {llm.namespace or 'default'}/{name} uses deprecated "
        "metric flags but has no inline --config-text; automatic migration to "
        "core-metrics-extractor plugin is not possible — convert to --config-text or remove the "
        "deprecated flags manually"
    )
    yield Failure("controller", message, template, "deprecated-metric-flags")


def _keda_failures(llm: LLMInferenceService) -> Iterator[Failure]:
    """KEDA needs Prometheus in the ConfigMap; no Helm value sets it (scaling.go:338-346)."""
    holder = llm.settings.resource
    if holder is None or holder.kind != "ConfigMap" or llm.stopped:
        return
    url, modes, trigger = (
        llm.settings.text(WVA_SETTINGS, "prometheus", field)
        for field in ("url", "authModes", "triggerAuthName")
    )
    message = ""
    if not url:
        message = (
            f"{WVA_SETTINGS}.prometheus.url is required in inferenceservice-config when using KEDA"
        )
    elif bool(modes) != bool(trigger):
        message = (
            f"{WVA_SETTINGS}.prometheus.authModes and {WVA_SETTINGS}.prometheus.triggerAuthName "
            "must both be set or both be empty"
        )
    for path, block in _blocks(llm.known):
        keda = block.at("scaling", "wva", "keda")
        if message and isinstance(keda, Map):
            yield Failure("controller", message, keda, f"{path}.scaling.wva.keda")


def _storage_failures(llm: LLMInferenceService) -> Iterator[Failure]:
    """What the controller says when it attaches the model and the adapters.

    A uri that is still to be filled in is not judged.
    """
    if llm.stopped:
        return
    storage = llm.storage
    if storage is not None and storage.error and not opaque(storage.uri):
        yield Failure("controller", storage.error, storage.node, "spec.model.uri")
    for index, adapter in enumerate(llm.adapters):
        if adapter.error and not opaque(adapter.uri):
            path = f"spec.model.lora.adapters[{index}].uri"
            yield Failure("controller", adapter.error, adapter.node, path)
