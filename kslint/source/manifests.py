"""Can a file be a manifest? Told from its bytes: most files of a repository are none.

An object has `apiVersion` and `kind` at its top. Where neither word stands there is nothing to
apply, and the file is parsed only if something has a use for it, such as a chart that is given
values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.source.characters import is_json
from kslint.source.text import encoding_of

if TYPE_CHECKING:
    from kslint.source.text import Source

KSERVE = "serving.kserve.io"
"""A file that names it is worth a second look, whatever else it says."""
_READ_BY_NAME = (
    "kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml", "helmfile.yaml",
    "helmfile.yml",
)  # fmt: skip
"""Files that tools read by their name, in which an object's fields may be missing."""

_KIND = rb"""(?mi)^ {0,4}["']?kind["']?[ \t]*:"""
_KIND_IN_BRACES = rb"""(?i)[{,\s]["']?kind["']?\s*:"""
_ESCAPED = rb"\\(?:x|u00|U000000)[4-7][0-9A-Fa-f]|\\\r?\n"
"""ASCII letters in disguise, or a word broken in two: in quotes, a key may be written so."""
_FIELD = r"""["']?(?:apiVersion|kind)["']?[ \t]*:(?=[\s{["'0-9A-Za-z]|$)"""
_START = r"(?:\s|(?:#|//)[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/|---[^\S\n]*\n)*"
"""What may stand before the first token of a document."""
_PIECES = rf"""{_FIELD}|"(?:[^"\\\n]|\\.)*(?:"|\\?$)|(?:(?<=\s)|^)(?:\#|//)[^\n]*|/\*|[{{}}\[\]]"""


def may_be_manifest(source: Source) -> bool:
    """False only if there is certainly no Kubernetes object in a file, broken or misspelt."""
    if read_by_name(source):
        return True
    data = source.data
    if b"apiVersion" in data or encoding_of(data).startswith("utf-16"):
        return True
    lowered = data.lower()
    if b"apiversion" in lowered or KSERVE.encode() in lowered:
        return True
    if b"kind" in lowered and re.search(_KIND_IN_BRACES if is_json(data) else _KIND, data):
        return True
    return b"\\" in data and re.search(_ESCAPED, data) is not None


def read_by_name(source: Source) -> bool:
    """Is a file called as tools look for it?"""
    return source.name.rpartition("/")[2] in _READ_BY_NAME


def looks_like_manifest(source: Source) -> bool:
    """Stands `apiVersion` or `kind` at the top of a document, as far as a broken file tells?"""
    if read_by_name(source):
        return True
    text = source.text()
    begin = re.match(_START, text)
    assert begin is not None
    first = text[begin.end() : begin.end() + 2]
    if first[:1] in ("{", "[") and first not in ("{{", "{%"):
        return _is_at_top_of_flow(text, begin.end())
    line_start = text.rfind("\n", 0, begin.end()) + 1
    indent = begin.end() - line_start if first else 0
    return re.search(rf"(?m)^ {{0,{min(indent, 40)}}}{_FIELD}", text) is not None


def _is_at_top_of_flow(text: str, begin: int) -> bool:
    """The same for a text in braces, such as JSON with comments and commas that JSON has not."""
    depth = 0
    pieces = re.compile(_PIECES, re.MULTILINE)
    found = pieces.search(text, begin)
    while found:
        piece, end = found[0], found.end()
        if piece in "{[":
            depth += 1
        elif piece in "}]":
            depth -= 1
        elif piece == "/*":
            end = text.find("*/", end)
            if end < 0:
                return False
        elif depth == 1 and piece.endswith(":"):
            return True
        found = pieces.search(text, end)
    return False
