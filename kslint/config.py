"""What the user may tell kslint about a cluster that the manifests do not."""

from __future__ import annotations

from typing import NamedTuple


class Config(NamedTuple):
    """Settings of a run. None and empty mean: not told."""

    kserve_version: str | None = None
