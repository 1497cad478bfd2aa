"""Make schemas that kubeconform can hold objects against, each in one file, as it likes them best.

KServe's come out of its own CRDs, with unknown fields forbidden as the API server's strict
validation does; without them kubeconform skips every InferenceService. Those of Kubernetes' kinds
are a published set whose files refer to one file of definitions; these are put in.
"""

from __future__ import annotations

import json
import os
from typing import Any

import yaml


def strict(schema: Any) -> Any:
    """A structural schema as JSON schema: no unknown fields where fields are named."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: {name: strict(value) for name, value in item.items()}
        if key == "properties"
        else strict(item)
        for key, item in schema.items()
        if key not in ("description", "x-kubernetes-validations", "default", "format")
    }
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    elif "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        result.setdefault("additionalProperties", False)
    return result


KINDS = (
    "configmap-v1", "deployment-apps-v1", "horizontalpodautoscaler-autoscaling-v2", "job-batch-v1",
    "namespace-v1", "persistentvolumeclaim-v1", "secret-v1", "service-v1", "serviceaccount-v1",
)  # fmt: skip
"""The kinds of Kubernetes' own that the corpora hold many of."""


def whole(published: str, directory: str) -> None:
    """Write the schemas of `KINDS`, each with the definitions it refers to in their places."""
    with open(os.path.join(published, "_definitions.json"), encoding="utf-8") as handle:
        definitions: dict[str, Any] = json.load(handle)["$defs"]

    def inlined(schema: Any, above: tuple[str, ...] = ()) -> Any:
        if isinstance(schema, list):
            return [inlined(item, above) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return {} if name in above else inlined(definitions[name], (*above, name))
        return {key: inlined(item, above) for key, item in schema.items() if key != "description"}

    for kind in KINDS:
        with open(os.path.join(published, f"{kind}.json"), encoding="utf-8") as handle:
            schema = inlined(json.load(handle))
        with open(os.path.join(directory, f"{kind}.json"), "w", encoding="utf-8") as handle:
            json.dump(schema, handle)


def of_crds(files: list[str], directory: str) -> None:
    """Write one schema for every served version of every kind in the files."""
    os.makedirs(directory, exist_ok=True)
    for file in files:
        with open(file, encoding="utf-8") as handle:
            documents = list(yaml.load_all(handle, yaml.CSafeLoader))
        for document in documents:
            spec = document["spec"]
            for version in spec["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                group = spec["group"].partition(".")[0]
                name = f"{spec['names']['kind'].lower()}-{group}-{version['name']}.json"
                with open(os.path.join(directory, name), "w", encoding="utf-8") as handle:
                    json.dump(schema, handle)
