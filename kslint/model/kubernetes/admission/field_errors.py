"""The API server's field errors: how they are printed, and what is asked of most fields.

Source: k8s.io/apimachinery v0.34 pkg/util/validation/field/errors.go, pkg/api/validation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from kslint.model.answer import Failure
from kslint.model.kubernetes.admission import grammar
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.source.nodes import JsonValue, Node

MAX_ANNOTATIONS = 262144
"""Bytes of all annotation keys and values of one object."""
_MAX_ID = 2**31 - 1
_FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_WITHOUT_NAMESPACE = frozenset(
    {
        "AdmissionCheck", "ClusterCloudEventSource", "ClusterExternalSecret", "ClusterGenerator",
        "ClusterIssuer", "ClusterPushSecret", "ClusterQueue", "ClusterRole", "ClusterRoleBinding",
        "ClusterSecretStore", "ClusterServingRuntime", "ClusterStorageContainer",
        "ClusterTriggerAuthentication", "Cohort", "CustomResourceDefinition", "GatewayClass",
        "IngressClass", "LocalModelCache", "LocalModelNode", "LocalModelNodeGroup",
        "MultiKueueCluster", "MultiKueueConfig", "MutatingWebhookConfiguration", "Namespace",
        "Node", "PersistentVolume", "PriorityClass", "ProvisioningRequestConfig", "ResourceFlavor",
        "RuntimeClass", "StorageClass", "Topology", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "WorkloadPriorityClass",
    }
)  # fmt: skip
_KEPT_GENERATION = frozenset(
    {
        "ClusterRole", "ClusterRoleBinding", "ConfigMap", "HorizontalPodAutoscaler", "LimitRange",
        "Namespace", "PersistentVolume", "PersistentVolumeClaim", "ResourceQuota", "Role",
        "RoleBinding", "RuntimeClass", "Secret", "Service", "ServiceAccount", "StorageClass",
    }
)  # fmt: skip
"""Kinds whose generation is not set anew as they are created."""
_NAMED = frozenset({"LimitRange"})
"""Kinds that the server gives a name (pkg/registry/core/limitrange/strategy.go)."""
_FREE_FINALIZERS = frozenset(
    {
        "CustomResourceDefinition", "MutatingWebhookConfiguration", "PodDisruptionBudget",
        "RuntimeClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)  # fmt: skip
"""Kinds of Kubernetes' own whose finalizers need no domain, as those of custom resources."""
_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
"""Finalizers without a domain (IsStandardFinalizerName)."""


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

    def one_of(
        self,
        path: str,
        holder: Node,
        field: str,
        supported: tuple[str, ...],
        pointer: bool = False,
    ) -> None:
        """An enumeration; absent it is defaulted, and so is an empty text, but for `pointer`.

        What the API server's type holds by a pointer is given where it is empty.
        """
        text = word(holder.get(field))
        given = present(holder, field) if pointer else text
        if text is not None and given and text not in supported:
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
            self.each_invalid(path, name, grammar.port_name(name), node, "invalid-port-name")

    def positive(
        self, path: str, holder: Node, field: str, detail: str = "must be greater than zero"
    ) -> None:
        """An integer over 0; absent is 0."""
        value = holder.integer(field) if present(holder, field) else 0
        if value is not None and value <= 0:
            self.invalid(f"{path}.{field}", value, detail, child(holder, field), "not-positive")

    def within(self, path: str, holder: Node, field: str, low: int, high: int, detail: str) -> None:
        """An integer between two; absent is fine."""
        value = holder.integer(field)
        if value is not None and not low <= value <= high:
            node = child(holder, field)
            self.invalid(f"{path}.{field}", value, detail, node, "number-out-of-range")

    def file_mode(self, path: str, holder: Node, field: str) -> None:
        """Permissions of a volume's files."""
        self.within(path, holder, field, 0, 0o777, _FILE_MODE)

    def needed(
        self, path: str, holder: Node, field: str, code: str = "missing-value", detail: str = ""
    ) -> str | None:
        """A text that must not be empty: the text, "" where it is, None if it is not known."""
        text = word(holder.get(field))
        if text == "":
            self.required(f"{path}.{field}", child(holder, field), code, detail)
        return text

    def named(
        self,
        path: str,
        holder: Node,
        field: str,
        rule: Callable[[str], list[str]],
        code: str,
        pointer: bool = False,
    ) -> None:
        """A name by a grammar; absent is fine, and so is an empty one, but for `pointer`."""
        text = word(holder.get(field))
        if text or (text == "" and pointer and present(holder, field)):
            node = child(holder, field)
            self.each_invalid(f"{path}.{field}", text, rule(text), node, code)

    def metadata(
        self,
        body: Node,
        rule: Callable[[str], list[str]],
        native: bool = True,
        checks_prefix: bool = True,
    ) -> None:
        """ValidateObjectMeta: name (by `rule`), namespace, labels, annotations, finalizers.

        `native`: as for Kubernetes' own kinds. `checks_prefix`: is `generateName` held against
        the rule too?
        """
        meta = body.get("metadata")
        is_named = native and body.string("kind") in _NAMED
        if (meta is None or meta.is_null) and not is_named:
            detail = "name or generateName is required"
            self.required("metadata.name", body, "missing-name", detail)
        if not isinstance(meta, Map):
            return
        prefix = word(meta.get("generateName"))
        name = word(meta.get("name"))
        where = child(meta, "name")
        if prefix and checks_prefix:
            given = f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix
            node = child(meta, "generateName")
            self.each_invalid("metadata.generateName", prefix, rule(given), node, "invalid-name")
        if name:
            self.each_invalid("metadata.name", name, rule(name), where, "invalid-name")
        elif name == "" and prefix == "" and not is_named:
            detail = "name or generateName is required"
            self.required("metadata.name", where, "missing-name", detail)
        if body.string("kind") not in _WITHOUT_NAMESPACE:  # there it is dropped
            self.named("metadata", meta, "namespace", grammar.dns_label, "invalid-name")
        if native and body.string("kind") in _KEPT_GENERATION:
            self.not_negative("metadata", meta, "generation")
        self.labels("metadata.labels", meta.get("labels"))
        self.annotations("metadata.annotations", meta.get("annotations"))
        self._owners(meta)
        strict = native and body.string("kind") not in _FREE_FINALIZERS
        self.finalizers("metadata.finalizers", meta.get("finalizers"), strict)

    def finalizers(self, path: str, node: Node | None, native: bool = True) -> None:
        """ValidateFinalizerName: qualified, and of Kubernetes' own kinds with a domain."""
        items = [] if node is None else node.elements()
        for index, item in enumerate(items):
            text = word(item)
            if text is None:
                continue
            details = grammar.qualified_name(text)
            self.each_invalid(path, text, details, item, "invalid-finalizer")
            if native and "/" not in text and text not in _FINALIZERS:
                detail = "name is neither a standard finalizer name nor is it fully qualified"
                at = f"{path}[{index}]" if path.startswith("metadata") else path
                self.invalid(at, text, detail, item, "invalid-finalizer")
        both = {"orphan", "foregroundDeletion"} <= {item.text for item in items}
        if both and path.startswith("metadata"):
            detail = "finalizer orphan and foregroundDeletion cannot be both set"
            self.invalid(path, [item.plain() for item in items], detail, items[0], "two-finalizers")

    def _owners(self, meta: Map) -> None:
        """ValidateOwnerReferences."""
        path, first = "metadata.ownerReferences", ""
        for _, owner in each(meta, "ownerReferences"):
            version, kind, name = (word(owner.get(f)) for f in ("apiVersion", "kind", "name"))
            if version is not None and not _version_of(version):
                node, detail = child(owner, "apiVersion"), "version must not be empty"
                self.invalid(f"{path}.apiVersion", version, detail, node, "incomplete-owner")
            for field in ("kind", "name", "uid"):
                if word(owner.get(field)) == "":
                    node, detail = child(owner, field), "must not be empty"
                    self.invalid(f"{path}.{field}", "", detail, node, "incomplete-owner")
            if version == "v1" and kind == "Event":
                value = printed(_owner(owner), ordered=True)
                detail = "/v1, Kind=Event is disallowed from being an owner"
                self.add(f"{path}: Invalid value: {value}: {detail}", owner, "event-as-owner")
            if owner.boolean("controller") and kind is not None and name is not None:
                if first:
                    owners = [_owner(one) for _, one in each(meta, "ownerReferences")]
                    value = printed([*owners], ordered=True)
                    detail = 'Only one reference can have Controller set to true. Found "true" in'
                    detail = f"{detail} references for {first} and {kind}/{name}"
                    self.add(f"{path}: Invalid value: {value}: {detail}", owner, "two-controllers")
                first = first or f"{kind}/{name}"

    def domain_path(self, path: str, text: str, node: Node, code: str) -> None:
        """IsDomainPrefixedPath, of a text that is there."""
        domain, slash, rest = text.partition("/")
        if not slash or not domain or not rest:
            detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
            self.invalid(path, text, detail, node, code)
            return
        self.each_invalid(path, domain, grammar.dns_subdomain(domain), node, code)
        self.each_invalid(path, rest, grammar.http_path(rest), node, code)

    def reference(self, path: str, holder: Node, field: str) -> None:
        """A kind or name that has to be there, and may be any segment of a path."""
        if self.needed(path, holder, field, "missing-value"):
            self.named(path, holder, field, grammar.path_segment, "invalid-reference")

    def ids(self, path: str, holder: Node | None, fields: Iterable[str]) -> None:
        """User and group ids of a securityContext."""
        for field in fields:
            value = None if holder is None else holder.integer(field)
            if holder is not None and value is not None and not 0 <= value <= _MAX_ID:
                detail = f"must be between 0 and {_MAX_ID}, inclusive"
                node = child(holder, field)
                self.invalid(f"{path}.{field}", value, detail, node, "id-out-of-range")

    def id_list(self, path: str, node: Node | None) -> None:
        """Group ids of a list."""
        for index, item in enumerate([] if node is None else node.elements()):
            value = item.integer()
            if value is not None and not 0 <= value <= _MAX_ID:
                detail = f"must be between 0 and {_MAX_ID}, inclusive"
                self.invalid(f"{path}[{index}]", value, detail, item, "id-out-of-range")

    def labels(self, path: str, node: Node | None) -> None:
        """ValidateLabels: keys and values of labels, or of a node selector."""
        for key, value in () if node is None else node.items():
            if opaque(key):
                continue
            self.each_invalid(path, key, grammar.qualified_name(key), value, "invalid-label-key")
            text = word(value)
            if text:
                self.each_invalid(
                    path, text, grammar.label_value(text), value, "invalid-label-value"
                )

    def annotations(self, path: str, node: Node | None) -> None:
        """ValidateAnnotations: keys, and the size of them all."""
        size = 0
        for key, value in () if node is None else node.items():
            if not opaque(key):
                details = grammar.qualified_name(key.lower())
                self.each_invalid(path, key, details, value, "invalid-annotation-key")
            size += len(key.encode("utf-8", "replace"))
            size += len((value.text or "").encode("utf-8", "replace"))
        if node is not None and size > MAX_ANNOTATIONS:
            text = f"{path}: Too long: may not be more than {MAX_ANNOTATIONS} bytes"
            self.add(text, node, "annotations-too-long")


def spec_of(body: Map, field: str = "spec") -> Map | None:
    """A block that has to be there; an absent one counts as empty, and None is one misshapen.

    The empty one stands where it would be: at its key, else at what holds it.
    """
    spec = body.get(field)
    if isinstance(spec, Map):
        return spec
    if spec is not None and not spec.is_null:
        return None
    empty = body.with_entries({})
    if spec is not None:
        empty.key = spec.key
    return empty


def child(holder: Node, field: str) -> Node:
    """The field's node, else what holds it."""
    found = holder.get(field)
    return holder if found is None else found


def each(holder: Node | None, field: str) -> Iterable[tuple[int, Map]]:
    """The mappings of a list, with their index; a null is an empty one."""
    node = None if holder is None else holder.get(field)
    return () if node is None else _mappings(node)  # mostly there is none


def _mappings(listed: Node) -> Iterator[tuple[int, Map]]:
    for index, item in enumerate(listed.elements()):
        if isinstance(item, Map):
            yield index, item
        elif item.is_null:
            yield index, Map({}, item.source, item.start, item.end)


def present(holder: Node, field: str) -> bool:
    """Is a field there, and not null?"""
    node = holder.get(field)
    return node is not None and not node.is_null


_PLACEHOLDER = re.compile(
    r"\{\{|\$[({A-Za-z_]|<[^<>]+>|\[\[|__\w+__|%\w+%|^[A-Z][A-Z0-9]*(?:[-_][A-Z0-9]+)+$"
    r"|(?:^|[-.])(?!HTTP|GRPC)[A-Z][A-Z0-9_]{3,}(?:[-.]|$)|^(?:\.{3}|…)$"
    r"|^(?i:your[-_ ]|(?:change|replace)[-_ ]?me$)|\{[A-Z][A-Z0-9_]*\}|^ENC\["
    r"|(?:secret)?ref\+\w+://"
    r"|^_$|^\*\*[^*]+\*\*$|\{\}|^\([a-z]+(?:_[a-z]+)+\)$|^[A-Z]{2,}(?: [A-Z]{2,})+$"
)


@lru_cache(maxsize=4096)
def opaque(text: str) -> bool:
    """A template, a reference, a secret or a placeholder, to be filled in first: not to be judged.

    Placeholders are `PVC_NAME`, `vllm-ZONE`, `app-{USER_ID}`, `<name>`, `your-claim`,
    `**your id**`, `FILLED BY AN OPERATOR`, `(your_port)`, `pod-{}`, `_`, `...`, and the references
    of vals (README.md of helmfile/vals: `ref+vault://path#/key`, `secretref+...`).
    """
    return _PLACEHOLDER.search(text) is not None


def templated(text: str) -> bool:
    """A template, or a reference to a variable."""
    return "{{" in text or "$(" in text or "${" in text


def stands_in(text: str) -> bool:
    """Opaque, or a word in capitals where no word is due at all: `containerPort: PORT`."""
    return opaque(text) or (
        len(text) > 1 and text.isupper() and text.isalpha() and text not in _VALUES
    )


_VALUES = frozenset({"ALL", "CREATE", "UPDATE", "DELETE", "CONNECT", "TCP", "UDP", "SCTP"})
"""Words in capitals that manifests have as values."""


def word(node: Node | None) -> str | None:
    """The string a field holds: "" if absent or null, None where it cannot be judged."""
    if node is None:
        return ""  # as most fields are
    value = node.value if isinstance(node, Scalar) else False
    if value is None:
        return ""
    return value if isinstance(value, str) and not opaque(value) else None


def _version_of(version: str) -> str:
    """What FromAPIVersionAndKind takes for the version."""
    return "" if version.count("/") > 1 else version.rpartition("/")[2]


def _owner(owner: Map) -> JsonValue:
    """As the type is printed, which has an order and leaves out what is absent."""
    optional = ("controller", "blockOwnerDeletion")
    given = [field for field in optional if present(owner, field)]
    fields = ("apiVersion", "kind", "name", "uid", *given)
    return {field: child(owner, field).plain() if present(owner, field) else "" for field in fields}


def printed(value: JsonValue, ordered: bool = False) -> str:
    """A bad value as an error shows it: strings quoted, the rest as compact JSON.

    `ordered`: with the keys in their order, as of a type, and not sorted, as of a map.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=not ordered)
