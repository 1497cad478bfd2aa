"""Pages of one file: a template with its styles and scripts inside, and a policy of no others."""

from __future__ import annotations

import base64
import hashlib
import os
from string import Template
from typing import TYPE_CHECKING

from kslint import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def part(name: str) -> str:
    """A file of `html_template/`."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "html_template", name)
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def page(name: str, styles: Sequence[str], scripts: Sequence[str], **fields: str) -> str:
    """A template filled in, behind the head that all pages share.

    `fields` are HTML already; styles and scripts are names of files.
    """
    style, script = ("".join(part(file) for file in files) for files in (styles, scripts))
    return Template(part("head.html") + part(name)).substitute(
        version=__version__,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        icon=part("icon.txt").strip(),
        **fields,
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
