"""The C parser alone reads what all of PyYAML reads, and says the same of what it cannot."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import yaml
from cases import ROOT

from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """\
import sys
from kslint.source import light
light.install()
from kslint.source.load import load
found = load(sys.argv[1:])
for trouble in found.troubles:
    print(trouble)
for file in found.files:
    print(file.source.name, [document.root.plain() for document in file.documents])
import yaml
print(hasattr(yaml, "safe_load"))
"""
BROKEN = {
    "scanner.yaml": "a: 'open\n", "parser.yaml": "a: [1, 2\nb: 3\n", "tab.yaml": "a:\n\t- b\n",
    "reader.yaml": "a: \x01\n", "alias.yaml": "a: *b\n", "bomb.yaml": "{" * 500,
    "good.yaml": "a: &x {b: 1}\nc: *x\n---\n- 1\n", "tag.yaml": "a: !!python/name:os.system x\n",
}  # fmt: skip


def test_reads_alike(tmp_path: Path) -> None:
    for name, text in BROKEN.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff\xfe\n")
    named = sorted(str(path) for path in tmp_path.iterdir())  # a broken file is read if it is named
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *named],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *read, whole = ran.stdout.splitlines()
    here = load(named)
    expected = [str(trouble) for trouble in here.troubles]
    for file in here.files:
        documents = [document.root.plain() for document in file.documents]
        expected.append(f"{file.source.name} {documents}")
    assert read == expected
    assert len(here.troubles) > 5
    assert whole == str(not yaml.__with_libyaml__)
