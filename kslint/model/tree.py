"""Editing node trees without changing them: each function returns a tree that shares the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.source.nodes import Map, Scalar, Seq, made

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kslint.source.nodes import JsonValue, Node, Origin

MERGE_KEYS = {
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ports": "containerPort",
    "resourceClaims": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""Lists of a pod spec that merge by key (patchMergeKey tags of k8s.io/api core/v1 v0.34)."""


def put(root: Node | None, path: Iterable[str], value: Node) -> Map:
    """`root` with `value` at a path of keys; mappings on the way are made as needed."""
    return _put(root, tuple(path), 0, value)


def _put(root: Node | None, path: tuple[str, ...], at: int, value: Node) -> Map:
    base = root if isinstance(root, Map) else _new_map(root, value.origin)
    name, below = path[at], at + 1
    child = value if below == len(path) else _put(base.entries.get(name), path, below, value)
    return base.with_entries({**base.entries, name: child})


def put_missing(root: Node | None, path: Iterable[str], value: Node) -> Map:
    """`put`, unless something other than null stands there already."""
    path = tuple(path)
    existing = root.at(*path) if root is not None else None
    if isinstance(root, Map) and existing is not None and not existing.is_null:
        return root
    return put(root, path, value)


def put_defaults(root: Map, defaults: Mapping[str, JsonValue], origin: Origin) -> Map:
    """`root` with a value for each field that is missing or null."""
    entries = root.entries
    missing = {
        name: made(value, origin)
        for name, value in defaults.items()
        if (there := entries.get(name)) is None or there.is_null
    }
    return root.with_entries({**entries, **missing}) if missing else root


def without(root: Map, *keys: str) -> Map:
    """`root` less some of its keys."""
    return root.with_entries({k: v for k, v in root.entries.items() if k not in keys})


def replace_item(sequence: Node | None, index: int, value: Node) -> Seq:
    """A list with one element replaced; appended if the list ends there."""
    base = sequence if isinstance(sequence, Seq) else Seq([])
    children = list(base.children)
    children[index : index + 1] = [value]
    return base.with_children(children)


def appended(sequence: Node | None, values: Iterable[Node], origin: Origin | None = None) -> Seq:
    """A list with more elements at its end."""
    if isinstance(sequence, Seq):
        return sequence.with_children([*sequence.children, *values])
    new = Seq(list(values))
    new.origin = origin
    return new


_STRING_MAPS = frozenset({"annotations", "labels", "matchLabels", "nodeSelector"})
"""Mappings whose values are text: an empty one counts there."""


def is_empty(node: Node | None) -> bool:
    """Would Go's `omitempty` leave this value out? (Nothing, null, "", [] or {}.)"""
    if node is None or node.is_null:
        return True
    if isinstance(node, Scalar):
        return node.text == ""
    return not (isinstance(node, Map) and node.entries) and not node.elements()


def strategic_merge(base: Node, patch: Node, field: str = "") -> Node:
    """A strategic merge patch of pod-spec shaped values, as the API machinery applies it.

    Mappings merge key by key, the lists of MERGE_KEYS by their key, all else is replaced. What
    `omitempty` would drop from the patch changes nothing. `field` is the name both stand under.
    Mirrors k8s.io/apimachinery pkg/util/strategicpatch/patch.go (v0.34), without directives.
    """
    if not isinstance(base, Map) or not isinstance(patch, Map):
        return patch
    entries = dict(base.entries)
    for name, value in patch.entries.items():
        existing = entries.get(name)
        if isinstance(value, Map):  # `emptyDir: {}` is a pointer, and counts
            known = existing if isinstance(existing, Map) else value.with_entries({})
            entries[name] = strategic_merge(known, value, name)
        elif is_empty(value) and not (field in _STRING_MAPS and value.text == ""):
            continue
        elif name in MERGE_KEYS and isinstance(existing, Seq) and isinstance(value, Seq):
            entries[name] = _merge_list(existing, value, MERGE_KEYS[name])
        else:
            entries[name] = value
    return patch.with_entries(entries) if patch.start is not None else base.with_entries(entries)


def _merge_list(base: Seq, patch: Seq, key: str) -> Seq:
    """Merge two lists by key; patch items keep their order and come first where nothing decides."""
    order = {_identity(item, key): n for n, item in enumerate(base.children)}
    known = {_identity(item, key): item for item in base.children}
    patched = [
        strategic_merge(known[_identity(item, key)], item)
        if _identity(item, key) in known
        else item
        for item in patch.children
    ]
    named = {_identity(item, key) for item in patch.children}
    left = [item for item in base.children if _identity(item, key) not in named]
    merged: list[Node] = []
    i = j = 0
    while i < len(left) or j < len(patched):
        if i >= len(left):
            take_left = False
        elif j >= len(patched):
            take_left = True
        else:
            left_at = order.get(_identity(left[i], key))
            right_at = order.get(_identity(patched[j], key))
            take_left = left_at is not None and right_at is not None and left_at < right_at
        if take_left:
            merged.append(left[i])
            i += 1
        else:
            merged.append(patched[j])
            j += 1
    return patch.with_children(merged)


def _identity(item: Node, key: str) -> str | None:
    return item.string(key)


def _new_map(replaced: Node | None, origin: Origin | None) -> Map:
    """An empty mapping at the place of what it replaces (a null, mostly), or made."""
    new = Map({})
    if replaced is not None:
        new.source, new.start, new.end = replaced.source, replaced.start, replaced.end
        new.key, new.origin = replaced.key, replaced.origin
    else:
        new.origin = origin
    return new
