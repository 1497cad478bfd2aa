"""What the API server says to the volumes of a pod.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (ValidateVolumes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.claims import claim_spec
from kslint.model.kubernetes.admission.downward import downward_file
from kslint.model.kubernetes.admission.field_errors import child, each, present, word
from kslint.model.kubernetes.admission.resources import quantity
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.model.kubernetes.admission.field_errors import FieldErrors

_SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret",
    "nfs", "iscsi", "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs",
    "quobyte", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile", "vsphereVolume",
    "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO",
    "csi", "ephemeral",
)  # fmt: skip
"""In the order in which the API server looks at them."""
_PRINTED = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""Sources whose path is printed otherwise than it is written (sic)."""
_NEEDED = {
    "secret": ("secretName",),
    "configMap": ("name",),
    "persistentVolumeClaim": ("claimName",),
    "nfs": ("server", "path"),
    "gitRepo": ("repository",),
    "glusterfs": ("endpoints", "path"),
    "azureFile": ("secretName", "shareName"),
    "cinder": ("volumeID",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "flexVolume": ("driver",),
}
"""Fields that must not be empty."""
_HOST_PATHS = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate",
    "Socket",
)  # fmt: skip


def volumes(errors: FieldErrors, pod_spec: Map, path: str) -> set[str] | None:
    """Judge them, and give their names; None if they cannot all be known.

    The API server does not count an invalid volume, and refuses its mounts too; that is not said.
    """
    names: set[str] = set()
    node = pod_spec.get("volumes")
    unknown = node is not None and not node.is_null and not isinstance(node, Seq)
    for index, volume in each(pod_spec, "volumes"):
        here = f"{path}[{index}]"
        _source(errors, volume, here)
        name = word(volume.get("name"))
        where = child(volume, "name")
        if name is None:
            unknown = True
            continue
        if not name:
            errors.required(f"{here}.name", where, "missing-name")
        else:
            details = grammar.dns_label(name)
            errors.each_invalid(f"{here}.name", name, details, where, "invalid-volume-name")
        if name and name in names:
            errors.duplicate(f"{here}.name", name, where, "duplicate-volume")
        names.add(name)
    if node is not None and any(not isinstance(item, Map) for item in node.elements()):
        unknown = True
    return None if unknown else names


def _source(errors: FieldErrors, volume: Map, path: str) -> None:
    given = [source for source in _SOURCES if present(volume, source)]
    for source in given[1:]:
        shown = f"{path}.{_PRINTED.get(source, source)}"
        detail = "may not specify more than 1 volume type"
        errors.forbidden(shown, detail, child(volume, source), "two-volume-sources")
    if not given:
        # `- name: x` alone is an emptyDir; another field is one that the schema does not have
        return
    source = given[0]
    holder = volume.get(source)
    if not isinstance(holder, Map):
        return
    here = f"{path}.{source}"
    for field in _NEEDED.get(source, ()):
        errors.needed(here, holder, field, "missing-name")
    judge = _JUDGES.get(source)
    if judge is not None:
        judge(errors, holder, here)


def _empty_dir(errors: FieldErrors, holder: Map, path: str) -> None:
    limit = holder.get("sizeLimit")
    amount = quantity(errors, limit)
    if limit is not None and amount is not None and amount.amount < 0:
        detail = "SizeLimit field must be a valid resource quantity"
        errors.forbidden(f"{path}.sizeLimit", detail, limit, "negative-quantity")


def _host_path(errors: FieldErrors, holder: Map, path: str) -> None:
    if errors.needed(path, holder, "path", "missing-name"):
        no_backsteps(errors, holder, "path", path)
        kind = word(holder.get("type"))
        if kind is not None and kind not in _HOST_PATHS:
            node = child(holder, "type")
            errors.unsupported(f"{path}.type", kind, _HOST_PATHS, node, "unsupported-value")


def _files(errors: FieldErrors, holder: Map, path: str) -> None:
    """A Secret or ConfigMap and its keys."""
    errors.file_mode(path, holder, "defaultMode")
    for index, item in each(holder, "items"):
        key_to_path(errors, item, f"{path}.items[{index}]")


def key_to_path(errors: FieldErrors, item: Map, path: str) -> None:
    """As validateKeyToPath."""
    errors.needed(path, item, "key", "missing-key")
    errors.needed(path, item, "path", "missing-path")
    local_path(errors, item, "path", path)
    errors.file_mode(path, item, "mode")


def _nfs(errors: FieldErrors, holder: Map, path: str) -> None:
    text = word(holder.get("path"))
    if text and not text.startswith("/"):
        detail = "must be an absolute path"
        errors.invalid(f"{path}.path", text, detail, child(holder, "path"), "relative-path")


def _downward(errors: FieldErrors, holder: Map, path: str) -> None:
    errors.file_mode(path, holder, "defaultMode")
    for _, item in each(holder, "items"):
        local_path(errors, item, "path", path)
        downward_file(errors, item, path)


def _projected(errors: FieldErrors, holder: Map, path: str) -> None:
    errors.file_mode(path, holder, "defaultMode")
    for index, source in each(holder, "sources"):
        here = f"{path}.sources[{index}]"
        kinds = [name for name in _PROJECTIONS if present(source, name)]
        for kind in ("secret", "configMap"):
            part = source.get(kind)
            if isinstance(part, Map):
                errors.needed(f"{here}.{kind}", part, "name", "missing-name")
                for number, item in each(part, "items"):
                    key_to_path(errors, item, f"{here}.{kind}.items[{number}]")
        for _, item in each(source.get("downwardAPI"), "items"):
            local_path(errors, item, "path", f"{here}.downwardAPI")
            downward_file(errors, item, f"{here}.downwardAPI")
        token = source.get("serviceAccountToken")
        if isinstance(token, Map):
            _token(errors, token, f"{here}.serviceAccountToken", path)
        if len(kinds) > 1:
            detail = "may not specify more than 1 volume type per source"
            errors.forbidden(here, detail, child(source, kinds[1]), "two-volume-sources")
    _same_paths(errors, holder, path)


def _same_paths(errors: FieldErrors, holder: Map, path: str) -> None:
    """Two files of one path among the sources of a projected volume."""
    seen: set[str] = set()
    for _, source in each(holder, "sources"):
        for kind in ("secret", "configMap", "downwardAPI"):
            for _, item in each(source.get(kind), "items"):
                text = word(item.get("path"))
                named = text if kind == "downwardAPI" else source.string(kind, "name")
                if text and text in seen and named is not None:
                    detail, node = "conflicting duplicate paths", child(item, "path")
                    errors.invalid(path, named, detail, node, "same-path-twice")
                seen |= {text} if text else set()


def _token(errors: FieldErrors, token: Map, path: str, volume: str) -> None:
    seconds = token.integer("expirationSeconds")
    where = child(token, "expirationSeconds")
    if seconds is not None and seconds < 600:
        detail = "may not specify a duration less than 10 minutes"
        errors.invalid(f"{path}.expirationSeconds", seconds, detail, where, "token-duration")
    if seconds is not None and seconds > 1 << 32:
        detail = "may not specify a duration larger than 2^32 seconds"
        errors.invalid(f"{path}.expirationSeconds", seconds, detail, where, "token-duration")
    if errors.needed(volume, token, "path", "missing-path"):
        local_path(errors, token, "path", volume)


def _csi(errors: FieldErrors, holder: Map, path: str) -> None:
    csi_driver(errors, holder, "driver", path)


def csi_driver(errors: FieldErrors, holder: Map, field: str, path: str) -> None:
    """As ValidateCSIDriverName."""
    text = errors.needed(path, holder, field, "missing-name")
    if text:
        details = grammar.dns_subdomain(text.lower())
        node = child(holder, field)
        errors.each_invalid(f"{path}.{field}", text, details, node, "invalid-name")


def _ephemeral(errors: FieldErrors, holder: Map, path: str) -> None:
    template = holder.get("volumeClaimTemplate")
    if not present(holder, "volumeClaimTemplate"):
        errors.required(f"{path}.volumeClaimTemplate", holder, "missing-template")
    spec = None if template is None else template.get("spec")
    if isinstance(spec, Map):
        claim_spec(errors, spec, f"{path}.volumeClaimTemplate.spec")


_PROJECTIONS = (
    "secret", "configMap", "downwardAPI", "serviceAccountToken",
)  # fmt: skip
"""Sources but for those that gates drop, closed by default: trust bundles, certificates."""
_JUDGES: dict[str, Callable[[FieldErrors, Map, str], None]] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "secret": _files,
    "configMap": _files,
    "nfs": _nfs,
    "downwardAPI": _downward,
    "projected": _projected,
    "csi": _csi,
    "ephemeral": _ephemeral,
}


def no_backsteps(errors: FieldErrors, holder: Map, field: str, path: str) -> None:
    """As validatePathNoBacksteps."""
    text = word(holder.get(field))
    if text and ".." in text.split("/"):
        node, detail = child(holder, field), "must not contain '..'"
        errors.invalid(f"{path}.{field}", text, detail, node, "path-up")


def descending_path(errors: FieldErrors, holder: Map, field: str, path: str) -> None:
    """As validateLocalDescendingPath."""
    text = word(holder.get(field))
    if text and text.startswith("/"):
        node, detail = child(holder, field), "must be a relative path"
        errors.invalid(f"{path}.{field}", text, detail, node, "absolute-path")
    no_backsteps(errors, holder, field, path)


def local_path(errors: FieldErrors, holder: Map, field: str, path: str) -> None:
    """As ValidateLocalNonReservedPath."""
    descending_path(errors, holder, field, path)
    text = word(holder.get(field))
    if text and text.startswith("..") and not text.startswith("../"):
        node, detail = child(holder, field), "must not start with '..'"
        errors.invalid(f"{path}.{field}", text, detail, node, "reserved-path")
