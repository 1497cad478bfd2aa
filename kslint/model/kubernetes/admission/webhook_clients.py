"""What the API server says to where it is to send its questions.

Source: k8s.io/apiserver v0.34 pkg/util/webhook/validation.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, present, word
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Node

_FORM = "; desired format: https://host[/path]"


def webhook_url(errors: FieldErrors, node: Node, path: str) -> None:
    """As ValidateWebhookURL, of what can be read as one."""
    from urllib.parse import urlsplit

    text = word(node)
    if text is None:
        return
    try:
        parts = urlsplit(text)
    except ValueError:
        return
    if parts.scheme != "https":
        detail = f"'https' is the only allowed URL scheme{_FORM}"
        errors.invalid(path, parts.scheme, detail, node, "webhook-url")
    user, _, host = parts.netloc.rpartition("@")
    if not host:
        errors.invalid(path, host, f"host must be specified{_FORM}", node, "webhook-url")
    if user:
        detail = "user information is not permitted in the URL"
        errors.invalid(path, user, detail, node, "webhook-url")
    for value, what in ((parts.fragment, "fragments"), (parts.query, "query parameters")):
        if value:
            detail = f"{what} are not permitted in the URL"
            errors.invalid(path, value, detail, node, "webhook-url")


def webhook_service(errors: FieldErrors, node: Node | None, path: str) -> None:
    """As ValidateWebhookService."""
    if not isinstance(node, Map):
        return
    for field in ("name", "namespace"):
        errors.needed(path, node, field, "missing-name", f"service {field} is required")
    port = node.integer("port")
    if port is not None and present(node, "port") and not 1 <= port <= 65535:
        detail = "port is not valid: must be between 1 and 65535, inclusive"
        errors.invalid(f"{path}.port", port, detail, child(node, "port"), "port-out-of-range")
    text, where = word(node.get("path")), child(node, "path")
    if not text or text == "/":
        return
    for detail in _path_faults(text):
        errors.invalid(f"{path}.path", text, detail, where, "webhook-path")


def _path_faults(text: str) -> list[str]:
    found = []
    if text == "//":
        found.append("segment[0] may not be empty")
    if not text.startswith("/"):
        found.append("must start with a '/'")
    for index, step in enumerate(text[1:].removesuffix("/").split("/")):
        if not step:
            found.append(f"segment[{index}] may not be empty")
        else:
            found += [f"segment[{index}]: {detail}" for detail in grammar.dns_subdomain(step)]
    return found
