"""Rolling updates: the table of Kubernetes' arithmetic, and when an update can never finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.kubernetes.rollout import Rollout, resolve, rollout
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.source.nodes import Node

ORIGIN = Origin("controller", "a test")


def strategy(surge: object = None, unavailable: object = None) -> Node:
    steps = {"maxSurge": surge, "maxUnavailable": unavailable}
    given = {name: value for name, value in steps.items() if value is not None}
    body: dict[str, object] = {"type": "RollingUpdate"}
    return made({**body, **({"rollingUpdate": given} if given else {})}, ORIGIN)


def update(node: Node | None, replicas: int) -> Rollout:
    found = rollout(node, replicas)
    assert found is not None
    return found


RECREATE = made({"type": "Recreate"}, ORIGIN)
COLUMNS = {
    "default": strategy(),
    "25%/25%": strategy("25%", "25%"),
    "1/0": strategy(1, 0),
    "0/1": strategy(0, 1),
    "100%/0%": strategy("100%", "0%"),
    "recreate": RECREATE,
}
# replicas: peak and minimum for 25%/25%, 1/0, 0/1, 100%/0% and Recreate
TABLE = {
    1: [(2, 1), (2, 1), (1, 0), (2, 1), (1, 0)],
    2: [(3, 2), (3, 2), (2, 1), (4, 2), (2, 0)],
    3: [(4, 3), (4, 3), (3, 2), (6, 3), (3, 0)],
    4: [(5, 3), (5, 4), (4, 3), (8, 4), (4, 0)],
    5: [(7, 4), (6, 5), (5, 4), (10, 5), (5, 0)],
    8: [(10, 6), (9, 8), (8, 7), (16, 8), (8, 0)],
    10: [(13, 8), (11, 10), (10, 9), (20, 10), (10, 0)],
}
CASES = [
    (replicas, name, expected)
    for replicas, row in TABLE.items()
    for name, expected in zip(COLUMNS, [row[0], *row], strict=True)
]


@pytest.mark.parametrize(("replicas", "name", "expected"), CASES)
def test_peak_and_minimum(replicas: int, name: str, expected: tuple[int, int]) -> None:
    found = update(COLUMNS[name], replicas)
    assert (found.peak, found.minimum) == expected


@pytest.mark.parametrize(
    ("node", "replicas", "slots", "stuck"),
    [
        (strategy(), 1, 1, True),  # one GPU, one replica, defaults: surge 1, unavailable 0
        (strategy(), 1, 2, False),
        (strategy(), 4, 4, False),  # floor(25 % of 4) = 1 may go first
        (strategy(), 3, 3, True),
        (strategy(1, 0), 2, 2, True),  # the usual HA overlay on exactly two GPUs
        (strategy(1, 0), 2, 3, False),
        (strategy(0, 1), 1, 1, False),
        (strategy(0, 0), 1, 1, False),  # both zero: one may go
        (strategy("0%", "0%"), 2, 2, False),
        (strategy("100%", "0%"), 2, 3, False),  # a surge of 4 needs one spare slot only
        (strategy("100%", "0%"), 2, 2, True),
        (strategy("1%", "1%"), 2, 2, True),  # ceil and floor: 1 and 0
        (RECREATE, 2, 2, False),
        (strategy(1, 0), 0, 0, False),  # nothing rolls
        (RECREATE, 0, 0, False),
    ],
)
def test_deadlock(node: Node, replicas: int, slots: int, stuck: bool) -> None:
    found = update(node, replicas)
    assert found.deadlocks(slots) is stuck
    assert found.deadlocks(slots) <= found.needs_spare_slot


@pytest.mark.parametrize(
    ("node", "replicas", "needs"),
    [
        (strategy(), 1, True),
        (strategy(), 4, False),
        (strategy(1, 0), 0, False),
        (RECREATE, 1, False),
        (strategy(0, 0), 3, False),
    ],
)
def test_needs_spare_slot(node: Node, replicas: int, needs: bool) -> None:
    assert update(node, replicas).needs_spare_slot is needs


@pytest.mark.parametrize(
    ("text", "replicas", "up", "expected"),
    [
        ("25%", 5, True, 2),
        ("25%", 5, False, 1),
        ("0%", 5, True, 0),
        ("100%", 5, False, 5),
        ("150%", 2, True, 3),
        ("7", 2, True, 7),
        ("0", 2, False, 0),
        ("", 2, True, None),
        ("-1", 2, True, None),
        ("1.5", 2, True, None),
        ("25", 2, True, 25),
        ("%", 2, True, None),
        ("two%", 2, True, None),
        ("²%", 2, True, None),
        ("²", 2, True, None),
        ("٣", 2, True, None),  # Go's strconv knows ASCII digits only
        ("9999999999", 2, True, None),
        ("9" * 5000 + "%", 2, True, None),
    ],
)
def test_resolve(text: str, replicas: int, up: bool, expected: int | None) -> None:
    assert resolve(text, replicas, up) == expected


@pytest.mark.parametrize(
    "node",
    [
        None,
        made({"type": "Gradual"}, ORIGIN),
        strategy("a lot", 0),
        strategy(0, "a lot"),
        strategy(-1, 0),
    ],
)
def test_what_cannot_be_computed_is_not_guessed(node: Node | None) -> None:
    assert rollout(node, 3) is None


def test_a_strategy_without_a_type_rolls() -> None:
    assert update(made({}, ORIGIN), 1) == Rollout(False, 1, 0, 1)
    assert update(made({"type": None}, ORIGIN), 1) == Rollout(False, 1, 0, 1)


@given(st.integers(0, 100), st.integers(0, 200), st.integers(0, 100))
def test_limits_hold_for_all_percentages(replicas: int, surge: int, unavailable: int) -> None:
    found = update(strategy(f"{surge}%", f"{unavailable}%"), replicas)
    assert 0 <= found.minimum <= replicas <= found.peak <= replicas * 3
    assert found.surge + found.unavailable >= 1  # an update always has a first step
    assert found.deadlocks(0) is False or found.needs_spare_slot
    assert not found.deadlocks(found.peak)


def test_a_negative_count_has_no_rollout() -> None:
    assert rollout(None, -1) is None
