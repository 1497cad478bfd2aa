"""The house has no circles: of two modules at most one imports the other, by whatever way."""

from __future__ import annotations

import ast

import networkx as nx
from cases import ROOT


def test_no_imports_go_in_circles() -> None:
    """Also not under TYPE_CHECKING: who needs a type of what builds on it stands too low."""
    files = {}
    for path in (ROOT / "kslint").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        files[module.removesuffix(".__init__")] = path
    imports: nx.DiGraph[str] = nx.DiGraph()
    for module, path in files.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    imports.add_edge(module, inner if inner in files else node.module)
    circles = [sorted(c) for c in nx.strongly_connected_components(imports) if len(c) > 1]
    assert circles == []
