"""Refusals of LLM kinds as the cluster prints them: path, value, and what is wrong.

What the CRDs say in CEL (`x-kubernetes-validations` @v0.19.0) comes before the webhook's word on
the same, which goes into more detail.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission.field_errors import printed

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_REQUIRED = ("adapter name is required", "either hpa or keda must be specified")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,9})\]")
_IN_SCHEMA = (
    (
        re.compile(r"scaling and replicas are mutually exclusive; (.*)"),
        ".scaling",
        r"replicas and scaling are mutually exclusive; \1",
    ),
    (
        re.compile(r"minReplicas \(\d+\) cannot exceed maxReplicas \(\d+\)"),
        ".minReplicas",
        "minReplicas cannot exceed maxReplicas",
    ),
    (re.compile(r"hpa and keda are mutually exclusive.*"), "", r"\g<0>"),
    (re.compile(r"either hpa or keda must be specified.*"), "", r"\g<0>"),
    (re.compile(r"wva is required when scaling is configured.*"), ".wva", r"\g<0>"),
    (re.compile(r"scalingModifiers must not be set.*"), ".advanced.scalingModifiers", r"\g<0>"),
    (
        re.compile(r"horizontalPodAutoscalerConfig.name must not be set.*"),
        ".advanced.horizontalPodAutoscalerConfig.name",
        r"\g<0>",
    ),
    (
        re.compile(r"(minReplicas is required when idleReplicaCount is set); \w+ \(\d+\) (.*)"),
        ".minReplicas",
        r"\1; idleReplicaCount \2",
    ),
    (
        re.compile(r"idleReplicaCount \(\d+\) must be less than minReplicas \(\d+\); (.*)"),
        ".wva.keda.idleReplicaCount",
        r"idleReplicaCount must be less than minReplicas; \1",
    ),
)
"""What the webhook says, the end of its path that the CRD's has not, and what the CRD says."""


def worded(failure: Failure, body: Node, name: str) -> Failure:
    """A failure whose code is a field's path, as it is printed; by the CRD if that knows it."""
    path = failure.code
    if not path.startswith("spec") or "://" in failure.message:
        return failure
    for pattern, end, text in _IN_SCHEMA:
        found = pattern.fullmatch(failure.message)
        if found is not None and path.endswith(end) and failure.stage == "webhook":
            at = path[: len(path) - len(end)]
            message = f'{at}: Invalid value: "object": {found.expand(text)}'
            return failure._replace(stage="api-server", message=f"{name} is invalid: {message}")
    if failure.message.startswith(_REQUIRED):
        message = f"{path}: Required value: {failure.message}"
    else:
        message = f"{path}: Invalid value: {_value(body, path)}: {failure.message}"
    return failure._replace(message=f"{name} is invalid: {message}")


def _value(body: Node, path: str) -> str:
    """The value at a path, as the server's own type prints it."""
    steps = [m[1] or int(m[2]) for m in _STEP.finditer(path)]
    node = body.at(*steps)
    value = None if node is None else node.plain()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return printed(value)
