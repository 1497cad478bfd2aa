"""Variables, ports and keys of vLLM servers: where the rules about them begin and end to speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_check_boundaries import said, server

if TYPE_CHECKING:
    from pathlib import Path


def variable(name: str, value: str) -> str:
    return f"[{{name: {name}, value: '{value}'}}]"


def service(name: str, spec: str = "{ports: [{port: 8000}]}", namespace: str = "m") -> str:
    metadata = f"{{name: {name}, namespace: {namespace}}}"
    return f"---\napiVersion: v1\nkind: Service\nmetadata: {metadata}\nspec: {spec}\n"


@pytest.mark.parametrize(
    ("name", "value", "version", "words"),
    [
        ("VLLM_MAX_MODEL_LEN", "4096", "v0.23.0", "VLLM_MAX_MODEL_LEN"),
        ("VLLM_USE_V1", "1", "v0.23.0", "VLLM_USE_V1"),
        ("VLLM_USE_V1", "1", "v0.9.2", ""),
        ("VLLM_LOGGING_LEVEL", "DEBUG", "v0.23.0", ""),
        ("VLLM_LOGGING_LEVEL", "LOUD", "v0.23.0", ""),
        ("VLLM_USE_MODELSCOPE", "1", "v0.23.0", "VLLM_USE_MODELSCOPE"),
        ("VLLM_USE_MODELSCOPE", "true", "v0.23.0", ""),
        ("VLLM_SERVER_DEV_MODE", "true", "v0.23.0", "VLLM_SERVER_DEV_MODE"),
        ("VLLM_SERVER_DEV_MODE", "1", "v0.23.0", ""),
        ("VLLM_RPC_TIMEOUT", "ten", "v0.23.0", "VLLM_RPC_TIMEOUT"),
        ("VLLM_ADDITIONAL_ARGS", "--x", "v0.23.0", ""),
        ("VLLM_NO_SUCH_THING", "1", "nightly", ""),
        ("OTHER", "1", "v0.23.0", ""),
    ],
)
def test_variables(tmp_path: Path, name: str, value: str, version: str, words: str) -> None:
    found = said(tmp_path, "env-not-of-vllm", server(version, variable(name, value)))
    assert [words in finding.message for finding in found] == ([True] if words else [])


def test_a_variable_that_the_manifest_uses_itself_is_its_own(tmp_path: Path) -> None:
    args = "[--model=/m/q, --max-model-len=$(VLLM_LENGTH)]"
    text = server(env=variable("VLLM_LENGTH", "4096"), args=args)
    assert said(tmp_path, "env-not-of-vllm", text) == []


@pytest.mark.parametrize(
    ("other", "env", "count"),
    [
        (service("vllm"), "[]", 1),
        (service("vllm"), variable("VLLM_PORT", "5000"), 0),
        (service("vllm", "{clusterIP: None}"), "[]", 0),
        (service("vllm", "{type: ExternalName, externalName: a.b}"), "[]", 0),
        (service("vllm-server"), "[]", 0),
        (service("vllm", namespace="other"), "[]", 0),
        ("", "[]", 0),
    ],
)
def test_services_named_like_the_program(tmp_path: Path, other: str, env: str, count: int) -> None:
    found = said(tmp_path, "vllm-service-name-env", server(env=env) + other)
    assert len(found) == count
    assert all(finding.subject.kind == "Service" for finding in found)


def test_pods_without_service_links_do_not_get_it(tmp_path: Path) -> None:
    text = server() + service("vllm")
    assert len(said(tmp_path, "vllm-service-name-env", text)) == 1
    off = text.replace("      containers:", "      enableServiceLinks: false\n      containers:")
    assert said(tmp_path, "vllm-service-name-env", off) == []


@pytest.mark.parametrize(
    ("env", "args", "more", "count"),
    [
        (variable("VLLM_PORT", "8000"), "[--model=/m/q, --port=$(VLLM_PORT)]", "", 1),
        (variable("VLLM_HOST_IP", "10.0.0.1"), "[--model=/m/q, --host=$(VLLM_HOST_IP)]", "", 1),
        (variable("PORT", "8000"), "[--model=/m/q, --port=$(PORT)]", "", 0),
        (variable("VLLM_PORT", "8000"), "[--model=/m/q]", "ports: [{containerPort: 8000}]", 1),
        (variable("VLLM_PORT", "5000"), "[--model=/m/q]", "ports: [{containerPort: 8000}]", 0),
        (variable("VLLM_PORT", "8000"), "[--model=/m/q]", "", 0),
        (variable("VLLM_PORT", "80"), "[--port=80]", "ports: [{containerPort: 80}]", 0),
    ],
)  # fmt: skip
def test_ports(tmp_path: Path, env: str, args: str, more: str, count: int) -> None:
    found = said(tmp_path, "vllm-port-variable", server(env=env, args=args, more=more))
    assert len(found) == count


@pytest.mark.parametrize(
    ("version", "env", "argument", "severities"),
    [
        ("v0.23.0", "[]", "--api-key=s3cret", ["warning"]),
        ("v0.29.0", "[]", "--api-key=s3cret", ["warning"]),
        ("v0.23.0", variable("KEY", "x"), "--api-key=$(KEY)", ["warning"]),
        ("v0.29.0", variable("KEY", "x"), "--api-key=$(KEY)", []),
        ("v0.29.0", "[]", "--api-key=$(KEY)", ["error"]),
        ("v0.23.0", "[]", "--hf-token=hf_x", ["warning"]),
        ("v0.23.0", "[]", "--api-key=", []),
        ("v0.23.0", variable("VLLM_API_KEY", "x"), "--port=8000", []),
    ],
)
def test_keys(tmp_path: Path, version: str, env: str, argument: str, severities: list[str]) -> None:
    text = server(version, env, args=f"[--model=/m/q, '{argument}']")
    found = said(tmp_path, "api-key-in-arguments", text)
    assert [finding.severity for finding in found] == severities


def test_keys_that_a_config_map_may_define_are_not_missing(tmp_path: Path) -> None:
    more = "envFrom: [{configMapRef: {name: keys}}]"
    text = server("v0.29.0", args="[--model=/m/q, --api-key=$(KEY)]", more=more)
    assert said(tmp_path, "api-key-in-arguments", text) == []
