"""Write `expect.yaml` for bad fixtures from what kslint finds, to be read before it is kept.

Usage: python scripts/write_expect.py fixtures/CATEGORY/RULE/bad-CASE...
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from cases import expectation, findings_in


def main() -> None:
    for name in sys.argv[1:]:
        folder = Path(name)
        found = findings_in(folder, folder.parent.name)
        text = "".join(expectation(finding) for finding in found)
        (folder / "expect.yaml").write_text(text, encoding="utf-8")
        print(f"{folder}: {len(found)} finding(s)\n{text}")


if __name__ == "__main__":
    main()
