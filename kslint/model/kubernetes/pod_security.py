"""What Pod Security admission refuses of a pod, at the levels baseline and restricted.

Source: Kubernetes v1.34 staging/src/k8s.io/pod-security-admission/policy (check_*.go), whose words
are used. Not judged: AppArmor, SELinux, procMount, sysctls, Windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.pod import containers, init_containers
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.nodes import Node

BASELINE, RESTRICTED = "baseline", "restricted"
LEVELS = (BASELINE, RESTRICTED)
_DEFAULT = frozenset(
    ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
     "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT")
)  # fmt: skip
_VOLUMES = frozenset(
    ("name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
     "persistentVolumeClaim", "projected", "secret")
)  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")


class Violation(NamedTuple):
    """What a level forbids, and where. Of `lacking` ones a webhook may write what is missing."""

    node: Node
    text: str
    lacking: bool = False


def violations(pod_spec: Map, level: str) -> list[Violation]:
    """Everything by which a pod is refused at a level."""
    found = list(_baseline(pod_spec))
    if level == RESTRICTED:
        found += _restricted(pod_spec)
    return found


def _every(pod_spec: Node) -> list[Node]:
    return [*init_containers(pod_spec), *containers(pod_spec)]


def _baseline(pod_spec: Node) -> Iterator[Violation]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod_spec.boolean(field) is True:
            yield Violation(_at(pod_spec, field), f"host namespaces ({field}=true)")
    for volume in pod_spec.listed("volumes"):
        if volume.get("hostPath") is not None:
            name = volume.string("name")
            yield Violation(_at(volume, "hostPath"), f'hostPath volumes (volume "{name}")')
    for container in _every(pod_spec):
        name = container.string("name")
        context = container.get("securityContext") or Map({})
        if context.boolean("privileged") is True:
            text = f'privileged (container "{name}" must not set securityContext.privileged=true)'
            yield Violation(_at(context, "privileged"), text)
        for added in context.listed("capabilities", "add"):
            if isinstance(added, Scalar) and added.text not in _DEFAULT:
                text = f'non-default capabilities (container "{name}" adds "{added.text}")'
                yield Violation(added, text)
        for port in container.listed("ports"):
            if port.integer("hostPort"):
                text = f'hostPort (container "{name}" uses hostPort {port.integer("hostPort")})'
                yield Violation(_at(port, "hostPort"), text)


def _restricted(pod_spec: Node) -> Iterator[Violation]:
    for volume in pod_spec.listed("volumes"):
        for field, node in volume.items():
            if field not in _VOLUMES and field != "hostPath":
                name = volume.string("name")
                text = f'restricted volume types (volume "{name}" uses volume type "{field}")'
                yield Violation(node, text)
    own = pod_spec.get("securityContext") or Map({})
    for container in _every(pod_spec):
        yield from _of_container(container, own)


def _of_container(container: Node, pod_context: Node) -> Iterator[Violation]:
    name = container.string("name")
    context = container.get("securityContext") or Map({})
    home = container.get("securityContext") or container.get("name") or container
    escalation = context.boolean("allowPrivilegeEscalation")
    if escalation is not False:
        text = f'container "{name}" must set securityContext.allowPrivilegeEscalation=false'
        yield Violation(
            _at(context, "allowPrivilegeEscalation", home),
            f"allowPrivilegeEscalation != false ({text})",
            escalation is None,
        )
    if not any(each.text == "ALL" for each in context.listed("capabilities", "drop")):
        text = f'container "{name}" must set securityContext.capabilities.drop=["ALL"]'
        yield Violation(home, f"unrestricted capabilities ({text})", True)
    non_root = _effective(context, pod_context, "runAsNonRoot")
    if non_root is None or non_root.text != "true":
        text = f'pod or container "{name}" must set securityContext.runAsNonRoot=true'
        yield Violation(non_root or home, f"runAsNonRoot != true ({text})", non_root is None)
    user = _effective(context, pod_context, "runAsUser")
    if user is not None and user.integer() == 0:
        yield Violation(user, f'runAsUser=0 (container "{name}" must not set runAsUser=0)')
    profile = _effective(context, pod_context, "seccompProfile")
    kind = None if profile is None else profile.string("type")
    if kind not in _PROFILES:
        text = f'pod or container "{name}" must set securityContext.seccompProfile.type'
        yield Violation(profile or home, f"seccompProfile ({text})", profile is None)


def _effective(context: Node, pod_context: Node, field: str) -> Node | None:
    found = context.get(field)
    return pod_context.get(field) if found is None or found.is_null else found


def _at(parent: Node, field: str, otherwise: Node | None = None) -> Node:
    return parent.get(field) or otherwise or parent
