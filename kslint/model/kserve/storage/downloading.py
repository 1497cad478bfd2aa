"""What every storage initializer gets, the pod webhook's and the one of LLMInferenceServices.

Mirrors pkg/webhook/admission/pod/storage_initializer_injector.go:487-565 @v0.19.0, which
pkg/controller/v1alpha2/llmisvc/workload_storage.go:486-600 does alike.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.model.kserve.pod_edits import elements, with_missing_env, with_mount, with_volume
from kslint.source.nodes import Origin

if TYPE_CHECKING:
    from kslint.model.kserve.storage.credentials import Owner
    from kslint.source.nodes import Map

CA_VOLUME = "cabundle-cert"
CA_CONFIG_MAP = "global-ca-bundle"
CA_MOUNT_PATH = "/etc/ssl/custom-certs"

_HUB_DEFAULTS = {
    "HF_HUB_ENABLE_HF_TRANSFER": "1",
    "HF_XET_HIGH_PERFORMANCE": "1",
    "HF_XET_NUM_CONCURRENT_RANGE_GETS": "8",
}


def with_hub_defaults(container: Map, origin: Origin) -> Map:
    """The container with the variables for downloads from Hugging Face that it lacks."""
    for name, value in _HUB_DEFAULTS.items():
        container = with_missing_env(container, name, value, origin)
    return container


def ca_bundle(owner: Owner, container: Map) -> tuple[str, str] | None:
    """ConfigMap and mount path of the CA bundle; None without one.

    Outside KServe's own namespace the ConfigMap is the copy `global-ca-bundle`.
    """
    settings = owner.settings
    env = elements(container.get("env"))
    of_secret = {item.string("name") or "": item.string("value") or "" for item in env}
    configured = settings.text("storageInitializer", "caBundleConfigMapName")
    if not configured and "AWS_CA_BUNDLE_CONFIGMAP" not in of_secret:
        return None
    home = settings.resource
    kserve = (home.namespace if home is not None and home.kind == "ConfigMap" else "") or "kserve"
    name = configured if owner.namespace == kserve else CA_CONFIG_MAP
    path = settings.text("storageInitializer", "caBundleVolumeMountPath") or CA_MOUNT_PATH
    name = of_secret.get("AWS_CA_BUNDLE_CONFIGMAP", name)
    if "AWS_CA_BUNDLE" in of_secret:
        path = posixpath.dirname(of_secret["AWS_CA_BUNDLE"])
    return name, path


def with_ca_bundle(container: Map, pod: Map, name: str, path: str) -> tuple[Map, Map]:
    """The container with the bundle's variables and mount, and its pod."""
    source = "pkg/webhook/admission/pod/storage_initializer_injector.go:487-558 @v0.19.0"
    origin = Origin("controller", "the CA bundle", source)
    container = with_missing_env(container, "CA_BUNDLE_CONFIGMAP_NAME", name, origin)
    variable = "CA_BUNDLE_VOLUME_MOUNT_POINT"
    container = with_missing_env(container, variable, path, origin)
    pod = with_volume(pod, CA_VOLUME, {"configMap": {"name": name}}, origin)
    mount: dict[str, object] = {"name": CA_VOLUME, "mountPath": path, "readOnly": True}
    return with_mount(container, mount, origin), pod
