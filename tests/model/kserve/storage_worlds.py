"""Services with a model from somewhere, and the Secrets around them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from kserve_worlds import world

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component

RUNTIME = """
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt, namespace: team}
spec:
  supportedModelFormats: [{name: sklearn, autoSelect: true}]
  containers:
  - {name: kserve-container, image: 'server:1'}
"""


def service(predictor: str, annotations: str = "{}", more: str = "") -> str:
    return f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team, annotations: {annotations}}}
spec:
  predictor: {predictor}
{RUNTIME}
{more}
"""


def model(storage: str, annotations: str = "{}", more: str = "", **kwargs: Any) -> Component:
    text = f"{{model: {{modelFormat: {{name: sklearn}}, runtime: rt, {storage}}}}}"
    predictor = world(service(text, annotations, more), **kwargs).predictor
    assert predictor is not None
    return predictor


ACCOUNT = """
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: team}
secrets: [{name: creds}]
"""


def secret(*keys: str, kind: str = "Secret") -> str:
    values = {key: base64.b64encode(b"x").decode() for key in keys}
    if kind == "ExternalSecret":
        items = ", ".join(f"{{secretKey: {key}}}" for key in keys)
        return f"""
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: es, namespace: team}}
spec: {{target: {{name: creds}}, data: [{items}]}}
"""
    return f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: creds, namespace: team}}
data: {values}
"""
