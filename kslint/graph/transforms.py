"""Kustomize's built-in transformers: namespace, names, labels, annotations, replicas, images.

Each takes the fields of one kustomization and changes the bodies of `Item`s in place.
Source: kustomize v5.8.1, api/internal/konfig/builtinpluginconsts and api/filters.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kslint.graph.edit import listing, put, restated, rewrite
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.graph.configurations import Configured, Field
    from kslint.graph.items import Item
    from kslint.graph.named import Named
    from kslint.source.nodes import Node


def steps(root: Node, more: Configured) -> int:
    """How many transformations a kustomization asks for of each of its items, at most."""
    pairs = [root.get("commonLabels"), root.get("commonAnnotations")]
    count = 1 + len(listing(root, "images")) + len(more.prefixed) + len(more.suffixed)
    for label in listing(root, "labels"):
        pairs += [label.get("pairs")] * (1 + len(listing(label, "fields")))
    return count + sum(1 + len(each.entries) for each in pairs if isinstance(each, Map))


def transform(root: Node, items: list[Item], more: Configured) -> None:
    """The transformers that follow a kustomization's patches, up to its JSON patches.

    `more` are the fields that `configurations` add.
    """
    _set_namespace(root.get("namespace"), items)
    _rename(root.get("namePrefix"), items, True, more.prefixed)
    _rename(root.get("nameSuffix"), items, False, more.suffixed)
    for label in listing(root, "labels"):
        pairs = label.get("pairs")
        selectors = label.boolean("includeSelectors") is True
        templates = selectors or label.boolean("includeTemplates") is True
        _set_labels(pairs, items, templates, selectors)
        for spec in listing(label, "fields"):
            _set_labels_at(spec, pairs, items)
    _set_labels(root.get("commonLabels"), items, True, True)
    _set_annotations(root.get("commonAnnotations"), items)


def rescale(root: Node, named: Named) -> list[Node]:
    """`replicas`, and the entries of it that match nothing (which kustomize refuses)."""
    unmatched = []
    for entry in listing(root, "replicas"):
        name, count = entry.string("name"), entry.get("count")
        found = [item for item in named.of_name(name or "") if _scales(item, name)]
        for item in found:
            if count is not None:
                item.body = put(item.body, ("spec", "replicas"), count)
        if not found:
            unmatched.append(entry)
    return unmatched


def _scales(item: Item, name: str | None) -> bool:
    kinds = ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
    return any(i.kind in kinds and i.name == name for i in item.ids)


def retag(root: Node, items: list[Item]) -> None:
    """`images`: in containers and initContainers anywhere, and in image volumes of pod specs."""
    entries = [entry for entry in listing(root, "images") if entry.string("name")]

    def changed(node: Node) -> Node:
        for entry in entries:
            node = _retagged(node, entry)
        return node

    for item in items if entries else ():
        if item.body.string("kind") != "CustomResourceDefinition":
            item.change((), partial(_retag, change=changed, field=""))
            for path in _IMAGE_VOLUMES:
                item.change(path, changed)


_TAG_OR_DIGEST = r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?"
_IMAGE_VOLUMES = (
    ("spec", "volumes", "image", "reference"),
    ("spec", "template", "spec", "volumes", "image", "reference"),
)


def _retag(node: Node, change: Callable[[Node], Node], field: str) -> Node:
    if isinstance(node, Seq):
        children = [_retag(child, change, "") for child in node.children]
        if field in ("containers", "initContainers"):
            children = [rewrite(child, ("image",), change) for child in children]
        same = all(a is b for a, b in zip(children, node.children, strict=True))
        return node if same else node.with_children(children)
    if isinstance(node, Map):
        entries = {name: _retag(child, change, name) for name, child in node.entries.items()}
        same = all(entries[name] is child for name, child in node.entries.items())
        return node if same else node.with_entries(entries)
    return node


def _retagged(node: Node, entry: Node) -> Node:
    """An image reference as one entry of `images` changes it (api/filters/imagetag/updater.go)."""
    from kslint.source import regexes

    text = node.text
    if not isinstance(node, Scalar) or text is None:
        return node
    try:
        if not regexes.full_match(entry.string("name") or "", text, _TAG_OR_DIGEST):
            return node
    except regexes.PatternError:
        return node
    name, tag, digest = _split_image(text)
    new_name, new_tag = entry.string("newName"), entry.string("newTag")
    new_digest, suffix = entry.string("digest"), entry.string("tagSuffix")
    name = new_name or name
    if new_tag or new_digest:
        tag, digest = new_tag or "", new_digest or ""
    elif suffix:
        tag, digest = tag + suffix, ""
    image = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    if image == text:
        return node
    written = entry.get("newTag") or entry.get("digest") or entry.get("newName") or entry
    return restated(image, written)


def _split_image(image: str) -> tuple[str, str, str]:
    """Name, tag and digest; a colon before the first slash belongs to the registry's port."""
    rest, _, digest = image.partition("@")
    start = rest.find("/") + 1
    head, colon, tag = rest[start:].partition(":")
    return rest[:start] + head, tag if colon else "", digest


def _set_namespace(namespace: Node | None, items: list[Item]) -> None:
    """Every object that kustomize does not know to be cluster-scoped gets the namespace."""
    if namespace is None or not namespace.text or namespace.is_null:
        return
    for item in items:
        item.remember()
        identity = item.id
        if identity.namespace != "_non_namespaceable_":
            item.body = put(item.body, ("metadata", "namespace"), namespace)
        elif identity.kind == "Namespace":
            item.body = put(item.body, ("metadata", "name"), namespace)
        elif identity.kind == "APIService":
            item.body = put(item.body, ("spec", "service", "namespace"), namespace)
        if identity.kind in ("RoleBinding", "ClusterRoleBinding"):
            item.change(("subjects",), lambda subject: _default_subject(subject, namespace))


def _default_subject(subject: Node, namespace: Node) -> Node:
    if isinstance(subject, Map) and subject.string("name") == "default":
        return put(subject, ("namespace",), namespace)
    return subject


def _rename(affix: Node | None, items: list[Item], before: bool, more: tuple[Field, ...]) -> None:
    if affix is None or not affix.text or affix.is_null:
        return
    own = affix.text

    def affixed(node: Node) -> Node:
        text = node.text
        if not isinstance(node, Scalar) or text is None:
            return node
        return restated(own + text if before else text + own, node)

    for item in items:
        first = item.ids[0]
        for field in more:
            if field.is_of(first):
                item.change(field.path, affixed)
        name = item.body.at("metadata", "name")
        if first.kind in ("CustomResourceDefinition", "APIService", "Namespace") or name is None:
            continue
        item.remember()
        item.body = put(item.body, ("metadata", "name"), affixed(name))


_TEMPLATES: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(
        ("ReplicationController", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job"),
        (("spec", "template", "metadata"),),
    ),
    "CronJob": (
        ("spec", "jobTemplate", "metadata"),
        ("spec", "jobTemplate", "spec", "template", "metadata"),
    ),
}
_MADE_SELECTORS = {
    "Service": ("spec", "selector"),
    "ReplicationController": ("spec", "selector"),
    **dict.fromkeys(
        ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"),
        ("spec", "selector", "matchLabels"),
    ),
}
_AFFINITY = ("spec", "template", "spec", "affinity")
_TERMS = (
    ("preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm"),
    ("requiredDuringSchedulingIgnoredDuringExecution",),
)
_POD_SELECTORS = (
    *tuple(
        (*_AFFINITY, side, *term, "labelSelector", "matchLabels")
        for side in ("podAffinity", "podAntiAffinity")
        for term in _TERMS
    ),
    ("spec", "template", "spec", "topologySpreadConstraints", "labelSelector", "matchLabels"),
)
_FOUND_SELECTORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Deployment": _POD_SELECTORS,
    "StatefulSet": _POD_SELECTORS,
    "Job": (("spec", "selector", "matchLabels"),),
    "CronJob": (("spec", "jobTemplate", "spec", "selector", "matchLabels"),),
    "PodDisruptionBudget": (("spec", "selector", "matchLabels"),),
    "NetworkPolicy": (
        ("spec", "podSelector", "matchLabels"),
        ("spec", "ingress", "from", "podSelector", "matchLabels"),
        ("spec", "egress", "to", "podSelector", "matchLabels"),
    ),
}


def _set_labels(pairs: Node | None, items: list[Item], templates: bool, selectors: bool) -> None:
    if not isinstance(pairs, Map) or not pairs.entries:
        return
    for item in items:
        kind = item.id.kind
        _overlay_at(item, ("metadata", "labels"), pairs)
        if templates:
            for path in _TEMPLATES.get(kind, ()):
                _overlay_at(item, (*path, "labels"), pairs)
            if kind == "StatefulSet":
                item.change(("spec", "volumeClaimTemplates"), lambda c: _labelled(c, pairs))
        if selectors:
            if kind in _MADE_SELECTORS and (kind != "Service" or item.id.version == "v1"):
                _overlay_at(item, _MADE_SELECTORS[kind], pairs)
            for path in _FOUND_SELECTORS.get(kind, ()):
                item.change(path, lambda node: _overlaid(node, pairs))


def _labelled(claim: Node, pairs: Map) -> Node:
    path = ("metadata", "labels")
    return put(claim, path, _overlaid(claim.at(*path), pairs)) if isinstance(claim, Map) else claim


def _set_labels_at(spec: Node, pairs: Node | None, items: list[Item]) -> None:
    """The `fields` of a `labels` entry: more places for the pairs."""
    path = tuple((spec.string("path") or "").replace("[]", "").strip("/").split("/"))
    if not isinstance(pairs, Map) or path == ("",):
        return
    for item in items:
        identity = item.id
        wanted = (spec.string("group"), spec.string("version"), spec.string("kind"))
        if any(w and w != is_ for w, is_ in zip(wanted, identity, strict=False)):
            continue
        if item.body.at(*path) is None and spec.boolean("create") is True:
            _overlay_at(item, path, pairs)
        else:
            item.change(path, lambda node: _overlaid(node, pairs))


def _set_annotations(pairs: Node | None, items: list[Item]) -> None:
    if not isinstance(pairs, Map) or not pairs.entries:
        return
    for item in items:
        for path in (("metadata",), *_TEMPLATES.get(item.id.kind, ())):
            _overlay_at(item, (*path, "annotations"), pairs)


def _overlay_at(item: Item, path: tuple[str, ...], pairs: Map) -> None:
    item.body = put(item.body, path, _overlaid(item.body.at(*path), pairs))


def _overlaid(node: Node | None, pairs: Map) -> Map:
    base = node if isinstance(node, Map) else Map({})
    # labels and annotations are strings, however they are written in the kustomization
    texts = {k: restated(v.text or "", v) for k, v in pairs.entries.items()}
    return base.with_entries({**base.entries, **texts})
