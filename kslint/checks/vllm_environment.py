"""vLLM's environment: variables it does not read, ports and keys in the wrong place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Absent, Known
from kslint.model.engines.vllm import facts
from kslint.model.engines.vllm.release import SUPPOSED, TOLD, dotted
from kslint.model.kubernetes.pod import environment, has_env_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.server import ServerEngine
    from kslint.model.engines.vllm.arguments import Flag
    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.engines.vllm.facts import Refusal, Variable, Version
    from kslint.model.kubernetes.pod import EnvVar
    from kslint.model.model import Model
    from kslint.model.workload import ModelServer, Server
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_NAMED = re.compile(r"\$[({]?(VLLM_[A-Z0-9_]+)")
_UNDEFINED = re.compile(r"\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")
_OWN = {"port": "VLLM_PORT", "host": "VLLM_HOST_IP"}
_SCRIPTED = re.compile(r"--(port|host)[=\s\"']+\$[({]?(VLLM_PORT|VLLM_HOST_IP)\b")
_PRESET = frozenset(("VLLM_ADDITIONAL_ARGS", "VLLM_API_SERVER_COUNT"))
"""What the scripts in KServe's presets for LLMInferenceServices read (config/llmisvcconfig)."""
_PROGRAM = re.compile(r"(?:^|[\s;&|(])(?:python[\d.]*|bash|sh|source|\.)\s+(?![-;&|])\S")
"""A script that a command runs or reads, and that may read what vLLM does not."""
_YES = frozenset(("true", "yes", "on"))
_NO = frozenset(("false", "no", "off", ""))
_KEYS = {
    "vllm": (("api-key", "VLLM_API_KEY"), ("hf-token", "HF_TOKEN")),
    "sglang": (("api-key", ""),),
    "tgi": (("api-key", "API_KEY"),),
}
"""By engine: its options for keys, and the variable that stands for each (SGLang v0.5.5
python/sglang/srt/server_args.py; Text Generation Inference v3.3.4 launcher/src/main.rs)."""
_REDACTED = (0, 29)
"""From here on the log shows no keys (vllm/entrypoints, redact_sensitive_args)."""


def env_not_of_vllm(server: Server) -> Iterator[Problem]:
    """A VLLM_ variable that the release does not read, or not in this spelling."""
    engine, release = server.engine, server.engine.release
    if engine.kind != "vllm" or release.certainty not in (TOLD, SUPPOSED):
        return
    used = _used(engine)
    given = {**environment(server.container), **engine.commandline.environment}
    for name, variable in given.items():
        if name in used or name in _PRESET or not name.startswith("VLLM_"):
            continue
        refusal = facts.env_refusal(name, release.candidates)
        if refusal is not None and refusal.kind == "never" and _runs_others(engine):
            continue
        at = variable.node.get("name") or variable.node
        if refusal is not None:
            yield Problem(
                at,
                variant=refusal.kind,
                name=name,
                release=release.text,
                version="" if refusal.version is None else dotted(refusal.version),
                advice=_advice(name, refusal, release.candidates),
            )
        elif variable.value is not None:
            for problem in _value(variable, variable.value, release.candidates):
                if release.certainty == SUPPOSED:
                    problem.severity = "warning"
                yield problem


def _used(engine: Engine) -> set[str]:
    """Variables that the command or another variable names: they serve the manifest itself."""
    items = _words(engine)
    items += [node for item in engine.container.listed("env") if (node := item.get("value"))]
    return {name for item in items for name in _NAMED.findall(item.text or "")}


def _runs_others(engine: Engine) -> bool:
    return _PROGRAM.search(" ".join(item.text or "" for item in _words(engine))) is not None


def _words(engine: Engine) -> list[Node]:
    return [item for field in ("command", "args") for item in engine.container.listed(field)]


def _advice(name: str, refusal: Refusal, candidates: tuple[Version, ...]) -> str:
    instead = facts.replacement(name)
    if refusal.kind == "removed" and instead:
        return f"use `{instead}`" if instead.startswith(("--", "VLLM_")) else instead
    if refusal.kind == "new":
        return "leave the variable out, or run a newer image"
    near = facts.nearest_env(name, candidates) if refusal.kind == "never" else None
    return f"did you mean `{near}`? Otherwise leave it out" if near else "leave the variable out"


def _value(variable: EnvVar, text: str, candidates: tuple[Version, ...]) -> Iterator[Problem]:
    """A value that raises ValueError when it is read, or says the opposite of what it seems to."""
    known = [found for one in candidates if (found := facts.variable(variable.name, one))]
    verdicts = {_verdict(one, text) for one in known}
    if len(known) != len(candidates) or len(verdicts) != 1:
        return
    variant, severity, advice = verdicts.pop()
    if variant:
        yield Problem(
            variable.value_node or variable.node,
            variant=variant,
            severity=severity,
            name=variable.name,
            value=text or '""',
            advice=advice,
        )


def _verdict(known: Variable, text: str) -> tuple[str, str, str]:
    lower = text.strip().lower()
    if known.choices and lower not in [choice.lower() for choice in known.choices]:
        return "refused", "error", "write one of " + ", ".join(known.choices)
    if known.form == "0/1 int" and not _is_number(text, int):
        return "refused", "error", "write 1 or 0"
    if known.type in ("int", "float") and text:
        kind = int if known.type == "int" else float
        if not _is_number(text, kind):
            wanted = "a whole number" if kind is int else "a number"
            return "refused", "error", f"write {wanted}"
    if (known.form == "true only" and lower == "1") or (known.form == "1 only" and lower in _YES):
        return "off", "warning", f"write {'true' if known.form == 'true only' else 1}"
    if known.form == "not 0" and lower in _NO:
        return "on", "warning", "write 0"
    return "", "", ""


def _is_number(text: str, kind: type[int | float]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def service_name_env(model: Model) -> Iterator[Problem]:
    """A Service that makes the kubelet set VLLM_PORT in a vLLM server's pod."""
    for service in model.graph.of_kind("Service", ""):
        if service.name != "vllm" or not _has_address(service):
            continue
        hit = next((one for one in model.servers if _is_hit(one, service, model)), None)
        if hit is not None:
            yield Problem(
                service.body.at("metadata", "name") or service.body,
                about=service,
                related=[(hit.container.get("name"), "this server gets the variable")],
                workload=hit.resource.name,
            )


def _has_address(service: Resource) -> bool:
    spec = service.spec
    if spec is None or spec.string("type") == "ExternalName":
        return False
    return spec.string("clusterIP") != "None"


def _is_hit(server: Server, service: Resource, model: Model) -> bool:
    """Is it a server in the Service's namespace whose pods get variables of Services?"""
    here, there = server.workload.namespace, model.graph.namespace_of(service)
    if here != there or (here is None and _folder(server.resource) != _folder(service)):
        return False
    links = server.workload.pod_spec.get("enableServiceLinks")
    linked = links is None or links.text != "false"
    return linked and server.engine.kind == "vllm" and _is_free(server.engine)


def _is_free(engine: Engine) -> bool:
    return isinstance(engine.env("VLLM_PORT"), Absent)


def _folder(resource: Resource) -> str:
    span = resource.body.span
    return "" if span is None else span.file.rpartition("/")[0]


def port_variable(server: Server) -> Iterator[Problem]:
    """The port or address that vLLM's processes use among themselves, given to its HTTP server."""
    engine = server.engine
    if engine.kind != "vllm":
        return
    for name, variable in _OWN.items():
        at = _taken_from(engine, name, variable)
        if at is not None:
            yield Problem(at, flag=name, name=variable)
            return
    own = engine.env("VLLM_PORT")
    if (
        not isinstance(own, Known)
        or own.node is None
        or not isinstance(engine.value("port"), Absent)
    ):
        return
    for port in server.container.listed("ports"):
        number = port.get("containerPort")
        if number is not None and number.text == own.value:
            yield Problem(
                own.node,
                variant="unset",
                related=[(number, "the container's port")],
                flag="port",
                name="VLLM_PORT",
                value=own.value,
            )
            return


def _taken_from(engine: Engine, name: str, variable: str) -> Node | None:
    flag = engine.flag(name)
    node = None if flag is None else flag.value_node or flag.node
    if node is not None and variable in (node.text or ""):
        return node
    if flag is None or not engine.commandline.shell:
        return None
    for field in ("command", "args"):
        for item in engine.container.listed(field):
            if (name, variable) in _SCRIPTED.findall(item.text or ""):
                return node
    return None


def api_key_in_arguments(model: Model) -> Iterator[Problem]:
    """A key or token among the arguments."""
    for server in model.server_templates:
        yield from _keys(server, server.engine.release.candidates)
    for other in model.model_servers:
        if other.engine.kind in ("sglang", "tgi"):
            yield from _keys(other, None)


def _keys(server: ModelServer, releases: tuple[Version, ...] | None) -> Iterator[Problem]:
    engine = server.engine
    for name, variable in _KEYS.get(engine.kind, ()):
        flag = engine.flag(name)
        if flag is None or (flag.known and not any(flag.values)):
            continue
        undefined = _undefined(flag, server)
        variant = "undefined" if undefined else _how(flag, engine, releases)
        if variant:
            yield Problem(
                flag.value_node or flag.node,
                variant=variant,
                severity="error" if undefined else None,
                about=server.resource,
                flag=name,
                missing=undefined,
                advice=f"set `{variable}` from a Secret in `env` instead of `--{name}`"
                if variable
                else f"set a variable from a Secret in `env`, and write `--{name}=$(VARIABLE)`",
            )


def _undefined(flag: Flag, server: ModelServer) -> str:
    """The `$(NAME)` that no variable of the container replaces."""
    if not flag.known or has_env_from(server.container):
        return ""
    found = (_UNDEFINED.search(text) for text in flag.values)
    return next((match[1] for match in found if match), "")


def _how(flag: Flag, engine: ServerEngine, releases: tuple[Version, ...] | None) -> str:
    """Does it stand there as it is, or does the log of one of vLLM's releases show it?"""
    text = (flag.value_node or flag.node).text or ""
    if flag.known and "$" not in text and not engine.commandline.shell:
        return "literal"
    quiet = releases is None or (releases and releases[0] >= _REDACTED)
    return "" if quiet else "default"
