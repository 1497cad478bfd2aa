"""What the Secrets of a ServiceAccount put into the download of a model."""

from __future__ import annotations

from typing import Any

import pytest
from storage_worlds import ACCOUNT, model

from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kubernetes.pod import init_containers

IRSA = ACCOUNT.replace(
    "namespace: team}", "namespace: team, annotations: {eks.amazonaws.com/role-arn: arn}}"
).replace("secrets: [{name: creds}]", "secrets: []")


def secret(data: str, annotations: str = "{}", kind: str = "Secret") -> str:
    return (
        f"---\napiVersion: v1\nkind: {kind}\n"
        f"metadata: {{name: creds, namespace: team, annotations: {annotations}}}\n{data}\n"
    )


def initializer(more: str, changes: dict[str, Any] | None = None) -> Any:
    pod = admitted_pod(model("storageUri: 's3://b/m'", more=more, changes=changes))
    assert pod is not None
    (found,) = init_containers(pod)
    return found.plain()


def variables(more: str, changes: dict[str, Any] | None = None) -> dict[str, str]:
    """What comes in addition to the variables of every download."""
    found = {}
    for item in initializer(more, changes).get("env", []):
        if item["name"].startswith(("HF_HUB_", "HF_XET_")):
            continue
        reference = item.get("valueFrom", {}).get("secretKeyRef", {})
        found[item["name"]] = item.get("value", ":".join(reference.values()))
    return found


S3 = "stringData: {AWS_ACCESS_KEY_ID: a, AWS_SECRET_ACCESS_KEY: b}"
KEYS = {
    "AWS_ACCESS_KEY_ID": "creds:AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY": "creds:AWS_SECRET_ACCESS_KEY",
}


@pytest.mark.parametrize(
    ("data", "annotations", "added"),
    [
        (S3, "{}", {}),
        (S3, "{serving.kserve.io/s3-endpoint: minio:9000, serving.kserve.io/s3-usehttps: '0'}",
         {"S3_USE_HTTPS": "0", "S3_ENDPOINT": "minio:9000",
          "AWS_ENDPOINT_URL": "http://minio:9000"}),
        (S3, "{serving.kserve.io/s3-endpoint: minio:9000}",
         {"S3_ENDPOINT": "minio:9000", "AWS_ENDPOINT_URL": "https://minio:9000"}),
        (S3, "{serving.kserve.io/s3-endpoint: 'HTTPS://minio:9000'}",
         {"S3_USE_HTTPS": "1", "S3_ENDPOINT": "minio:9000",
          "AWS_ENDPOINT_URL": "HTTPS://minio:9000"}),
        (S3, "{serving.kserve.io/s3-endpoint: 'http://minio:9000'}",
         {"S3_USE_HTTPS": "0", "S3_ENDPOINT": "minio:9000",
          "AWS_ENDPOINT_URL": "http://minio:9000"}),
        (S3, "{serving.kserve.io/s3-region: eu, serving.kserve.io/s3-verifyssl: '0'}",
         {"AWS_DEFAULT_REGION": "eu", "S3_VERIFY_SSL": "0"}),
        (S3.replace("a,", "a, AWS_DEFAULT_REGION: us,"), "{}", {"AWS_DEFAULT_REGION": "us"}),
    ],
)  # fmt: skip
def test_s3(data: str, annotations: str, added: dict[str, str]) -> None:
    assert variables(ACCOUNT + secret(data, annotations)) == {**KEYS, **added}


def test_an_account_with_a_role_needs_no_key() -> None:
    annotated = IRSA.replace("arn}", "arn, serving.kserve.io/s3-region: eu}")
    assert variables(annotated) == {"AWS_DEFAULT_REGION": "eu"}
    assert variables(IRSA) == {}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("stringData: {https-host: h.example.com, headers: x}", {"h.example.com-headers": "x"}),
        ("stringData: {https-host: h.example.com}", {}),
        ("data: {https-host: aA==, headers: eA==}", {"h-headers": "x"}),
        ("data: {https-host: a, headers: eA==}", {}),
        ("stringData: {HF_TOKEN: x}", {"HF_TOKEN": "creds:HF_TOKEN"}),
        ("stringData: {AZURE_STORAGE_ACCESS_KEY: x}",
         {"AZURE_STORAGE_ACCESS_KEY": "creds:AZURE_STORAGE_ACCESS_KEY"}),
        ("stringData: {AZ_CLIENT_ID: x}",
         {"AZURE_CLIENT_ID": "creds:AZ_CLIENT_ID", "AZURE_TENANT_ID": "creds:AZURE_TENANT_ID"}),
        (("stringData: {AZURE_CLIENT_ID: x, AZURE_CLIENT_SECRET: x, AZURE_STORAGE_ACCESS_KEY: x, "
         "AZURE_ACCOUNT_NAME: x, AZURE_SERVICE_URL: x, AZURE_SUBSCRIPTION_ID: x}"),
         {name: f"creds:{name}" for name in (
             "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_ACCESS_KEY",
             "AZURE_ACCOUNT_NAME", "AZURE_SERVICE_URL", "AZURE_SUBSCRIPTION_ID",
             "AZURE_TENANT_ID")}),
        ("stringData: {AZURE_ACCESS_TOKEN: x, AZURE_ACCESS_EXPIRES_ON_SECONDS: x}",
         {name: f"creds:{name}" for name in (
             "AZURE_ACCESS_TOKEN", "AZURE_ACCESS_EXPIRES_ON_SECONDS", "AZURE_TENANT_ID")}),
        (("stringData: {AZ_CLIENT_ID: x, AZ_CLIENT_SECRET: x, AZ_SUBSCRIPTION_ID: x, "
         "AZ_TENANT_ID: x}"),
         {f"AZURE_{name}": f"creds:AZ_{name}" for name in (
             "CLIENT_ID", "CLIENT_SECRET", "SUBSCRIPTION_ID", "TENANT_ID")}),
        ("stringData: {token: x}", {}),
    ],
)  # fmt: skip
def test_other_stores(data: str, found: dict[str, str]) -> None:
    assert variables(ACCOUNT + secret(data)) == found


@pytest.mark.parametrize(
    ("key", "volume", "variable"),
    [
        ("gcloud-application-credentials.json", "user-gcp-sa", True),
        ("HDFS_NAMENODE", "hdfs-secrets", False),
    ],
)
def test_stores_that_read_files(key: str, volume: str, variable: bool) -> None:
    container = initializer(ACCOUNT + secret(f"stringData: {{{key}: x}}"))
    assert volume in [mount["name"] for mount in container["volumeMounts"]]
    assert ("GOOGLE_APPLICATION_CREDENTIALS" in str(container.get("env"))) is variable


@pytest.mark.parametrize(
    ("kind", "data", "found"),
    [
        ("SealedSecret", "spec: {encryptedData: {HF_TOKEN: x}}", True),
        ("SealedSecret", "spec: {template: {data: {HF_TOKEN: x}}}", True),
        ("SealedSecret", "spec: {encryptedData: {other: x}}", False),
        ("ExternalSecret", "spec: {target: {name: creds, template: {data: {HF_TOKEN: x}}}}", True),
        ("ExternalSecret", ("spec: {target: {name: creds, template: {type: Opaque}}, data: "
         "[{secretKey: HF_TOKEN}]}"), True),
        ("ExternalSecret", ("spec: {target: {name: creds, template: {data: {a: x}}}, data: "
         "[{secretKey: HF_TOKEN}]}"), False),
        ("ExternalSecret", ("spec: {target: {name: creds, template: {templateFrom: [{}], data: "
         "{HF_TOKEN: x}}}}"), False),
        ("ExternalSecret", ("spec: {target: {name: creds}, dataFrom: [{}], data: "
         "[{secretKey: HF_TOKEN}]}"), False),
    ],
)  # fmt: skip
def test_what_will_become_a_secret(kind: str, data: str, found: bool) -> None:
    """A producer counts by the keys it is known to write; of unknown ones nothing is said."""
    group = "bitnami.com/v1alpha1" if kind == "SealedSecret" else "external-secrets.io/v1"
    more = secret(data, kind=kind).replace("apiVersion: v1", f"apiVersion: {group}")
    assert ("HF_TOKEN" in variables(ACCOUNT + more)) is found
