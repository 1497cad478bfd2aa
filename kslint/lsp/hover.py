"""What a hover says: what the cluster makes of a value, and what is found there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.lsp.uses import at
from kslint.model.kserve.rendering import created, reasons_missing
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.report import yaml
from kslint.report.facts import active, lines_of, one_line, page_url, pieces
from kslint.report.frames import printable
from kslint.report.markdown import fenced
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.findings import Finding
    from kslint.lsp.folder import Checked
    from kslint.lsp.uses import Use
    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.source.nodes import Node, Span

_MAX_LINES = 30
_MAX_USES = 6
_SYNTAX = re.compile(r"[\\`*_\[\]<>&~!#|]|:(?=//)|(?<![\w.-])www(?=\.)", re.IGNORECASE)
"""What means something to a reader of Markdown, were it not for a backslash."""


def hover(checked: Checked, name: str, line: int, column: int) -> str:
    """Markdown about a place in a file; "" if there is nothing to say. Both count from 1."""
    parts = [
        _finding(finding, checked)
        for finding in active(checked.findings)
        if _holds(finding.span, name, line, column)
    ]
    services = [_summary(service) for service in _named(checked, name, line, column)]
    parts += services or _uses(at(checked.uses.get(name, ()), line, column))
    return "\n\n---\n\n".join(parts)


def _holds(span: Span | None, name: str, line: int, column: int) -> bool:
    if span is None or span.file != name:
        return False
    return (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column)


def _named(checked: Checked, name: str, line: int, column: int) -> Iterator[InferenceService]:
    """The services whose kind, name or component's key stands at a place."""
    for service in checked.services:
        body = service.resource.body
        for path in (
            ("kind",),
            ("metadata", "name"),
            *(("spec", c.name) for c in service.components),
        ):
            node = body.at(*path)
            key = None if node is None or node.key is None else node.key.span
            value = node.span if isinstance(node, Scalar) else None
            if _holds(key, name, line, column) or _holds(value, name, line, column):
                yield service
                break


def _summary(service: InferenceService) -> str:
    """What will run, in a few lines."""
    lines: list[str] = []
    others = []
    deployments = {
        c.deployment.string("metadata", "name"): c for c in service.components if c.deployment
    }
    for body in created(service):
        kind, name = body.string("kind") or "", body.string("metadata", "name") or ""
        if kind == "Deployment":
            namespace = f"{service.namespace}/" if service.namespace else ""
            lines += [f"**{kind} {_prose(namespace + name)}**", ""]
            lines += _deployment(body, deployments.get(name))
            lines.append("")
        else:
            hosts = [host.text or "" for host in body.listed("spec", "hostnames")]
            hosts += [rule.string("host") or "" for rule in body.listed("spec", "rules")]
            shown = ", ".join(_code(host) for host in hosts if host)
            others.append(f"{kind} {_code(name)}" + (f" for {shown}" if shown else ""))
    if others:
        lines.append("And " + ", ".join(others) + ".")
    whole = f"InferenceService {_code(service.resource.name)}"
    lines += [f"{whole} {_prose(reason)}" for reason in reasons_missing(service)]
    return "\n".join(lines).rstrip()


def _deployment(body: Node, component: Component | None) -> Iterator[str]:
    scaler = None if component is None else component.scaler
    if scaler is not None:
        least = scaler.string("spec", "minReplicas") or scaler.string("spec", "minReplicaCount")
        most = scaler.string("spec", "maxReplicas") or scaler.string("spec", "maxReplicaCount")
        amount = _prose(f"{least or '1'} to {most} by {scaler.string('kind')}")
        yield f"- replicas {amount}"
    else:
        yield f"- replicas {_valued(body.at('spec', 'replicas'))}"
    yield f"- strategy {_valued(body.at('spec', 'strategy', 'type'))}"
    if component is not None and component.runtime is not None:
        yield f"- runtime {_prose(component.runtime.described)}"
    pod = body.at("spec", "template", "spec")
    for container in (*init_containers(pod), *containers(pod)):
        name = _code(container.string("name") or "")
        yield f"- container {name}: {_valued(container.get('image'))}"
        for resource in ("cpu", "memory", "nvidia.com/gpu"):
            amounts = [
                f"{word} {_valued(node)}"
                for word, field in (("request", "requests"), ("limit", "limits"))
                if (node := container.at("resources", field, resource)) is not None
            ]
            if amounts:
                yield f"  - {resource} {', '.join(amounts)}"


def _valued(node: Node | None) -> str:
    """A value, and where it comes from if the user did not write it."""
    if node is None:
        return "unknown"
    text = _code(node.text or "")
    return text if node.origin is None else f"{text} ← {_prose(yaml.describe(node.origin))}"


def _uses(found: list[Use]) -> list[str]:
    """The effective values that a place has a say in; the same one of several objects once."""
    objects: dict[tuple[str, str], list[str]] = {}
    for use in found:
        owners = objects.setdefault((use.path, _effective(use.shown)), [])
        owners.append(f"{use.kind} {_code(use.name)}")
    parts = [
        f"{', '.join(owners)}: {_code(path)}{value}" for (path, value), owners in objects.items()
    ]
    if len(parts) > _MAX_USES:
        parts[_MAX_USES:] = [f"And {len(parts) - _MAX_USES} more values."]
    return ["\n\n".join(["**What KServe makes of it**", *parts])] if parts else []


def _effective(node: Node) -> str:
    """A value behind ` = `, a block below its path."""
    if isinstance(node, Scalar):
        return f" = {_valued(node)}"
    lines = yaml.render(node).splitlines()
    more = len(lines) - _MAX_LINES
    if more > 0:
        lines[_MAX_LINES:] = [f"# and {more} more lines"]
    return "\n" + fenced("\n".join(lines), "yaml")


def _finding(finding: Finding, checked: Checked) -> str:
    """The finding in a few lines; the rule's page is a link away."""
    rule = checked.rules[finding.name]
    name = f"{rule.id} {rule.name}"
    linked = name if rule.custom else f"[{name}]({page_url(rule.name)})"
    lines = [f"**{finding.severity}** {_prose(finding.message)}"]
    if finding.symptom:
        lines += ["", fenced("\n".join(lines_of(finding.symptom)))]
    if finding.help:
        lines += ["", f"Help: {_prose(finding.help)}"]
    return "\n".join([*lines, "", linked])


def _prose(text: str) -> str:
    """One line of ours, in which backticks mean code and nothing else means anything.

    What a manifest says is in it, and an editor would show a stranger's picture.
    """
    return "".join(
        _code(piece) if is_code else _SYNTAX.sub(r"\\\g<0>", piece)
        for is_code, piece in pieces(printable(one_line(text)))
    )


def _code(text: str) -> str:
    """Text as code; a text with backticks in it needs more of them around it."""
    text = printable(one_line(text))
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (1 + max(map(len, re.findall("`+", text))))
    return f"{fence} {text} {fence}"
