"""The agent that a logger or batcher brings into the pod."""

from __future__ import annotations

from typing import Any

from kserve_worlds import world

from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kubernetes.pod import container_named

HEAD = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: team}
spec:
  predictor:
"""
SERVER = """
    containers:
      - name: kserve-container
        image: server:1
        ports: [{containerPort: 9000}]
        securityContext: {runAsNonRoot: true}
"""
LOGGER: dict[str, Any] = {"image": "agent:1", "defaultUrl": "http://default"}


def agent(predictor: str, logger: dict[str, Any] | None = None) -> Any:
    service = world(HEAD + predictor, {"logger": logger or LOGGER, "agent": {"image": "agent:1"}})
    assert service.predictor is not None
    pod = admitted_pod(service.predictor)
    assert pod is not None
    found = container_named(pod, "agent")
    assert found is not None
    return found.plain()


def value_of(args: list[str], flag: str) -> str | None:
    return args[args.index(flag) + 1] if flag in args else None


def test_a_logger_takes_the_url_of_the_settings_unless_it_has_its_own() -> None:
    for logger, url in (
        ("mode: all", "http://default"),
        ("mode: all, url: http://own", "http://own"),
    ):
        args = agent(f"    logger: {{{logger}}}" + SERVER)["args"]
        assert value_of(args, "--log-url") == url
        assert value_of(args, "--log-mode") == "all"
        assert value_of(args, "--component-port") == "9000"


def test_where_a_logger_stores_is_its_own_affair_or_that_of_the_settings() -> None:
    store = {"storage": {"path": "s3://log", "parameters": {"format": "json"}}, "batchSize": "8"}
    args = agent("    logger: {mode: all}" + SERVER, {**LOGGER, **store})["args"]
    assert value_of(args, "--log-batch-size") == "8"
    # the predictor's logger replaces the storage of the settings, even by none
    assert value_of(args, "--log-store-path") is None
    own = "    logger: {mode: all, storage: {path: s3://own, parameters: {format: csv}}}"
    args = agent(own + SERVER, {**LOGGER, **store})["args"]
    assert value_of(args, "--log-store-path") == "s3://own"
    assert value_of(args, "--log-store-format") == "csv"


def test_a_logger_is_marshalled_and_batched_as_the_settings_say_unless_it_says_it() -> None:
    configured = {**LOGGER, "marshallerUrl": "http://m", "batchSize": "8", "batchInterval": "5s"}
    args = agent("    logger: {mode: all}" + SERVER, configured)["args"]
    assert value_of(args, "--log-marshaller-url") == "http://m"
    assert value_of(args, "--log-batch-interval") == "5s"
    own = "    logger: {mode: all, marshallerUrl: 'http://own', batchSize: 2, batchInterval: 1m}"
    args = agent(own + SERVER, configured)["args"]
    assert value_of(args, "--log-marshaller-url") == "http://own"
    assert value_of(args, "--log-batch-size") == "2"
    assert value_of(args, "--log-batch-interval") == "1m"


def test_metadata_that_is_logged() -> None:
    text = (
        "    annotations: {team: a, other: b}\n"
        "    logger: {mode: all, metadataHeaders: [x-id, x-user], metadataAnnotations: [team, no]}"
    )
    args = agent(text + SERVER)["args"]
    assert value_of(args, "--metadata-headers") == "x-id,x-user"
    assert value_of(args, "--metadata-annotations") == "team=a"


def test_certificates_for_the_log() -> None:
    plain = agent("    logger: {mode: all}" + SERVER)
    assert value_of(plain["args"], "--logger-ca-cert-file") is None
    assert value_of(plain["args"], "--logger-tls-skip-verify") == "false"
    assert "volumeMounts" not in plain
    settings = {**LOGGER, "caBundle": "ca", "caCertFile": "ca.crt", "tlsSkipVerify": True}
    found = agent("    logger: {mode: all}" + SERVER, settings)
    assert value_of(found["args"], "--logger-ca-cert-file") == "ca.crt"
    assert value_of(found["args"], "--logger-tls-skip-verify") == "true"
    assert [mount["name"] for mount in found["volumeMounts"]] == ["agent-ca-bundle"]


def test_a_batcher_says_only_what_is_written() -> None:
    args = agent("    batcher: {maxBatchSize: 8}" + SERVER)["args"]
    assert args[:3] == ["--enable-batcher", "--max-batchsize", "8"]
    assert "--max-latency" not in args


def test_the_agent_repeats_the_servers_probe_and_security() -> None:
    probe = (
        "        readinessProbe: {httpGet: {path: /ready, port: 9000, httpHeaders: "
        "[{name: a, value: b}]}, periodSeconds: 5}\n"
    )
    found = agent("    logger: {mode: all}" + SERVER + probe)
    assert found["securityContext"] == {"runAsNonRoot": True}
    (variable,) = found["env"]
    assert variable["name"] == "SERVING_READINESS_PROBE"
    assert '"path":"/ready"' in variable["value"]
    assert found["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert variable["value"] == (
        '{"httpGet":{"path":"/ready","port":9000,"scheme":"HTTP","httpHeaders":'
        '[{"name":"a","value":"b"}]},"timeoutSeconds":1,"periodSeconds":5,"successThreshold":1,'
        '"failureThreshold":3}'
    )
    # what is neither HTTP nor TCP is not repeated
    found = agent(
        "    logger: {mode: all}" + SERVER + "        readinessProbe: {exec: {command: [x]}}\n"
    )
    assert found["readinessProbe"]["httpGet"]["path"] == "/"
    assert "env" not in found
