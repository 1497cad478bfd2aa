"""Fold CustomResourceDefinition schemas into one table of distinct nodes.

Usage:
    fold_kserve.py CRD.yaml [CRD.yaml ...] -o schemas.json [--source TEXT]

Every served version of every CustomResourceDefinition found in the input files
becomes one entry of ``kinds``.  Descriptions, titles, examples, defaults,
formats and CEL rules are dropped; identical subtrees share one node.

Output (JSON, one node per line):

    {"version": 1,
     "source": "...",                                  (only with --source)
     "kinds": {"<group>/<version>/<Kind>": <node index>, ...},
     "scopes": {"<group>/<version>/<Kind>": "Namespaced" | "Cluster", ...},
     "nodes": [<node>, ...]}

A node is a list of one or two items: ``[type]`` or ``[type, facets]``.

``type`` is one of "object", "array", "string", "integer", "number", "boolean",
"int-or-string" and "any".

``facets`` is an object; a key that does not apply is left out:

    p   properties: {field name: node index}
    i   items: node index of the elements of an array
    a   additionalProperties: node index of the values of a map, or true/false
    r   required: sorted list of field names the user must write
    e   enum: list of the allowed values
    u   true: unknown fields are preserved (no field below is checked)
    n   true: null is allowed
    k   list-map keys: elements of this array are identified by these fields
        (a key field the element leaves out counts as its default)
    s   true: the array is a set, its elements are unique
    re  pattern (RE2); on "int-or-string" it applies to strings only
    min, max            inclusive numeric bounds
    xmin, xmax          exclusive numeric bounds
    lmin, lmax          length of a string, in characters
    imin, imax          number of items of an array
    pmin, pmax          number of entries of an object

Reading rules:

* A field name that is neither in ``p`` nor covered by ``a`` is unknown, unless
  ``u`` is set.  An "object" without p, a and u therefore accepts no field.
* A required field for which the schema has a default is not listed in ``r``,
  because the API server fills it in before it validates.
* ``metadata`` and ``status`` at the top of an object are free-form.
* Children have a lower index than their parents.

The output depends only on the content of the input files, not on their order.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT_VERSION = 1

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})

_FREE_FORM: Mapping[str, Any] = {
    "type": "object",
    "x-kubernetes-preserve-unknown-fields": True,
}

# Facets that are copied as they stand: name in the CRD -> name in the node.
_COPIED = {
    "enum": "e",
    "pattern": "re",
    "minLength": "lmin",
    "maxLength": "lmax",
    "minItems": "imin",
    "maxItems": "imax",
    "minProperties": "pmin",
    "maxProperties": "pmax",
}

# Schema keywords that carry nothing the folded form keeps.
_DROPPED = frozenset(
    {
        "default",
        "description",
        "example",
        "externalDocs",
        "format",
        "title",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-map-type",
        "x-kubernetes-validations",
    }
)

# Schema keywords that ``Folder.add`` interprets.
_READ = frozenset(_COPIED) | {
    "additionalProperties",
    "anyOf",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maximum",
    "minimum",
    "nullable",
    "properties",
    "required",
    "type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
}


class FoldError(Exception):
    """The input holds something the folded form cannot express."""


class Folder:
    """Collects schema nodes and gives identical ones the same index."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self._index: dict[str, int] = {}

    def add(self, schema: Mapping[str, Any], where: str) -> int:
        """Fold one schema and everything below it; return its node index."""
        unknown = set(schema) - _READ - _DROPPED
        if unknown:
            raise FoldError(f"{where}: unsupported keyword {', '.join(sorted(unknown))}")
        facets: dict[str, Any] = {}
        properties = schema.get("properties")
        if properties:
            facets["p"] = {
                name: self.add(properties[name], f"{where}.{name}") for name in sorted(properties)
            }
        if isinstance(schema.get("items"), Mapping):
            facets["i"] = self.add(schema["items"], f"{where}[]")
        extra = schema.get("additionalProperties")
        if isinstance(extra, Mapping):
            facets["a"] = self.add(extra, f"{where}{{}}")
        elif extra is not None:
            facets["a"] = bool(extra)
        required = _required(schema)
        if required:
            facets["r"] = required
        if schema.get("x-kubernetes-preserve-unknown-fields"):
            facets["u"] = True
        if schema.get("nullable"):
            facets["n"] = True
        list_type = schema.get("x-kubernetes-list-type")
        if list_type == "map":
            facets["k"] = list(schema["x-kubernetes-list-map-keys"])
        elif list_type == "set":
            facets["s"] = True
        for keyword, short in _COPIED.items():
            if keyword in schema:
                facets[short] = schema[keyword]
        _bounds(schema, facets)
        return self._intern([_type(schema, where), facets] if facets else [_type(schema, where)])

    def _intern(self, node: list[Any]) -> int:
        text = _compact(node)
        index = self._index.get(text)
        if index is None:
            index = self._index[text] = len(self.nodes)
            self.nodes.append(text)
        return index


def _type(schema: Mapping[str, Any], where: str) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    if "anyOf" in schema:
        raise FoldError(f"{where}: anyOf is supported only for int-or-string")
    name = schema.get("type")
    if name is None:
        return "any"
    if name not in _TYPES:
        raise FoldError(f"{where}: unsupported type {name!r}")
    return str(name)


def _required(schema: Mapping[str, Any]) -> list[str]:
    properties = schema.get("properties") or {}
    return sorted(
        name for name in schema.get("required") or [] if "default" not in properties.get(name, {})
    )


def _bounds(schema: Mapping[str, Any], facets: dict[str, Any]) -> None:
    for keyword, exclusive, short in (
        ("minimum", "exclusiveMinimum", "min"),
        ("maximum", "exclusiveMaximum", "max"),
    ):
        if keyword in schema:
            facets["x" + short if schema.get(exclusive) else short] = schema[keyword]


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def read_crds(paths: Iterable[Path]) -> Iterator[Mapping[str, Any]]:
    """Yield the CustomResourceDefinition documents of the files."""
    for path in paths:
        try:
            with path.open(encoding="utf-8") as stream:
                for document in yaml.load_all(stream, Loader=_LOADER):
                    if (
                        isinstance(document, Mapping)
                        and document.get("kind") == "CustomResourceDefinition"
                        and "versions" in document.get("spec", {})
                    ):
                        yield document
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise FoldError(f"{path}: {error}") from error


def fold(crds: Iterable[Mapping[str, Any]], source: str | None = None) -> str:
    """Return the folded form of the CRDs as JSON text."""
    schemas: dict[str, Mapping[str, Any]] = {}
    scopes: dict[str, str] = {}
    for crd in crds:
        spec = crd["spec"]
        for version in spec["versions"]:
            if not version.get("served"):
                continue
            key = f"{spec['group']}/{version['name']}/{spec['names']['kind']}"
            root = dict(version["schema"]["openAPIV3Schema"])
            root["properties"] = {
                **root.get("properties", {}),
                "metadata": _FREE_FORM,
                "status": _FREE_FORM,
            }
            if schemas.setdefault(key, root) != root:
                raise FoldError(f"{key}: two different schemas")
            scopes[key] = str(spec["scope"])
    if not schemas:
        raise FoldError("no CustomResourceDefinition in the input")
    folder = Folder()
    kinds = {key: folder.add(schemas[key], key) for key in sorted(schemas)}
    head = [f'"version":{FORMAT_VERSION}']
    if source is not None:
        head.append(f'"source":{_compact(source)}')
    return (
        "{"
        + ",\n".join(head)
        + ',\n"kinds":'
        + json.dumps(kinds, indent=1)
        + ',\n"scopes":'
        + json.dumps(scopes, indent=1, sort_keys=True)
        + ',\n"nodes":[\n'
        + ",\n".join(folder.nodes)
        + "\n]}\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Fold CRD schemas into a table of nodes.")
    parser.add_argument("crds", nargs="+", type=Path, metavar="CRD.yaml", help="CRD files to read")
    parser.add_argument("-o", "--output", required=True, type=Path, help="JSON file to write")
    parser.add_argument("--source", help="text for the field 'source' of the output")
    options = parser.parse_args(arguments)
    try:
        text = fold(read_crds(options.crds), options.source)
        options.output.write_text(text, encoding="utf-8")
    except (FoldError, OSError) as error:
        print(f"fold_kserve.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
