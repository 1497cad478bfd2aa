"""Run kslint and its peers side by side with hyperfine, and print the ratios as Markdown.

Usage: compare.py --work DIRECTORY [--kserve TREE] [--schemas DIRECTORY] [--only CORPUS ...]

`--work` receives the generated trees and hyperfine's results. `--kserve` is a checkout of KServe
v0.19.0, `--schemas` a folder of JSON schemas of Kubernetes' own kinds, such as the package
kubernetes-validate brings (`kubernetes-json-schema/v1.34.0-local-strict`).
Tools are taken from PATH; one that is missing is left out of the table. kslint has to be installed
as a wheel: run from its sources, it compiles itself at every start.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

import corpora
import schemas

HERE = os.path.dirname(os.path.abspath(__file__))
KSERVE_CRDS = "config/crd/full"
CRDS = ("serving.kserve.io_inferenceservices", "llmisvc/serving.kserve.io_llminferenceservices")
SCHEMA = "{{ .ResourceKind }}{{ .KindSuffix }}.json"


class Tool(NamedTuple):
    """A command over `{tree}`. `most` is the largest number of files it is asked to read.

    With `seconds` it is stopped after so many, and its time is a lower bound.
    """

    name: str
    command: str
    most: int = 10_000
    only_one: bool = False
    prepare: str = ""
    seconds: int = 0


class Corpus(NamedTuple):
    """A tree to check, and how often."""

    name: str
    tree: str
    files: int
    runs: int


def tools(arguments: argparse.Namespace) -> list[Tool]:
    """What is compared; kslint first, the others against it."""
    check = "kslint check --isolated --exit-zero --output-format concise {tree}"
    own = os.path.join(arguments.work, "schemas")
    known = f"-schema-location '{own}/{SCHEMA}'"
    edit = f"{sys.executable} {os.path.join(HERE, 'touch.py')} {{tree}}"
    return [
        Tool("kslint", f"{check} --no-cache"),
        Tool("kslint, one process", f"{check} --no-cache --jobs 1"),
        Tool("kslint, checked before", check),
        Tool("kslint, one file changed", check, prepare=edit),
        Tool("python -c pass", f"{sys.executable} -c pass", only_one=True),
        Tool("python -c 'import yaml'", f"{sys.executable} -c 'import yaml'", only_one=True),
        Tool("libyaml's events", f"{sys.executable} {os.path.join(HERE, 'floor.py')} {{tree}}"),
        Tool("kubeconform, CRDs", f"kubeconform -strict -ignore-missing-schemas {known} {{tree}}"),
        Tool("kube-linter", "kube-linter lint {tree}"),
        Tool("kube-score", "find {tree} -name '*.yaml' -print0 | xargs -0 kube-score score"),
        Tool("yamllint", "yamllint -d relaxed {tree}", most=1_000),
        Tool(
            "checkov", "checkov --framework kubernetes --compact --quiet -d {tree}", seconds=300
        ),
    ]  # fmt: skip


def trees(arguments: argparse.Namespace) -> list[Corpus]:
    """The corpora; those that need KServe only where it is given."""
    work = arguments.work
    platform = os.path.join(work, "platform")
    if not os.path.isdir(platform):
        shutil.copytree(os.path.join(HERE, "..", "fixtures", "platform-bad"), platform)
    found = [Corpus("platform", platform, 40, 15)]
    for count, runs in ((1, 25), (1_000, 5), (10_000, 3)):
        tree = os.path.join(work, str(count))
        if not os.path.isdir(tree):
            corpora.write(tree, count)
            if count == 1:
                _first_object(tree)
        found.append(Corpus({1: "one file"}.get(count, f"{count:,} files"), tree, count, runs))
    if arguments.kserve:
        tree = os.path.join(work, "kserve")
        if not os.path.isdir(tree):
            for part in ("config", "docs/samples", "test"):
                shutil.copytree(os.path.join(arguments.kserve, part), os.path.join(tree, part))
        found.append(Corpus("KServe's own", tree, 900, 5))
        for name in CRDS:
            tree = os.path.join(work, name.rpartition("_")[2])
            file = os.path.join(arguments.kserve, KSERVE_CRDS, f"{name}.yaml")
            os.makedirs(tree, exist_ok=True)
            shutil.copy(file, tree)
            size = os.path.getsize(file) / 1e6
            found.append(Corpus(f"CRD, {size:.1f} MB", tree, 1, 10))
    return [c for c in found if not arguments.only or c.name in arguments.only]


def _first_object(tree: str) -> None:
    """Leave of a generated tree the one InferenceService."""
    shutil.rmtree(os.path.join(tree, "apps"))
    file = os.path.join(tree, "team-000", "model-00000.yaml")
    with open(file, encoding="utf-8") as handle:
        text = handle.read()
    with open(file, "w", encoding="utf-8") as handle:
        handle.write(text.partition("---\n")[0])


def measured(corpus: Corpus, tool: Tool, work: str) -> float | None:
    """The median in seconds of a tool over a corpus; None if it cannot or need not run there."""
    if corpus.files > tool.most or (tool.only_one and corpus.name != "one file"):
        return None
    if shutil.which(tool.command.split()[0].replace("find", "kube-score")) is None:
        return None
    result = os.path.join(work, "result.json")
    command = [
        "hyperfine", "--ignore-failure", "--style", "none", "--export-json", result,
        "--runs", str(1 if tool.name == "checkov" else corpus.runs),
        "--warmup", str(0 if tool.name == "checkov" else 1),
    ]  # fmt: skip
    if tool.prepare:
        command += ["--prepare", tool.prepare.format(tree=corpus.tree)]
    line = tool.command.replace("{tree}", corpus.tree)
    if tool.seconds:
        line = f"timeout {tool.seconds} {line}"
    subprocess.run([*command, line], check=True, stdout=subprocess.DEVNULL)
    with open(result, encoding="utf-8") as handle:
        median: float = json.load(handle)["results"][0]["median"]
    return median


def main() -> None:
    """Measure and print; one row a tool, times as multiples of kslint's own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", required=True)
    parser.add_argument("--kserve")
    parser.add_argument("--schemas")
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)
    os.environ["KSLINT_CACHE_DIR"] = os.path.join(arguments.work, "cache")
    made = os.path.join(arguments.work, "schemas")
    os.makedirs(made, exist_ok=True)
    if arguments.kserve:
        crds = os.path.join(arguments.kserve, KSERVE_CRDS)
        files = glob.glob(os.path.join(crds, "**", "serving.kserve.io_*.yaml"), recursive=True)
        schemas.of_crds(files, made)
    if arguments.schemas:
        schemas.whole(arguments.schemas, made)
    compared, found = tools(arguments), trees(arguments)
    print("| | " + " | ".join(corpus.name for corpus in found) + " |")
    print("|---|" + "---:|" * len(found))
    times = {(c.name, t.name): measured(c, t, arguments.work) for c in found for t in compared}
    for tool in compared:
        cells = []
        for corpus in found:
            own, time = times[corpus.name, compared[0].name], times[corpus.name, tool.name]
            if time is None or own is None:
                cells.append("")
            elif tool is compared[0]:
                cells.append(f"{time * 1000:,.0f} ms")
            else:
                stopped = tool.seconds and time >= tool.seconds
                cells.append(f"{'> ' if stopped else ''}{time / own:.2f}")
        print(f"| {tool.name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
