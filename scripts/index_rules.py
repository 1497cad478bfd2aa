"""Build hook: puts an index of the rule pages into the wheel, so that a run need not parse them."""

from __future__ import annotations

import os
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class IndexRules(BuildHookInterface[Any]):
    """Adds `kslint/rules/index.json`; in an editable install the pages themselves are read."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from kslint import rulebook

        os.makedirs(self.directory, exist_ok=True)
        file = os.path.join(self.directory, rulebook.INDEX)
        with open(file, "w", encoding="utf-8") as handle:
            handle.write(rulebook.index(rulebook.load()))
        build_data["force_include"][file] = f"kslint/rules/{rulebook.INDEX}"
