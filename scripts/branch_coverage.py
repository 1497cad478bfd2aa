"""Are the rooms that hold the knowledge tested in every branch, or nearly?

Usage: python scripts/branch_coverage.py COVERAGE.json, as `pytest --cov-report=json` writes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOMS = ("kslint/model/", "kslint/checks/")
WANTED = 95.0
"""Percent of the branches of each room."""


def main(arguments: list[str]) -> int:
    """Print the figures; 1 if one is too low."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    files = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))["files"]
    low = False
    for room in ROOMS:
        sums = [file["summary"] for name, file in files.items() if name.startswith(room)]
        covered, branches = (sum(s[k] for s in sums) for k in ("covered_branches", "num_branches"))
        percent = 100 * covered / branches
        print(f"{room}: {covered} of {branches} branches are tested, {percent:.1f} %")
        low = low or percent < WANTED
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
