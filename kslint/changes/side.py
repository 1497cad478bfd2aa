"""One state of the cluster: its objects, what KServe makes of its services, what is refused."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kslint.changes.objects import of_llm_service, of_service, subject_of, written
from kslint.model.gitops import argocd
from kslint.model.kserve import names
from kslint.model.kserve.admission.kinds import of_llm
from kslint.model.kserve.llm.objects import unknowns
from kslint.model.kserve.llm.pools import own_sizes
from kslint.model.kubernetes.admission.kinds import body_failures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.changes import Subject
    from kslint.changes.objects import Effective
    from kslint.model.answer import Failure
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.model import Model
    from kslint.source.load import Input
    from kslint.source.nodes import Span


_SERVICES_FIRST = "0.20"
"""Since when a component's Service is made before its Deployment
(pkg/controller/v1beta1/inferenceservice/reconcilers/raw/raw_kube_reconciler.go:239
@v0.20.0)."""


class Served(NamedTuple):
    """What KServe makes of a service on one side, and why it makes nothing of it, or not all."""

    subject: Subject
    objects: list[Effective]
    unknown: tuple[str, ...] = ()
    stopped: bool = False
    mode: str = ""
    sizes: tuple[int, ...] = ()
    """Of an LLMInferenceService: the pods that work as one, with prefill those of prefill too."""
    reached: frozenset[Subject] = frozenset()
    """The objects that there are: a reconcile ends at the first that the API server refuses."""


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
        for resource in model.of_kind("InferenceService", names.GROUP):
            for fault in model.schemas.refusals(resource):
                text = f"api-server: {fault.reason}"
                self.refusals[subject_of(resource, model.graph)].setdefault(text, fault.node.place)

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
            there = frozenset(_reached(made, service.settings.at_least(_SERVICES_FIRST)))
            served = Served(subject, made, tuple(reasons), service.stopped, mode, (), there)
            yield (subject, _place(service.resource.emitter, service.resource.file)), served
        for llm in self.model.llm_services:
            subject = subject_of(llm.resource, graph)
            made = of_llm_service(llm, graph)
            reasons = [] if llm.stopped or any(of_llm(llm)) else list(_unknown(llm))
            key = (subject, _place(llm.resource.emitter, llm.resource.file))
            there = frozenset(one.subject for one in made)
            sizes = own_sizes(llm)
            yield key, Served(subject, made, tuple(reasons), llm.stopped, "", sizes, there)


def _unknown(llm: LLMInferenceService) -> Iterator[str]:
    for text in unknowns(llm):
        what, _, why = text.partition(": ")
        yield f"its {what} is not known: {why}"


def _reached(made: list[Effective], services_first: bool) -> Iterator[Subject]:
    """What is created until the API server refuses something, and the pods of that."""
    order: list[Effective] = []
    deployed = 0
    for one in made:
        if one.subject.kind == "Deployment":
            deployed = len(order)
        first = services_first and one.subject.kind == "Service"
        order.insert(deployed if first else len(order), one)
    deployments = set()
    refused = False
    for one in order:
        subject = one.subject
        if subject.kind == "Pod":
            if subject.name in deployments:
                yield subject
            continue
        refused = refused or bool(failures(one))
        if not refused:
            if subject.kind == "Deployment":
                deployments.add(subject.name)
            yield subject


def failures(one: Effective) -> list[Failure]:
    """What the API server refuses in an object that KServe makes."""
    if one.subject.kind == "Secret" and one.owner is not None:
        return []  # its keys are made in the cluster, and not printed
    version = one.body.string("apiVersion") or ""
    return body_failures(version, one.subject.kind, one.body)


def _place(emitter: str, file: str) -> str:
    return emitter or file
