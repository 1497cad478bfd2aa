"""Tables of objects, each with everything that the API server says to it.

A row of `refusals/*.yaml` is an object without its apiVersion; `says` are the messages, none where
there is no such field. Where no `metadata` is given it has a name. `<WORDS>` stand for long texts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission import kinds
from kslint.source.files import Source
from kslint.source.nodes import Map
from kslint.source.parser import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = Path(__file__).parent / "refusals"
VERSIONS = {
    "apiextensions.k8s.io/v1": ("CustomResourceDefinition",),
    "admissionregistration.k8s.io/v1": (
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    ),
    "apps/v1": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
    "batch/v1": ("CronJob", "Job"),
    "gateway.networking.k8s.io/v1": ("GRPCRoute", "Gateway", "HTTPRoute"),
    "inference.networking.k8s.io/v1": ("InferencePool",),
    "kueue.x-k8s.io/v1beta1": ("ClusterQueue", "LocalQueue", "ResourceFlavor"),
    "networking.k8s.io/v1": ("Ingress", "IngressClass", "NetworkPolicy"),
    "node.k8s.io/v1": ("RuntimeClass",),
    "policy/v1": ("PodDisruptionBudget",),
    "rbac.authorization.k8s.io/v1": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    "scheduling.k8s.io/v1": ("PriorityClass",),
    "storage.k8s.io/v1": ("StorageClass",),
}
"""The kinds of each version; of v1 are all others."""

WORDS = {
    "SUBDOMAIN": (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
        "or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
        "used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    ),
    "LABEL": (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
        "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    ),
    "LABEL_1035": (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
        "an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
        "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
    ),
    "QUALIFIED": (
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "
        "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
        "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    ),
    "VALUE": (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
        "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
        "'my_value',  or '12345', regex used for validation is "
        "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    ),
    "KEY": (
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
        "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
        "'[-._a-zA-Z0-9]+')"
    ),
    "ADDRESS": "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
    "RANGE": "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
    "PORT": "must be between 1 and 65535, inclusive",
    "PERCENT": (
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  "
        "or '93%', regex used for validation is '[0-9]+%')"
    ),
    "QUANTITY": (
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    ),
}


class Row(NamedTuple):
    """An object, and what is said to it. `place` tells the row."""

    place: str
    kind: str
    body: Map
    says: list[str]


def rows() -> Iterator[Row]:
    """Every row of every table."""
    name = next(iter(compose(Source("name", b"{name: web}"), "{name: web}"))).root
    for file in sorted(TABLES.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        source = Source(file.name, text.encode())
        for item in next(iter(compose(source, text))).root.elements():
            assert isinstance(item, Map)
            kind, span = item.string("kind"), item.span
            assert kind is not None
            assert span is not None
            says = [_filled(node.text or "") for node in item.listed("says")]
            fields = {key: node for key, node in item.entries.items() if key != "says"}
            fields.setdefault("metadata", name)
            yield Row(f"{file.stem}:{span.line}", kind, item.with_entries(fields), says)


def said(row: Row) -> list[str]:
    """The messages, each of which has to point into the file."""
    failures = kinds.body_failures(version_of(row.kind), row.kind, row.body)
    assert all(f.stage == "api-server" and f.node.place is not None for f in failures)
    return [failure.message for failure in failures]


def version_of(kind: str) -> str:
    return next((version for version, its in VERSIONS.items() if kind in its), "v1")


def _filled(text: str) -> str:
    return re.sub(r"<([A-Z_0-9]+)>", lambda match: WORDS[match[1]], text)
