"""What Pod Security admission refuses at its levels."""

from __future__ import annotations

from kslint.model.kubernetes.pod_security import BASELINE, RESTRICTED, violations
from kslint.source.nodes import Map, Origin, made

OPEN = {
    "hostNetwork": True,
    "volumes": [
        {"name": "models", "hostPath": {"path": "/models"}},
        {"name": "shared", "nfs": {"server": "files", "path": "/"}},
        {"name": "cache", "emptyDir": {}},
    ],
    "containers": [
        {
            "name": "server",
            "securityContext": {
                "privileged": True,
                "capabilities": {"add": ["SYS_ADMIN", "CHOWN"], "drop": ["ALL"]},
                "allowPrivilegeEscalation": False,
                "runAsNonRoot": True,
                "runAsUser": 0,
                "seccompProfile": {"type": "Unconfined"},
            },
            "ports": [{"containerPort": 8000, "hostPort": 8000}, {"containerPort": 8001}],
        }
    ],
}


def said(level: str) -> list[str]:
    pod_spec = made(OPEN, Origin("written", "a test"))
    assert isinstance(pod_spec, Map)
    return [violation.text.partition(" (")[0] for violation in violations(pod_spec, level)]


def test_what_gives_a_pod_the_node_is_refused_at_baseline() -> None:
    assert said(BASELINE) == [
        "host namespaces", "hostPath volumes", "privileged", "non-default capabilities", "hostPort",
    ]  # fmt: skip


def test_restricted_adds_to_it() -> None:
    assert said(RESTRICTED)[5:] == ["restricted volume types", "runAsUser=0", "seccompProfile"]
