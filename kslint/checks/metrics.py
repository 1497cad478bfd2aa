"""Queries for metrics that no server exports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Known
from kslint.model.engines.vllm.metrics import (
    NEVER,
    UNDERSCORE,
    fault,
    is_share,
    model_names,
    samples,
)
from kslint.model.engines.vllm.release import dotted
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.model.metrics import made, queries
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kslint.model.engines.vllm.facts import Version
    from kslint.model.engines.vllm.metrics import Fault, Sample
    from kslint.model.metrics import Query
    from kslint.model.model import Model
    from kslint.model.workload import Server

_COMPARED = re.compile(r"(.*[^><=!\s])\s*(?:>=?)\s*(\d+(?:\.\d+)?)\s*", re.DOTALL)
"""A query of an alert, and the number that it is to exceed."""
_SHOWN = "show-hidden-metrics-for-version"


def not_of_vllm(model: Model) -> Iterator[Problem]:
    """A name, a model or a threshold for which the query has no value, or never enough."""
    unheard: list[tuple[Query, Sample, Fault, Sequence[Server]]] = []
    for query in queries(model):
        servers = [s for s in query.servers or model.servers if s.engine.kind == "vllm"]
        unheard += [(query, *one, servers) for one in _faults(query, _releases(servers))]
        yield from _models(query, servers)
        yield from _threshold(query)
    if unheard:
        known = made(model)
        yield from (_problem(*one) for one in unheard if not known.holds(one[1].name))


def _faults(query: Query, candidates: tuple[Version, ...]) -> Iterator[tuple[Sample, Fault]]:
    """The names of a query that no release exports, each once."""
    for sample in {one.name: one for one in reversed([*samples(query.text)])}.values():
        found = fault(sample.name, candidates)
        # in an HPA an adapter is usual that is not in the input, and makes such a name
        if found is not None and not (found.kind == UNDERSCORE and query.names):
            yield sample, found


def _problem(query: Query, sample: Sample, found: Fault, servers: Sequence[Server]) -> Problem:
    told = [server.engine.release.text for server in servers if server.engine.release.candidates]
    return Problem(
        Parts(query.node).part(sample.start, sample.end),
        variant=found.kind,
        severity="warning" if query.shown or (found.kind == NEVER and not found.meant) else None,
        about=query.resource,
        name=sample.name,
        meant=found.meant,
        advice=f"write `{found.meant}`" if found.meant else "ask for another metric",
        release=told[0] if told else "vLLM",
        version="" if found.version is None else dotted(found.version),
    )


def _releases(servers: Sequence[Server]) -> tuple[Version, ...]:
    """The releases that any of the servers may be; none where that is not known of all."""
    found: set[Version] = set()
    for server in servers:
        candidates = server.engine.release.candidates
        if not candidates or server.engine.flag(_SHOWN) is not None:
            return ()
        found.update(candidates)
    return tuple(sorted(found))


def _models(query: Query, servers: Sequence[Server]) -> Iterator[Problem]:
    """A model that none of the scaled servers goes by: the label is the first served name."""
    if not query.servers:
        return
    names = [server.engine.served_names for server in servers]
    known = [name.value[0] for name in names if isinstance(name, Known)]
    if not known or len(known) < len(names):
        return
    for asked in model_names(query.text):
        if asked.name not in known and "$" not in asked.name:
            yield Problem(
                Parts(query.node).part(asked.start, asked.end),
                variant="model",
                about=query.resource,
                name=asked.name,
                served=known[0],
                advice=f'write `model_name="{known[0]}"`',
            )


def _threshold(query: Query) -> Iterator[Problem]:
    node, text = query.threshold, query.text
    compared = _COMPARED.fullmatch(text)
    if node is None and compared is not None:
        node, text = Parts(query.node).part(*compared.span(2)), compared[1]
    limit = None if node is None else parse_or_none(node.text)
    if node is None or limit is None or not is_share(text):
        return
    if limit.amount > 1:
        yield Problem(
            node,
            variant="threshold",
            about=query.resource,
            name=next(samples(text)).name,
            value=node.text,
            advice="write a fraction, such as 0.8",
        )
