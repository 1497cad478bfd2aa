"""What the API server says to the containers of a pod.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (validateContainers,
validateInitContainers), after the defaults of pkg/apis/core/v1/defaults.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.downward import field_reference, resource_reference
from kslint.model.kubernetes.admission.field_errors import child, each, present, word
from kslint.model.kubernetes.admission.probes import lifecycle, no_probes, probes
from kslint.model.kubernetes.admission.resources import container_resources
from kslint.model.kubernetes.admission.security import container_context
from kslint.model.kubernetes.admission.volumes import descending_path
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors

_BLOCKS = ("persistentVolumeClaim", "ephemeral")
"""Volumes that may be devices."""
_RESIZED = ("cpu", "memory")
_RESIZING = ("NotRequired", "RestartContainer")
_ENV_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


def container_failures(
    errors: FieldErrors, pod_spec: Map, path: str, known: set[str] | None
) -> None:
    """Add what is wrong with containers and init containers.

    `known` are the names of the pod's valid volumes, None where they cannot be known.
    """
    node = pod_spec.get("containers")
    if node is None or node.is_null or (isinstance(node, Seq) and not node.children):
        where = pod_spec if node is None else node
        errors.required(f"{path}.containers", where, "no-containers")
    claims = [word(claim.get("name")) for _, claim in each(pod_spec, "resourceClaims")]
    filesystems = {
        word(volume.get("name"))
        for _, volume in each(pod_spec, "volumes")
        if not any(present(volume, source) for source in _BLOCKS)
    }
    names: set[str] = set()
    host_ports: set[str] = set()
    grace = pod_spec.integer("terminationGracePeriodSeconds")
    grace = 30 if not present(pod_spec, "terminationGracePeriodSeconds") else grace
    for index, container in each(pod_spec, "containers"):
        here = f"{path}.containers[{index}]"
        _common(errors, container, here, known, claims, filesystems)
        _unique_name(errors, container, here, names)
        lifecycle(errors, container, f"{here}.lifecycle", grace)
        probes(errors, container, here)
        _host_ports(errors, container, f"{here}.ports", host_ports)
        _resizing(errors, container, f"{here}.resizePolicy", pod_spec)
    for index, container in each(pod_spec, "initContainers"):
        here = f"{path}.initContainers[{index}]"
        _common(errors, container, here, known, claims, filesystems)
        _unique_name(errors, container, here, names)
        policy = word(container.get("restartPolicy"))
        if policy == "Always":
            lifecycle(errors, container, f"{here}.lifecycle", grace)
            probes(errors, container, here)
        elif policy is not None:  # any other is dropped, but for a gate of 1.34
            no_probes(errors, container, here)
        _host_ports(errors, container, f"{here}.ports", set())


def _resizing(errors: FieldErrors, container: Map, path: str, pod_spec: Map) -> None:
    """As validateResizePolicy: its paths mostly lack the index."""
    names: set[str] = set()
    never = word(pod_spec.get("restartPolicy")) == "Never"
    for index, item in each(container, "resizePolicy"):
        name, policy = word(item.get("resourceName")), word(item.get("restartPolicy"))
        at_name, at_policy = child(item, "resourceName"), child(item, "restartPolicy")
        if name is not None and name in names:
            errors.duplicate(f"{path}[{index}]", name, at_name, "duplicate-resize-policy")
        names.add(name or "")
        for text, node, known in ((name, at_name, _RESIZED), (policy, at_policy, _RESIZING)):
            if text == "":
                errors.required(path, node, "missing-value")
            elif text is not None and text not in known:
                errors.unsupported(path, text, known, node, "unsupported-value")
        if never and policy not in (None, "NotRequired"):
            detail = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            errors.invalid(path, policy, detail, at_policy, "resize-policy")


def _unique_name(errors: FieldErrors, container: Map, path: str, names: set[str]) -> None:
    name = word(container.get("name"))
    if name and name in names:
        errors.duplicate(f"{path}.name", name, child(container, "name"), "duplicate-container")
    elif name:
        names.add(name)


def _common(
    errors: FieldErrors,
    container: Map,
    path: str,
    known: set[str] | None,
    claims: list[str | None],
    filesystems: set[str | None],
) -> None:
    """As validateContainerCommon; `filesystems` are volumes that are no claims."""
    name = word(container.get("name"))
    where = child(container, "name")
    if name == "":
        errors.required(f"{path}.name", where, "missing-name")
    elif name is not None:
        details = grammar.dns_label(name)
        errors.each_invalid(f"{path}.name", name, details, where, "invalid-container-name")
    if word(container.get("image")) == "":
        errors.required(f"{path}.image", child(container, "image"), "missing-image")
    policies = ("File", "FallbackToLogsOnError")
    errors.one_of(path, container, "terminationMessagePolicy", policies)
    _ports(errors, container, f"{path}.ports")
    _env(errors, container, f"{path}.env")
    _env_from(errors, container, f"{path}.envFrom")
    _mounts(errors, container, f"{path}.volumeMounts", known)
    _devices(errors, container, f"{path}.volumeDevices", known, filesystems)
    _mounts_and_devices(errors, container, path)
    errors.one_of(path, container, "imagePullPolicy", ("Always", "IfNotPresent", "Never"))
    container_resources(errors, container.get("resources"), f"{path}.resources", claims)
    container_context(errors, container.get("securityContext"), f"{path}.securityContext")


def _ports(errors: FieldErrors, container: Map, path: str) -> None:
    names: set[str] = set()
    for index, port in each(container, "ports"):
        here = f"{path}[{index}]"
        name = word(port.get("name"))
        where = child(port, "name")
        if name:
            details = grammar.port_name(name)
            errors.each_invalid(f"{here}.name", name, details, where, "invalid-port-name")
            if not details and name in names:
                errors.duplicate(f"{here}.name", name, where, "duplicate-port-name")
            names.add(name)
        number = port.integer("containerPort")
        if not present(port, "containerPort") or number == 0:
            where = child(port, "containerPort")
            errors.required(f"{here}.containerPort", where, "missing-port")
        elif number is not None:
            errors.port(f"{here}.containerPort", number, child(port, "containerPort"))
        host = port.integer("hostPort")
        if host:
            errors.port(f"{here}.hostPort", host, child(port, "hostPort"))
        errors.one_of(here, port, "protocol", ("SCTP", "TCP", "UDP"))


def _host_ports(errors: FieldErrors, container: Map, path: str, taken: set[str]) -> None:
    """As checkHostPortConflicts."""
    for index, port in each(container, "ports"):
        number, address = port.integer("hostPort"), word(port.get("hostIP"))
        protocol = word(port.get("protocol"))
        if not number or address is None or protocol is None:
            continue
        key = f"{protocol or 'TCP'}/{address}/{number}"
        if key in taken:
            node = child(port, "hostPort")
            errors.duplicate(f"{path}[{index}].hostPort", key, node, "duplicate-host-port")
        taken.add(key)


def _env(errors: FieldErrors, container: Map, path: str) -> None:
    for index, item in each(container, "env"):
        here = f"{path}[{index}]"
        name = word(item.get("name"))
        where = child(item, "name")
        if name == "":
            errors.required(f"{here}.name", where, "missing-name")
        elif name is not None:
            details = grammar.env_name(name)
            errors.each_invalid(f"{here}.name", name, details, where, "invalid-env-name")
        source = item.get("valueFrom")
        if isinstance(source, Map):
            _value_from(errors, item, source, f"{here}.valueFrom")


def _value_from(errors: FieldErrors, item: Map, source: Map, path: str) -> None:
    given = [name for name in _ENV_SOURCES if present(source, name)]
    field_reference(errors, source.get("fieldRef"), f"{path}.fieldRef")
    resource_reference(errors, source.get("resourceFieldRef"), f"{path}.resourceFieldRef")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        reference = source.get(kind)
        if isinstance(reference, Map):
            _key_reference(errors, reference, f"{path}.{kind}")
    value = item.get("value")
    if not given:
        if not source.entries:
            detail = (
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
                "`secretKeyRef`"
            )
            errors.invalid(path, "", detail, source, "env-without-source")
    elif value is not None and not value.is_null and value.text:
        detail = "may not be specified when `value` is not empty"
        errors.invalid(path, "", detail, source, "env-value-and-source", value)
    elif len(given) > 1 and "fileKeyRef" not in given:  # this one a gate drops, until 1.35
        detail = "may not have more than one field specified at a time"
        errors.invalid(path, "", detail, source, "env-two-sources")


def _key_reference(errors: FieldErrors, reference: Map, path: str) -> None:
    name = word(reference.get("name"))
    if name is not None:
        where = child(reference, "name")
        details = grammar.dns_subdomain(name)
        errors.each_invalid(f"{path}.name", name, details, where, "invalid-reference")
    key = word(reference.get("key"))
    where = child(reference, "key")
    if key == "":
        errors.required(f"{path}.key", where, "missing-key")
    elif key is not None:
        details = grammar.config_key(key)
        errors.each_invalid(f"{path}.key", key, details, where, "invalid-key")


def _env_from(errors: FieldErrors, container: Map, path: str) -> None:
    for index, item in each(container, "envFrom"):
        given = [name for name in ("configMapRef", "secretRef") if present(item, name)]
        errors.named(f"{path}[{index}]", item, "prefix", grammar.env_name, "invalid-env-name")
        for kind in given:
            reference = item.get(kind)
            if isinstance(reference, Map):
                here, rule = f"{path}[{index}].{kind}", grammar.dns_subdomain
                if errors.needed(here, reference, "name", "missing-name"):
                    errors.named(here, reference, "name", rule, "invalid-reference")
        if not given:
            detail = "must specify one of: `configMapRef` or `secretRef`"
            errors.invalid(path, "", detail, item, "env-without-source")
        elif len(given) > 1:
            detail = "may not have more than one field specified at a time"
            errors.invalid(path, "", detail, item, "env-two-sources")


def _mounts(errors: FieldErrors, container: Map, path: str, known: set[str] | None) -> None:
    points: set[str] = set()
    for index, mount in each(container, "volumeMounts"):
        here = f"{path}[{index}]"
        name, point = word(mount.get("name")), word(mount.get("mountPath"))
        where = child(mount, "name")
        if name == "":
            errors.required(f"{here}.name", where, "missing-name")
        if name is not None and known is not None and name not in known:
            errors.not_found(f"{here}.name", name, where, "mount-without-volume")
        where = child(mount, "mountPath")
        if point == "":
            errors.required(f"{here}.mountPath", where, "missing-mount-path")
        if point is not None and point in points:
            errors.invalid(f"{here}.mountPath", point, "must be unique", where, "duplicate-mount")
        if point is not None:
            points.add(point)
        for field in ("subPath", "subPathExpr"):
            descending_path(errors, mount, field, path)
        _propagation(errors, container, mount, path)
        if mount.string("subPath") and mount.string("subPathExpr"):
            text = mount.string("subPathExpr") or ""
            detail = "subPathExpr and subPath are mutually exclusive"
            where = child(mount, "subPathExpr")
            errors.invalid(f"{here}.subPathExpr", text, detail, where, "two-sub-paths")


def _propagation(errors: FieldErrors, container: Map, mount: Map, path: str) -> None:
    """As validateMountPropagation, validateMountRecursiveReadOnly: their paths lack the index."""
    modes = ("Bidirectional", "HostToContainer", "None")
    mode, where = word(mount.get("mountPropagation")), child(mount, "mountPropagation")
    errors.one_of(path, mount, "mountPropagation", modes, pointer=True)
    if mode == "Bidirectional" and container.boolean("securityContext", "privileged") is not True:
        detail = "Bidirectional mount propagation is available only to privileged containers"
        errors.forbidden(f"{path}.mountPropagation", detail, where, "mount-propagation")
    recursive, where = word(mount.get("recursiveReadOnly")), child(mount, "recursiveReadOnly")
    kinds = ("Disabled", "Enabled", "IfPossible")
    errors.one_of(path, mount, "recursiveReadOnly", kinds, pointer=True)
    if recursive not in kinds[1:]:
        return
    if mount.boolean("readOnly") is not True:
        detail = "may only be specified when readOnly is true"
        errors.forbidden(f"{path}.recursiveReadOnly", detail, where, "recursive-read-only")
    if mode and mode != "None":
        detail = "may only be specified when mountPropagation is None or not specified"
        errors.forbidden(f"{path}.recursiveReadOnly", detail, where, "recursive-read-only")


def _devices(
    errors: FieldErrors,
    container: Map,
    path: str,
    known: set[str] | None,
    filesystems: set[str | None],
) -> None:
    """As ValidateVolumeDevices."""
    names: set[str] = set()
    paths: set[str] = set()
    for index, device in each(container, "volumeDevices"):
        here, where = f"{path}[{index}]", child(device, "name")
        name = errors.needed(here, device, "name", "missing-name")
        if name and name in names:
            errors.invalid(f"{here}.name", name, "must be unique", where, "duplicate-device")
        if name and known is not None and name not in known:
            errors.not_found(f"{here}.name", name, where, "mount-without-volume")
        elif name and known is not None and name in filesystems:
            detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for"
            code = "device-of-a-filesystem"
            errors.invalid(f"{here}.name", name, f"{detail} block mode", where, code)
        errors.needed(here, device, "devicePath", "missing-path")
        place, where = word(device.get("devicePath")), child(device, "devicePath")
        if place and place in paths:
            errors.invalid(f"{here}.devicePath", place, "must be unique", where, "duplicate-device")
        if place and ".." in place.split("/"):
            detail = "can not contain backsteps ('..')"
            errors.invalid(f"{here}.devicePath", place, detail, where, "path-up")
        names.add(name or "")
        paths.add(place or "")


def _mounts_and_devices(errors: FieldErrors, container: Map, path: str) -> None:
    """One volume or path for both."""
    if not container.listed("volumeDevices"):
        return
    kinds = (("volumeMounts", "mountPath"), ("volumeDevices", "devicePath"))
    for (field, point), (other, its_point) in (kinds, kinds[::-1]):
        names = {word(item.get("name")) for _, item in each(container, other)} - {"", None}
        points = {word(item.get(its_point)) for _, item in each(container, other)} - {"", None}
        for index, item in each(container, field):
            here, name, place = (
                f"{path}.{field}[{index}]",
                word(item.get("name")),
                word(item.get(point)),
            )
            if name in names:
                detail, node = f"must not already exist in {other}", child(item, "name")
                errors.invalid(f"{here}.name", name, detail, node, "mount-and-device")
            if place in points:
                detail, node = f"must not already exist as a path in {other}", child(item, point)
                errors.invalid(f"{here}.{point}", place, detail, node, "mount-and-device")
