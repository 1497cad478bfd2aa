"""Read what releases of vLLM accept into the tables that kslint ships.

Usage: read_vllm.py ARCHIVE... [-o DIRECTORY]

An archive is a released source archive or wheel of vLLM, or a directory with one unpacked:

    pip download vllm==0.34.0 --no-deps --only-binary :all:
    python scripts/read_vllm.py vllm-0.34.0*.whl

`flags.json` gets the options of `vllm serve`, read from the source as it is written
(vllm_options.py), `env.json` the environment variables (vllm_variables.py, which runs
`vllm/envs.py`), `metrics.json` the metrics (vllm_metrics.py). Releases are added to those that the
tables hold; one read again is replaced.

An entry is a history: `{"0.6.0": {facts}, "0.9.0": {what changed}, "0.12.0": null}`, where null
stands for an entry, or a fact, that is no longer there.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from vllm_metrics import read_metrics
from vllm_options import pairs_switches, read_options
from vllm_source import Source
from vllm_variables import read_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Facts = dict[str, Any]
Release = dict[str, Facts]
DATA = Path(__file__).parents[1] / "kslint" / "model" / "engines" / "vllm" / "data"
_VERSION = re.compile(r"^Version: (\d+(?:\.\d+)*)", re.MULTILINE)
_LEAST = 50
"""Fewer options or variables than any release has: a source that was not understood."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE")
    parser.add_argument("-o", "--output", type=Path, default=DATA, metavar="DIRECTORY")
    given = parser.parse_args(arguments)
    flags, variables = load(given.output / "flags.json"), load(given.output / "env.json")
    metrics = load(given.output / "metrics.json")
    for archive in given.archives:
        with unpacked(archive) as root:
            version = version_of(root)
            source = Source(root)
            flags[version] = {name: tidy(facts) for name, facts in read_options(source).items()}
            if pairs_switches(source):
                for facts in flags[version].values():
                    if facts.get("negatable"):
                        facts["negatable"] = "paired"
            variables[version] = dict(sorted(read_variables(root).items()))
            metrics[version] = read_metrics(root)
        if min(len(flags[version]), len(variables[version])) < _LEAST:
            print(f"{archive}: not understood", file=sys.stderr)
            return 1
        counts = (len(table[version]) for table in (flags, variables, metrics))
        print("{}: {} options, {} variables, {} metrics".format(version, *counts))
    given.output.mkdir(parents=True, exist_ok=True)
    save(given.output / "flags.json", flags)
    save(given.output / "env.json", variables)
    save(given.output / "metrics.json", metrics)
    return 0


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def tidy(facts: Facts) -> Facts:
    """The facts less what is empty, choices as text."""
    kept = {key: facts[key] for key in sorted(facts) if facts[key] not in (None, [])}
    for key in ("default", "nullable"):
        if kept.get(key) is False:
            del kept[key]
    if facts.get("type") == "other":  # what it makes of a text is not known
        kept.pop("choices", None)
    if "choices" in kept:
        kept["choices"] = sorted({str(choice) for choice in kept["choices"]})
    return kept


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """The directory that holds the `vllm` package of an archive."""
    if archive.is_dir():
        yield archive
        return
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, content in _members(archive):
            path = PurePosixPath(name)
            inside = path.parts[path.parts.index("vllm") :] if "vllm" in path.parts else ()
            if path.name in ("PKG-INFO", "METADATA") and len(path.parts) == 2:
                (root / path.name).write_bytes(content.read())
            elif inside and path.suffix == ".py" and ".." not in inside:
                target = root.joinpath(*inside)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
        yield root


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                with wheel.open(name) as content:
                    yield name, content
        return
    with tarfile.open(archive) as source:
        for member in source:
            unpacked_member = source.extractfile(member) if member.isfile() else None
            if unpacked_member is not None:
                yield member.name, unpacked_member


def version_of(root: Path) -> str:
    """The release by its metadata; `0.8.5.post1` counts as 0.8.5."""
    for name in ("PKG-INFO", "METADATA"):
        if (root / name).exists():
            found = _VERSION.search((root / name).read_text(encoding="utf-8"))
            if found is not None:
                return found.group(1)
    raise SystemExit(f"{root}: no PKG-INFO or METADATA tells the version")


def load(path: Path) -> dict[str, Release]:
    """A table as releases; none yet where there is no file."""
    if not path.exists():
        return {}
    table = json.loads(path.read_text(encoding="utf-8"))
    releases: dict[str, Release] = {version: {} for version in table["releases"]}
    for name, history in table["entries"].items():
        for version, facts in replay(history, table["releases"]):
            if facts is not None:
                releases[version][name] = facts
    return releases


def replay(
    history: dict[str, Facts | None], versions: Iterable[str]
) -> Iterator[tuple[str, Facts | None]]:
    """The facts of an entry at each of the releases, None where it is not there."""
    current: Facts | None = None
    for version in versions:
        if version in history:
            change = history[version]
            merged = None if change is None else {**(current or {}), **change}
            current = merged and {key: value for key, value in merged.items() if value is not None}
        yield version, current


def history_of(name: str, releases: dict[str, Release]) -> dict[str, Facts | None]:
    history: dict[str, Facts | None] = {}
    before: Facts | None = None
    for version in sorted(releases, key=number):
        now = releases[version].get(name)
        if now == before:
            continue
        if now is None or before is None:
            history[version] = now
        else:
            keys = [key for key in {**before, **now} if before.get(key) != now.get(key)]
            history[version] = {key: now.get(key) for key in keys}
        before = now
    return history


def save(path: Path, releases: dict[str, Release]) -> None:
    """One line for each entry, so that a new release is a readable diff."""
    names = sorted({name for release in releases.values() for name in release})
    lines = [f"{json.dumps(name)}: {json.dumps(history_of(name, releases))}" for name in names]
    versions = json.dumps(sorted(releases, key=number))
    path.write_text(
        f'{{\n"releases": {versions},\n"entries": {{\n' + ",\n".join(lines) + "\n}\n}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    sys.exit(main())
