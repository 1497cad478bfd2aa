"""Go templates for hosts and paths, and the names the API machinery accepts.

Mirrors reconcilers/ingress/{domain,path}.go @v0.19.0, Go's text/template as far as manifests
use it, and k8s.io/apimachinery pkg/util/validation/validation.go v0.34.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACTION = re.compile(r"\{\{([^{}]*)\}\}")
_FIELD = re.compile(r"\.([^\W\d]\w*)(?:\.([^\W\d]\w*))?")
_INDEX = re.compile(r'index\s+\.(Annotations|Labels)\s+(?:"([^"\\]*)"|`([^`]*)`)')

_LABEL_FORMAT = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL = re.compile(_LABEL_FORMAT)
_SUBDOMAIN_FORMAT = rf"{_LABEL_FORMAT}(\.{_LABEL_FORMAT})*"
_SUBDOMAIN = re.compile(_SUBDOMAIN_FORMAT)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
    f"used for validation is '{_LABEL_FORMAT}')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN_FORMAT}')"
)
_SHORT_ESCAPES = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t",
    "\v": r"\v", "\\": r"\\", '"': r"\"",
}  # fmt: skip
LABEL_LIMIT = 63
SUBDOMAIN_LIMIT = 253


class Rendered(NamedTuple):
    """A template's text; None with the `error` of Go, or `unknown` for what is not modelled."""

    text: str | None
    error: str = ""
    unknown: str = ""


def render(template: str, name: str, kind: str, values: Mapping[str, object]) -> Rendered:
    """Execute a template over `values`: strings, and mappings of strings.

    `name` and `kind` are the template's name and the Go type of its values, as errors cite
    them. A missing key of a mapping prints `<no value>`, by `index` nothing. Pipelines,
    functions, variables and blocks are unknown.
    """
    unmodelled = Rendered(None, unknown="the template uses more than plain fields")
    if "{{" in _ACTION.sub("", template):
        return unmodelled
    pieces: list[str] = []
    error = ""
    position, trim = 0, False
    for match in _ACTION.finditer(template):
        text = template[position : match.start()]
        text = text.lstrip() if trim else text
        action = match[1]
        trims_left, trim = action[:1] == "-" and action[1:2].isspace(), action[-2:].lstrip() == "-"
        pieces.append(text.rstrip() if trims_left else text)
        action = action[trims_left : len(action) - trim].strip()
        value = _value(action, values)
        if value is None:
            before = template[: template.index(action, match.start())]
            reason = _field_error(action, before, name, kind, values)
            if not reason:
                return unmodelled
            error = error or reason
        pieces.append(value or "")
        position = match.end()
    text = template[position:]
    pieces.append(text.lstrip() if trim else text)
    return Rendered(None, error) if error else Rendered("".join(pieces))


def is_unclosed(template: str) -> bool:
    """True if an action is opened and never closed, which Go cannot parse."""
    position = template.find("{{")
    while position >= 0:
        end = template.find("}}", position)
        if end < 0:
            return True
        position = template.find("{{", end)
    return False


def domain_error(host: str) -> str:
    """Why a host is no fully qualified domain name, as GenerateDomainName says it; "" if it is.

    Raises nothing. Source: IsFullyQualifiedDomainName, domain.go:61-64.
    """
    problem = _qualified(host)
    return f"invalid domain name {quoted(host)}: url: {problem}" if problem else ""


def label_problems(label: str) -> list[str]:
    """What IsDNS1123Label says against a label."""
    problems = (
        [_too_long(LABEL_LIMIT)] if len(label.encode("utf-8", "replace")) > LABEL_LIMIT else []
    )
    if _LABEL.fullmatch(label) is None:
        dotted = _SUBDOMAIN.fullmatch(label) is not None
        problems.append("must not contain dots" if dotted else _LABEL_RULE)
    return problems


def subdomain_problems(name: str) -> list[str]:
    """What IsDNS1123Subdomain says against a name."""
    problems = (
        [_too_long(SUBDOMAIN_LIMIT)]
        if len(name.encode("utf-8", "replace")) > SUBDOMAIN_LIMIT
        else []
    )
    if _SUBDOMAIN.fullmatch(name) is None:
        problems.append(_SUBDOMAIN_RULE)
    return problems


def quoted(text: str) -> str:
    """Go's %q: escapes for quotes, backslashes and what cannot be printed."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    short = _SHORT_ESCAPES.get(character)
    if short is not None or character.isprintable():
        return short or character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def url_path(text: str) -> Rendered:
    """The path of a rendered pathTemplate, as GenerateUrlPath takes it from the URL."""
    from urllib.parse import unquote

    invalid = f"invalid url {quoted(text)}: parse {quoted(text)}: "
    if re.search(r"[\x00-\x1f\x7f]", text):
        return Rendered(None, invalid + "net/url: invalid control character in URL")
    if not text:
        return Rendered(None, invalid + "empty url")
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", text):
        return Rendered(
            None, f"invalid url path {quoted(text)}: contains either a scheme or a host"
        )
    if not text.startswith("/"):
        return Rendered(None, invalid + "invalid URI for request")
    path = text.partition("?")[0]
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        return Rendered(None, unknown="the path is no plain URL path")
    return Rendered(unquote(path))


def _qualified(host: str) -> str:
    if not host:
        return "Required value"
    name = host.removesuffix(".")
    if problems := subdomain_problems(name):
        return f"Invalid value: {quoted(name)}: {','.join(problems)}"
    if "." not in name:
        reason = "should be a domain with at least two segments separated by dots"
        return f"Invalid value: {quoted(name)}: {reason}"
    for label in name.split("."):
        if problems := label_problems(label):
            return f"Invalid value: {quoted(label)}: {','.join(problems)}"
    return ""


def _too_long(limit: int) -> str:
    return f"must be no more than {limit} characters"


def _value(action: str, values: Mapping[str, object]) -> str | None:
    """The text of one action, or None if it is none of the known ones."""
    if (match := _INDEX.fullmatch(action)) is not None:
        mapping = values.get(match[1])
        key = match[2] if match[2] is not None else match[3]
        return str(mapping.get(key, "")) if isinstance(mapping, dict) else None
    if (match := _FIELD.fullmatch(action)) is None:
        return None
    value = values.get(match[1])
    if isinstance(value, dict):
        return None if match[2] is None else str(value.get(match[2], "<no value>"))
    return value if isinstance(value, str) and match[2] is None else None


def _field_error(
    action: str, before: str, name: str, kind: str, values: Mapping[str, object]
) -> str:
    """Go's error for a field that the values do not have; "" for any other action."""
    match = _FIELD.fullmatch(action)
    if match is None or match[1] in values or match[2] is not None:
        return ""
    line = 1 + before.count("\n")
    column = len(before.rpartition("\n")[2].encode("utf-8", "replace"))
    return (
        f'template: {name}:{line}:{column}: executing "{name}" at <.{match[1]}>: '
        f"can't evaluate field {match[1]} in type {kind}"
    )
