"""What the API server answers to a change that it does not take (Kubernetes v1.34.1)."""

from __future__ import annotations

import pytest

from kslint.model.kubernetes.updates import denials
from kslint.source.nodes import Map, Origin, made

ORIGIN = Origin("written", "a test")


def body(value: object) -> Map:
    node = made(value, ORIGIN)
    assert isinstance(node, Map)
    return node


@pytest.mark.parametrize(
    ("group", "kind", "old", "new", "path", "message"),
    [
        ("apps", "Deployment", {}, {}, "spec.selector.matchLabels.a",
         "spec.selector: Invalid value: field is immutable"),
        ("batch", "Job", {}, {}, "spec.podFailurePolicy.rules[0].action",
         "spec.podFailurePolicy: Invalid value: field is immutable"),
        ("", "PersistentVolume", {}, {}, "spec.volumeMode",
         "volumeMode: Invalid value: field is immutable"),
        ("", "ConfigMap", {"immutable": True}, {}, "binaryData.a",
         "binaryData: Forbidden: field is immutable when `immutable` is set"),
        ("", "Secret", {"immutable": True}, {}, "stringData.a",
         "data: Forbidden: field is immutable when `immutable` is set"),
        ("", "Secret", {"immutable": True}, {}, "immutable",
         "immutable: Forbidden: field is immutable when `immutable` is set"),
        ("", "Secret", {}, {}, "stringData.a", ""),
        ("", "Service", {"spec": {"clusterIP": "None"}}, {"spec": {"clusterIP": "10.0.0.1"}},
         "spec.clusterIP", "spec.clusterIPs[0]: Invalid value: may not change once set"),
        ("", "Service", {"spec": {"clusterIP": "None"}}, {"spec": {}}, "spec.clusterIP", ""),
        ("batch", "Job", {"spec": {"suspend": True}}, {}, "spec.template.spec.nodeSelector.a", ""),
    ],
)  # fmt: skip
def test_denials(
    group: str, kind: str, old: object, new: object, path: str, message: str
) -> None:  # fmt: skip
    found = list(denials(group, kind, body(old), body(new), [path]))
    assert [denial.message for denial in found] == [message] * bool(message)
