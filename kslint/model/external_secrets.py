"""ExternalSecrets that are refused, or that never make their Secret.

Sources: external-secrets v2.6 apis/externalsecrets/v1/externalsecret_validator.go,
runtime/template/v2/template.go (`missingkey=error`),
pkg/controllers/externalsecret/externalsecret_controller.go (ErrSecretIsOwned),
pkg/controllers/secretstore/client_manager.go (conditions of a ClusterSecretStore).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque, templated
from kslint.model.stores import GROUP
from kslint.source.nodes import Scalar
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KIND = "ExternalSecret"
_FIELD = re.compile(r"\{\{-?\s*(?:\(\s*)?(?:[a-zA-Z0-9]+\s+)?\.([A-Za-z_]\w*)")
"""A value that a template names first: `{{ .password }}`, `{{ b64enc .password }}`."""
_MOVED = re.compile(r"\{\{-?\s*(?:range|with|define|template|block)\b|\bindex\b|\bdefault\b|\bif\b")
"""Words by which a dot means something else, or a value may be missing."""


class Stuck(NamedTuple):
    """Why an ExternalSecret makes no Secret.

    `reason` is empty, delete, merge, twice, template, owned, manifest or store; `other` is what
    stands in its way.
    """

    reason: str
    node: Node
    text: str = ""
    keys: str = ""
    other: Resource | None = None


def stuck(secret: Resource, graph: Graph) -> Iterator[Stuck]:
    """Everything by which an ExternalSecret does not come to its Secret."""
    spec = secret.spec
    if spec is None or secret.version == "v1alpha1":
        return
    data, many = spec.listed("data"), spec.listed("dataFrom")
    if not data and not many and not _is_part(secret, graph):
        yield Stuck("empty", spec)
    yield from _of_policies(spec)
    if spec.string("target", "deletionPolicy") in (None, "", "Retain"):
        seen: set[str] = set()
        for key in (found for each in data if (found := each.get("secretKey"))):
            if key.text in seen:
                yield Stuck("twice", key, key.text or "")
            seen.add(key.text or "")
    if not many:
        yield from _of_template(spec, {each.string("secretKey") or "" for each in data})
    owner = _owner(secret, graph)
    if owner is not None:
        at = spec.at("target", "name") or secret.body.at("metadata", "name")
        yield Stuck("owned", at or spec, _target(secret), other=owner)
    written = _written(secret, graph)
    if written is not None:
        at = spec.at("target", "name") or secret.body.at("metadata", "name")
        yield Stuck("manifest", at or spec, _target(secret), other=written)
    yield from _of_store(secret, spec, graph)


def _is_part(secret: Resource, graph: Graph) -> bool:
    """Is it a patch of another, as overlays have them?"""
    return any(
        each is not secret
        and (each.body.listed("spec", "data") or each.body.listed("spec", "dataFrom"))
        for each in graph.named(KIND, secret.name)
    )


def _of_policies(spec: Node) -> Iterator[Stuck]:
    creates = spec.string("target", "creationPolicy") or "Owner"
    deletes = spec.at("target", "deletionPolicy")
    if deletes is None:
        return
    if deletes.text == "Delete" and creates in ("Merge", "None", "CreateOrMerge"):
        yield Stuck("delete", deletes, creates)
    if deletes.text == "Merge" and creates == "None":
        yield Stuck("merge", deletes, creates)


def _of_template(spec: Node, keys: set[str]) -> Iterator[Stuck]:
    """Values that a template names and `data` does not bring."""
    template = spec.at("target", "template")
    data = None if template is None else template.get("data")
    if template is None or data is None or (template.string("engineVersion") or "v2") != "v2":
        return
    for key, node in data.items():
        text = node.text or ""
        if templated(key) or not isinstance(node, Scalar) or _MOVED.search(text):
            continue
        for match in _FIELD.finditer(text):
            if match[1] not in keys:
                listed = ", ".join(f"`{key}`" for key in sorted(keys))
                at = Parts(node).part(*match.span(1))
                yield Stuck("template", at, match[1], listed or "nothing")
                break


def _target(secret: Resource) -> str:
    return secret.body.string("spec", "target", "name") or secret.name


def _owns(secret: Resource) -> bool:
    spec = secret.spec
    return spec is not None and (spec.string("target", "creationPolicy") or "Owner") == "Owner"


def _owner(secret: Resource, graph: Graph) -> Resource | None:
    """Another ExternalSecret, which comes first by its name, that owns the same Secret."""
    namespace, target = graph.namespace_of(secret), _target(secret)
    if not _owns(secret) or opaque(target) or namespace is None:
        return None
    for other in sorted(graph.makers("Secret", target, namespace), key=lambda each: each.name):
        if other.kind == KIND and other.name < secret.name and _owns(other):
            same = other.emitter == secret.emitter and graph.belong_together(other, secret)
            if same and _target(other) == target and not graph.evidence.illustrates(secret):
                return other
    return None


def _written(secret: Resource, graph: Graph) -> Resource | None:
    """A manifest of the Secret that an ExternalSecret makes."""
    namespace = graph.namespace_of(secret)
    if not _owns(secret) or namespace is None or graph.evidence.illustrates(secret):
        return None
    for other in graph.named("Secret", _target(secret)):
        same = other.emitter == secret.emitter and graph.namespace_of(other) == namespace
        near = bool(secret.emitter) or other.file == secret.file  # else it may be an alternative
        if same and near and other.group == "" and graph.belong_together(other, secret):
            return other
    return None


def _of_store(secret: Resource, spec: Node, graph: Graph) -> Iterator[Stuck]:
    """A ClusterSecretStore that is for other namespaces only, by their names."""
    at = spec.at("secretStoreRef", "name")
    namespace = graph.namespace_of(secret)
    if at is None or not namespace or spec.string("secretStoreRef", "kind") != "ClusterSecretStore":
        return
    found = graph.find("ClusterSecretStore", at.text or "", "", GROUP, secret).resources
    conditions = found[0].body.listed("spec", "conditions") if len(found) == 1 else []
    names: set[str] = set()
    for condition in conditions:
        if condition.get("namespaceSelector") or condition.get("namespaceRegexes"):
            return
        names |= {each.text or "" for each in condition.listed("namespaces")}
    if conditions and namespace not in names and not any(opaque(name) for name in names):
        listed = ", ".join(f"`{name}`" for name in sorted(names))
        yield Stuck("store", at, at.text or "", listed, found[0])
