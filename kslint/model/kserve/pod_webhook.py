"""The pod as it leaves KServe's pod webhook.

Mirrors pkg/webhook/admission/pod/mutator.go:87-151 @v0.19.0 and the injectors in its order. The
metrics aggregator changes queue-proxy and annotations only and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.agent import with_agent
from kslint.model.kserve.pod_edits import edited_container
from kslint.model.kserve.storage.containers import named_container
from kslint.model.kserve.storage.failures import storage_failures
from kslint.model.kserve.storage.initializer import (
    INITIALIZER_CONTAINER,
    with_image,
    with_single,
)
from kslint.model.kserve.storage.sources import (
    INJECTOR,
    oci_mode,
    serves_without_storage,
    single_uri,
)
from kslint.model.kubernetes.pod import containers
from kslint.model.tree import put
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Map

GKE_ACCELERATOR = "serving.kserve.io/gke-accelerator"
INITIALIZER_UID = "serving.kserve.io/storage-initializer-uid"


def admitted_pod(component: Component) -> Map | None:
    """The pod spec of a component's pods after the pod webhook; None if it is not known.

    API server defaults are those of the Deployment; the containers that the webhook adds have
    none yet. In Knative mode the queue-proxy is not in it. Istio's own containers are not
    known, so of SetIstioCniSecurityContext only the annotation counts.
    """
    base = component.pod_spec
    if base is None or component.owner.mode.name == names.MODELMESH:
        return None
    pod = base if component.deployment is not None else component.provisioned
    if pod is None or any(f.stage == "pod-webhook" for f in storage_failures(component)):
        return None
    uri = single_uri(component)
    chosen = None if uri is None else named_container(component, uri.text or "")
    if chosen is not None and chosen.container is None:
        return None  # it is not in the input
    pod = _with_gke_selector(component, pod)
    image = uri is not None and oci_mode(component, uri.text or "")
    if uri is not None and not image and not serves_without_storage(component):
        pod = with_single(component, pod, uri)
    pod = _with_initializer_uid(component, pod)
    pod = with_agent(component, pod)
    if uri is not None and image:
        pod = with_image(component, pod, uri, names.MODEL_MOUNT_PATH, 0)
    return pod


def _with_gke_selector(component: Component, pod: Map) -> Map:
    """InjectGKEAcceleratorSelector: the annotation, if a container has an nvidia.com/gpu limit."""
    node = component.metadata.at("annotations", GKE_ACCELERATOR)
    limited = any(c.at("resources", "limits", "nvidia.com/gpu") for c in containers(pod))
    if node is None or not limited:
        return pod
    file = "pkg/webhook/admission/pod/accelerator_injector.go:31-49 @v0.19.0"
    value = made(node.text or "", Origin("controller", GKE_ACCELERATOR, file, node.place))
    return put(pod, ("nodeSelector", "cloud.google.com/gke-accelerator"), value)


def _with_initializer_uid(component: Component, pod: Map) -> Map:
    """SetIstioCniSecurityContext, as far as the annotation decides it."""
    text = component.metadata.string("annotations", INITIALIZER_UID) or ""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return pod
    reference = f"{INJECTOR}:655-679 @v0.19.0"
    origin = Origin("controller", f"annotation {INITIALIZER_UID}", reference)
    uid = made(int(text), origin)

    def change(container: Map) -> Map:
        return put(container, ("securityContext", "runAsUser"), uid)

    return edited_container(pod, "initContainers", INITIALIZER_CONTAINER, change)
