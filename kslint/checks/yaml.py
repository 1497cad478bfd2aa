"""What YAML makes of a text, where that is not what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import Problem
from kslint.model.documents import chart_values
from kslint.model.schemas.suspects import MODES
from kslint.source.nodes import Map, Scalar, Seq
from kslint.source.scalars import go_number, is_octal, is_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.schemas.suspects import Suspect
    from kslint.source.document import Redefined
    from kslint.source.nodes import Node, Span

_SHOWN = 40
_MAX_MODE = 0o777
_FILE_MODES = ("mode", "umask")
"""How the names of fields end that hold file modes, which people write in octal."""
_TYPES = {
    "string": "text", "integer": "an integer", "number": "a number", "boolean": "`true` or `false`",
    "object": "a mapping", "array": "a list", "int-or-string": "a whole number or text",
    "quantity": "a whole number, or a quantity as text",
}  # fmt: skip
_VERSIONS = frozenset({"tag", "version", "revision"})


def unquoted_text(model: Model) -> Iterator[Problem]:
    """A plain scalar that YAML reads as a boolean or number, where the API takes text."""
    for suspect in model.suspects:
        node = suspect.node
        if not _is_read_as_another(suspect) or not suspect.misfits:
            continue
        assert isinstance(node, Scalar)
        is_boolean = isinstance(node.value, bool)
        changed = is_word(node.literal) if is_boolean else node.text != node.literal
        yield Problem(
            node,
            variant=("word" if changed else "boolean")
            if is_boolean
            else ("other-number" if changed else "number"),
            about=suspect.resource,
            field=suspect.path,
            kind=suspect.resource.kind,
            version=suspect.resource.version,
            type="bool" if is_boolean else "number",
            literal=_short(node.literal),
            read=node.text,
        )


def _is_read_as_another(suspect: Suspect) -> bool:
    """Is it a scalar where text is due, which would be text in quotes?"""
    node = suspect.node
    return suspect.wanted == "string" and isinstance(node, Scalar) and not node.is_null


def wrong_type(model: Model) -> Iterator[Problem]:
    """A value of another type than its field, but for plain scalars that were meant as text."""
    for suspect in model.suspects:
        node = suspect.node
        if _is_read_as_another(suspect) or not suspect.misfits:
            continue
        variant, found = _found(suspect)
        yield Problem(
            node,
            variant=variant,
            about=suspect.resource,
            field=suspect.path,
            kind=suspect.resource.kind,
            version=suspect.resource.version,
            wanted=_TYPES[suspect.wanted],
            type=suspect.wanted,
            found=found,
        )


def _found(suspect: Suspect) -> tuple[str, str]:
    """The message for what stands there instead, and its words."""
    node = suspect.node
    if not isinstance(node, Scalar):
        return "default", "a list" if isinstance(node, Seq) else "a mapping"
    value = node.value
    if value is None:
        return "default", "nothing"
    if isinstance(value, str):
        plain = Scalar(node.literal)
        meant = suspect.in_place_of(plain)
        quoted = not node.plain_style and not meant.misfits and not plain.is_null
        return ("quoted" if quoted else "text"), _short(node.literal)
    return "default", f"the {'boolean' if isinstance(value, bool) else 'number'} {node.text}"


def octal(model: Model) -> Iterator[Problem]:
    """A file mode written in decimal digits that were meant as octal, or octal by accident."""
    for suspect in model.suspects:
        node = suspect.node
        if suspect.wanted != "integer" or not isinstance(node, Scalar) or not node.plain_style:
            continue
        value, literal = node.value, node.literal
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        name = suspect.path.rpartition(".")[2]
        is_mode = name in MODES and "volumes[" in suspect.path
        if is_mode and _looks_octal(literal) and (value > _MAX_MODE or not _is_sensible(value)):
            variant = "refused" if value > _MAX_MODE else "mode"
            fix = f"write `0{literal}`, or `{int(literal, 8)}` in JSON"
        elif name.lower().endswith(_FILE_MODES):
            continue
        elif is_octal(literal) and value != int(literal.replace("_", "").lstrip("0")):
            variant = "number"
            fix = f"write `{literal.lstrip('0_')}`, or `{value}` if octal was meant"
        else:
            continue
        yield Problem(
            node,
            variant=variant,
            severity="error" if variant == "refused" else None,
            about=suspect.resource,
            field=suspect.path,
            literal=literal,
            value=value,
            octal=f"0{value:o}",
            fix=fix,
        )


def _looks_octal(literal: str) -> bool:
    """Three digits that are a mode in octal, and no zero before them."""
    is_digits = len(literal) == 3 and all(digit in "01234567" for digit in literal)
    return is_digits and literal[0] != "0" and _is_sensible(int(literal, 8))


def _is_sensible(mode: int) -> bool:
    """A mode that people set: the owner reads, and nobody may more than those before them."""
    owner, group, others = mode >> 6, mode >> 3 & 7, mode & 7
    chain = owner & group == group and group & others == others
    return chain and bool(owner & 4) and all(not bits or bits & 4 for bits in (group, others))


def merge_override(model: Model) -> Iterator[Problem]:
    """A key whose value a merge key below it replaces, in go-yaml only."""
    for read in model.documents:
        if read.by_kustomize:
            continue
        for lost in read.document.overridden:
            if lost.written.plain() == lost.brought.plain():
                continue
            yield Problem(
                lost.written,
                about=read.resource,
                related=[(lost.merge, "this merge replaces it"), (lost.brought, "by this value")],
                name=lost.name,
                value=_value(lost.brought),
            )


def anchor_redefined(model: Model) -> Iterator[Problem]:
    """An alias that means the later of two definitions, with both in its sight."""
    for read in model.documents:
        differing = [t for t in read.document.redefined if t.first.plain() != t.again.plain()]
        around = _list_elements(read.document.root) if differing else {}
        for twice in differing:
            if _is_shadowed(twice, around.get(id(twice.again))):
                continue
            yield Problem(
                twice.again,
                about=read.resource,
                related=[
                    (twice.first.place, "it is defined here first"),
                    (twice.alias, "this alias means the later one"),
                ],
                name=twice.name,
            )


class _Around(NamedTuple):
    """An element of a list that a node stands in, and the one around that."""

    element: Node
    outer: _Around | None


def _list_elements(root: Node) -> dict[int, _Around | None]:
    """For every node of a document, by identity, the elements of lists around it."""
    found: dict[int, _Around | None] = {}
    stack: list[tuple[Node, _Around | None]] = [(root, None)]
    while stack:
        node, around = stack.pop()
        if id(node) in found:
            continue
        found[id(node)] = around
        stack.extend((child, around) for _, child in node.items())
        stack.extend((child, _Around(child, around)) for child in node.elements())
    return found


def _is_shadowed(twice: Redefined, around: _Around | None) -> bool:
    """Do definition and alias share a list element that the first definition is not in?

    So they do where elements are copies of each other, and each has its own anchor.
    """
    first = twice.first.span
    while around is not None:
        span = around.element.span
        if span and first and _holds(span, twice.alias) and not _holds(span, first):
            return True
        around = around.outer
    return False


def _holds(around: Span, inner: Span) -> bool:
    start, end = (inner.line, inner.column), (inner.end_line, inner.end_column)
    return (around.line, around.column) <= start and end <= (around.end_line, around.end_column)


def version_number(model: Model) -> Iterator[Problem]:
    """A tag or version in a chart's values that is a number, and printed as another text."""
    applications = [one for one in model.applications if model.judges(one.resource)]
    for values, resource in chart_values(model.documents, applications):
        stack = [("", values)]
        while stack:
            path, node = stack.pop()
            for name, child in node.items():
                stack.append((f"{path}.{name}".lstrip("."), child))
            stack.extend((f"{path}[{i}]", child) for i, child in enumerate(node.elements()))
            if not isinstance(node, Scalar):
                continue
            printed = _printed(path.rpartition(".")[2], node)
            if printed is not None:
                literal = _short(node.literal)
                yield Problem(node, about=resource, field=path, literal=literal, printed=printed)


def _printed(name: str, node: Scalar) -> str | None:
    """What Helm prints of a version that is a number, if that is another text."""
    if not node.plain_style:
        return None
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if name.lower() not in _VERSIONS and not name.endswith(("Tag", "Version", "Revision")):
        return None
    text = go_number(float(value))
    return text if text != node.literal else None


def date(model: Model) -> Iterator[Problem]:
    """A date that kustomize writes as a point in time, where the API takes text."""
    for suspect in model.suspects:
        node = suspect.node
        if suspect.becomes_time and isinstance(node, Scalar):
            yield Problem(
                node, about=suspect.resource, field=suspect.path, literal=_short(node.literal)
            )


def _value(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"`{_short(node.text)}`"
    return "another mapping" if isinstance(node, Map) else "another list"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
