"""`--verbose`: what a run read, and which versions it reckons with, on stderr."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from kslint import __version__
from kslint.report.frames import printable
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kslint.cli.reading import Reading
    from kslint.config import Config
    from kslint.findings import Result
    from kslint.rulebook import Rule


def say(
    result: Result, reading: Reading, config: Config, rules: Collection[Rule], seconds: float
) -> None:
    """One fact a line, each with where it comes from."""
    for line in _facts(result, reading, config, rules, seconds):
        sys.stderr.write(f"kslint: {printable(line)}\n")


def _facts(
    result: Result, reading: Reading, config: Config, rules: Collection[Rule], seconds: float
) -> Iterator[str]:
    counts = result.summary
    yield f"{__version__}, Python {platform.python_version()}"
    yield f"configuration: {config.file or 'none found, the defaults are in force'}"
    yield f"read {count(counts.files, 'file')} with {count(counts.resources, 'object')}"
    others = counts.skipped - counts.unrendered
    if others:
        yield f"passed over {count(others, 'file')} without objects"
    if counts.unrendered:
        yield f"passed over {count(counts.unrendered, 'template')}"
    for each in reading.model.settings:
        yield f"KServe {each.version}, from {_kserve_origin(each.resource, config)}"
    yield f"Kubernetes {_kubernetes(config)}"
    if config.vllm_version:
        yield f"vLLM {config.vllm_version} where an image tag does not tell, from the configuration"
    else:
        yield "vLLM: the version of each image's tag"
    judged = [rule for rule in rules if not rule.reserved]
    yield f"ran {count(len(judged), 'rule')} in {seconds:.2f} s"


def _kserve_origin(resource: object, config: Config) -> str:
    from kslint.resources import Resource

    if config.kserve_version:
        return "the configuration"
    if isinstance(resource, Resource):
        return f"{resource.kind} {resource.name} in {resource.file}"
    return "kslint's default: the input does not say"


def _kubernetes(config: Config) -> str:
    from kslint.model.schemas.tables import DEFAULT

    if config.kubernetes_version:
        return f"{config.kubernetes_version}, from the configuration"
    return f"{DEFAULT}, kslint's default"
