"""Kustomize's two kinds of patches, on positioned nodes, and the selectors that aim them.

Patched values keep the place they are written at: the patch file's for what the patch
wrote, the base file's for the rest. Sources: kustomize v5.8.1, kyaml/yaml/merge2 and
kyaml/yaml/walk (strategic merge), evanphx/json-patch (JSON 6902), api/types/selector.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.edit import put, restated
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.graph.items import Item
    from kslint.resources import Resource
    from kslint.source.nodes import Node

    Keys = Mapping[str, tuple[str, ...]]

# Built-in kinds as the OpenAPI document inside kustomize knows them (Kubernetes v1.21.2); a
# kind outside it has no merge keys at all. Younger lists (`resourceClaims`) are replaced.
_METADATA = {"finalizers": ("",), "ownerReferences": ("uid",)}
_POD = {
    **_METADATA,
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
}
_BY_KIND: dict[str, dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("Pod", "PodTemplate", "ReplicationController", "Deployment", "ReplicaSet", "DaemonSet",
         "StatefulSet", "Job", "CronJob"),
        _POD,
    ),
    "Service": {**_METADATA, "ports": ("port", "protocol")},
    "ServiceAccount": {**_METADATA, "secrets": ("name",)},
    "MutatingWebhookConfiguration": {**_METADATA, "webhooks": ("name",)},
    "ValidatingWebhookConfiguration": {**_METADATA, "webhooks": ("name",)},
}  # fmt: skip
_BUILT_IN_GROUPS = frozenset(
    {"", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps",
     "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io",
     "extensions", "networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io",
     "scheduling.k8s.io", "storage.k8s.io"}
)  # fmt: skip
_DIRECTIVE = "$patch"


class PatchError(Exception):
    """A patch that kustomize would refuse to apply. The text says why."""


def merge_keys(resource: Resource) -> Keys:
    """The lists of a kind that merge by key, by field name; none for custom resources."""
    if resource.group not in _BUILT_IN_GROUPS:
        return {}
    return _BY_KIND.get(resource.kind, _METADATA)


def strategic_merge(base: Node | None, patch: Node, keys: Keys, field: str = "") -> Node | None:
    """`base` as kustomize patches it; None if the patch removes it.

    Mappings merge, lists of `keys` merge by key with the patch's items first, all else is
    replaced; null removes. `$patch: delete | replace | merge` is heard in mappings and in
    keyed lists. Nothing is taken back that the patch does not name: a `Recreate` over a
    `rollingUpdate` keeps both (there is no retainKeys).
    """
    if isinstance(patch, Map):
        directive = patch.string(_DIRECTIVE)
        if directive == "delete":
            return None
        if not isinstance(base, Map) or directive == "replace":
            base = patch.with_entries({})
        entries = dict(base.entries)
        for name, value in patch.entries.items():
            if name == _DIRECTIVE:
                continue
            merged = strategic_merge(entries.get(name), value, keys, name)
            if merged is None:
                entries.pop(name, None)
            else:
                entries[name] = merged
        return base.with_entries(entries)
    if patch.is_null:
        return None
    if isinstance(patch, Seq) and field in keys:
        return _merge_list(base, patch, keys[field], keys)
    return patch


def _merge_list(base: Node | None, patch: Seq, by: tuple[str, ...], keys: Keys) -> Node | None:
    """A keyed list. `by` is ("",) for lists of plain values."""
    left: dict[str, list[Node]] = {}
    """By the first of their keys: whoever has another one is none of its twins."""
    for other in () if base is None else base.elements():
        left.setdefault(_identity(other, by)[0], []).append(other)
    merged: list[Node] = []
    for item in patch.children:
        if isinstance(item, Map) and set(item.entries) == {_DIRECTIVE}:
            if item.string(_DIRECTIVE) == "delete":
                return None
            left = {}
            continue
        wanted = _identity(item, by)
        alike = left.get(wanted[0], [])
        if any(_half_same(_identity(other, by), wanted) for other in alike):
            continue
        twins = [other for other in alike if _identity(other, by) == wanted]
        if twins:
            left[wanted[0]] = [other for other in alike if other not in twins]
        result = item if by == ("",) else strategic_merge(twins[0] if twins else None, item, keys)
        if result is not None and not (isinstance(result, Map) and not result.entries):
            merged.append(result)
    kept = {id(other) for alike in left.values() for other in alike}
    rest = [] if base is None else [other for other in base.elements() if id(other) in kept]
    place = base if isinstance(base, Seq) else patch
    return place.with_children([*merged, *rest])


def _identity(item: Node, by: tuple[str, ...]) -> tuple[str, ...]:
    return (item.text or "",) if by == ("",) else tuple(item.string(key) or "" for key in by)


def _half_same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Do two identities agree but for a second key that only one of them has?

    Kustomize then keeps the base's item and loses the patch's: a port of `containerPort: 80`
    is not changed by a patch that says `containerPort: 80, protocol: TCP` (executed, v5.8.1).
    """
    return (
        one[0] == other[0]
        and one != other
        and all(a == b or not a or not b for a, b in zip(one[1:], other[1:], strict=True))
    )


def json_patch(body: Map, operations: Node) -> Map:
    """`body` after a list of JSON 6902 operations. Raises PatchError where one does not apply."""
    root: Node = body
    for operation in operations.elements():
        op, path = operation.string("op"), operation.string("path")
        value = operation.get("value")
        if path is None or op is None:
            raise PatchError("a JSON patch operation needs `op` and `path`")
        if op in ("move", "copy"):
            source = _pointer(operation.string("from") or "")
            value = _lookup(root, source)
            if value is None:
                raise PatchError(f"nothing stands at {operation.string('from')}")
            if op == "move":
                root = _apply(root, source, "remove", None)
            op = "add"
        if op not in ("add", "remove", "replace", "test"):
            raise PatchError(f"unknown JSON patch operation {op}")
        if value is None and op != "remove":
            value = restated("", operation)
            value.plain_style = True
        root = _apply(root, _pointer(path), op, value)
    if not isinstance(root, Map):
        raise PatchError("the patch leaves no object")
    return root


def _pointer(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise PatchError(f"JSON pointer {path} does not start with /")
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _lookup(node: Node | None, path: list[str]) -> Node | None:
    for step in path:
        if isinstance(node, Seq):
            node = node.at(int(step)) if step.isdecimal() and len(step) < 10 else None
        else:
            node = None if node is None else node.get(step)
    return node


def _apply(node: Node, path: list[str], op: str, value: Node | None) -> Node:
    if not path:
        if op == "test" and (value is None or value.plain() != node.plain()):
            raise PatchError("a JSON patch test does not hold")
        return node if op == "test" or value is None else value
    step, rest = path[0], path[1:]
    if isinstance(node, Seq):
        return _apply_in_list(node, step, rest, op, value)
    if not isinstance(node, Map):
        raise PatchError(f"nothing stands above /{step}")
    child = node.get(step)
    if rest or op == "test":
        if child is None:
            raise PatchError(f"nothing stands at /{step}")
        return node.with_entries({**node.entries, step: _apply(child, rest, op, value)})
    if child is None and op == "remove":  # but `replace` adds what is not there
        raise PatchError(f"there is no {step} to remove")
    entries = dict(node.entries)
    if op == "remove" or value is None:
        del entries[step]
    else:
        entries[step] = value
    return node.with_entries(entries)


def _apply_in_list(node: Seq, step: str, rest: list[str], op: str, value: Node | None) -> Seq:
    children = list(node.children)
    adding = op == "add" and not rest
    if step == "-" and adding and value is not None:
        return node.with_children([*children, value])
    if not step.removeprefix("-").isdecimal() or len(step) > 9:
        raise PatchError(f"{step} is no index of a list")
    index = int(step)
    index += len(children) + adding if index < 0 else 0
    if not 0 <= index < len(children) + adding:
        raise PatchError(f"index {step} is outside the list")
    if rest or op == "test":
        children[index] = _apply(children[index], rest, op, value)
    elif op == "remove" or value is None:
        del children[index]
    else:
        children[index : index + (op == "replace")] = [value]
    return node.with_children(children)


def same_identity(before: Map, after: Map, options: Node | None) -> Map:
    """A patch changes neither kind nor name unless its options say so, and never the namespace.

    Nor the version: what is patched gives its own to the patch (api/resmap ApplySmPatch, SetGvk).
    """
    kind, metadata = before.get("kind"), before.get("metadata")
    changes_kind = options is not None and options.boolean("allowKindChange") is True
    changes_name = options is not None and options.boolean("allowNameChange") is True
    if kind is not None and not changes_kind:
        after = put(after, ("kind",), kind)
    if (version := before.get("apiVersion")) is not None:
        after = put(after, ("apiVersion",), version)
    for field in ("name", "namespace"):
        value = None if metadata is None else metadata.get(field)
        if value is not None and not (field == "name" and changes_name):
            after = put(after, ("metadata", field), value)
        elif value is None and isinstance(own := after.get("metadata"), Map):
            entries = {k: v for k, v in own.entries.items() if k != field}
            after = put(after, ("metadata",), own.with_entries(entries))
    return after


def selected(target: Node, items: list[Item]) -> list[Item]:
    """The items a patch target selects; raises PatchError where it cannot be read."""
    found = []
    for item in items:
        first, last = item.ids[0], item.id
        if (
            full_match(target.string("namespace"), first.namespace, last.namespace)
            and full_match(target.string("name"), first.name, last.name)
            and full_match(target.string("group"), last.group)
            and full_match(target.string("version"), last.version)
            and full_match(target.string("kind"), last.kind)
            and _labels_match(target, "labelSelector", item, "labels")
            and _labels_match(target, "annotationSelector", item, "annotations")
        ):
            found.append(item)
    return found


def _labels_match(target: Node, field: str, item: Item, of: str) -> bool:
    selector = target.string(field)
    return not selector or selector_matches(selector, item.body.at("metadata", of))


def selector_matches(selector: str, values: Node | None) -> bool:
    """Does a label selector in string form (`a=b,c!=d,e in (f,g),!h`) match a mapping?

    Raises PatchError on what is no selector.
    """
    import re

    for part in _requirements(selector):
        match = re.fullmatch(r"(!?)\s*([^\s=!(),]+)(?:\s*(==?|!=|\bin\b|\bnotin\b)\s*(.*))?", part)
        if match is None:
            raise PatchError(f"{selector} is no label selector")
        absent, key, operator, wanted = match.groups()
        actual = None if values is None else values.string(key)
        accepted = [word.strip() for word in (wanted or "").strip("() ").split(",")]
        if operator is None:
            holds = (actual is None) == bool(absent)
        elif operator in ("!=", "notin"):
            holds = actual not in accepted
        else:
            holds = actual in accepted
        if not holds:
            return False
    return True


def _requirements(selector: str) -> Iterator[str]:
    """The parts of a selector between commas, but for those in parentheses."""
    part: list[str] = []
    for piece in selector.split(","):
        part.append(piece)
        if "(" not in part[0] or ")" in piece:
            yield ",".join(part).strip()
            part = []
    if part:
        yield ",".join(part).strip()


def full_match(pattern: str | None, *texts: str) -> bool:
    """Does an anchored regular expression match one of the texts? No pattern matches all.

    Raises PatchError where the pattern is none, or cannot be tried.
    """
    from kslint.source import regexes

    if not pattern:
        return True
    try:
        return any(regexes.full_match(pattern, text) for text in texts)
    except regexes.PatternError as error:
        raise PatchError(str(error)) from None
