"""The rulebook's Markdown as HTML: the few forms its pages use, and all else as plain text."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from kslint.report.facts import lines_of, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADING = re.compile(r"(#{1,6}) +(.*)")
_ITEM = re.compile(r"(?:[-*]|(\d+)[.)]) +(.*)")
_FENCE = re.compile(r"(`{3,}|~{3,}) *([\w-]*)")
_RULE = re.compile(r"\|?[\s:|-]*-[\s:|-]*")
_WORDS = re.compile(
    r"\*\*(?P<bold>[^*]+)\*\*|\*(?P<slanted>[^*\s][^*]*)\*"
    r"|\[(?P<link>[^\]]+)\]\((?P<to>https?://[^\s)]+)\)"
)


def render(page: str, top: int = 2) -> str:
    """HTML of a page: headings (`##` as `<h{top}>`), paragraphs, fences, lists, tables.

    Nothing in the page becomes HTML of its own; links lead to http and https only.
    """
    lines = lines_of(page)
    blocks = []
    at = 0
    while at < len(lines):
        block, at = _block(lines, at, top)
        blocks.append(block)
    return "\n".join(block for block in blocks if block)


def code(text: str) -> str:
    """One line in which only backticks mean anything."""
    return "".join(
        f"<code>{escape(piece)}</code>" if is_code else escape(piece)
        for is_code, piece in pieces(text)
    )


def inline(text: str) -> str:
    """One line with code, bold, emphasis and links."""
    return "".join(
        f"<code>{escape(piece)}</code>" if is_code else _words(piece)
        for is_code, piece in pieces(text)
    )


def _words(text: str) -> str:
    parts = []
    end = 0
    for match in _WORDS.finditer(text):
        parts += [escape(text[end : match.start()]), _word(match)]
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def _word(match: re.Match[str]) -> str:
    if match["bold"]:
        return f"<strong>{escape(match['bold'])}</strong>"
    if match["slanted"]:
        return f"<em>{escape(match['slanted'])}</em>"
    return f'<a href="{escape(match["to"])}" rel="noreferrer">{escape(match["link"])}</a>'


def _block(lines: list[str], at: int, top: int) -> tuple[str, int]:
    """The block that begins at a line, and the line after it."""
    line = lines[at].strip()
    if not line:
        return "", at + 1
    if match := _FENCE.match(line):
        return _fence(lines, at + 1, match[1])
    if match := _HEADING.fullmatch(line):
        level = min(6, max(top, len(match[1]) + top - 2))
        return f"<h{level}>{inline(match[2])}</h{level}>", at + 1
    if match := _ITEM.match(line):
        return _items(lines, at, "ol" if match[1] else "ul")
    if line.startswith("|") and at + 1 < len(lines) and _RULE.fullmatch(lines[at + 1].strip()):
        return _table(lines, at)
    end = at + 1
    while end < len(lines) and not _opens(lines[end]):
        end += 1
    return f"<p>{inline(' '.join(text.strip() for text in lines[at:end]))}</p>", end


def _opens(line: str) -> bool:
    """Does a line end the paragraph before it?"""
    line = line.strip()
    return not line or any(form.match(line) for form in (_FENCE, _HEADING, _ITEM))


def _fence(lines: list[str], at: int, fence: str) -> tuple[str, int]:
    end = at
    while end < len(lines) and not lines[end].strip().startswith(fence):
        end += 1
    text = escape("\n".join(lines[at:end]))
    return f"<pre><code>{text}</code></pre>", end + 1


def _items(lines: list[str], at: int, tag: str) -> tuple[str, int]:
    """A list of one level; indented lines go on with the item."""
    items: list[list[str]] = []
    while at < len(lines) and lines[at].strip():
        match = _ITEM.match(lines[at])
        if match:
            items.append([match[2]])
        elif items and not _FENCE.match(lines[at].strip()):
            items[-1].append(lines[at].strip())
        elif not items:
            items.append([lines[at].strip()])
        else:
            break
        at += 1
    body = "".join(f"<li>{inline(' '.join(item))}</li>" for item in items)
    return f"<{tag}>{body}</{tag}>", at


def _table(lines: list[str], at: int) -> tuple[str, int]:
    rows = list(_rows(lines, at))
    head = "".join(f'<th scope="col">{inline(cell)}</th>' for cell in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{inline(cell)}</td>' for cell in row)}</tr>" for row in rows[2:]
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return table, at + len(rows)


def _rows(lines: list[str], at: int) -> Iterator[list[str]]:
    while at < len(lines) and lines[at].strip().startswith("|"):
        yield [cell.strip() for cell in lines[at].strip().strip("|").split("|")]
        at += 1
