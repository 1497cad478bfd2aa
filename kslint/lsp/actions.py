"""Quick fixes: what a finding brings, and a comment that excuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol.types import (
    CodeAction,
    CodeActionKind,
    OptionalVersionedTextDocumentIdentifier,
    TextDocumentEdit,
    TextEdit,
    WorkspaceEdit,
)

from kslint.lsp.diagnostics import of
from kslint.report.facts import active
from kslint.running.ignoring import comment_for
from kslint.source.edits import collide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lsprotocol.types import CreateFile, DeleteFile, Range, RenameFile

    from kslint.findings import Finding
    from kslint.lsp.diagnostics import Places
    from kslint.source.edits import Edit

FIX_ALL = f"{CodeActionKind.SourceFixAll.value}.kslint"


def actions(
    places: Places, name: str, range: Range, only: Sequence[str] | None, versioned: bool
) -> list[CodeAction]:
    """What can be done about the findings in a range of a file.

    `only` are the kinds the client asks for. `versioned` clients refuse edits of a text that
    has changed meanwhile, others are given plain ones.
    """
    findings = [f for f in active(places.checked.findings) if f.span.file == name]
    found: list[CodeAction] = []
    if _wanted(CodeActionKind.QuickFix.value, only):
        here = [f for f in findings if _touch(places.range(f.span), range)]
        for finding in here:
            found += _fixes(finding, places, versioned)
        for finding in here:
            found += _suppressions(finding, places, versioned)
    if only and _wanted(FIX_ALL, only):
        found += _fix_all(findings, places, name, versioned)
    return found


def _wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Kinds are a hierarchy: who asks for `source` gets `source.fixAll.kslint`."""
    return not only or any(kind == asked or kind.startswith(asked + ".") for asked in only)


def _touch(one: Range, other: Range) -> bool:
    first, second = (one.start.line, one.start.character), (one.end.line, one.end.character)
    start, end = (
        (other.start.line, other.start.character),
        (other.end.line, other.end.character),
    )
    return first <= end and start <= second


def _fixes(finding: Finding, places: Places, versioned: bool) -> Iterator[CodeAction]:
    fix = finding.fix
    if fix is None or not fix.edits:
        return
    yield CodeAction(
        fix.description if fix.safe else f"{fix.description} (unsafe: it changes what runs)",
        CodeActionKind.QuickFix,
        diagnostics=[of(finding, places)],
        is_preferred=fix.safe,
        edit=_edit(fix.edits, places, versioned),
    )


def _fix_all(
    findings: Iterable[Finding], places: Places, name: str, versioned: bool
) -> Iterator[CodeAction]:
    """All safe fixes that change nothing but this file, as far as they do not overlap."""
    chosen: list[Edit] = []
    for finding in findings:
        edits = finding.fix.edits if finding.fix is not None and finding.fix.safe else ()
        edits = tuple(edit for edit in edits if edit not in chosen)
        clash = any(collide(edit, other) for edit in edits for other in chosen)
        if not clash and all(edit.span.file == name for edit in edits):
            chosen += edits
    if chosen:
        title = "Apply all safe fixes of kslint"
        yield CodeAction(title, FIX_ALL, edit=_edit(chosen, places, versioned))


def _edit(edits: Iterable[Edit], places: Places, versioned: bool) -> WorkspaceEdit:
    by_file: dict[str, list[TextEdit]] = {}
    for edit in edits:
        text_edit = TextEdit(places.range(edit.span), edit.new_text)
        by_file.setdefault(edit.span.file, []).append(text_edit)
    if not versioned:
        return WorkspaceEdit(changes={places.uri(n): edits for n, edits in by_file.items()})
    changes: list[TextDocumentEdit | CreateFile | RenameFile | DeleteFile] = []
    for name, text_edits in by_file.items():
        document = OptionalVersionedTextDocumentIdentifier(places.uri(name), places.version(name))
        changes.append(TextDocumentEdit(document, list(text_edits)))
    return WorkspaceEdit(document_changes=changes)


def _suppressions(finding: Finding, places: Places, versioned: bool) -> Iterator[CodeAction]:
    """A comment that excuses the finding, if there is a place where it does."""
    source = places.checked.sources.get(finding.span.file)
    if source is None or places.checked.rules[finding.name].reserved:
        return
    edit = comment_for(finding, source)
    if edit is not None:
        yield CodeAction(
            f"Ignore {finding.name} here",
            CodeActionKind.QuickFix,
            diagnostics=[of(finding, places)],
            edit=_edit([edit], places, versioned),
        )
