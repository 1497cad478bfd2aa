"""The types of what kustomize reads, and what every object has.

Only what is written often, and only types: a field that is not named here is not judged.
Source: sigs.k8s.io/kustomize api/types v0.21.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from kslint.model.schemas.schema import ANYTHING, PLAIN_TEXT, Schema, of_object
from kslint.model.schemas.tables import KUBERNETES, metadata, table

TEXT, INTEGER, BOOLEAN = "string", "integer", "boolean"
_ANY = "*"
"""The key of a mapping whose keys are free."""
_MAP_OF_TEXT = {_ANY: TEXT}
_OPTIONS = {
    "labels": _MAP_OF_TEXT, "annotations": _MAP_OF_TEXT, "disableNameSuffixHash": BOOLEAN,
    "immutable": BOOLEAN,
}  # fmt: skip
_GENERATOR = {
    "name": TEXT, "namespace": TEXT, "literals": [TEXT], "files": [TEXT], "envs": [TEXT],
    "options": _OPTIONS,
}  # fmt: skip
_KUSTOMIZATION: dict[str, Any] = {
    "namespace": TEXT, "namePrefix": TEXT, "nameSuffix": TEXT, "resources": [TEXT],
    "components": [TEXT], "commonLabels": _MAP_OF_TEXT, "commonAnnotations": _MAP_OF_TEXT,
    "labels": [{"pairs": _MAP_OF_TEXT, "includeSelectors": BOOLEAN, "includeTemplates": BOOLEAN}],
    "images": [{"name": TEXT, "newName": TEXT, "newTag": TEXT, "digest": TEXT}],
    "replicas": [{"name": TEXT, "count": INTEGER}],
    "configMapGenerator": [_GENERATOR], "secretGenerator": [_GENERATOR],
    "generatorOptions": _OPTIONS,
    "helmCharts": [{"name": TEXT, "version": TEXT, "repo": TEXT, "releaseName": TEXT,
                    "namespace": TEXT, "valuesFile": TEXT, "includeCRDs": BOOLEAN}],
}  # fmt: skip


def _schema(shape: Any) -> Schema:
    """A shape written down by hand: a type, a list of one shape, or fields by name."""
    if isinstance(shape, Schema):
        return shape
    if isinstance(shape, str):
        return Schema(shape, {}, _schema)
    if isinstance(shape, list):
        return Schema("array", {"i": shape[0]}, _schema)
    if _ANY in shape:
        return Schema("object", {"a": shape[_ANY]}, _schema)
    return Schema("object", {"p": shape, "u": True}, _schema)


@lru_cache(maxsize=1)
def kustomization() -> Schema:
    return _schema(_KUSTOMIZATION)


def of_root(schema: Schema) -> Schema:
    """A schema at the top of an object, with the fields that every object has."""
    schema.fields.update(
        apiVersion=PLAIN_TEXT, kind=PLAIN_TEXT, metadata=metadata(), status=ANYTHING
    )
    return schema


@lru_cache(maxsize=1)
def unknown() -> Schema:
    """An object of which nothing is known but what metadata has: others may write more there."""
    known = metadata()
    named = {name: known.fields[name] for name in known.names}
    return of_object({"metadata": of_object(named, free=True), "status": ANYTHING}, free=True)


def by_hand(key: str) -> Schema:
    """Of a kind without a table what is known all the same: a Rollout holds a pod's template."""
    if key != "argoproj.io/v1alpha1/Rollout":
        return unknown()
    own = table(KUBERNETES)
    deployment = own.schema(own.kinds["apps/v1/Deployment"][0], None)
    spec = deployment.fields["spec"]
    template = None if spec is None else spec.fields["template"]
    inner = of_object({"template": template, "replicas": "integer"}, free=True)
    return of_object({"spec": inner, "metadata": metadata(), "status": ANYTHING}, free=True)
