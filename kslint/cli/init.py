"""`kslint init`: a commented configuration, after a look at the tree."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from kslint.cli.root import app

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.graph.graph import Graph

FILE = "kslint.yaml"


class Survey(NamedTuple):
    """What a look at the tree tells. `shown` names pieces of the platform."""

    objects: int
    applications: int
    namespaces: list[str]
    kserve: str | None
    gateway_classes: list[str]
    shown: list[str]


@app.command()
def init(
    directory: Annotated[
        str, typer.Argument(metavar="[DIR]", help="The tree to look at.", show_default=".")
    ] = ".",
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Print the configuration; write nothing.")
    ] = False,
) -> None:
    """Write a commented kslint.yaml for a tree. Never overwrites one."""
    from kslint.config.file import ConfigError, in_directory
    from kslint.graph.graph import Graph
    from kslint.source.files import display
    from kslint.source.load import load

    if not os.path.isdir(directory):
        _stop(f"{display(directory)}: no such directory")
    try:
        existing = in_directory(directory)
    except ConfigError as error:
        existing = []
        _stop(str(error))
    if existing and not stdout:
        _stop(f"{display(existing[0])} exists and is left as it is; --stdout prints a new one")
    text = rendered(survey(Graph(load([directory]))))
    if stdout:
        sys.stdout.write(text)
        return
    file = os.path.join(directory, FILE)
    try:
        with open(file, "x", encoding="utf-8") as handle:
            handle.write(text)
    except OSError as error:
        _stop(f"{display(file)}: cannot be written: {error.strerror or error}")
    typer.echo(f"wrote {display(file)}", err=True)


def survey(graph: Graph) -> Survey:
    """What the tree holds, as far as a configuration speaks of it."""
    from kslint.model.gitops import argocd
    from kslint.model.kserve.settings import inferred_version
    from kslint.model.platform import pieces as platform

    pieces = (platform.CERT_MANAGER, platform.ISTIO, platform.KNATIVE)
    shown = [piece.word for piece in pieces if platform.shows(graph, piece)]
    classes = (g.body.string("spec", "gatewayClassName") for g in graph.of_kind("Gateway"))
    declared = [namespace.name for namespace in graph.of_kind("Namespace", "")]
    return Survey(
        len(graph.resources),
        len(list(argocd.applications(graph))),
        _names([*declared, *(graph.namespace_of(resource) for resource in graph.resources)]),
        inferred_version(graph),
        _names(classes),
        shown,
    )


def rendered(seen: Survey) -> str:
    """The text of a kslint.yaml. What is only an example, or a guess, is commented out."""
    from kslint.model.kserve.settings import DEFAULT_VERSION

    version = seen.kserve or DEFAULT_VERSION
    if seen.kserve:
        of_kserve = f"The tree says KServe {version}. Uncomment only to check against another."
    else:
        of_kserve = f"The tree does not say which KServe; {version} is assumed."
    complete = _listed(seen.namespaces) if seen.namespaces else "[models]"
    classes = _listed(seen.gateway_classes)
    from kslint.report.terminal import count

    return f"""\
# What kslint cannot read from the manifests. `kslint config schema` prints all keys, and
# `kslint config show` the values in force.
# In the tree: {count(seen.objects, "object")}, {count(seen.applications, "Argo CD Application")}.

version: 1

# {of_kserve}
# kserve:
#   version: "{version}"

# The Kubernetes that runs the cluster; 1.34 is assumed.
# kubernetes:
#   version: "1.34"

# The vLLM version to assume where an image's tag does not tell.
# vllm:
#   version: "0.23.0"

cluster:
  # The node pools that serve models; `count` is the most nodes a pool grows to. Known GKE and EKS
  # machine types need no `allocatable`. With pools, kslint can tell what fits.
  # nodes:
  #   - name: cpu
  #     machine: e2-standard-4
  #     count: 2
  #     cpuFeatures: [avx512_bf16]
  #     allocatable: {{cpu: 3920m, memory: 12Gi}}

  # How huggingface.co is reached from the cluster: open, throttled or blocked.
  egress:
    huggingface: throttled

  # What is installed outside this tree, such as cert-manager, istio, knative or keda.
  # The tree shows {" and ".join(seen.shown) or "none of the first three"}.
  provides: []

  # Is this tree all there is: true, false, or in these namespaces? Without it, kslint goes by
  # evidence and reports fewer missing objects.
  # complete: {complete}

  # The GatewayClasses that the cluster serves{"" if seen.gateway_classes else "; none is known"}.
  gatewayClasses: {classes}

# How idle models are paused: `annotation` (serving.kserve.io/stop on the live object), or `none`.
idlePause: annotation

# Rules, by name, id, id prefix or category: `kslint rules` lists them.
# ignore: [rolling-update-single-slot]
# severity:
#   canary-on-rwo-pvc: warning
# perPath:
#   "examples/**":
#     ignore: [vllm]

# Files not to read, as in .gitignore.
# exclude: ["**/vendor/**"]

# What to read, without reporting on it, if only a part of the tree is checked.
# context: ["."]

# Exit with 1 on findings of this severity or higher: error, warning or note.
failOn: error

# Show findings of this severity or higher in every report; note adds advice.
# minSeverity: note

# Report suppressions that give no reason.
# requireReason: true
"""


def _names(texts: Iterable[str | None]) -> list[str]:
    """Those that can be names of objects; whatever else stands there is not written on."""
    return sorted({t for t in texts if t and t.isascii() and t.replace("-", "").isalnum()})


def _listed(names: list[str]) -> str:
    """A YAML list on one line."""
    from kslint.report.yaml import scalar

    return f"[{', '.join(scalar(name) for name in names)}]"


def _stop(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(2)
