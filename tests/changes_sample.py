"""A comparison with one of every sort of difference, for the formats."""

from __future__ import annotations

from kslint.changes import (
    ADDED,
    CHANGED,
    CLAIM,
    DELETED,
    DOWNTIME,
    LATER,
    REFUSED,
    REMOVED,
    RESTART,
    SCALED,
    UNKNOWN,
    Change,
    Comparison,
    Difference,
    Effect,
    Subject,
    Unmodelled,
    Value,
)
from kslint.source.nodes import Span

QWEN = Subject("InferenceService", "serving.kserve.io", "models", "qwen-cpu")
IRIS = Subject("InferenceService", "serving.kserve.io", "models", "iris")
_AT = Span("serving/qwen.yaml", 31, 13, 31, 16)
_IMAGE = "spec.initContainers[storage-initializer].image"
_SCRIPT = '#!/bin/sh\nset -e\necho {}\nexec "$@"\n'


def _made(kind: str, name: str, group: str = "") -> Subject:
    return Subject(kind, group, "models", name)


def _images(owner: Subject) -> Difference:
    """What an upgrade changes in the pods of every service."""
    old, new = (
        Value(f"kserve/storage-initializer:v{v}.0", f"the default of KServe {v}", f"chart @v{v}.0")
        for v in ("0.19", "0.20")
    )
    later = Effect(LATER, "the pod template stays: running pods keep what they have")
    subject = _made("Pod", f"{owner.name}-predictor")
    return Difference(CHANGED, subject, owner, "serving", (Change(_IMAGE, old, new),), (later,))


COMPARISON = Comparison(
    "diff",
    "HEAD (0123456789ab)",
    "the working tree",
    (
        Difference(
            CHANGED, QWEN, None, "serving",
            (Change("spec.predictor.tracing", None, Value({"enabled": True}, span=_AT)),),
            (Effect(UNKNOWN, "what becomes of it in Knative mode is not modelled"),),
        ),
        Difference(
            CHANGED, _made("Deployment", "qwen-cpu-predictor", "apps"), QWEN, "serving",
            (
                Change(
                    "spec.template.spec.containers[kserve-container].resources.limits.cpu",
                    Value("1", "the default of KServe 0.19", "chart @v0.19.0"),
                    Value("2", span=_AT),
                ),
                Change("spec.template.spec.containers[kserve-container].args[--x]",
                       Value("--x 1", span=_AT), None),
            ),
            (
                Effect(CLAIM, "mounts claim new in place of old, whose data stays behind"),
                Effect(DOWNTIME, "strategy Recreate: all pods stop first", "k8s x.go"),
                Effect(REFUSED, "api-server: it says\nno to `x`", "k8s y.go", _AT),
            ),
        ),
        Difference(
            CHANGED, _made("HorizontalPodAutoscaler", "qwen-cpu-predictor", "autoscaling"), QWEN,
            "serving", (Change("spec.minReplicas", Value(1), Value(3)),),
            (Effect(SCALED, "replicas at least: 1 → 3"),),
        ),
        *(_images(Subject(*IRIS[:3], name)) for name in ("a", "b", "iris")),
        Difference(ADDED, _made("ConfigMap", "fresh"), None, "platform/fresh.yaml"),
        Difference(
            CHANGED, _made("ConfigMap", "script"), None, "platform/script.yaml",
            (Change("data.run.sh", Value(_SCRIPT.format("old")), Value(_SCRIPT.format("new"))),),
        ),
        Difference(
            CHANGED, Subject("Deployment", "apps", None, "</script>`|@you"), None, "a.yaml", (),
            (Effect(RESTART, "ConfigMap script gets another name"),),
        ),
        Difference(
            REMOVED, _made("PersistentVolumeClaim", "cache"), None, "storage/claims.yaml", (),
            (Effect(DELETED, "where it is pruned its volume goes with it"),),
        ),
    ),
    (Unmodelled("charts/x/values.yaml", "belongs to the Helm chart in charts/x, not rendered"),),
)  # fmt: skip
NOTHING = Comparison("diff", "old", "new", ())
MANY = Comparison(
    "upgrade",
    "KServe 0.19",
    "KServe 0.20",
    tuple(
        Difference(
            CHANGED, Subject("Deployment", "apps", "models", f"n{number}"), None, "a.yaml",
            tuple(Change(f"spec.a{number}{at}", Value("x" * 200), Value("y" * 200))
                  for at in range(30)),
            (Effect(RESTART, "a new pod template"),),
        )
        for number in range(60)
    ),
    failed=True,
)  # fmt: skip
