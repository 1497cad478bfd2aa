"""Kustomizations that kslint cannot follow, built by the user's own kustomize for `--render`.

What it puts out takes the place of the objects that kslint would have made of the kustomization.
"""

from __future__ import annotations

import os
import posixpath
import tempfile
from typing import TYPE_CHECKING

from kslint.graph.edit import listing
from kslint.graph.gaps import CHARTS, FAILS
from kslint.graph.graph import Graph
from kslint.graph.tree import join
from kslint.rendered import programs
from kslint.rendered.copies import copied
from kslint.resources import KUSTOMIZATIONS
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.kustomize import Emission
    from kslint.source.load import Built
    from kslint.source.nodes import Node

_CHART_HOME = "charts"


def built(
    loaded: Input, kustomize: str | None, helm: str | None, allowance: programs.Allowance
) -> tuple[Built, list[tuple[str, str]]]:
    """What kustomize makes of each kustomization that kslint cannot follow, by directory.

    And remarks: why it made nothing of one.
    """
    graph = Graph(loaded)
    roots = {
        posixpath.dirname(plain.file): plain.document.root
        for plain in graph.others
        if posixpath.basename(plain.file) in KUSTOMIZATIONS
    }
    found: dict[str, list[tuple[Map, str]]] = {}
    remarks = []
    for emission in graph.scopes.emissions:
        if emission.application or not _is_for_kustomize(emission, roots):
            continue
        if kustomize is None:
            remarks.append((emission.directory, "not built: kustomize is not on the PATH"))
            continue
        output = _build(emission, roots, (kustomize, helm), allowance)
        if output.error:
            remarks.append((emission.directory, f"not built: {output.error}"))
        else:
            found[emission.directory] = list(_objects(emission, output.data))
    return found, remarks


def _is_for_kustomize(emission: Emission, roots: dict[str, Node]) -> bool:
    """Is there anything that kslint does not follow, and kustomize could without a network?"""
    return bool(emission.gaps) and all(
        _is_vendored(gap.node, emission, roots)
        if gap.kind == CHARTS
        else gap.kind != FAILS and not gap.bound and gap.reason.endswith(" is not followed")
        for gap in emission.gaps
    )


def _is_vendored(node: Node, emission: Emission, roots: dict[str, Node]) -> bool:
    """Does a chart lie where kustomize looks for it, so that it need not be fetched?"""
    name = node.string("name") or ""
    for directory in _closure(emission.directory, roots):
        if node in listing(roots[directory], "helmCharts"):
            home = roots[directory].string("helmGlobals", "chartHome") or _CHART_HOME
            path = join(directory, posixpath.join(home, name))
            return bool(name) and os.path.isfile(os.path.join(path or ".", "Chart.yaml"))
    return False


def _closure(directory: str, roots: dict[str, Node]) -> list[str]:
    """A kustomization and those that it includes, by directory."""
    found, waiting = [], [directory]
    while waiting:
        here = waiting.pop()
        if here in found or here not in roots:
            continue
        found.append(here)
        for field in ("resources", "bases", "components"):
            waiting += [join(here, node.text or "") for node in listing(roots[here], field)]
    return found


def _build(
    emission: Emission,
    roots: dict[str, Node],
    tools: tuple[str, str | None],
    allowance: programs.Allowance,
) -> programs.Output:
    with tempfile.TemporaryDirectory(prefix="kslint-") as home:
        for directory in _closure(emission.directory, roots):
            problem = copied(directory or ".", _copy_of(directory, home))
            if problem:
                return programs.Output(b"", problem)
        kustomize, helm = tools
        command = [kustomize, "build", _copy_of(emission.directory, home)]
        asked = programs.for_kustomize(helm, home) if emission.charts and helm else None
        if asked is not None:
            command += ["--enable-helm", "--helm-command", asked]
        return programs.run(command, home, allowance)


def _copy_of(directory: str, home: str) -> str:
    _, path = os.path.splitdrive(os.path.abspath(directory or "."))
    return os.path.join(home, "tree", path.lstrip(os.sep))


def _objects(emission: Emission, data: bytes) -> Iterator[tuple[Map, str]]:
    """What kustomize put out, each object with the file that it is put down to."""
    read = Input([], [], [])
    load_source(Source(posixpath.join(emission.directory, "<built>"), data), read)
    known = {(each.kind, each.name): each for each in (*emission.resources, *emission.generated)}
    first = emission.gaps[0].node
    for document in read.files[0].documents if read.files else ():
        root = document.root
        if not isinstance(root, Map):
            continue
        twin = known.get((root.string("kind") or "", root.string("metadata", "name") or ""))
        _settle(root, first if twin is None else twin.body)
        file = root.source.name if root.source is not None else emission.directory
        yield root, file if twin is None else twin.file


def _settle(node: Node, twin: Node) -> None:
    """Place a node, and all below it, where its twin stands, which is read and not built."""
    key = node.key
    node.source, node.start, node.end = twin.source, twin.start, twin.end
    if key is not None:
        node.key = twin.key or key.moved(None)
        if twin.key is None:
            node.key.source, node.key.start, node.key.end = twin.source, twin.start, twin.end
    if isinstance(node, Scalar):
        return
    for name, child in node.items():
        _settle(child, twin.get(name) or twin)
    for number, child in enumerate(node.elements()):
        _settle(child, twin.at(number) or twin)
