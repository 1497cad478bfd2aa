"""The Knative Service that KServe makes of a component in Knative mode.

Mirrors pkg/controller/v1beta1/inferenceservice/reconcilers/knative/ksvc_reconciler.go:88-222 and
pkg/controller/v1alpha1/utils/utils.go:48-81 @v0.19.0. A canary takes its share beside a revision
that was rolled out before, which only the cluster knows: here all traffic goes to the latest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.workload import controller_origin
from kslint.model.kubernetes.defaults import with_port_protocols
from kslint.model.tree import put, put_missing, without
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

_CRD = "config/crd/full/serving.kserve.io_inferenceservices.yaml @v0.19.0"
_FILE = "reconcilers/knative/ksvc_reconciler.go"
_AUTOSCALING = "autoscaling.knative.dev"
_MANAGED = (
    "serving.knative.dev/rollout-duration",
    "serving.knative.openshift.io/enablePassthrough",
)
"""Annotations of the Service itself; all others are of its revisions."""
_TAG_ROUTING = "serving.kserve.io/enable-tag-routing"


def knative_service(isvc: Map, component: str, meta: Map, pod_spec: Map, settings: Settings) -> Map:
    """The Service of a component: metadata, the template of its revisions, and traffic."""
    origin = controller_origin("the Knative reconciler", f"{_FILE}:88-222")
    spec_of = isvc.at("spec", component) or Map({})
    written = meta.get("annotations")
    annotations = _autoscaling(written if isinstance(written, Map) else Map({}), spec_of)
    own = {name: node for name, node in annotations.entries.items() if name in _MANAGED}
    body = made({"apiVersion": "serving.knative.dev/v1", "kind": "Service"}, origin)
    service_meta = without(meta, "annotations")
    if own:
        service_meta = put(service_meta, ("annotations",), Map(own))
    body = put(body, ("metadata",), service_meta)
    template = without(annotations, *_MANAGED)
    labels = _labels(meta, settings)
    for field, entries in (("labels", labels), ("annotations", template)):
        if entries.entries:
            body = put(body, ("spec", "template", "metadata", field), entries)
    spec = with_port_protocols(pod_spec, Origin("api-server", "a default of the CRD", _CRD))
    timeout, concurrency = spec_of.get("timeout"), spec_of.get("containerConcurrency")
    if timeout is not None:
        spec = put(spec, ("timeoutSeconds",), timeout)
        spec = put(spec, ("responseStartTimeoutSeconds",), timeout)
    if concurrency is not None:
        spec = put(spec, ("containerConcurrency",), concurrency)
    body = put(body, ("spec", "template", "spec"), spec)
    target: dict[str, object] = {"latestRevision": True, "percent": 100}
    if annotations.string(_TAG_ROUTING) == "true":
        target["tag"] = "latest"
    return put(body, ("spec", "traffic"), made([target], origin))


def _labels(meta: Map, settings: Settings) -> Map:
    """Those of the Service but for what the settings keep from revisions."""
    labels = meta.get("labels")
    kept = settings.get("inferenceService", "serviceLabelDisallowedList")
    disallowed = [] if kept is None else [node.text or "" for node in kept.elements()]
    return without(labels, *disallowed) if isinstance(labels, Map) else Map({})


def _autoscaling(annotations: Map, spec_of: Node) -> Map:
    """SetAutoScalingAnnotations: the component's fields as Knative's annotations."""
    origin = controller_origin("the autoscaling annotations", "pkg/controller/v1alpha1/utils")
    made_of = origin._replace(reference="pkg/controller/v1alpha1/utils/utils.go:48-81 @v0.19.0")
    kpa = made(f"kpa.{_AUTOSCALING}", made_of)
    annotations = put_missing(annotations, (f"{_AUTOSCALING}/class",), kpa)
    for field, name in (("scaleTarget", "target"), ("scaleMetric", "metric")):
        node = spec_of.get(field)
        if node is not None and not node.is_null:
            text = made(node.text or "", made_of._replace(span=node.place))
            annotations = put(annotations, (f"{_AUTOSCALING}/{name}",), text)
    for field, name, default in (
        ("minReplicas", "min-scale", "1"),
        ("maxReplicas", "max-scale", "0"),
    ):
        node = spec_of.get(field)
        written = node is not None and not node.is_null
        value = (node.text if node is not None and written else default) or default
        if (field, value) != ("maxReplicas", "0"):
            text = made(value, made_of._replace(span=None if node is None else node.place))
            annotations = put(annotations, (f"{_AUTOSCALING}/{name}",), text)
    return annotations
