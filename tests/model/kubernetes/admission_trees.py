"""Objects that the API server judges, and how its errors read."""

from __future__ import annotations

from typing import Any

from kslint.model.kubernetes.admission.workloads import deployment_failures
from kslint.model.kubernetes.defaults import defaulted_deployment
from kslint.source.files import Source
from kslint.source.nodes import Map
from kslint.source.parser import compose

C = "spec.template.spec.containers[0]"


def tree(text: str) -> Map:
    root = next(iter(compose(Source("object.yaml", text.encode()), text))).root
    assert isinstance(root, Map)
    return root


def deployment(container: str = "", pod: str = "", spec: str = "") -> Map:
    return tree(
        f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: ns}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  {spec}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      {pod}
      containers:
      - name: c
        image: img
        {container}
"""
    )


def ids(rows: list[tuple[str, str, str, str]]) -> list[str]:
    return [f"{row[2]}-{index}" for index, row in enumerate(rows)]


def only(failures: list[Any], code: str, message: str) -> None:
    """The message is among them under its code, and every failure points into the file."""
    assert message in [f.message for f in failures]
    assert {f.code for f in failures if f.message == message} == {code}
    assert all(f.stage == "api-server" and f.node.place is not None for f in failures)


P = "spec.template.spec"


def check(refused: Map, accepted: Map, code: str, message: str) -> None:
    only(deployment_failures(refused), code, message)
    only(deployment_failures(defaulted_deployment(refused)), code, message)
    assert deployment_failures(accepted) == []
    assert deployment_failures(defaulted_deployment(accepted)) == []
