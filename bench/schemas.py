"""Make schemas that kubeconform can hold KServe's objects against, out of KServe's own CRDs.

Usage: schemas.py CRD.yaml [CRD.yaml ...] DIRECTORY

Unknown fields are forbidden, as the API server's strict validation does; without these schemas
kubeconform skips every InferenceService. Names are kubeconform's: `Kind-group-version.json`.
"""

from __future__ import annotations

import json
import os
import sys
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


def main(files: list[str], directory: str) -> None:
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


if __name__ == "__main__":
    main(sys.argv[1:-1], sys.argv[-1])
