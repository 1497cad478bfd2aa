"""Read every file and run it through PyYAML's C parser, throwing the events away.

Usage: floor.py DIRECTORY

Nothing in Python that looks at every node of the same bytes through PyYAML can take less.
"""

from __future__ import annotations

import gc
import os
import sys

import yaml


def main(directory: str) -> None:
    """Parse all `.yaml` files below a directory to events."""
    gc.disable()
    for folder, _, files in os.walk(directory):
        for name in files:
            if name.endswith((".yaml", ".yml")):
                with open(os.path.join(folder, name), "rb", buffering=0) as handle:
                    for _event in yaml.parse(handle.read(), yaml.CSafeLoader):
                        pass


if __name__ == "__main__":
    main(sys.argv[1])
