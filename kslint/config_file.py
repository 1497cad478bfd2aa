"""Configuration files: `kslint.yaml`, or `[tool.kslint]` in pyproject.toml.

Found upward from the input, validated against `config.schema.json`, with every mistake at its
line. Parsers and validators are imported only where there is a file to read.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.config import Cluster, Config, Node, PerPath, Taint
from kslint.source.files import CONFIG_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.source import nodes
    from kslint.source.files import Source

PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "kslint")

Path = tuple["str | int", ...]
"""Keys and indices from the configuration's root down to a value."""


class ConfigError(Exception):
    """A configuration that cannot be used. `mistakes` are lines like a compiler's."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class Mistake(NamedTuple):
    """One thing wrong, with its place: `file:line:column: message`, in TOML `file: message`."""

    line: int
    column: int
    text: str


class ConfigFile:
    """A configuration file that was parsed, not yet validated."""

    def __init__(
        self, name: str, directory: str, data: Any, root: nodes.Node | None = None
    ) -> None:
        self.name = name
        self.directory = directory
        self.data = data
        self._root = root

    def mistake(self, path: Path, message: str) -> Mistake:
        """A mistake at the value, or unknown key, that `path` leads to."""
        node = None if self._root is None else self._root.at(*path)
        span = None if node is None else node.place
        if span is None:
            return Mistake(0, 0, f"{self.name}: {message}")
        return Mistake(span.line, span.column, f"{span}: {message}")

    def label(self, path: Path) -> str:
        """A path as messages write it: `cluster.nodes[0].name`."""
        text = "" if self._root is not None else ".".join(_TABLE)
        for step in path:
            if isinstance(step, int):
                text += f"[{step}]"
            elif step.replace("-", "").replace("_", "").isalnum():
                text += f".{step}" if text else step
            else:
                text += f'["{_text(step)}"]'
        return text

    def mistakes(self) -> list[Mistake]:
        """Everything that the schema, or a pattern's syntax, does not allow; in file order."""
        from jsonschema import Draft202012Validator

        known = schema()
        found = {
            self.mistake(path, message)
            for error in Draft202012Validator(known).iter_errors(self.data)
            for path, message in _explained(error, self, known)
        }
        for path, glob in (*self._texts("exclude"), *self._keys("perPath")):
            if not _is_pattern(glob):
                message = f"`{_text(glob)}` is not a gitignore pattern that matches anything"
                found.add(self.mistake(path, message))
        return sorted(found)

    def selectors(self) -> list[tuple[Path, str]]:
        """Every place that means rules by name."""
        found = [*self._texts("select"), *self._texts("ignore"), *self._keys("severity")]
        for path, _ in self._keys("perPath"):
            found += self._texts(*path, "ignore")
        return found

    def machines(self) -> list[tuple[Path, str]]:
        """The machine types of pools that do not declare both allocatable cpu and memory."""
        found: list[tuple[Path, str]] = []
        pools = _at(self.data, ("cluster", "nodes"))
        for index, pool in enumerate(pools if isinstance(pools, list) else ()):
            stated = _at(pool, ("allocatable",))
            full = isinstance(stated, dict) and stated.keys() >= {"cpu", "memory"}
            name = _at(pool, ("machine",))
            if isinstance(name, str) and not full:
                found.append((("cluster", "nodes", index, "machine"), name))
        return found

    def config(self, others: Iterable[Mistake] = ()) -> Config:
        """The configuration. Raises ConfigError with every mistake, and those of `others`."""
        if mistakes := sorted({*self.mistakes(), *others}):
            raise ConfigError(mistake.text for mistake in mistakes)
        return _config(self.data or {})._replace(file=self.name, directory=self.directory)

    def _texts(self, *path: str | int) -> list[tuple[Path, str]]:
        items = _at(self.data, path)
        listed = items if isinstance(items, list) else []
        return [((*path, n), item) for n, item in enumerate(listed) if isinstance(item, str)]

    def _keys(self, name: str) -> list[tuple[Path, str]]:
        section = _at(self.data, (name,))
        return [((name, key), key) for key in section] if isinstance(section, dict) else []


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration."""
    import json

    found: dict[str, Any] = json.loads(schema_text())
    return found


def schema_text() -> str:
    """The JSON Schema as it is shipped."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "config.schema.json")
    with open(file, encoding="utf-8") as handle:
        return handle.read()


def find(path: str = ".") -> str | None:
    """The nearest configuration file upward from a path given on the command line.

    The search ends at a directory that holds `.git`, or at the root of the file system. Stdin
    and pipes stand for the working directory. Raises ConfigError where one directory has two.
    """
    directory = os.path.abspath(path)
    if path == "-" or (os.path.exists(path) and not os.path.isdir(path) | os.path.isfile(path)):
        directory = os.getcwd()
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    while True:
        files = in_directory(directory)
        if len(files) > 1:
            from kslint.source.files import display

            names = " and ".join(display(file) for file in files)
            raise ConfigError([f"{names} configure kslint in one directory: keep one"])
        parent = os.path.dirname(directory)
        if files:
            return files[0]
        if parent == directory or os.path.exists(os.path.join(directory, ".git")):
            return None
        directory = parent


def in_directory(directory: str) -> list[str]:
    """The configuration files of one directory. Raises ConfigError on a broken pyproject.toml."""
    files = [os.path.join(directory, name) for name in CONFIG_FILES]
    found = [file for file in files if os.path.isfile(file)]
    project = os.path.join(directory, PYPROJECT)
    if os.path.isfile(project):
        data = _bytes(project).data
        if b"kslint" in data and b"tool" in data and _table(project) is not None:
            found.append(project)
    return found


def read(file: str) -> ConfigFile:
    """Parse a configuration file. Raises ConfigError if it cannot be read or parsed."""
    source, directory = _bytes(file), os.path.dirname(os.path.abspath(file))
    if file.endswith(".toml"):
        table = _table(file)
        if table is None:
            raise ConfigError([f"{source.name}: has no table [{'.'.join(_TABLE)}]"])
        return ConfigFile(source.name, directory, table)
    root = _root(source)
    return ConfigFile(source.name, directory, _plain(root), root)


def _is_pattern(glob: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        return any(p.include is not None for p in GitIgnoreSpec.from_lines([glob]).patterns)
    except ValueError:
        return False


def _bytes(file: str) -> Source:
    from kslint.source import files

    found = files.Found(os.path.abspath(file), files.display(file), True)
    source = files.read(found)
    if isinstance(source, files.InputProblem):
        raise ConfigError([f"{source.file}: {source.message}"])
    return source


def _root(source: Source) -> nodes.Node | None:
    """The one document of a YAML file; None if it is empty."""
    from kslint.source.parser import YamlError, compose

    try:
        documents = list(compose(source, source.data))
    except YamlError as problem:
        raise ConfigError([f"{problem.span}: {problem.message}"]) from None
    mistakes = [f"{d.root.span}: a configuration is one YAML document" for d in documents[1:]]
    for name, again, first in (twice for d in documents for twice in d.duplicates):
        line = "" if first.span is None else f", first in line {first.span.line}"
        mistakes.append(f"{again.span}: key `{_text(name)}` stands twice in one mapping{line}")
    if mistakes:
        raise ConfigError(mistakes)
    return documents[0].root if documents else None


def _plain(node: nodes.Node | None) -> Any:
    """Plain data. Fractions stay as they are written (0.20 is no 0.2), `off` and `yes` text."""
    from kslint.source.nodes import Map, Scalar

    if isinstance(node, Map):
        return {name: _plain(child) for name, child in node.items()}
    if isinstance(node, Scalar):
        value = node.value
        word = isinstance(value, bool) and node.literal.lower() not in ("true", "false")
        return node.literal if word or isinstance(value, float) else value
    return None if node is None else [_plain(child) for child in node.elements()]


def _table(file: str) -> dict[str, Any] | None:
    """The table [tool.kslint] of a TOML file; None if it has none. Fractions stay text."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    source = _bytes(file)
    try:
        table: Any = tomllib.loads(source.data.decode("utf-8"), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{source.name}: cannot be read as TOML: {error}"]) from None
    found = _at(table, _TABLE)
    return found if isinstance(found, dict) else None


def _at(data: Any, path: Path) -> Any:
    for step in path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
        else:
            data = data.get(step) if isinstance(data, dict) else None
    return data


_WORDS = {
    "object": "a mapping", "array": "a list", "string": "text", "number": "a number",
    "integer": "a whole number", "boolean": "true or false",
}  # fmt: skip


def _explained(error: Any, file: ConfigFile, known: Any) -> Iterator[tuple[Path, str]]:
    """A validation error in our words: where, and what to write instead."""
    path: Path = tuple(error.absolute_path)
    label, shown, wanted = file.label(path), _shown(error.instance), error.validator_value
    name = f"`{label}`" if label else "the configuration"
    if error.validator == "additionalProperties":
        for key in error.instance.keys() - error.schema["properties"].keys():
            message = f"unknown key `{_text(key)}`{_nearest(key, error.schema, known)}"
            yield (*path, key), message
    elif error.validator == "required":
        missing = [f"`{key}`" for key in wanted if key not in error.instance]
        yield path, f"{name} needs {' and '.join(missing)}"
    elif error.validator == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        words = _either([_WORDS[kind] for kind in kinds if kind != "null"])
        scalar = wanted == "string" and isinstance(error.instance, (bool, int))
        yield path, f"{name} must be {words}, not {shown}{': quote it' if scalar else ''}"
    elif error.validator == "enum":
        words = _either([str(value) for value in wanted])
        yield path, f"{name} must be {words}, not {shown}{_close(error.instance, wanted)}"
    elif error.validator == "minimum":
        yield path, f"{name} must be {wanted} or more, not {shown}"
    else:
        yield path, f"{name} {error.schema['patternErrorMessage']}, not {shown}"


def _either(words: list[str]) -> str:
    """`a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _shown(value: Any) -> str:
    """A value for a message."""
    if isinstance(value, (dict, list)):
        return _WORDS["object" if isinstance(value, dict) else "array"]
    if value is None:
        return "empty"
    return f"`{_text(str(value).lower() if isinstance(value, bool) else str(value))}`"


def _text(text: str) -> str:
    """Text for a message: on one line, and cut where it is long."""
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest(key: str, level: Any, known: Any) -> str:
    """The key that was meant: one of the same level, else the same name at another level."""
    names = list(level["properties"])
    if hint := _close(key, names):
        return hint
    for path in _paths(known, known):
        if path.rpartition(".")[2] == key:
            return f"; it belongs at {f'`{path}`' if '.' in path else 'the top level'}"
    return f"; known here: {', '.join(names)}"


def _close(value: Any, names: list[Any]) -> str:
    """`; did you mean ...?`, where one of the names is close; case and `-_` do not count."""
    if not isinstance(value, str):
        return ""
    import difflib

    folded = {str(n).replace("-", "").replace("_", "").lower(): n for n in names}
    asked = value[:60].replace("-", "").replace("_", "").lower()
    close = difflib.get_close_matches(asked, folded, n=1)
    return f"; did you mean `{folded[close[0]]}`?" if close else ""


def _paths(level: Any, known: Any, base: str = "") -> Iterator[str]:
    """Every key of a schema, as `cluster.nodes[].name`."""
    if "$ref" in level:
        level = known["$defs"][level["$ref"].rpartition("/")[2]]
    for name, below in level.get("properties", {}).items():
        path = f"{base}.{name}" if base else name
        yield path
        yield from _paths(below, known, path)
    if isinstance(level.get("items"), dict):
        yield from _paths(level["items"], known, base + "[]")


def _config(data: dict[str, Any]) -> Config:
    """The configuration that valid data means."""
    cluster, plain = data.get("cluster") or {}, Config()
    complete = cluster.get("complete")
    return Config(
        kserve_version=_version(data.get("kserve")),
        vllm_version=_version(data.get("vllm")),
        cluster=Cluster(
            nodes=tuple(_node(pool) for pool in cluster.get("nodes") or ()),
            huggingface=(cluster.get("egress") or {}).get("huggingface", Cluster().huggingface),
            provides=frozenset(cluster.get("provides") or ()),
            complete=frozenset(complete) if isinstance(complete, list) else complete,
            gateway_classes=tuple(cluster.get("gatewayClasses") or ()),
        ),
        idle_pause=data.get("idlePause", plain.idle_pause),
        select=tuple(data.get("select") or ()),
        ignore=tuple(data.get("ignore") or ()),
        severity=tuple((data.get("severity") or {}).items()),
        per_path=tuple(
            PerPath(glob, tuple(exception.get("ignore") or ()))
            for glob, exception in (data.get("perPath") or {}).items()
        ),
        exclude=tuple(data.get("exclude") or ()),
        fail_on=data.get("failOn"),
        require_reason=data.get("requireReason", plain.require_reason),
    )


def _version(section: dict[str, Any] | None) -> str | None:
    return (section or {}).get("version")


def _node(pool: dict[str, Any]) -> Node:
    labels, taints = pool.get("labels"), pool.get("taints")
    return Node(
        name=pool["name"],
        count=pool["count"],
        machine=pool.get("machine"),
        labels=None if labels is None else tuple(labels.items()),
        taints=None if taints is None else tuple(Taint(**taint) for taint in taints),
        cpu_features=tuple(pool.get("cpuFeatures") or ()),
        allocatable=_amounts(pool.get("allocatable")),
        overhead=_amounts(pool.get("overhead")),
    )


def _amounts(amounts: dict[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(amount)) for name, amount in (amounts or {}).items())
