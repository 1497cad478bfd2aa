"""Patterns that stand in the input are matched in two rooms, which no pattern keeps busy.

Everywhere else a regular expression is one of ours: its text is in the module, or it is made of
such texts and named here with the reason.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from cases import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUSE = ROOT / "kslint"
MODULES = sorted(HOUSE.rglob("*.py"))
ROOMS = {"source/globs.py", "source/regexes.py"}
ENGINES = {"fnmatch", "glob", "hyperscan", "pathspec", "re2", "regex", "sre_compile", "wcmatch"}
FUNCTIONS = {
    "compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer",
    "template",
}  # fmt: skip
MADE_OF_OURS = {
    ("source/manifests.py", "indent"): "a number",
    ("source/folding.py", "indent"): "a number",
    ("source/characters.py", "base"): "a code point of the private areas",
    ("source/characters.py", "high"): "ours",
    ("model/mentions.py", "sought"): "a setting that another module names",
    ("model/downloads.py", "known"): "words of letters, at most twenty",
    ("model/cel/spoken.py", "pattern"): "of a table in the module",
    ("model/kubernetes/admission/grammar.py", "pattern"): "made of formats in the module",
    ("model/schemas/catalogue.py", "filled"): "a value of a table in the module",
    ("model/schemas/limits.py", "pattern"): "of the schemas that come with kslint",
}


class Names(ast.NodeVisitor):
    """Which names of a module stand for texts in it, and for nothing else."""

    def __init__(self, tree: ast.Module) -> None:
        self.texts: set[str] = set()
        self._others: set[str] = set()
        self.visit(tree)
        self.texts -= self._others

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and is_text(node.value, self.texts):
                self.texts.add(target.id)
            else:
                self._others |= names_in(target)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.texts |= {name for a in node.names if (name := a.asname or a.name).isupper()}

    def visit_arg(self, node: ast.arg) -> None:
        self._others.add(node.arg)

    def visit_For(self, node: ast.For) -> None:
        self._others |= names_in(node.target)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._others |= names_in(node.target)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._others |= names_in(node.target)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._others |= names_in(node.target)
        self.generic_visit(node)


def names_in(node: ast.expr) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def is_text(node: ast.expr, known: set[str]) -> bool:
    """Is an expression made of texts in the module, and of names that stand for such?"""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in known
    if isinstance(node, ast.JoinedStr):
        return all(is_text(part, known) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return is_text(node.value, known)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and all(is_text(arg, known) for arg in node.args)
    if isinstance(node, ast.IfExp):
        return is_text(node.body, known) and is_text(node.orelse, known)
    if isinstance(node, ast.BinOp):
        return is_text(node.left, known) and is_text(node.right, known)
    return False


def foreign(text: str, ours: set[str] = frozenset()) -> Iterator[str]:  # type: ignore[assignment]
    """The patterns in a module that are not its own, and the engines that it imports."""
    tree = ast.parse(text)
    known = Names(tree).texts | ours
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
                if node.module == "re":
                    yield ast.unparse(node)
            yield from (module for module in modules if module.partition(".")[0] in ENGINES)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) == "re"
            and node.func.attr in FUNCTIONS
            and not is_text(node.args[0], known)
        ):
            yield ast.unparse(node)


def name_of(module: Path) -> str:
    return module.relative_to(HOUSE).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_patterns_of_the_input_stay_in_their_rooms(module: Path) -> None:
    name = name_of(module)
    if name not in ROOMS:
        ours = {word for place, word in MADE_OF_OURS if place == name}
        assert list(foreign(module.read_text(encoding="utf-8"), ours)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import re\nre.compile('a')", 0),
        ("import re\nA = 'a'\nre.compile(f'{A}+' + 'b')", 0),
        ("import re\nfrom x import A\nre.compile(A)", 0),
        ("import re\nre.compile(x)", 1),
        ("import re\ndef f(A):\n    re.search(f'{A}+', 'x')", 1),
        ("import re\nA = 'a'\nfor A in x:\n    re.sub(A, '', 'x')", 1),
        ("from re import compile", 1),
        ("import fnmatch", 1),
        ("def f():\n    from pathspec import GitIgnoreSpec", 1),
    ],
)
def test_a_foreign_pattern_is_seen(text: str, found: int) -> None:
    assert len(list(foreign(text))) == found


def test_every_exception_is_one() -> None:
    for place, word in MADE_OF_OURS:
        text = (HOUSE / place).read_text(encoding="utf-8")
        assert any(word in found for found in foreign(text)), place
