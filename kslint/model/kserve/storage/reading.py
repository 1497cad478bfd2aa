"""What the storage initializer makes of a URI that KServe's controller lets pass.

Source: python/storage/kserve_storage/kserve_storage.py @v0.19.0 (`download`, `_download_hf`,
`_download_local`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.metadata import SCHEME_PLACEHOLDER
from kslint.model.kserve.storage.containers import storage_containers
from kslint.model.kserve.storage.failures import storage_failures
from kslint.model.kserve.storage.initializer import INITIALIZER_CONTAINER
from kslint.model.kserve.storage.sources import (
    INITIALIZER,
    LOCAL,
    UNSUPPORTED,
    oci_mode,
)
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import init_containers

if TYPE_CHECKING:
    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.settings import Settings
    from kslint.model.kserve.storage.sources import ModelSource

EMPTY, PATH, FILE, HUB, SCHEME = "empty", "path", "file", "hub", "scheme"
IMAGE, LATER_IMAGE = "image", "later_image"


def misread(component: Draft, source: ModelSource) -> str:
    """Why a source cannot be fetched: one of the above; "" where it can, or nobody can tell.

    What the controller refuses by itself is left out.
    """
    text = source.uri.text or ""
    if opaque(text) or text.startswith(SCHEME_PLACEHOLDER) or not _is_stock(component):
        return ""
    if source.kind == LOCAL:
        if not text:
            return EMPTY
        return FILE if source.scheme == "file" else PATH
    if source.kind == INITIALIZER and source.scheme == "hf" and not source.hf_owner:
        own = [c for c in storage_containers(component, text) if c.spec.place is not None]
        return "" if own else HUB
    if source.kind != UNSUPPORTED:
        return ""
    if source.scheme == "oci":
        if oci_mode(component, text):
            return LATER_IMAGE
        return IMAGE if component.owner.settings.in_input else ""
    if source.scheme.startswith("oci+") or _is_refused(component):  # later releases know more
        return ""
    return SCHEME


def _is_stock(component: Draft) -> bool:
    """Is it KServe's own initializer that reads the URI, on a pod that it is injected into?"""
    if component.owner.mode.name == names.MODELMESH:
        return False
    pod_spec = component.built.pod_spec or component.stored
    if any(c.string("name") == INITIALIZER_CONTAINER for c in init_containers(pod_spec)):
        return False
    return is_stock(component.owner.settings)


def is_stock(settings: Settings) -> bool:
    """Is the storage initializer KServe's own image?"""
    image = settings.text("storageInitializer", "image")
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0] in _IMAGES


_IMAGES = ("", "storage-initializer", "kserve-storage-initializer")
"""What KServe's own image is called, by KServe and by who copies it."""


def _is_refused(component: Draft) -> bool:
    return any(f.code == "unsupported-storage-uri" for f in storage_failures(component))
