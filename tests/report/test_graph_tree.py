"""The tree of `kslint graph`: everything once, nothing lost, readable at any width."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from graph_run import PICTURE, RESULT, big
from hypothesis import given, settings
from hypothesis import strategies as st
from report_run import same_as_snapshot

from kslint.picture import DEPLOYS, GraphPicture, PictureEdge, PictureNode
from kslint.report.graph import tree
from kslint.report.graph.forest import Forest

if TYPE_CHECKING:
    from kslint.report.graph.forest import Item

KINDS = ("Application", "InferenceService", "Deployment", "Secret")
EDGES = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11), st.sampled_from((DEPLOYS, "env", "volume"))),
    max_size=40,
)


def of_edges(edges: list[tuple[int, int, str]], amount: int = 12) -> GraphPicture:
    nodes = tuple(PictureNode(f"{n}", KINDS[n % 4], f"ns{n % 3}", f"n{n}") for n in range(amount))
    return GraphPicture(nodes, tuple(PictureEdge(f"{a}", f"{b}", role) for a, b, role in edges))


def items(forest: Forest) -> list[Item]:
    todo = [*forest.applications, *(i for own in forest.namespaces.values() for i in own)]
    found = []
    while todo:
        found.append(item := todo.pop())
        todo += item.children
    return found


def test_snapshot() -> None:
    same_as_snapshot("graph-tree.txt", tree.render(PICTURE, RESULT, False))


@settings(max_examples=200, deadline=None)
@given(EDGES)
def test_every_node_stands_in_full_once(edges: list[tuple[int, int, str]]) -> None:
    picture = of_edges(edges)
    shown = Counter(item.node.id for item in items(Forest(picture)) if not item.again)
    assert shown == Counter(node.id for node in picture.nodes)


@settings(max_examples=200, deadline=None)
@given(EDGES)
def test_every_reference_is_shown(edges: list[tuple[int, int, str]]) -> None:
    """What is deployed together may stand below one that names it instead."""
    forest = Forest(of_edges(edges))
    shown = {(e.source, e.target) for item in items(forest) for e in item.edges}
    named = {(str(a), str(b)) for a, b, role in edges if a != b and role != DEPLOYS}
    assert named <= shown
    deployed = {str(b) for a, b, role in edges if a != b and role == DEPLOYS}
    assert deployed <= {target for _, target in shown} | {i.node.id for i in forest.applications}


def test_a_long_chain_does_not_run_off_the_page() -> None:
    chain = of_edges([(n, n + 1, "env") for n in range(2999)], 3000)
    text = tree.render(chain, RESULT, False)
    assert max(map(len, text.splitlines())) < 200
    assert len({line.split("n")[-1] for line in text.splitlines()}) >= 3000


@pytest.mark.parametrize("width", [20, 60, 100])
def test_lines_are_folded_and_nothing_is_lost(width: int) -> None:
    wide = tree.render(PICTURE, RESULT, False)
    text = tree.render(PICTURE, RESULT, False, width)
    bare = str.maketrans("", "", "│├└─")
    assert text.translate(bare).split() == wide.translate(bare).split()
    lines = text.partition("\n\nFindings outside any object")[0].splitlines()
    assert max(len(line) for line in lines) <= max(width, 48)


def test_colour_changes_nothing_but_colour() -> None:
    import re

    coloured = tree.render(PICTURE, RESULT, True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == tree.render(PICTURE, RESULT, False)
    assert "\x1b[1;31m✕ 1 error" in coloured


def test_many_resources_are_one_short_tree() -> None:
    text = tree.render(big(), RESULT, False)
    assert len(text.splitlines()) < 480
    assert "Deployment ns0/web-0, ns0/web-1" in text


def test_names_cannot_steer_the_terminal() -> None:
    node = PictureNode("x", "Pod\x1b[31m", "a\nb", "\x07\u202e", note="\x1b]0;x\x07")
    text = tree.render(GraphPicture((node,), ()), RESULT, False)
    assert not any(c in text for c in "\x1b\x07\u202e")


def test_nothing_at_all() -> None:
    clean = RESULT._replace(findings=[], summary=RESULT.summary._replace(resources=0))
    clean = clean._replace(failed=False)
    assert "No Kubernetes object was found" in tree.render(GraphPicture((), ()), clean, False)
