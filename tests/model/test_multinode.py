"""How ranks are divided over a head and its workers."""

from __future__ import annotations

import pytest

from kslint.model.kserve.multinode import Split, ray_split


@pytest.mark.parametrize(
    ("total", "head", "worker", "expected"),
    [
        (4, 0, 0, Split(4, 1, 1)),
        (4, 2, 2, Split(2, 2, 2)),
        (4, 0, 2, Split(2, 2, 2)),
        (5, 0, 2, Split(3, 2, 1)),
        (4, 2, 0, Split(3, 1, 2)),
        (2, 2, 0, Split(1, 1, 2)),
        (2, 4, 2, Split(1, 0, 2)),
        (2, 0, 4, Split(1, 0, 2)),
        (5, 3, 2, Split(3, 2, 3)),
    ],
)
def test_a_division_that_adds_up(total: int, head: int, worker: int, expected: Split) -> None:
    assert ray_split(total, head, worker) == expected


def test_one_rank_too_many() -> None:
    assert not ray_split(4, 2, 2).error
    assert ray_split(4, 1, 2).error
    assert not ray_split(3, 1, 2).error
