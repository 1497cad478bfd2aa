"""What the user may tell kslint that the manifests do not.

Plain data, cheap to import: `kslint.config_file` reads it from `kslint.yaml`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Taint(NamedTuple):
    """A taint of a node pool."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


class Node(NamedTuple):
    """A node pool as declared. `allocatable` and `overhead` are (resource, quantity) pairs.

    `count` is the most nodes it grows to. `labels` (pairs) and `taints` are None if not told.
    """

    name: str
    count: int  # type: ignore[assignment]  # tuple has a method of this name
    machine: str | None = None
    labels: tuple[tuple[str, str], ...] | None = None
    taints: tuple[Taint, ...] | None = None
    cpu_features: tuple[str, ...] = ()
    allocatable: tuple[tuple[str, str], ...] = ()
    overhead: tuple[tuple[str, str], ...] = ()


class Deleted(NamedTuple):
    """An object that is in the cluster until the change is deployed that is checked.

    `namespace` is None if it is not known, `places` are the directories it belonged to. `alone`:
    it tells of these only, as objects of tests and examples do.
    """

    kind: str
    namespace: str | None
    name: str
    places: tuple[str, ...] = ()
    alone: bool = False


class Cluster(NamedTuple):
    """The cluster. `complete` is True or False for every namespace, or the complete ones.

    `huggingface` is how huggingface.co is reached: open, throttled or blocked. `deleted` comes from
    no file.
    """

    nodes: tuple[Node, ...] = ()
    huggingface: str = "throttled"
    provides: frozenset[str] = frozenset()
    complete: bool | frozenset[str] | None = None
    gateway_classes: tuple[str, ...] = ()
    deleted: tuple[Deleted, ...] = ()


class PerPath(NamedTuple):
    """Rules whose findings are dropped in the files that a gitignore pattern matches."""

    glob: str
    ignore: tuple[str, ...]


class Config(NamedTuple):
    """Settings of a run. None and empty mean: not told.

    `severity` pairs a rule selector with error, warning, note or off. `idle_pause` is
    annotation or none. `require_reason` is about suppressions. `file` is the file they come
    from, "" for none; patterns, `context` and `baseline` are relative to `directory`, "" for the
    working directory.
    """

    kserve_version: str | None = None
    kubernetes_version: str | None = None
    vllm_version: str | None = None
    cluster: Cluster = Cluster()
    idle_pause: str = "annotation"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    per_path: tuple[PerPath, ...] = ()
    exclude: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    fail_on: str | None = None
    min_severity: str | None = None
    require_reason: bool = False
    baseline: str | None = None
    file: str = ""
    directory: str = ""


def excluder(config: Config) -> Callable[[str, bool], bool] | None:
    """Says of a path, and whether it is a directory, if discovery passes it by.

    None if it never does. The configuration file in use is no manifest.
    """
    if not config.file and not config.exclude:
        return None
    base = os.path.abspath(config.directory)
    own = os.path.join(base, os.path.basename(config.file)) if config.file else ""
    excluded = matcher(config, config.exclude)
    return lambda path, is_directory: os.path.abspath(path) == own or excluded(path, is_directory)


def matcher(config: Config, globs: Iterable[str]) -> Callable[[str, bool], bool]:
    """Says of a path, and whether it is a directory, if gitignore patterns match it.

    They are relative to the configuration's directory and reach nothing outside of it.
    """
    globs = tuple(globs)
    if not globs:
        return lambda _path, _is_directory: False
    from kslint.source.ignore import Patterns

    patterns = Patterns(globs)
    base = os.path.abspath(config.directory)

    def match(path: str, is_directory: bool) -> bool:
        relative = os.path.relpath(path, base).replace(os.sep, "/")
        if relative.split("/", 1)[0] == "..":
            return False
        return patterns.covers(relative, is_directory)

    return match
