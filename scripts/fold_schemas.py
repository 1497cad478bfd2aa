"""Fold the schemas of one API over several releases into one table of distinct nodes.

Usage:
    fold_schemas.py crds DIR -o TABLE.jsonl --source TEXT
    fold_schemas.py kubernetes DIR -o TABLE.jsonl --source TEXT [--facts FACTS.json]

``crds``: DIR holds a folder for each release, named ``1.4.1``, with the CustomResourceDefinitions
of that release in YAML files. ``kubernetes``: DIR holds the folders ``v1.34.0-local`` of the PyPI
package kubernetes-validate; FACTS holds what the API server's validation demands beyond them (see
``kslint/model/schemas/data/README.md``).

Output (JSON lines): a head, then a node a line.

    {"source": "...", "releases": ["1.4.1", ...], "kinds": {"<group>/<version>/<Kind>": [...]}}

A kind is ``[node, scope]`` or ``[node, scope, since, until]``: node is the number of its line
after the head, scope "Namespaced", "Cluster" or "" (not known), since the index of the first
release that serves it, until that of the first one that no longer does; null: no bound.

A node is ``[type]`` or ``[type, facets]``. Types are "object", "array", "string", "integer",
"number", "boolean", "int-or-string", "quantity" and "any". Facets, each left out where it does
not apply:

    p   properties: {field name: node}
    v   {field name: [since, until]} of those that not every release has
    i   node of the elements of an array
    a   node of the values of a map with free keys, or true
    r   required: field names the user must write (those with a default are not among them)
    e   enum: allowed values; with t, as the API server's validation of that release has them,
        where an empty text counts as none
    d   what validation says of another value, where that is not "Unsupported value"
    z   true: an empty text or list counts as missing
    u   true: unknown fields are kept, nothing below is known
    n   true: null is allowed
    k   list-map keys, s true: a set
    re  pattern, f format
    min, max, xmin, xmax   bounds, inclusive and exclusive; mul: multiple of
    lmin, lmax, imin, imax, pmin, pmax   length of a text, number of items, of entries

Where releases differ a node holds what all of them demand: a field is required if each release
that has its block requires it, the values of an enum are those of any release, a bound is the
widest. So what a node refuses, every release refuses.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LOADER.add_constructor("tag:yaml.org,2002:value", lambda _loader, node: node.value)  # `=`
_QUANTITY = r"(([KMGTPE]i)|[numkMGTPE]|"
"""What the pattern of every quantity in a CRD holds, and that of nothing else."""
_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})
_COPIED = {
    "enum": "e", "pattern": "re", "format": "f", "minLength": "lmin", "maxLength": "lmax",
    "minItems": "imin", "maxItems": "imax", "minProperties": "pmin", "maxProperties": "pmax",
    "multipleOf": "mul", "x-told-by": "t",
    "x-detail": "d",
}  # fmt: skip
_FLAGS = {
    "x-kubernetes-preserve-unknown-fields": "u", "nullable": "n", "x-not-empty": "z",
}  # fmt: skip
_LOWER = ("min", "xmin", "lmin", "imin", "pmin")
_UPPER = ("max", "xmax", "lmax", "imax", "pmax")
_FREE = ("any", {"u": True})
_COMMON = frozenset({"apiVersion", "kind", "metadata", "status"})
"""Fields at the top of every object, which are not folded."""

Node = tuple[str, dict[str, Any]]


class FoldError(Exception):
    """The input holds something the folded form cannot express."""


class Release:
    """The schemas of one release: distinct nodes, children by number."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.kinds: dict[str, tuple[int, str]] = {}
        self._index: dict[str, int] = {}

    def intern(self, node: Node) -> int:
        text = _compact(node)
        index = self._index.get(text)
        if index is None:
            index = self._index[text] = len(self.nodes)
            self.nodes.append(node)
        return index

    def reserve(self) -> int:
        """A place for a node that holds itself."""
        self.nodes.append(_FREE)
        return len(self.nodes) - 1


class Folder:
    """Folds schemas of one release; `$ref` names one of `definitions`."""

    def __init__(
        self,
        release: Release,
        definitions: dict[str, Any] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        self.release = release
        self.definitions = definitions or {}
        self.facts = facts or {"required": {}, "enum": {}, "invalid": {}}
        self._done: dict[str, int] = {}
        self._open: dict[str, int | None] = {}

    def add(self, schema: dict[str, Any], name: str = "") -> int:
        """The number of a schema's node. `name` is that of the definition, if it is one."""
        if "$ref" in schema:
            return self._referred(schema["$ref"].rpartition("/")[2])
        type_, facets = _own(schema, self.definitions, name)
        fields = schema.get("properties") or {}
        if fields:
            facets["p"] = {
                field: self._field(name, field, fields[field]) for field in sorted(fields)
            }
        if isinstance(schema.get("items"), dict):
            facets["i"] = self.add(schema["items"])
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            facets["a"] = self.add(extra) if extra else self.release.intern(_FREE)
        elif extra:
            facets["a"] = True
        required = self._demanded(name, schema)
        if required:
            facets["r"] = sorted(required)
        return self.release.intern((type_, facets))

    def _demanded(self, name: str, schema: dict[str, Any]) -> list[str]:
        """The fields that a block must have: those of a definition by what validation demands."""
        fields = schema.get("properties", {})
        if self.definitions:
            return [field for field in self.facts["required"].get(name, ()) if field in fields]
        required = schema.get("required", ())
        return [field for field in required if "default" not in fields.get(field, {})]

    def _field(self, owner: str, field: str, schema: dict[str, Any]) -> int:
        """A field's node, with the values that the API server's validation allows in it."""
        values = self.facts["enum"].get(f"{owner}.{field}")
        each = self.facts["enum"].get(f"{owner}.{field}[]")
        told = {"x-told-by": self.facts.get("release")}
        invalid = self.facts["invalid"].get(f"{owner}.{field}")
        if invalid:
            values, told["x-detail"] = invalid
        if values:
            schema = {**schema, **told, "enum": values}
        elif each:
            schema = {**schema, "items": {**schema["items"], **told, "enum": each}}
        if field in self.facts["required"].get(owner, ()):
            schema = {**schema, "x-not-empty": True}
        return self.add(schema)

    def _referred(self, name: str) -> int:
        if name in self._open:  # a schema within itself
            index = self._open[name]
            if index is None:
                index = self._open[name] = self.release.reserve()
            return index
        if name not in self._done:
            self._open[name] = None
            index = self.add(self.definitions[name], name)
            pinned = self._open.pop(name)
            if pinned is not None:
                self.release.nodes[pinned] = self.release.nodes[index]
                index = pinned
            self._done[name] = index
        return self._done[name]


_KNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ("quantity", {}),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ("int-or-string", {}),
    "io.k8s.apimachinery.pkg.runtime.RawExtension": _FREE,
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": _FREE,
}
"""Types of Kubernetes that say of themselves less than they know."""


def _own(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> Node:
    """The type of a schema, and the facets that concern no other node."""
    if name in _KNOWN:
        known, own = _KNOWN[name]
        return known, dict(own)
    facets: dict[str, Any] = {}
    written = schema.get("type", "any")
    type_: str = (
        next(each for each in written if each != "null") if isinstance(written, list) else written
    )
    if schema.get("x-kubernetes-int-or-string"):
        type_ = "quantity" if _QUANTITY in schema.get("pattern", "") else "int-or-string"
    elif type_ not in _TYPES:
        type_, facets = "any", {"u": True}
    for keyword, short in _COPIED.items():
        if keyword in schema:
            facets[short] = schema[keyword]
    if type_ == "quantity":
        facets.pop("re", None)
    if (
        definitions
        and type_ == "object"
        and not (set(schema) & {"properties", "additionalProperties"})
    ):
        facets["u"] = True  # ManagedFields, an embedded object
    for keyword, short in _FLAGS.items():
        if schema.get(keyword):
            facets[short] = True
    kind = None if definitions else schema.get("x-kubernetes-list-type")
    if kind == "map":
        facets["k"] = list(schema["x-kubernetes-list-map-keys"])
    elif kind == "set":
        facets["s"] = True
    for keyword, exclusive, short in (
        ("minimum", "exclusiveMinimum", "min"),
        ("maximum", "exclusiveMaximum", "max"),
    ):
        if keyword in schema:
            facets["x" + short if schema.get(exclusive) else short] = schema[keyword]
    return type_, facets


class Merger:
    """Merges the nodes of all releases into one table."""

    def __init__(self, releases: list[Release]) -> None:
        self.releases = releases
        self.lines: list[str] = []
        self._index: dict[str, int] = {}
        self._done: dict[tuple[tuple[int, int], ...], int] = {}
        self._open: dict[tuple[tuple[int, int], ...], int | None] = {}

    def merge(self, places: tuple[tuple[int, int], ...]) -> int:
        """The line of one node, which stands at a (release, number) each."""
        if places in self._done:
            return self._done[places]
        if places in self._open:
            index = self._open[places]
            if index is None:
                index = self._open[places] = len(self.lines)
                self.lines.append("")
            return index
        self._open[places] = None
        node = self._merged(places)
        text = _compact(node if node[1] else node[:1])
        pinned = self._open.pop(places)
        if pinned is not None:
            self.lines[pinned] = text
            index = pinned
        elif text in self._index:
            index = self._index[text]
        else:
            index = self._index[text] = len(self.lines)
            self.lines.append(text)
        self._done[places] = index
        return index

    def _merged(self, places: tuple[tuple[int, int], ...]) -> Node:
        nodes = [(number, *self.releases[number].nodes[index]) for number, index in places]
        type_ = _common([kind for _, kind, _ in nodes])
        every = [facets for _, _, facets in nodes]
        if type_ is None:
            return _FREE
        made: dict[str, Any] = {}
        fields = sorted({name for facets in every for name in facets.get("p", ())})
        if fields:
            made["p"] = {}
            for name in fields:
                where = tuple((n, f["p"][name]) for n, _, f in nodes if name in f.get("p", ()))
                made["p"][name] = self.merge(where)
                span = _span([n for n, _ in where], [n for n, _, _ in nodes])
                if span != [None, None]:
                    made.setdefault("v", {})[name] = span
        for key in ("i", "a"):
            where = tuple((n, f[key]) for n, _, f in nodes if type(f.get(key)) is int)
            if any(f.get(key) is True for f in every):
                made[key] = True
            elif where:
                made[key] = self.merge(where)
        made.update(_combined(every))
        return type_, made


def _combined(every: list[dict[str, Any]]) -> dict[str, Any]:
    """The facets of a node that all releases agree to, or that the mildest one has."""
    made: dict[str, Any] = {}
    required = set.intersection(*(set(facets.get("r", ())) for facets in every))
    if required:
        made["r"] = sorted(required)
    for key in ("u", "n", "z"):
        if any(key in facets for facets in every):
            made[key] = True
    if all("e" in facets for facets in every):
        values = list(every[-1]["e"])
        for facets in every:
            values += [value for value in facets["e"] if value not in values]
        made["e"] = values
    for key in ("k", "s", "re", "f", "mul", "t", "d"):
        if all(facets.get(key) == every[0].get(key) for facets in every) and key in every[0]:
            made[key] = every[0][key]
    for keys, widest in ((_LOWER, min), (_UPPER, max)):
        for key in keys:
            if all(key in facets for facets in every):
                made[key] = widest(facets[key] for facets in every)
    return made


def _common(types: list[str]) -> str | None:
    """The type that takes what any of the types takes."""
    found = set(types)
    if len(found) == 1:
        return types[0]
    if found <= {"integer", "string", "int-or-string", "quantity"}:
        return "int-or-string"
    return "number" if found == {"integer", "number"} else None


def _span(present: list[int], all_: list[int]) -> list[int | None]:
    """From and to which release something is there; gaps count as there."""
    since = None if present[0] == all_[0] else present[0]
    until = None if present[-1] == all_[-1] else present[-1] + 1
    return [since, until]


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def table(names: list[str], releases: list[Release], source: str) -> str:
    """The folded form of all releases, oldest first, as text."""
    merger = Merger(releases)
    kinds: dict[str, list[Any]] = {}
    for key in sorted({key for release in releases for key in release.kinds}):
        where = [(n, r.kinds[key]) for n, r in enumerate(releases) if key in r.kinds]
        node = merger.merge(tuple((n, kind[0]) for n, kind in where))
        span = _span([n for n, _ in where], list(range(len(releases))))
        kinds[key] = [node, where[-1][1][1], *(span if span != [None, None] else ())]
    if not kinds:
        raise FoldError("no kind in the input")
    head = {"source": source, "releases": names, "kinds": kinds}
    return "\n".join([json.dumps(head, separators=(",", ":")), *merger.lines]) + "\n"


def of_crds(folder: Path) -> Release:
    """The CustomResourceDefinitions in the files of a folder. Channels of one kind are merged."""
    channels = [Release()]
    for file in sorted(folder.rglob("*.yaml")):
        lines = file.read_text(encoding="utf-8").split("\n")
        text = "\n".join(line for line in lines if "{{" not in line)  # a chart's
        for document in yaml.load_all(text, Loader=_LOADER):
            if _is_definition(document):
                for key, scope, schema in _versions(document["spec"]):
                    free = next((c for c in channels if key not in c.kinds), None)
                    if free is None:
                        channels.append(free := Release())
                    free.kinds[key] = (Folder(free).add(schema), scope)
    return channels[0] if len(channels) == 1 else _joined(channels)


def _is_definition(document: Any) -> bool:
    """Is it a definition, and no patch of one?"""
    return (
        isinstance(document, dict)
        and document.get("kind") == "CustomResourceDefinition"
        and "versions" in document.get("spec", ())
    )


def _versions(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for version in spec["versions"]:
        if version.get("served") and "openAPIV3Schema" in version.get("schema", {}):
            key = f"{spec['group']}/{version['name']}/{spec['names']['kind']}"
            schema = dict(version["schema"]["openAPIV3Schema"])
            fields = schema.get("properties", {})
            rest = {name: field for name, field in fields.items() if name not in _COMMON}
            required = [name for name in schema.get("required", ()) if name not in _COMMON]
            yield key, spec["scope"], {**schema, "properties": rest, "required": required}


def _joined(channels: list[Release]) -> Release:
    """Channels of one release (standard and experimental) as one: what any of them takes."""
    merger, joined = Merger(channels), Release()
    for key in {key for channel in channels for key in channel.kinds}:
        where = [(n, c.kinds[key]) for n, c in enumerate(channels) if key in c.kinds]
        joined.kinds[key] = (merger.merge(tuple((n, k[0]) for n, k in where)), where[0][1][1])
    for line in merger.lines:
        node = json.loads(line)
        facets = node[1] if len(node) > 1 else {}
        facets.pop("v", None)
        joined.nodes.append((node[0], facets))
    return joined


def of_kubernetes(folder: Path, facts: dict[str, Any] | None) -> Release:
    """The kinds in the `_definitions.json` of one release."""
    text = (folder / "_definitions.json").read_text(encoding="utf-8")
    definitions = json.loads(text)["$defs"]
    release = Release()
    own = Folder(release, definitions, facts)
    metadata = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    release.kinds["//ObjectMeta"] = (own.add({"$ref": metadata}), "")
    for name, definition in sorted(definitions.items()):
        for kind in definition.get("x-kubernetes-group-version-kind", ()):
            fields = definition.get("properties", {})
            if "metadata" in fields and not kind["kind"].endswith("List"):
                key = f"{kind['group']}/{kind['version']}/{kind['kind']}"
                rest = {field: schema for field, schema in fields.items() if field not in _COMMON}
                release.kinds[key] = (own.add({**definition, "properties": rest}, name), "")
    return release


def _releases(folder: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    """The releases in a folder, oldest first."""
    found = [(m.group(1), p) for p in folder.iterdir() if (m := re.fullmatch(pattern, p.name))]
    return iter(sorted(found, key=lambda each: [int(n) for n in each[0].split(".")]))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Fold schemas of several releases into a table.")
    parser.add_argument("what", choices=["crds", "kubernetes"])
    parser.add_argument("directory", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    parser.add_argument("--source", required=True, help="text for the field 'source'")
    parser.add_argument("--facts", type=Path, help="what validation demands beyond the schemas")
    parser.add_argument("--since", default="0", help="the oldest release to fold")
    options = parser.parse_args(arguments)
    facts = json.loads(options.facts.read_text(encoding="utf-8")) if options.facts else None
    read: Callable[[Path], Release] = of_crds
    pattern = r"(\d+(?:\.\d+)*)"
    if options.what == "kubernetes":
        pattern = r"v(\d+\.\d+)\.\d+-local"
        read = lambda path: of_kubernetes(path, facts)  # noqa: E731
    oldest = [int(n) for n in options.since.split(".")]
    found = [
        (name, path)
        for name, path in _releases(options.directory, pattern)
        if [int(n) for n in name.split(".")] >= oldest
    ]
    try:
        text = table([name for name, _ in found], [read(path) for _, path in found], options.source)
        options.output.write_text(text, encoding="utf-8")
    except (FoldError, OSError, yaml.YAMLError) as error:
        print(f"fold_schemas.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
