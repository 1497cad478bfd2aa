"""One state of the cluster: its objects, what KServe makes of its services, what is refused."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kslint.changes.objects import of_llm_service, of_service, subject_of, written
from kslint.model.gitops import argocd
from kslint.model.kserve import names
from kslint.model.kserve.llm.pools import own_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.changes import Subject
    from kslint.changes.objects import Effective
    from kslint.model.model import Model
    from kslint.source.load import Input
    from kslint.source.nodes import Span


class Served(NamedTuple):
    """What KServe makes of a service on one side, and why it makes nothing of it, or not all."""

    subject: Subject
    objects: list[Effective]
    unknown: tuple[str, ...] = ()
    stopped: bool = False
    mode: str = ""
    sizes: tuple[int, ...] = ()
    """Of an LLMInferenceService: the pods that work as one, with prefill those of prefill too."""


class Side:
    """One state of the cluster, and the input that says so, which lies in the directory `root`."""

    def __init__(self, model: Model, loaded: Input, root: str = "") -> None:
        self.model = model
        self.loaded = loaded
        self._root = "" if root in ("", ".") else f"{root}/"
        self.unread = frozenset(self.relative(trouble.span.file) for trouble in loaded.troubles)
        self.written = list(written(model))
        self.served: dict[tuple[Subject, str], Served] = {}
        for each in self._services():
            self.served.setdefault(each[0], each[1])
        self.refusals: dict[Subject, dict[str, Span | None]] = defaultdict(dict)
        for refusal in model.refusals:
            subject = subject_of(refusal.resource, model.graph)
            text = f"{refusal.stage}: {refusal.said}"
            if not refusal.made:  # what is made is judged where it is compared
                self.refusals[subject].setdefault(text, refusal.at.place)

    def relative(self, name: str) -> str:
        """A file or directory as it is called on both sides."""
        return "" if f"{name}/" == self._root else name.removeprefix(self._root)

    def full(self, name: str) -> str:
        return self._root + name

    @cached_property
    def values_files(self) -> frozenset[str]:
        """The files whose values Applications and kustomizations hand to charts."""
        graph = self.model.graph
        found = {
            file
            for application in self.model.applications
            for source in argocd.sources(application)
            for file in argocd.value_files(graph, source)
        }
        for emission in graph.scopes.emissions:
            nodes = [node for chart in emission.charts for node in chart.values]
            found |= {node.source.name for node in nodes if node.source is not None}
        return frozenset(found)

    def _services(self) -> Iterator[tuple[tuple[Subject, str], Served]]:
        graph = self.model.graph
        for service in self.model.inference_services:
            subject = subject_of(service.resource, graph)
            made = of_service(service, graph)
            reasons = []
            if service.mode.name != names.STANDARD and not service.stopped and not made:
                reasons.append(f"what becomes of it in {service.mode.name} mode is not modelled")
            reasons += [
                f"its {component.name} is not known: {component.built.unknown}"
                for component in service.components
                if component.built.unknown
            ]
            mode = service.mode.name if service.mode_is_known else ""
            served = Served(subject, made, tuple(reasons), service.stopped, mode)
            yield (subject, _place(service.resource.emitter, service.resource.file)), served
        for llm in self.model.llm_services:
            subject = subject_of(llm.resource, graph)
            made = of_llm_service(llm, graph)
            reasons = [] if made else ["a config that it is merged from is not in the input"]
            key = (subject, _place(llm.resource.emitter, llm.resource.file))
            yield key, Served(subject, made, tuple(reasons), llm.stopped, "", own_sizes(llm))


def _place(emitter: str, file: str) -> str:
    return emitter or file
