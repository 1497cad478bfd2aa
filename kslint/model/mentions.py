"""Texts that settings are known by, wherever in an input they may stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.source.nodes import walk

if TYPE_CHECKING:
    from kslint.graph.graph import Graph


_HIDDEN = rb'"[^"\n]*\\[xuU\n]|(?:^ *|[:-] +)"[^"\n]*$'
"""Text in quotes that may hold any text: with an escape, or in several lines."""


def mentioned(graph: Graph, *texts: str) -> bool:
    """Does one of some texts stand in a value or key of any file, charts' values among them?

    However many the texts, each file is gone through once.
    """
    documents = graph.documents
    sought = b"|".join([*(re.escape(text.encode()) for text in texts), _HIDDEN])
    wanted = re.compile(sought, re.MULTILINE)
    for name in documents:
        held = [text for text in texts if documents.may_hold(name, text)]
        if held and any(
            text in (part.text or "")
            for root in documents[name]
            for node in walk(root, wanted)
            for part in (node, node.key)
            if part is not None
            for text in held
        ):
            return True
    return False
