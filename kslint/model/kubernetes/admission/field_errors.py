"""The API server's field errors: how they are printed, and the grammars of names behind them.

Source: k8s.io/apimachinery pkg/util/validation/{validation.go,field/errors.go} v0.34.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.answer import Failure
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.source.nodes import JsonValue, Node

MAX_ANNOTATIONS = 262144
"""Bytes of all annotation keys and values of one object."""
_MAX_ID = 2**31 - 1

_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    f"validation is '{_QUALIFIED}')"
)
_RFC1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"


class FieldErrors:
    """Collects failures of one object in the API server's order and words.

    Paths are those kubectl prints; `node` is what a finding points at.
    """

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self._undecodable = 0

    def add(self, message: str, node: Node, code: str) -> None:
        """A message as it is."""
        self.failures.append(Failure("api-server", message, node, code))

    def undecodable(self, message: str, node: Node, code: str) -> None:
        """A value the object cannot even be read with: said before all else, and without path."""
        self.failures.insert(self._undecodable, Failure("api-server", message, node, code))
        self._undecodable += 1

    def take(self, failures: Iterable[Failure]) -> None:
        """The failures of a part, at their place."""
        for failure in failures:
            if failure.code == "invalid-quantity":
                self.undecodable(failure.message, failure.node, failure.code)
            else:
                self.failures.append(failure)

    def invalid(
        self,
        path: str,
        value: JsonValue,
        detail: str,
        node: Node,
        code: str,
        other: Node | None = None,
    ) -> None:
        message = f"{path}: Invalid value: {printed(value)}: {detail}"
        self.failures.append(Failure("api-server", message, node, code, other))

    def each_invalid(
        self, path: str, value: str, details: Iterable[str], node: Node, code: str
    ) -> None:
        """One error for each message a grammar has about a value."""
        for detail in details:
            self.invalid(path, value, detail, node, code)

    def required(self, path: str, node: Node, code: str, detail: str = "") -> None:
        self.add(f"{path}: Required value" + (f": {detail}" if detail else ""), node, code)

    def forbidden(self, path: str, detail: str, node: Node, code: str) -> None:
        self.add(f"{path}: Forbidden: {detail}", node, code)

    def unsupported(
        self, path: str, value: JsonValue, supported: Iterable[str], node: Node, code: str
    ) -> None:
        choices = ", ".join(printed(choice) for choice in supported)
        text = f"{path}: Unsupported value: {printed(value)}: supported values: {choices}"
        self.add(text, node, code)

    def duplicate(self, path: str, value: str, node: Node, code: str) -> None:
        self.add(f"{path}: Duplicate value: {printed(value)}", node, code)

    def not_found(self, path: str, value: str, node: Node, code: str) -> None:
        self.add(f"{path}: Not found: {printed(value)}", node, code)

    def not_negative(self, path: str, holder: Node, field: str) -> None:
        """ValidateNonnegativeField for an integer field."""
        value = holder.integer(field)
        if value is not None and value < 0:
            detail = "must be greater than or equal to 0"
            self.invalid(f"{path}.{field}", value, detail, child(holder, field), "negative-number")

    def port(self, path: str, value: int, node: Node) -> None:
        if not 1 <= value <= 65535:
            detail = "must be between 1 and 65535, inclusive"
            self.invalid(path, value, detail, node, "port-out-of-range")

    def one_of(self, path: str, holder: Node, field: str, supported: tuple[str, ...]) -> None:
        """An enumeration; absent and empty are defaulted by the API server."""
        text = word(holder.get(field))
        if text and text not in supported:
            node = child(holder, field)
            self.unsupported(f"{path}.{field}", text, supported, node, "unsupported-value")

    def port_or_name(self, path: str, holder: Node, field: str) -> None:
        """ValidatePortNumOrName: absent is port 0."""
        node = child(holder, field)
        number = holder.integer(field) if present(holder, field) else 0
        if number is not None:
            self.port(path, number, node)
            return
        name = word(holder.get(field))
        if name is not None:
            self.each_invalid(path, name, port_name(name), node, "invalid-port-name")

    def metadata(self, body: Node, rule: Callable[[str], list[str]]) -> None:
        """ValidateObjectMeta: name (by `rule`), namespace, labels, annotations."""
        meta = body.get("metadata")
        if not isinstance(meta, Map):
            return
        name = word(meta.get("name"))
        where = child(meta, "name")
        if name:
            self.each_invalid("metadata.name", name, rule(name), where, "invalid-name")
        elif name == "" and not meta.string("generateName"):
            detail = "name or generateName is required"
            self.required("metadata.name", where, "missing-name", detail)
        namespace = word(meta.get("namespace"))
        if namespace:
            details = dns_label(namespace)
            node = child(meta, "namespace")
            self.each_invalid("metadata.namespace", namespace, details, node, "invalid-name")
        self.labels("metadata.labels", meta.get("labels"))
        self.annotations("metadata.annotations", meta.get("annotations"))

    def ids(self, path: str, holder: Node | None, fields: Iterable[str]) -> None:
        """User and group ids of a securityContext."""
        for field in fields:
            value = None if holder is None else holder.integer(field)
            if holder is not None and value is not None and not 0 <= value <= _MAX_ID:
                detail = f"must be between 0 and {_MAX_ID}, inclusive"
                node = child(holder, field)
                self.invalid(f"{path}.{field}", value, detail, node, "id-out-of-range")

    def labels(self, path: str, node: Node | None) -> None:
        """ValidateLabels: keys and values of labels, or of a node selector."""
        for key, value in () if node is None else node.items():
            if opaque(key):
                continue
            self.each_invalid(path, key, qualified_name(key), value, "invalid-label-key")
            text = word(value)
            if text:
                self.each_invalid(path, text, label_value(text), value, "invalid-label-value")

    def annotations(self, path: str, node: Node | None) -> None:
        """ValidateAnnotations: keys, and the size of them all."""
        size = 0
        for key, value in () if node is None else node.items():
            if not opaque(key):
                details = qualified_name(key.lower())
                self.each_invalid(path, key, details, value, "invalid-annotation-key")
            size += len(key.encode("utf-8", "replace"))
            size += len((value.text or "").encode("utf-8", "replace"))
        if node is not None and size > MAX_ANNOTATIONS:
            text = f"{path}: Too long: may not be more than {MAX_ANNOTATIONS} bytes"
            self.add(text, node, "annotations-too-long")


def child(holder: Node, field: str) -> Node:
    """The field's node, else what holds it."""
    found = holder.get(field)
    return holder if found is None else found


def each(holder: Node | None, field: str) -> Iterator[tuple[int, Map]]:
    """The mappings of a list, with their index."""
    node = None if holder is None else holder.get(field)
    for index, item in enumerate([] if node is None else node.elements()):
        if isinstance(item, Map):
            yield index, item


def present(holder: Node, field: str) -> bool:
    """Is a field there, and not null?"""
    node = holder.get(field)
    return node is not None and not node.is_null


_PLACEHOLDER = re.compile(
    r"\{\{|\$[({A-Za-z_]|<[^<>]+>|\[\[|__\w+__|%\w+%|^[A-Z][A-Z0-9]*(?:[-_][A-Z0-9]+)+$"
    r"|(?:^|-)(?!HTTP|GRPC)[A-Z][A-Z0-9_]{3,}(?:-|$)|^(?:\.{3}|…)$"
    r"|^(?i:your[-_ ]|(?:change|replace)[-_ ]?me$)"
)


def opaque(text: str) -> bool:
    """A template, a reference or a placeholder, to be filled in first: it cannot be judged.

    Placeholders are `PVC_NAME`, `vllm-ZONE`, `<name>`, `your-claim`, `changeme` and `...`.
    """
    return _PLACEHOLDER.search(text) is not None


def templated(text: str) -> bool:
    """A template, or a reference to a variable."""
    return "{{" in text or "$(" in text or "${" in text


def stands_in(text: str) -> bool:
    """Opaque, or a word in capitals where no word is due at all: `containerPort: PORT`."""
    return opaque(text) or (len(text) > 1 and text.isupper() and text.isalpha())


def word(node: Node | None) -> str | None:
    """The string a field holds: "" if absent or null, None where it cannot be judged."""
    if node is None or node.is_null:
        return ""
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, str) and not opaque(value) else None


def printed(value: JsonValue) -> str:
    """A bad value as an error shows it: strings quoted, the rest as compact JSON."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _pattern(text: str, pattern: str, *examples: str) -> str:
    shown = ",  or ".join(f"'{example}'" for example in examples)
    return f"{text} (e.g. {shown}, regex used for validation is '{pattern}')"


def _too_long(text: str, limit: int) -> list[str]:
    long = len(text.encode("utf-8", "replace")) > limit
    return [f"must be no more than {limit} characters"] if long else []


def dns_label(text: str) -> list[str]:
    """IsDNS1123Label: containers, volumes, namespaces, Service ports."""
    found = _too_long(text, 63)
    if not re.fullmatch(_LABEL, text):
        what = (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
            "'-', and must start and end with an alphanumeric character"
        )
        dots = re.fullmatch(_SUBDOMAIN, text)
        found.append(
            "must not contain dots" if dots else _pattern(what, _LABEL, "my-name", "123-abc")
        )
    return found


def dns_subdomain(text: str) -> list[str]:
    """IsDNS1123Subdomain: names of most objects."""
    found = _too_long(text, 253)
    if not re.fullmatch(_SUBDOMAIN, text):
        what = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character"
        )
        found.append(_pattern(what, _SUBDOMAIN, "example.com"))
    return found


def dns1035_label(text: str) -> list[str]:
    """IsDNS1035Label: names of Services."""
    found = _too_long(text, 63)
    if not re.fullmatch(_RFC1035, text):
        what = (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
            "with an alphabetic character, and end with an alphanumeric character"
        )
        found.append(_pattern(what, _RFC1035, "my-name", "abc-123"))
    return found


def label_value(text: str) -> list[str]:
    """IsValidLabelValue."""
    found = _too_long(text, 63)
    pattern = f"({_QUALIFIED})?"
    if not re.fullmatch(pattern, text):
        what = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', "
            "'_' or '.', and must start and end with an alphanumeric character"
        )
        found.append(_pattern(what, pattern, "MyValue", "my_value", "12345"))
    return found


def qualified_name(text: str) -> list[str]:
    """IsQualifiedName: keys of labels and annotations, resource names."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        suffix = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a qualified name {_QUALIFIED_TEXT}{suffix}"]
    found = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        found += [f"prefix part {detail}" for detail in dns_subdomain(prefix)]
    if not name:
        found.append("name part must be non-empty")
    found += [f"name part {detail}" for detail in _too_long(name, 63)]
    if not re.fullmatch(_QUALIFIED, name):
        found.append(f"name part {_QUALIFIED_TEXT}")
    return found


def port_name(text: str) -> list[str]:
    """IsValidPortName: names of container ports, and ports referred to by name."""
    found = _too_long(text, 15)
    if not re.fullmatch("[-a-z0-9]+", text):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        found.append("must contain at least one letter (a-z)")
    if "--" in text:
        found.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return found


def env_name(text: str) -> list[str]:
    """IsRelaxedEnvVarName: what no version accepts as the name of a variable."""
    if all(" " <= letter <= "~" and letter != "=" for letter in text):
        return []
    what = "a valid environment variable name must consist only of printable ASCII characters"
    return [f"{what} other than '='"]


def config_key(text: str) -> list[str]:
    """IsConfigMapKey: keys of ConfigMaps and Secrets."""
    found = _too_long(text, 253)
    pattern = "[-._a-zA-Z0-9]+"
    if not re.fullmatch(pattern, text):
        what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        found.append(_pattern(what, pattern, "key.name", "KEY_NAME", "key-name"))
    if text in (".", ".."):
        found.append(f"must not be '{text}'")
    elif text.startswith(".."):
        found.append("must not start with '..'")
    return found
