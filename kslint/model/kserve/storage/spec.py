"""The storage spec of a model (`predictor.model.storage`) and the Secret it leads to.

Mirrors CreateStorageSpecSecretEnvs, pkg/credentials/service_account_credentials.go:101-209
@v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.graph import ABSENT
from kslint.model.kserve.storage.credentials import (
    credentials_origin,
    from_secret,
    secret_keys,
    secret_use,
    secret_value,
    with_env,
)
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.storage.credentials import Env, SecretUse

_SPEC_TYPES = ("s3", "hdfs", "webhdfs")


class SpecUse(NamedTuple):
    """What `model.storage` leads to.

    `type` and `bucket` are None where only the cluster knows them. `error` is the message with
    which the pod is refused.
    """

    secret: SecretUse
    key: str
    has_data: bool
    type: str | None
    bucket: str | None
    error: str = ""
    ca_bundle: str = ""


def storage_spec(component: Draft) -> SpecUse | None:
    """What `predictor.model.storage` leads to (CreateStorageSpecSecretEnvs); None without one."""
    spec = component.stored.at("model", "storage")
    if component.name != "predictor" or not isinstance(spec, Map):
        return None
    settings = component.owner.settings
    name_node = settings.get("credentials", "storageSpecSecretName")
    wanted = settings.text("credentials", "storageSecretNameAnnotation")
    annotation = component.metadata.at("annotations", wanted) if wanted else None
    if annotation is not None and annotation.text:
        name_node = annotation
    name = (name_node.text if name_node is not None else "") or "storage-config"
    owner = component.owner
    secret = secret_use(name, name_node, owner)
    key = spec.string("key") or ""
    stype, bucket = spec.string("parameters", "type"), spec.string("parameters", "bucket")
    if key and secret.answer == ABSENT:
        text = f'can\'t read storage secret {name}: secrets "{name}" not found'
        return SpecUse(secret, key, False, None, None, text)
    explicit = bool(key)
    key = key or ("default" if not stype else f"default_{stype}")
    keys, complete = (
        (frozenset(), secret.answer == ABSENT)
        if secret.resource is None
        else secret_keys(secret.resource)
    )
    if explicit and complete and key not in keys:
        text = f"specified storage key {key} not found in storage secret {name}"
        return SpecUse(secret, key, False, None, None, text)
    use = SpecUse(secret, key, key in keys, stype or None, bucket or None)
    if not stype:
        use = _typed_by_secret(use, complete)
    if use.type == "s3" and not use.bucket and not use.error and (stype or use.has_data):
        known = bool(stype) or secret_value(secret.resource, key) is not None
        text = "format [s3] requires a bucket but one wasn't found in storage data or parameters"
        use = use._replace(error=text) if known and spec.string("path") else use
    return use


def with_spec_credentials(component: Draft, container: Map, use: SpecUse) -> Map:
    """The init container with STORAGE_CONFIG and STORAGE_OVERRIDE_CONFIG."""
    origin = credentials_origin("the storage spec's credentials", "101-209")
    variables: Env = []
    if use.ca_bundle:
        variables.append({"name": "AWS_CA_BUNDLE_CONFIGMAP", "value": use.ca_bundle})
    if use.has_data:
        variables.append(from_secret("STORAGE_CONFIG", use.secret.name, use.key))
    parameters = component.stored.at("model", "storage", "parameters")
    given = {
        name: node.text or "" for name, node in (() if parameters is None else parameters.items())
    }
    if given:
        import json

        text = json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        variables.append({"name": "STORAGE_OVERRIDE_CONFIG", "value": text})
    return with_env(container, variables, origin)


def _typed_by_secret(use: SpecUse, complete: bool) -> SpecUse:
    """The type, bucket and CA bundle that the Secret's JSON gives."""
    if not use.has_data:
        error = "unable to determine storage type" if complete else ""
        return use._replace(error=error)
    text = secret_value(use.secret.resource, use.key)
    if text is None:
        return use
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not all(isinstance(v, str) for v in data.values()):
        return use._replace(
            error=f"invalid json encountered in key {use.key} of storage secret {use.secret.name}"
        )
    stype = data.get("type")
    if stype is None:
        return use._replace(error="unable to determine storage type")
    if stype not in _SPEC_TYPES:
        return use._replace(
            error=f"storage type must be one of [{', '.join(_SPEC_TYPES)}]. "
            f"storage type [{stype}] is not supported"
        )
    bucket = use.bucket or data.get("bucket") or None
    return use._replace(type=stype, bucket=bucket, ca_bundle=data.get("cabundle_configmap", ""))
