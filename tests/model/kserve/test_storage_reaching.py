"""Credentials and settings that do, or do not, reach the download of a model."""

from __future__ import annotations

import pytest
from kserve_worlds import settings_of, world
from storage_worlds import ACCOUNT, model, secret, service

from kslint.graph.graph import Graph
from kslint.model.kserve.isvc import InferenceService
from kslint.model.kserve.storage.containers import initializer_memory
from kslint.model.kserve.storage.reaching import (
    downloads,
    token_of_server_alone,
    unreached_s3,
    unread_annotations,
)
from kslint.source.files import Source
from kslint.source.load import Input, load_source

S3 = "storageUri: 's3://b/m'"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
ROLE = ACCOUNT.replace(
    "namespace: team}",
    "namespace: team,"
    " annotations: {eks.amazonaws.com/role-arn: r, serving.kserve.io/s3-region: x}}",
)


def test_s3_keys_that_are_listed_nowhere() -> None:
    found = unreached_s3(model(S3, more=secret(*KEYS)))
    assert found is not None
    assert (found.account, found.secret.name, found.node.text) == ("default", "creds", "s3://b/m")
    assert found.account_resource is None
    for kind in ("ExternalSecret",):
        assert unreached_s3(model(S3, more=secret(*KEYS, kind=kind))) is not None


@pytest.mark.parametrize(
    ("storage", "more"),
    [
        (S3, ""),
        (S3, secret("AWS_ACCESS_KEY_ID")),
        (S3, secret(*KEYS) + ACCOUNT),
        (S3, secret(*KEYS) + ROLE.replace("secrets: [{name: creds}]", "")),
        (S3, ACCOUNT),
        ("storageUri: 'gs://b/m'", secret(*KEYS)),
        ("storage: {path: m, parameters: {type: s3, bucket: b}}", secret(*KEYS)),
    ],
)
def test_no_credentials_to_miss(storage: str, more: str) -> None:
    assert unreached_s3(model(storage, more=more)) is None


def test_settings_that_do_not_name_the_keys() -> None:
    assert unreached_s3(model(S3, more=secret(*KEYS), changes={"credentials": {}})) is None


def test_secrets_of_another_directory_need_a_namespace() -> None:
    text = service("{model: {modelFormat: {name: sklearn}, storageUri: 's3://b/m'}}")
    text = (text + secret(*KEYS)).replace("namespace: team", "labels: {}")
    loaded = Input([], [], [])
    one, _, other = text.rpartition("---")
    for name, part in (("a/isvc.yaml", one), ("b/secret.yaml", other), ("a/secret.yaml", other)):
        load_source(Source(name, part.encode()), loaded)
        graph = Graph(loaded)
        isvc = InferenceService(graph.of_kind("InferenceService")[0], graph, settings_of())
        assert isvc.predictor is not None
        near = name == "a/secret.yaml"
        assert (unreached_s3(isvc.predictor) is not None) is near


def test_an_annotation_names_the_secret() -> None:
    for name in ("serving.kserve.io/secretName", "serving.kserve.io/storageSecretName"):
        assert unreached_s3(model(S3, f"{{{name}: creds}}", more=secret(*KEYS))) is None
    mesh = "{serving.kserve.io/deploymentMode: ModelMesh}"
    assert downloads(model(S3, mesh), "s3") == []


def test_a_listed_secret_with_other_keys() -> None:
    found = unreached_s3(model(S3, more=secret("accessKey", "secretKey") + ACCOUNT))
    assert found is not None
    assert found.keys
    assert unreached_s3(model(S3, more=secret("user", "password") + ACCOUNT)) is None
    assert unreached_s3(model(S3, more=secret("x-access") + ACCOUNT)) is not None
    external = secret("accessKey", kind="ExternalSecret") + ACCOUNT
    assert unreached_s3(model(S3, more=external)) is None


OWN = """
---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: default}
spec:
  container: %s
  supportedUriFormats: [{prefix: 's3://'}, {prefix: 'hf://'}]
"""


def test_a_storage_container_may_bring_them() -> None:
    env = OWN % "{name: storage-initializer, env: [{name: AWS_ACCESS_KEY_ID, value: x}]}"
    assert unreached_s3(model(S3, more=secret(*KEYS) + env)) is None
    source = OWN % "{name: storage-initializer, envFrom: [{secretRef: {name: creds}}]}"
    assert unreached_s3(model(S3, more=secret(*KEYS) + source)) is None
    none = OWN % "null"
    assert unreached_s3(model(S3, more=secret(*KEYS) + none)) is not None


def annotated(text: str, annotation: str) -> str:
    return text.replace("namespace: team}", f"namespace: team, annotations: {{{annotation}: x}}}}")


def test_annotations_in_the_wrong_place() -> None:
    creds = secret(*KEYS)
    old = annotated(creds, "serving.kubeflow.org/s3-Endpoint") + ACCOUNT
    (found,) = unread_annotations(model(S3, more=old))
    assert (found.why, found.right) == ("prefix", "serving.kserve.io/s3-endpoint")
    right = annotated(creds, "serving.kserve.io/s3-endpoint") + ACCOUNT
    assert not list(unread_annotations(model(S3, more=right)))
    account = creds + annotated(ACCOUNT, "serving.kserve.io/s3-region")
    assert [f.why for f in unread_annotations(model(S3, more=account))] == ["account"]
    assert not list(unread_annotations(model(S3, more=creds + ROLE)))
    own = model(S3, "{serving.kserve.io/s3-endpoint: x, serving.kserve.io/other: y}")
    assert [f.why for f in unread_annotations(own)] == ["service"]


def hub(more: str = "", env: str = "{name: HF_TOKEN, value: t}", uri: str = "hf://o/m") -> str:
    found = world(
        service(
            f"{{model: {{modelFormat: {{name: sklearn}}, runtime: rt, storageUri: '{uri}',"
            f" env: [{env}]}}}}",
            more=more,
        )
    ).predictor
    assert found is not None
    token = token_of_server_alone(found)
    return "" if token is None else token.variable


def test_tokens_of_the_server() -> None:
    assert hub() == "HF_TOKEN"
    assert hub(env="{name: HUGGING_FACE_HUB_TOKEN, value: t}") == "HUGGING_FACE_HUB_TOKEN"
    assert hub(env="{name: HF_TOKEN, value: ''}") == ""
    assert hub(uri="s3://b/m") == ""
    assert hub(secret("HF_TOKEN") + ACCOUNT) == ""
    assert hub(secret("HF_TOKEN", *KEYS) + ACCOUNT) == "HF_TOKEN"
    assert hub(OWN % "{name: storage-initializer, env: [{name: HF_TOKEN, value: x}]}") == ""


def test_whose_account_nobody_knows() -> None:
    text = """{serviceAccountName: other, model: {modelFormat: {name: sklearn}, runtime: rt,
      storageUri: 'hf://o/m', env: [{name: HF_TOKEN, value: t}]}}"""
    found = world(service(text, more=secret(*KEYS))).predictor
    assert found is not None
    assert token_of_server_alone(found) is None
    s3 = world(service(text.replace("hf:", "s3:"), more=secret(*KEYS))).predictor
    assert s3 is not None
    assert unreached_s3(s3) is None


def test_memory_of_the_initializer() -> None:
    assert initializer_memory(model(S3), "s3://b/m") == "1Gi"
    own = OWN % "{name: storage-initializer, resources: {limits: {memory: 8Gi}}}"
    assert initializer_memory(model(S3, more=own), "s3://b/m") == "8Gi"
    none = OWN % "{name: storage-initializer}"
    assert initializer_memory(model(S3, more=none), "s3://b/m") == "1Gi"
    second = own.replace("name: default", "name: second")
    assert initializer_memory(model(S3, more=second), "s3://b/m") is None
    configured = {"storageInitializer": {"image": "x", "memoryLimit": "3Gi"}}
    assert initializer_memory(model("storageUri: m", changes=configured), "m") == "3Gi"
