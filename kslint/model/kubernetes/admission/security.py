"""What the API server says to security contexts.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go
(validatePodSpecSecurityContext, ValidateSecurityContext).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission.field_errors import child, each, present, word
from kslint.model.kubernetes.admission.volumes import descending_path
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import JsonValue, Node

_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SEGMENT}[\./])*{_SEGMENT}"
_HOST_SYSCTLS = {
    "hostNetwork": re.compile(r"net\..+"),
    "hostIPC": re.compile(
        r"kernel\.(sem|shm|shmall|shmmax|shmmni|shm_rmid_forced|msg|msgmax|msgmnb|msgmni)"
        r"|fs\.mqueue\..+"
    ),
}
"""Sysctls of a space that the pod may share with its host."""
_PRINTED = (
    "Capabilities", "Privileged", "SELinuxOptions", "WindowsOptions", "RunAsUser", "RunAsGroup",
    "RunAsNonRoot", "ReadOnlyRootFilesystem", "AllowPrivilegeEscalation", "ProcMount",
    "SeccompProfile", "AppArmorProfile",
)  # fmt: skip
"""The fields of a container's context, as an error prints it."""


def pod_context(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    """As validatePodSpecSecurityContext; `path` is the pod spec's."""
    context = pod_spec.get("securityContext")
    here = f"{path}.securityContext"
    if not isinstance(context, Map):
        return
    errors.ids(here, context, ("fsGroup", "runAsUser", "runAsGroup"))
    errors.id_list(f"{here}.supplementalGroups", context.get("supplementalGroups"))
    shares, host = pod_spec.boolean("shareProcessNamespace"), pod_spec.boolean("hostPID")
    if shares and host:
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        node = child(pod_spec, "shareProcessNamespace")
        errors.invalid(f"{here}.shareProcessNamespace", True, detail, node, "two-namespaces")
    names: set[str] = set()
    for index, item in each(context, "sysctls"):
        at = f"{here}.sysctls[{index}]"
        name = errors.needed(at, item, "name", "missing-name")
        where = child(item, "name")
        if name and (len(name) > 253 or not re.fullmatch(_SYSCTL, name)):
            detail = f"must have at most 253 characters and match regex ^{_SYSCTL}$"
            errors.invalid(f"{at}.name", name, detail, where, "invalid-sysctl")
        elif name and name in names:
            errors.duplicate(f"{at}.name", name, where, "duplicate-sysctl")
        names.add(name or "")
        for field, spaced in _HOST_SYSCTLS.items():
            if name and pod_spec.boolean(field) and spaced.fullmatch(name.replace("/", ".")):
                detail = f"may not be specified when '{field}' is true"
                errors.invalid(f"{at}.name", name, detail, where, "sysctl-of-the-host")
    errors.one_of(here, context, "fsGroupChangePolicy", ("Always", "OnRootMismatch"), pointer=True)
    errors.one_of(here, context, "seLinuxChangePolicy", ("MountOption", "Recursive"), pointer=True)
    _profile(errors, context, "seccompProfile", here, "seccomp")
    _profile(errors, context, "appArmorProfile", here, "AppArmor")
    errors.one_of(here, context, "supplementalGroupsPolicy", ("Merge", "Strict"), pointer=True)


def container_context(errors: FieldErrors, context: Node | None, path: str) -> None:
    """As ValidateSecurityContext."""
    if not isinstance(context, Map):
        return
    errors.ids(path, context, ("runAsUser", "runAsGroup"))
    errors.one_of(path, context, "procMount", ("Default", "Unmasked"), pointer=True)
    _profile(errors, context, "seccompProfile", path, "seccomp")
    if context.boolean("allowPrivilegeEscalation") is False:
        added = context.listed("capabilities", "add")
        if context.boolean("privileged") is True:
            detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            node = child(context, "privileged")
            _refuse(errors, context, path, detail, node)
        for cap in added:
            if cap.text == "CAP_SYS_ADMIN":
                detail = (
                    "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` "
                    "CAP_SYS_ADMIN"
                )
                _refuse(errors, context, path, detail, cap)
    _profile(errors, context, "appArmorProfile", path, "AppArmor")


def _padded(errors: FieldErrors, profile: Map, field: str, path: str) -> None:
    text = word(profile.get(field))
    if text is not None and text != text.strip():
        node, detail = child(profile, field), "must not be padded with whitespace"
        errors.invalid(f"{path}.{field}", text, detail, node, "padded-profile")


def _refuse(errors: FieldErrors, context: Map, path: str, detail: str, node: Node) -> None:
    """With the whole context, as the server's own type prints it: in the order of its fields."""
    import json

    given = {name[:1].lower() + name[1:]: name for name in _PRINTED}
    given["seLinuxOptions"] = given.pop("sELinuxOptions")
    shown: dict[str, JsonValue] = {}
    for field, name in given.items():
        given_node = context.get(field)
        shown[name] = None if given_node is None else given_node.plain()
    capabilities = shown["Capabilities"]
    if isinstance(capabilities, dict):
        shown["Capabilities"] = {n: capabilities.get(n.lower()) for n in ("Add", "Drop")}
    text = json.dumps({name: shown[name] for name in _PRINTED}, separators=(",", ":"))
    message = f"{path}: Invalid value: {text}: {detail}"
    errors.add(message, node, "privileged-without-escalation")


def _profile(errors: FieldErrors, context: Map, field: str, path: str, what: str) -> None:
    profile = context.get(field)
    here = f"{path}.{field}"
    if not isinstance(profile, Map):
        return
    kind, where = word(profile.get("type")), child(profile, "type")
    local = "localhostProfile"
    if kind == "":
        detail = "type is required when seccompProfile is set" if what == "seccomp" else ""
        if detail:
            errors.required(f"{here}.type", where, "missing-profile-type", detail)
    elif kind is not None and kind not in _PROFILES:
        errors.unsupported(f"{here}.type", kind, _PROFILES, where, "unsupported-value")
    if kind == "Localhost":
        if not present(profile, local):
            detail = f"must be set when {what} type is Localhost"
            errors.required(f"{here}.{local}", profile, "missing-profile", detail)
        elif what == "seccomp":
            descending_path(errors, profile, local, here)
        else:
            _padded(errors, profile, local, here)
    elif kind is not None and present(profile, local):
        detail = f"can only be set when {what} type is Localhost"
        value = profile.plain() if what == "seccomp" else profile.string(local)
        node = child(profile, local)
        errors.invalid(f"{here}.{local}", value, detail, node, "profile-without-localhost")
