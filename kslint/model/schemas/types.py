"""The types of fields in kinds without a schema of ours: Kubernetes' own, Argo CD's, kustomize's.

Only what a manifest of a serving platform writes often, and only types: a field that is not
named here is not judged.
Source: k8s.io/api v0.34; argoproj/argo-cd v3.4.4 pkg/apis/application/v1alpha1/types.go;
sigs.k8s.io/kustomize api/types v0.21.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Union

from kslint.model.schemas.schema import Schema, of_pod

if TYPE_CHECKING:
    from collections.abc import Iterable

    Fields = dict[str, Any]
    Shape = Union[str, Schema, list[Any], Fields]

_ANY = "*"
"""The key of a mapping whose keys are free."""

TEXT, INTEGER, BOOLEAN = "string", "integer", "boolean"
_MAP_OF_TEXT: Fields = {_ANY: TEXT}


class Typed(Schema):
    """Types written down by hand: a name, a list of one shape, or fields by name."""

    __slots__ = ("_shape", "free", "quantity", "type")

    def __init__(self, shape: str | list[Any] | Fields) -> None:
        self._shape = shape
        self.free = True
        self.quantity = False
        self.type = {dict: "object", list: "array"}.get(type(shape), "") or str(shape)

    @property
    def names(self) -> Iterable[str]:
        return self._shape if isinstance(self._shape, dict) else ()

    def field(self, name: str) -> Schema | None:
        if not isinstance(self._shape, dict):
            return None
        found = self._shape.get(name, self._shape.get(_ANY))
        return None if found is None else _schema(found)

    @property
    def items(self) -> Schema | None:
        return _schema(self._shape[0]) if isinstance(self._shape, list) else None


def _schema(shape: Shape) -> Schema:
    return shape if isinstance(shape, Schema) else Typed(shape)


_METADATA: Fields = {
    "name": TEXT, "generateName": TEXT, "namespace": TEXT, "labels": _MAP_OF_TEXT,
    "annotations": _MAP_OF_TEXT, "finalizers": [TEXT],
}  # fmt: skip
_SELECTOR: Fields = {"matchLabels": _MAP_OF_TEXT}
_SOURCE: Fields = {
    "repoURL": TEXT, "targetRevision": TEXT, "path": TEXT, "chart": TEXT, "ref": TEXT,
    "helm": {
        "releaseName": TEXT, "values": TEXT, "valueFiles": [TEXT], "version": TEXT,
        "parameters": [{"name": TEXT, "value": TEXT, "forceString": BOOLEAN}],
        "skipCrds": BOOLEAN, "passCredentials": BOOLEAN, "ignoreMissingValueFiles": BOOLEAN,
    },
    "kustomize": {
        "images": [TEXT], "namePrefix": TEXT, "nameSuffix": TEXT, "namespace": TEXT,
        "commonLabels": _MAP_OF_TEXT, "commonAnnotations": _MAP_OF_TEXT,
    },
    "directory": {"recurse": BOOLEAN, "include": TEXT, "exclude": TEXT},
}  # fmt: skip
_APPLICATION: Fields = {
    "project": TEXT, "source": _SOURCE, "sources": [_SOURCE],
    "destination": {"server": TEXT, "namespace": TEXT, "name": TEXT},
    "syncPolicy": {
        "automated": {"prune": BOOLEAN, "selfHeal": BOOLEAN, "allowEmpty": BOOLEAN},
        "syncOptions": [TEXT],
        "retry": {"limit": INTEGER, "backoff": {"duration": TEXT, "maxDuration": TEXT}},
    },
    "revisionHistoryLimit": INTEGER,
}  # fmt: skip
_CLAIM: Fields = {
    "accessModes": [TEXT], "storageClassName": TEXT, "volumeName": TEXT, "volumeMode": TEXT,
    "selector": _SELECTOR,
}  # fmt: skip
_GENERATOR: Fields = {
    "name": TEXT, "namespace": TEXT, "literals": [TEXT], "files": [TEXT], "envs": [TEXT],
    "options": {
        "labels": _MAP_OF_TEXT, "annotations": _MAP_OF_TEXT, "disableNameSuffixHash": BOOLEAN,
        "immutable": BOOLEAN,
    },
}  # fmt: skip
KUSTOMIZATION = Typed(
    {
        "namespace": TEXT, "namePrefix": TEXT, "nameSuffix": TEXT, "resources": [TEXT],
        "components": [TEXT], "commonLabels": _MAP_OF_TEXT, "commonAnnotations": _MAP_OF_TEXT,
        "labels": [{"pairs": _MAP_OF_TEXT, "includeSelectors": BOOLEAN,
                    "includeTemplates": BOOLEAN}],
        "images": [{"name": TEXT, "newName": TEXT, "newTag": TEXT, "digest": TEXT}],
        "replicas": [{"name": TEXT, "count": INTEGER}],
        "configMapGenerator": [_GENERATOR], "secretGenerator": [_GENERATOR],
        "generatorOptions": _GENERATOR["options"],
        "helmCharts": [{"name": TEXT, "version": TEXT, "repo": TEXT, "releaseName": TEXT,
                        "namespace": TEXT, "valuesFile": TEXT, "includeCRDs": BOOLEAN}],
    }
)  # fmt: skip
METADATA = Typed(_METADATA)


@lru_cache(maxsize=1)
def kinds() -> dict[tuple[str, str], Schema]:
    """The shapes of whole objects by API group and kind; metadata is `METADATA` everywhere."""
    template = {"metadata": _METADATA, "spec": of_pod()}
    workload = {"replicas": INTEGER, "minReadySeconds": INTEGER, "revisionHistoryLimit": INTEGER,
                "selector": _SELECTOR, "template": template}  # fmt: skip
    job = {"parallelism": INTEGER, "completions": INTEGER, "backoffLimit": INTEGER,
           "ttlSecondsAfterFinished": INTEGER, "template": template}  # fmt: skip
    specs: dict[tuple[str, str], Shape] = {
        ("", "Pod"): of_pod(),
        ("", "PersistentVolumeClaim"): _CLAIM,
        ("", "Service"): {
            "type": TEXT, "clusterIP": TEXT, "externalName": TEXT, "selector": _MAP_OF_TEXT,
            "ports": [{"name": TEXT, "protocol": TEXT, "port": INTEGER, "nodePort": INTEGER}],
        },
        ("apps", "Deployment"): {**workload, "paused": BOOLEAN, "progressDeadlineSeconds": INTEGER,
                                 "strategy": {"type": TEXT}},
        ("apps", "DaemonSet"): workload,
        ("apps", "ReplicaSet"): workload,
        ("apps", "StatefulSet"): {
            **workload, "serviceName": TEXT,
            "volumeClaimTemplates": [{"metadata": _METADATA, "spec": _CLAIM}],
        },
        ("batch", "Job"): job,
        ("batch", "CronJob"): {"schedule": TEXT, "suspend": BOOLEAN, "timeZone": TEXT,
                               "jobTemplate": {"metadata": _METADATA, "spec": job}},
        ("autoscaling", "HorizontalPodAutoscaler"): {
            "minReplicas": INTEGER, "maxReplicas": INTEGER,
            "scaleTargetRef": {"apiVersion": TEXT, "kind": TEXT, "name": TEXT},
        },
        ("argoproj.io", "Application"): _APPLICATION,
        ("argoproj.io", "ApplicationSet"): {
            "template": {"metadata": _METADATA, "spec": _APPLICATION},
        },
    }  # fmt: skip
    found: dict[tuple[str, str], Schema] = {
        kind: Typed({"spec": shape}) for kind, shape in specs.items()
    }
    data = {"data": _MAP_OF_TEXT, "binaryData": _MAP_OF_TEXT, "immutable": BOOLEAN}
    found["", "ConfigMap"] = Typed(data)
    found["", "Secret"] = Typed({**data, "stringData": _MAP_OF_TEXT, "type": TEXT})
    return found
