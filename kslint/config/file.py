"""Configuration files: `kslint.yaml`, or `[tool.kslint]` in pyproject.toml.

Found upward from the input, validated against `schema.json`, with every mistake at its
line. Parsers and validators are imported only where there is a file to read.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from kslint.config import Cluster, Config, Node, PerPath, Taint
from kslint.config.words import printable
from kslint.config.written import Mistake, MistakesError, Written, one_document, plain
from kslint.source.bounds import is_inside, leads_out
from kslint.source.files import BASELINE_FILE, CONFIG_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.config.words import Path
    from kslint.source import nodes
    from kslint.source.files import Source

OUTSIDE = "lies outside of the repository: only a file that `--config` names may reach out of it"
PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "kslint")


class ConfigError(MistakesError):
    """A configuration that cannot be used."""


class ConfigFile(Written):
    """A configuration file that was parsed, not yet validated.

    Unless it is `trusted`, what it names must lie in its repository.
    """

    def __init__(
        self,
        name: str,
        directory: str,
        data: Any,
        root: nodes.Node | None = None,
        trusted: bool = False,
    ) -> None:
        super().__init__(name, data, root, "" if root is not None else ".".join(_TABLE))
        self.directory = directory
        self._trusted = trusted

    def mistakes(self) -> list[Mistake]:
        """Everything that the schema, or a pattern's syntax, does not allow; in file order."""
        found = self.against(schema(), "the configuration")
        for path, glob in (*self._texts("exclude"), *self._keys("perPath")):
            if not _is_pattern(glob):
                message = f"`{printable(glob)}` is not a gitignore pattern that matches anything"
                found.add(self.mistake(path, message))
        baseline = _at(self.data, ("baseline",))
        if isinstance(baseline, str) and not self.reaches(os.path.join(self.directory, baseline)):
            found.add(self.mistake(("baseline",), OUTSIDE))
        for path, place in self._texts("context"):
            if not self.reaches(os.path.join(self.directory, place)):
                found.add(self.mistake(path, OUTSIDE))
        return sorted(found)

    def reaches(self, place: str) -> bool:
        """May what the configuration names lie there?"""
        return self._trusted or is_inside(place, self.directory)

    def selectors(self) -> list[tuple[Path, str]]:
        """Every place that means rules by name."""
        found = [*self._texts("select"), *self._texts("ignore"), *self._keys("severity")]
        for path, _ in self._keys("perPath"):
            found += self._texts(*path, "ignore")
        return found

    def rule_directories(self) -> list[tuple[Path, str]]:
        """The directories of custom rules that it names, as absolute paths."""
        return [(path, os.path.join(self.directory, name)) for path, name in self._texts("rules")]

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
            raise ConfigError(mistakes)
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
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schema.json")
    with open(file, encoding="utf-8") as handle:
        return handle.read()


def find(path: str = ".") -> str | None:
    """The nearest configuration file upward from a path given on the command line.

    Raises ConfigError where one directory has two.
    """
    for directory in upward(path):
        files = in_directory(directory)
        if len(files) > 1:
            from kslint.source.files import display

            names = " and ".join(display(file) for file in files)
            message = f"{names} configure kslint in one directory: keep one"
            raise ConfigError([Mistake(0, 0, message)])
        if files:
            return files[0]
    return None


def find_baseline(paths: list[str] | None, given: str | None, config: Config) -> str | None:
    """The baseline to use: the one given or configured, else the nearest upward; None if none is.

    The search goes upward from the first path, as that for a configuration does.
    """
    if given is not None:
        return given
    if config.baseline is not None:
        return os.path.join(config.directory, config.baseline)
    files = (os.path.join(above, BASELINE_FILE) for above in upward((paths or ["."])[0]))
    return next((file for file in files if os.path.isfile(file) and not leads_out(file)), None)


def upward(path: str) -> Iterator[str]:
    """The directories from a path on the command line up to the root of its repository."""
    directory = os.path.abspath(path)
    if path == "-" or (os.path.exists(path) and not os.path.isdir(path) | os.path.isfile(path)):
        directory = os.getcwd()
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    while True:
        yield directory
        parent = os.path.dirname(directory)
        if parent == directory or os.path.exists(os.path.join(directory, ".git")):
            return
        directory = parent


def in_directory(directory: str) -> list[str]:
    """The configuration files of one directory.

    Raises ConfigError on a broken pyproject.toml, and on a link that leads out of the repository.
    A pyproject.toml that is such a link may hold nothing for us, and is passed over.
    """
    files = [os.path.join(directory, name) for name in CONFIG_FILES]
    found = [file for file in files if os.path.isfile(file)]
    for file in found:
        if leads_out(file):
            from kslint.source.files import display

            message = "a link leads from here out of the repository; `--config` may name its target"
            raise ConfigError([Mistake(0, 0, message, display(file))])
    project = os.path.join(directory, PYPROJECT)
    if os.path.isfile(project) and not leads_out(project):
        source = _bytes(project)
        if b"kslint" in source.data and b"tool" in source.data and _table(source) is not None:
            found.append(project)
    return found


def read(file: str, source: Source | None = None, trusted: bool = False) -> ConfigFile:
    """Parse a configuration file, or `source` in its place: what an editor has not saved yet.

    It is `trusted` if the command line names it. Raises ConfigError if it cannot be read or parsed.
    """
    source, directory = source or _bytes(file), os.path.dirname(os.path.abspath(file))
    if file.endswith(".toml"):
        table = _table(source)
        if table is None:
            message = f"has no table [{'.'.join(_TABLE)}]"
            raise ConfigError([Mistake(0, 0, message, source.name)])
        return ConfigFile(source.name, directory, table, trusted=trusted)
    root, mistakes = one_document(source, "a configuration")
    if mistakes:
        raise ConfigError(mistakes)
    return ConfigFile(source.name, directory, plain(root), root, trusted)


def _is_pattern(glob: str) -> bool:
    from kslint.source.ignore import pattern

    found = pattern(glob)
    return found is not None and not found.glob.never


def _bytes(file: str) -> Source:
    from kslint.source import files

    found = files.Found(os.path.abspath(file), files.display(file), True)
    source = files.read(found)
    if isinstance(source, files.InputProblem):
        raise ConfigError([Mistake(0, 0, source.message, source.file)])
    return source


def _table(source: Source) -> dict[str, Any] | None:
    """The table [tool.kslint] of a TOML file; None if it has none. Fractions stay text."""
    if b"kslint" not in source.data:  # spares most runs the import
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        table: Any = tomllib.loads(source.data.decode("utf-8"), parse_float=str)
    except (ValueError, RecursionError) as error:
        message = f"cannot be read as TOML: {error}"
        raise ConfigError([Mistake(0, 0, message, source.name)]) from None
    found = _at(table, _TABLE)
    return found if isinstance(found, dict) else None


def _at(data: Any, path: Path) -> Any:
    for step in path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
        else:
            data = data.get(step) if isinstance(data, dict) else None
    return data


def _config(data: dict[str, Any]) -> Config:
    """The configuration that valid data means."""
    cluster, plain = data.get("cluster") or {}, Config()
    complete = cluster.get("complete")
    return Config(
        kserve_version=_version(data.get("kserve")),
        kubernetes_version=_version(data.get("kubernetes")),
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
        context=tuple(data.get("context") or ()),
        rules=tuple(data.get("rules") or ()),
        fail_on=data.get("failOn"),
        min_severity=data.get("minSeverity"),
        require_reason=data.get("requireReason", plain.require_reason),
        baseline=data.get("baseline"),
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
