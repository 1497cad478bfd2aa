"""What Argo CD itself refuses: sources it cannot read, projects that do not permit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.gitops import hooks, projects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.source.nodes import Span


def refused(model: Model) -> Iterator[Problem]:
    """An Application that Argo CD refuses, or an object that its project does not permit."""
    seen: set[tuple[str, Span | None]] = set()
    told = model.config.cluster.complete
    for one in projects.refused(model.graph):
        key = (one.reason, one.at.place)
        if key not in seen:
            seen.add(key)
            yield Problem(
                one.at,
                variant=one.reason,
                severity="warning" if one.reason == "project" and not told else None,
                about=one.application.resource,
                related=[(one.related, "what the project permits")],
                application=one.application.name,
                project=one.project,
                what=one.what,
            )
    for resource, project, application, at in projects.kinds_refused(model.graph):
        node = resource.body.get("kind") or resource.body
        if ("kind", node.place) in seen:
            continue
        seen.add(("kind", node.place))
        yield Problem(
            node,
            variant="kind",
            about=resource,
            related=[(at, f"what project `{project.name}` permits")],
            application=application.name,
            project=project.name,
            what=f"{resource.kind}.{resource.group}".rstrip("."),
        )


def job_run_again(model: Model) -> Iterator[Problem]:
    """A Job that removes itself, and that a self-healing Application makes again."""
    for rerun in hooks.reruns(model.of_kind("Job", "batch"), model.graph):
        yield Problem(
            rerun.node,
            about=rerun.job,
            related=[(rerun.application.automated, "heals what is missing")],
            job=rerun.job.name,
            application=rerun.application.name,
        )
