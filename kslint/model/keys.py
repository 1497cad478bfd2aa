"""Which keys the Secrets and ConfigMaps of an input have, whoever makes them.

Sources: external-secrets v2.6 docs (`target.template.data` replaces the keys of `data` unless
`mergePolicy: Merge`; `dataFrom` brings what the store has); Kubernetes v1.34 core/v1 Secret;
openshift/service-ca-operator README.md, OpenShift 4 docs (bundles that ConfigMaps are given).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque, templated
from kslint.model.kubernetes.pod import containers, init_containers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_FILLED = (
    "reflector", "replicator", "avp.kubernetes.io", "vault", "sealedsecrets", "secret-gen",
    "openshift.io/inject-cabundle",
)  # fmt: skip
"""Parts of annotations by which something else fills a Secret or a ConfigMap in."""
_TRUSTED_BUNDLE = "config.openshift.io/inject-trusted-cabundle"
"""The label by which OpenShift's network operator adds `ca-bundle.crt` to a ConfigMap."""


SECRET, CONFIG_MAP = "Secret", "ConfigMap"
_FIELDS = {
    SECRET: ("secretKeyRef", "secret", "secretName"),
    CONFIG_MAP: ("configMapKeyRef", "configMap", "name"),
}
"""Where variables and volumes name one, and the field of a volume that has its name."""


class Wanted(NamedTuple):
    """A key of a Secret or ConfigMap that a pod cannot start without."""

    secret: str
    key: str
    node: Node


class Lack(NamedTuple):
    """A key that none of the makers of its Secret makes, and the keys that they do."""

    wanted: Wanted
    maker: Resource
    keys: tuple[str, ...]


def wanted(pod_spec: Node, kind: str) -> Iterator[Wanted]:
    """The keys of Secrets, or of ConfigMaps, that the variables and volumes of a pod name."""
    reference, volume_of, named = _FIELDS[kind]
    for container in (*containers(pod_spec), *init_containers(pod_spec)):
        for item in container.listed("env"):
            yield from _wanted(item.at("valueFrom", reference))
    for volume in pod_spec.listed("volumes"):
        source = volume.get(volume_of)
        if source is not None and source.boolean("optional") is not True:
            name = source.string(named) or ""
            for item in source.listed("items"):
                key = item.get("key")
                if name and key is not None and key.text:
                    yield Wanted(name, key.text, key)


def _wanted(source: Node | None) -> Iterator[Wanted]:
    key = None if source is None else source.get("key")
    name = None if source is None else source.string("name")
    if source is not None and key is not None and name and source.boolean("optional") is not True:
        yield Wanted(name, key.text or "", key)


def lacking(
    pod_spec: Node, namespace: str | None, asker: Resource, graph: Graph, kind: str
) -> Iterator[Lack]:
    """The keys that a pod wants and that no maker of their Secret or ConfigMap makes."""
    for one in wanted(pod_spec, kind):
        if not one.key or templated(one.key) or opaque(one.secret):
            continue
        makers = graph.makers(kind, one.secret, namespace)
        if not makers or not all(graph.belong_together(maker, asker) for maker in makers):
            continue
        if any(graph.scopes.is_partly_known(maker) for maker in makers):
            continue
        known = [keys_of(maker) for maker in makers]
        keys = sorted({key for found in known for key in found or ()})
        if all(found is not None for found in known) and one.key not in keys:
            yield Lack(one, makers[0], tuple(keys))


def keys_of(maker: Resource) -> set[str] | None:
    """The keys of what an object is, or makes; None where they are not all known."""
    if maker.kind == "ExternalSecret":
        return _of_external(maker)
    if maker.kind == CONFIG_MAP:
        return _of_config_map(maker)
    if maker.kind != "Secret" or maker.body.get("sops") is not None:
        return None
    annotations = maker.body.at("metadata", "annotations")
    marks = [] if annotations is None else [name for name, _ in annotations.items()]
    if any(word in mark for mark in marks for word in _FILLED):
        return None
    if (maker.body.string("type") or "Opaque").startswith("kubernetes.io/service-account"):
        return None
    fields = [found for name in ("data", "stringData") if (found := maker.body.get(name))]
    keys = {key for field in fields for key, _ in field.items()}
    return None if not keys or any(templated(key) for key in keys) else keys


def _of_config_map(maker: Resource) -> set[str] | None:
    annotations = maker.body.at("metadata", "annotations")
    marks = [] if annotations is None else [name for name, _ in annotations.items()]
    if any(word in mark for mark in marks for word in _FILLED):
        return None
    if maker.body.at("metadata", "labels", _TRUSTED_BUNDLE) is not None:
        return None
    fields = [found for name in ("data", "binaryData") if (found := maker.body.get(name))]
    keys = {key for field in fields for key, _ in field.items()}
    return None if not keys or any(templated(key) for key in keys) else keys


def _of_external(maker: Resource) -> set[str] | None:
    spec = maker.spec
    policy = None if spec is None else spec.string("target", "creationPolicy")
    if spec is None or spec.listed("dataFrom") or policy in ("Merge", "None"):
        return None
    own = {each.string("secretKey") or "" for each in spec.listed("data")}
    template = spec.at("target", "template")
    if template is not None and template.get("templateFrom") is not None:
        return None
    data = None if template is None else template.get("data")
    if template is None or data is None:
        return own or None
    keys = {key for key, _ in data.items()}
    return keys | own if template.string("mergePolicy") == "Merge" else keys
