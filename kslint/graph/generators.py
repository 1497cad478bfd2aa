"""ConfigMaps and Secrets that kustomize's generators make of literals and files.

Source: kustomize v5.8.1, api/internal/generators and api/types/{generatorargs,kvpairsources}.go.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.graph.edit import listing, put, restated
from kslint.graph.items import Item
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.source.nodes import Node

    Texts = Callable[[str], str | None]
    """What stands in a file, by its name; None if that is not in the input."""

_KINDS = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}


def generated(directory: str, root: Map, text_of: Texts) -> Iterator[tuple[Item, str]]:
    """The objects of a kustomization's generators, each with its `behavior`.

    Names are without the hash suffix. Contents of files that are not in the input are left
    out, and the item is then not `known`.
    """
    options = root.get("generatorOptions")
    for field, kind in _KINDS.items():
        for entry in listing(root, field):
            name = entry.get("name")
            if name is None or not name.text:
                continue
            own = entry.get("options")
            data, known = _data(directory, entry, text_of, kind == "Secret")
            body = _body(entry, kind, name, data, [options, own])
            item = Item(body, _file(entry, directory), generated=True)
            item.known = known
            plain = [o.boolean("disableNameSuffixHash") for o in (options, own) if o is not None]
            item.hashed = True not in plain
            yield item, entry.string("behavior") or "create"


def combined(old: Map, new: Map, behavior: str) -> Map:
    """An earlier object after a generator with behavior `merge` or `replace`."""
    entries = dict(old.entries)
    for field in ("data", "binaryData"):
        kept, added = old.get(field), new.get(field)
        if isinstance(added, Map):
            base = kept.entries if isinstance(kept, Map) and behavior == "merge" else {}
            entries[field] = added.with_entries({**base, **added.entries})
    merged = old.with_entries(entries)
    for field in ("labels", "annotations"):
        added = new.at("metadata", field)
        if isinstance(added, Map):
            kept = old.at("metadata", field)
            base = kept.entries if isinstance(kept, Map) else {}
            merged = put(merged, ("metadata", field), added.with_entries({**base, **added.entries}))
    return merged


def _body(entry: Node, kind: str, name: Node, data: Map, options: list[Node | None]) -> Map:
    metadata: dict[str, Node] = {"name": name}
    namespace = entry.get("namespace")
    if namespace is not None:
        metadata["namespace"] = namespace
    for field in ("labels", "annotations"):
        pairs: dict[str, Node] = {}
        for option in options:
            found = None if option is None else option.get(field)
            pairs.update({} if found is None else dict(found.items()))
        if pairs:
            metadata[field] = Map({k: restated(v.text or "", v) for k, v in pairs.items()})
    body: dict[str, Node] = {
        "apiVersion": restated("v1", entry),
        "kind": restated(kind, entry),
        "metadata": Map(metadata),
    }
    if data.entries:
        body["data"] = data
    if kind == "Secret":
        body["type"] = entry.get("type") or restated("Opaque", entry)
    for option in options:
        immutable = None if option is None else option.get("immutable")
        if immutable is not None:
            body["immutable"] = immutable
    made = Map(body)
    made.source, made.start, made.end, made.key = entry.source, entry.start, entry.end, entry.key
    return made


def _data(directory: str, entry: Node, text_of: Texts, secret: bool) -> tuple[Map, bool]:
    values: dict[str, Node] = {}
    known = not any(True for _ in listing(entry, "envs")) and entry.get("env") is None
    for node in listing(entry, "files"):
        key, _, path = (node.text or "").rpartition("=")
        text = text_of(posixpath.normpath(posixpath.join(directory, path)))
        if text is None:
            known = False
        else:
            values[key or posixpath.basename(path)] = restated(_shown(text, secret), node)
    for node in listing(entry, "literals"):
        key, _, value = (node.text or "").partition("=")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[key] = restated(_shown(value, secret), node)
    return Map(values), known


def _shown(text: str, secret: bool) -> str:
    if not secret:
        return text
    import base64

    return base64.b64encode(text.encode()).decode()


def _file(entry: Node, directory: str) -> str:
    return entry.source.name if entry.source is not None else directory
