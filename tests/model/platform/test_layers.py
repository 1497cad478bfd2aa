"""Which Application of an app-of-apps is in the wrong wave."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from kslint.model.platform.layers import (
    CERTIFICATES,
    CLASSIC,
    CONTROLLER,
    DEFINITIONS,
    LLM,
    RUNTIMES,
    WORKLOADS,
    Member,
    clashes,
    culprits,
)
from kslint.resources import Resource
from kslint.source.files import Source
from kslint.source.nodes import Map
from kslint.source.parser import compose

KINDS = frozenset((CLASSIC,))


class _Application:
    """As much of an Application as the order asks for."""

    def __init__(self, name: str, wave: int | None) -> None:
        text = f"kind: Application\nmetadata:\n  name: {name}\n"
        if wave is not None:
            text += f"  annotations: {{argocd.argoproj.io/sync-wave: '{wave}'}}\n"
        body = next(iter(compose(Source("a.yaml", text.encode()), text))).root
        assert isinstance(body, Map)
        self.name = name
        self.resource = Resource(body, "a.yaml")


def member(layer: int, wave: int | None, kinds: frozenset[str] = KINDS) -> Member:
    application: Any = _Application(f"app{layer}", wave)
    return Member(application, layer, kinds, wave or 0)


@pytest.mark.parametrize(
    ("waves", "expected"),
    [
        ((0, 1, 2, 4), []),
        ((-3, -2, -1, None), []),
        ((None, None, None, None), []),
        ((0, 1, 0, 4), [(2, False)]),
        ((0, 1, 1, 4), [(2, False)]),
        ((5, 1, 2, 4), [(0, True)]),
        ((0, 3, 2, 4), [(1, True)]),
        ((0, 1, 2, 1), [(3, False)]),
        ((1, 1, 2, 4), [(0, True)]),
        ((0, 1, None, 4), [(2, False)]),
        ((-1, -1, 0, 1), [(0, True)]),  # no wave is free for the second: the first has to go before
        ((-1, -1, 1, 2), [(1, False)]),  # wave 0 is free for the second
    ],
)
def test_culprits(waves: tuple[int | None, ...], expected: list[tuple[int, bool]]) -> None:
    layers = (CERTIFICATES, DEFINITIONS, CONTROLLER, WORKLOADS)
    members = [member(layer, wave) for layer, wave in zip(layers, waves, strict=True)]
    for order in permutations(members):
        found = list(culprits(list(order)))
        assert [(layers.index(c.member.layer), c.late) for c in found] == expected
        named = {c.member.layer: c.other.layer for c in culprits(members)}
        assert {c.member.layer: c.other.layer for c in found} == named


def test_other_kinds_of_model_have_an_order_of_their_own() -> None:
    llm = frozenset((LLM,))
    assert clashes([member(1, 3, llm), member(2, 2)]) == []
    assert len(clashes([member(1, 3, llm), member(2, 2, llm)])) == 1


@pytest.mark.parametrize(
    ("controller", "runtimes", "workloads", "found"),
    [
        (2, 3, 4, []),
        (2, 1, 4, [(RUNTIMES, False)]),
        (2, 2, 4, [(RUNTIMES, True)]),
        (2, 4, 4, []),  # a model finds its runtime, once that is there
        (2, 5, 4, [(RUNTIMES, False)]),
    ],
)
def test_runtimes_come_after_the_controller(
    controller: int, runtimes: int, workloads: int, found: list[tuple[int, bool]]
) -> None:
    layers = {CONTROLLER: controller, RUNTIMES: runtimes, WORKLOADS: workloads}
    members = [member(layer, wave) for layer, wave in layers.items()]
    assert [(c.member.layer, c.may_recover) for c in culprits(members)] == found
