"""`--render`: the Helm charts of an input as helm renders them, in place of their templates.

A chart gets the values that an Application hands it, or else its own. It is copied, without links,
into a scratch directory, where helm finds nothing else and reaches nothing.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import tempfile
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.graph import Graph
from kslint.model.gitops.argocd import helm_values, value_files
from kslint.model.gitops.localcharts import deployed_charts, local_chart, local_charts
from kslint.model.schemas.tables import DEFAULT
from kslint.rendered import programs
from kslint.rendered.copies import copied
from kslint.rendered.kustomizations import built
from kslint.rendered.places import documents_at, settle
from kslint.rendered.templates import Template
from kslint.resources import Identity
from kslint.source.bounds import is_inside
from kslint.source.files import Source
from kslint.source.load import Input, Rendered, Trouble, load_source
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.config import Config
    from kslint.findings import Finding
    from kslint.model.gitops.argocd import Source as ApplicationSource
    from kslint.model.gitops.localcharts import LocalChart
    from kslint.source.document import Document
    from kslint.source.nodes import JsonValue, Node

NAMESPACE = "release-namespace"
"""Stands for the release's namespace where nothing tells it."""
MAX_DOCUMENTS = 5000
"""Of one chart: each is looked for in its template."""
_LOCAL = "file://"
_RELEASE = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"


class Job(NamedTuple):
    """A chart to render. `source` is what deploys it; None where nothing in the input does."""

    chart: LocalChart
    values: Map
    release: str
    namespace: str
    source: ApplicationSource | None = None


class Outcome(NamedTuple):
    """An input with its charts rendered.

    `remarks` pairs charts with what is to be said of them: why one was not rendered, or what is
    missing. `samples` are the objects, by file, kind and name, of charts that nothing in the input
    deploys: whoever does may hand them other values.
    """

    loaded: Input
    remarks: list[tuple[str, str]]
    samples: set[tuple[str, str, str]]

    def mildened(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings as they hold of rendered charts.

        What is wrong with the values a chart comes with is a warning. There are no fixes: those
        edit manifests as they are written, and templates and values are none.
        """
        charts = {chart for chart, _, _ in self.samples}
        return [
            finding._replace(
                fix=None,
                severity="warning" if self._is_sample(finding, charts) else finding.severity,
            )
            for finding in findings
        ]

    def _is_sample(self, finding: Finding, charts: set[str]) -> bool:
        kind, _, name = finding.subject
        return finding.severity == "error" and any(
            (chart, kind, name) in self.samples and finding.span.file.startswith(f"{chart}/")
            for chart in charts
        )


def rendered(loaded: Input, config: Config, tools: programs.Tools) -> Outcome:
    """The input with every chart rendered, and kustomizations built that need kustomize for it."""
    graph = Graph(loaded)
    sources = {file.source.name: file.source for file in loaded.files}
    sources |= {part.file: part.source for part in loaded.skipped if part.source is not None}
    documents: dict[str, list[Document]] = {}
    remarks: list[tuple[str, str]] = []
    samples: set[tuple[str, str, str]] = set()
    troubles: list[Trouble] = []
    done: set[str] = set()
    allowance = programs.Allowance()
    for job in _jobs(graph, remarks):
        directory = job.chart.directory
        if tools.helm is None:
            remarks.append((directory, "not rendered: helm is not on the PATH"))
            continue
        output, missing = _render(job, tools.helm, config, allowance)
        if missing:
            names = ", ".join(dict.fromkeys(missing))
            remarks.append((directory, f"{names} left out: not in its charts/ directory"))
        if output.error:
            trouble = None if missing else _trouble(job, output.error)
            if trouble is None:
                remarks.append((directory, f"not rendered: {output.error}"))
            else:
                troubles.append(trouble)
            continue
        done.add(directory)
        for name, document in _documents(job, output.data, graph, sources):
            documents.setdefault(name, []).append(document)
            if job.source is None:
                identity = Identity.of(document.root) if isinstance(document.root, Map) else None
                samples |= {(directory, identity.kind, identity.name)} if identity else set()
    files = [file for file in loaded.files if not _is_template(file.source.name, done)]
    files += [Rendered(sources[name], documents[name]) for name in sorted(documents)]
    skipped = [part for part in loaded.skipped if not _is_template(part.file, done)]
    read = Input(files, [*loaded.troubles, *troubles], skipped)
    objects, more = built(read, tools.kustomize, tools.helm, allowance)
    return Outcome(read._replace(built=objects), remarks + more, samples)


def _jobs(graph: Graph, remarks: list[tuple[str, str]]) -> Iterator[Job]:
    deployed = set()
    for chart, source in deployed_charts(graph):
        deployed.add(chart.directory)
        application = source.application
        namespace = application.spec.string("destination", "namespace") or ""
        release = source.node.string("helm", "releaseName") or application.name
        if application.templated or "{{" in release + namespace:
            unknown = "the values of its ApplicationSet are not known"
            remarks.append((chart.directory, f"not rendered: {unknown}"))
        elif len(value_files(graph, source)) < len(source.node.listed("helm", "valueFiles")):
            unknown = "a values file of its Application is not in the input"
            remarks.append((chart.directory, f"not rendered: {unknown}"))
        else:
            yield Job(chart, helm_values(graph, source), release, namespace, source)
    directories = {chart.directory for chart in local_charts(graph)}
    inflated = {
        each.node.string("name") for emission in graph.scopes.emissions for each in emission.charts
    }
    for chart in local_charts(graph):
        is_part = any(_is_within(chart.directory, other, "charts") for other in directories)
        is_inflated = chart.name in inflated and chart.directory.endswith(f"charts/{chart.name}")
        is_library = chart.root.string("type") == "library"
        if chart.directory in deployed or is_part or is_inflated or is_library:
            continue
        yield Job(chart, Map({}), "release", "")


def _is_within(directory: str, chart: str, folder: str) -> bool:
    return directory.startswith(posixpath.join(chart, folder) + "/")


def _is_template(file: str, charts: set[str]) -> bool:
    return any(
        _is_within(file, chart, "templates")
        or (_is_within(file, chart, "charts") and "/templates/" in file)
        for chart in charts
    )


def _trouble(job: Job, error: str) -> Trouble | None:
    """What helm says of a chart that an Application deploys: Argo CD would be told the same."""
    if job.source is None:
        return None
    place = job.source.node.place
    if place is None:
        return None
    return Trouble("unreadable-input", place, f"helm cannot render this chart: {error}")


def _render(
    job: Job, helm: str, config: Config, allowance: programs.Allowance
) -> tuple[programs.Output, list[str]]:
    """What helm prints of a chart, and the names of dependencies that it had to do without.

    What the input calls a release must not be an option, such as one that names a program.
    """
    if not re.fullmatch(_RELEASE, job.release):
        return programs.Output(b"", f"`{job.release}` is no name of a release"), []
    with tempfile.TemporaryDirectory(prefix="kslint-") as home:
        folder = os.path.join(home, "chart")
        problem = copied(job.chart.directory or ".", folder) or _with_local(job.chart, folder)
        if problem:
            return programs.Output(b"", problem), []
        missing = _without_missing(job.chart, folder)
        values = os.path.join(home, "values.json")
        with open(values, "w", encoding="utf-8") as handle:
            json.dump(job.values.plain(), handle)
        command = [
            helm, "template",
            "--namespace", job.namespace or NAMESPACE,
            "--values", values,
            "--kube-version", config.kubernetes_version or DEFAULT,
            "--skip-tests",
        ]  # fmt: skip
        if job.source is not None:
            for version in job.source.node.listed("helm", "apiVersions"):
                command += ["--api-versions", version.text or ""]
        output = programs.run([*command, "--", job.release, folder], home, allowance)
        if output.data.count(b"\n---") > MAX_DOCUMENTS:
            output = programs.Output(b"", f"it makes more than {MAX_DOCUMENTS} documents")
        return output, missing


def _with_local(chart: LocalChart, folder: str) -> str:
    """Put the charts of the same repository in place, as `helm dependency build` would."""
    for entry in chart.root.listed("dependencies"):
        repository, name = entry.string("repository") or "", entry.string("name") or ""
        if repository.startswith(_LOCAL) and name and "/" not in name and name != "..":
            path = posixpath.normpath(
                posixpath.join(chart.directory, repository.removeprefix(_LOCAL))
            )
            target = os.path.join(folder, "charts", name)
            if path.startswith("..") or posixpath.isabs(path) or os.path.exists(target):
                continue
            if ".git" in path.split("/") or not is_inside(path, os.curdir):
                continue
            problem = copied(path, target)
            if problem:
                return problem
    return ""


def _without_missing(chart: LocalChart, folder: str) -> list[str]:
    """Take dependencies that are not there out of a copied chart: their names.

    Those of a chart for Helm 2 stand in a file of their own.
    """
    charts = os.path.join(folder, "charts")
    there = os.listdir(charts) if os.path.isdir(charts) else []
    entries = chart.root.listed("dependencies")
    missing = []
    kept: list[JsonValue] = []
    for entry in entries:
        name = entry.string("name") or ""
        if name in there or any(file.startswith(f"{name}-") for file in there):
            kept.append(entry.plain())
        else:
            missing.append(name)
    old = os.path.join(folder, "requirements.yaml")
    if os.path.exists(old) and not there:
        os.remove(old)
        missing.append("what requirements.yaml names")
    if len(kept) < len(entries):
        root = chart.root.plain()
        assert isinstance(root, dict)
        root["dependencies"] = kept
        with open(os.path.join(folder, "Chart.yaml"), "w", encoding="utf-8") as handle:
            json.dump(root, handle)
        lock = os.path.join(folder, "Chart.lock")
        if os.path.exists(lock):
            os.remove(lock)
    return missing


def _documents(
    job: Job, data: bytes, graph: Graph, sources: dict[str, Source]
) -> Iterator[tuple[str, Document]]:
    """What helm printed, document by document, each with the file that it is put down to."""
    text = Source(posixpath.join(job.chart.directory, "<rendered>"), data)
    read = Input([], [], [])
    load_source(text, read)
    marks = list(documents_at(text.lines))
    lines = [line for line, _ in marks]
    templates: dict[str, Template] = {}
    for document in read.files[0].documents if read.files else ():
        start = document.root.start
        if start is None or document.root.is_null:
            continue
        mark = bisect_right(lines, start.line)
        path = marks[mark - 1][1] if mark else ""
        directory, inner, values = _home(job, path, graph)
        name = posixpath.join(directory, inner)
        if name not in sources:  # in a packed chart
            name, values = posixpath.join(job.chart.directory, "Chart.yaml"), Map({})
        if name not in templates:
            templates[name] = Template(sources[name])
        if job.namespace == "":
            _without_namespace(document.root)
        settle(document.root, templates[name], values)
        yield name, document._replace(duplicates=[], refusals=[], composite_keys=[], overridden=[])


def _home(job: Job, path: str, graph: Graph) -> tuple[str, str, Map]:
    """The chart that a template is of, its path there, and the chart's values."""
    chart, values = job.chart, job.chart.values(graph, (job.values,))
    inner = path.partition("/")[2]
    while inner.startswith("charts/"):
        name, _, rest = inner.removeprefix("charts/").partition("/")
        below = _dependency(chart, name, graph)
        if below is None:
            break
        given = values.get(name)
        chart, inner = below, rest
        values = chart.values(graph, (given,) if isinstance(given, Map) else ())
    return chart.directory, inner, values


def _dependency(chart: LocalChart, name: str, graph: Graph) -> LocalChart | None:
    """A dependency by its name or alias: below `charts/`, or beside it in the repository."""
    for entry in chart.root.listed("dependencies"):
        repository = entry.string("repository") or ""
        if name in (entry.string("alias"), entry.string("name")) and repository.startswith(_LOCAL):
            path = posixpath.join(chart.directory, repository.removeprefix(_LOCAL))
            found = local_chart(graph, posixpath.normpath(path))
            if found is not None:
                return found
    return local_chart(graph, posixpath.join(chart.directory, "charts", name))


def _without_namespace(root: Node) -> None:
    metadata = root.get("metadata")
    if isinstance(metadata, Map) and metadata.string("namespace") == NAMESPACE:
        del metadata.entries["namespace"]
