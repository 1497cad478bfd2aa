"""What the API server says to the objects that KServe makes, and who is refused in the end."""

from __future__ import annotations

import pytest
from kserve_worlds import world

from kslint.model.kserve.rendering import created, reasons_missing, refusals


def service(server: str, annotations: str = "{}", more: str = "") -> str:
    return f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team, annotations: {annotations}}}
spec:
  predictor: {{{server}}}
{more}
"""


CUSTOM = "containers: [{name: kserve-container%s}]"


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (CUSTOM % "", "spec.template.spec.containers[0].image: Required value"),
        (CUSTOM % ", image: 's:1', ports: [{containerPort: 1}, {containerPort: 2}]",
         'Service "iris-predictor" is invalid: spec.ports[0].name: Required value'),
        (CUSTOM % ", image: 's:1'" + ", restartPolicy: OnFailure",
         "spec.template.spec.restartPolicy: Unsupported value"),
    ],
)  # fmt: skip
def test_the_api_server_may_refuse_what_is_made(server: str, message: str) -> None:
    refused = world(service(server))
    said = [one.message for one in refusals(refused)]
    assert any(message in text for text in said)
    assert created(refused)  # what KServe asks for, and where its values come from
    assert any("is refused by the api-server: fails to reconcile component: " in reason
               for reason in reasons_missing(refused))  # fmt: skip


def test_the_object_itself_may_be_refused() -> None:
    text = service(CUSTOM % ", image: 's:1'").replace("annotations: {}", "labels: {a: 'b<'}")
    refused = next(refusals(world(text)))
    assert refused.stage == "api-server"
    prefix = 'InferenceService.serving.kserve.io "iris" is invalid: metadata.labels'
    assert refused.message.startswith(prefix)


MOUNTING = "model: {modelFormat: {name: sklearn}, storageUri: 's3://b/m', volumeMounts: [%s]}"


@pytest.mark.parametrize(
    ("mount", "count"),
    [("{name: v, mountPath: /mnt/models}", 1), ("{name: v, mountPath: /mnt/other}", 0)],
)
def test_a_mount_at_the_models_place_breaks_every_pod(mount: str, count: int) -> None:
    found = world(service(f"{MOUNTING % mount}, volumes: [{{name: v, emptyDir: {{}}}}]"))
    said = list(refusals(found))
    assert len(said) == count
    for refused in said:
        assert refused.message.startswith('Pod "iris-predictor-..." is invalid: ')
        assert 'mountPath: Invalid value: "/mnt/models": must be unique' in refused.message
        assert refused.node.place is not None


STORAGE_CONFIG = """---
apiVersion: v1
kind: Secret
metadata: {name: storage-config, namespace: team}
stringData: {other: '{"type": "s3", "bucket": "b"}'}
"""


def test_a_key_that_the_secret_has_not_is_refused() -> None:
    stored = "model: {modelFormat: {name: sklearn}, storage: {key: k, path: p}}"
    found = world(service(stored, more=STORAGE_CONFIG))
    (refused,) = refusals(found)
    assert refused.stage == "pod-webhook"
    assert "Deployment" in [body.string("kind") for body in created(found)], "its pods are refused"
    assert refused.message == "specified storage key k not found in storage secret storage-config"


def test_workers_need_a_runtime_that_has_some() -> None:
    """A custom predictor has none, and the controller falls over its own feet."""
    (refused,) = refusals(world(service((CUSTOM % ", image: 's:1'") + ", workerSpec: {}")))
    assert refused.stage == "controller"
    assert "nil pointer dereference" in refused.message
