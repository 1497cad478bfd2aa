"""Which releases of vLLM a server may be, and how sure that is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kslint.model.engines.vllm import facts
from kslint.model.engines.vllm.image import is_fork, is_stock, is_upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.model.engines.vllm.facts import Version
    from kslint.model.engines.vllm.image import Image

T = TypeVar("T")
_PLAIN_TAG = re.compile(
    r"v?\d+\.\d+(?:\.\d+)*(?:\.?post\d+)?"
    r"(?:[-_.+](?:cu\d+|cuda[\d.]*|rocm[\d.]*|cpu|gpu|xpu|x86(?:[-_]64)?|amd64|arm64|aarch64|openai"
    r"|nonroot|ubuntu[\d.]*|ubi\d*|rhel\d*|py\d+|latest))*"
)
"""A release, and for which machine it was built."""

TOLD, NEWEST, SUPPOSED, UNTOLD = "told", "newest", "supposed", "untold"


class Release(NamedTuple):
    """What is known of a server's release.

    `certainty`: TOLD by the tag or the configuration; NEWEST for vLLM's own image without a tag
    or with `latest`; SUPPOSED for a preset of KServe whose release nothing tells; UNTOLD for
    nightlies, forks and private images. `candidates` are the releases of the tables that it may
    be: none where nothing tells, or it is out of their reach.
    """

    certainty: str
    candidates: tuple[Version, ...]
    version: Version | None

    @property
    def told(self) -> bool:
        return self.certainty == TOLD and bool(self.candidates)

    def judged(self, verdict: Callable[[tuple[Version, ...]], T | None]) -> tuple[T, bool] | None:
        """What is to be said of it, and whether that is certain; None for nothing.

        `verdict` is asked about releases, and answers for all of them together. What it says of
        every release there was holds for those that are not told too, if less surely for forks.
        """
        if self.certainty == TOLD:
            found = verdict(self.candidates) if self.candidates else None
            return (found, True) if found else None
        found = verdict(facts.releases())
        if found:
            return found, self.certainty == NEWEST
        found = verdict(self.candidates) if self.candidates else None
        return (found, False) if found else None

    @property
    def text(self) -> str:
        """As it is named in a message: `vLLM 0.23.0`."""
        if self.certainty == TOLD and self.version is not None:
            return f"vLLM {dotted(self.version)}"
        if self.certainty == NEWEST:
            return f"vLLM {dotted(self.candidates[-1])}, the newest release known to kslint"
        if self.certainty == SUPPOSED and self.version is not None:
            return f"vLLM {dotted(self.version)} (in KServe's preset)"
        known = facts.releases()
        return f"any release of vLLM from {dotted(known[0])} to {dotted(known[-1])}"


@lru_cache(maxsize=1024)
def release_of(image: Image, version: Version | None, supposed: bool = False) -> Release:
    """The release of a server by its image, or by a version that was found otherwise.

    Tags with a commit or a date in them (`v0.6.1-edb07092`), and numbers that vLLM never had
    (`v0.13.2`), are of builds that count for themselves.
    """
    told = version is not None and not is_fork(image)
    if told and image.version is not None and not _PLAIN_TAG.fullmatch(image.tag):
        told = False
    if told and version is not None and not _was_released(version):
        told = False
    if told:
        return Release(SUPPOSED if supposed else TOLD, facts.span(version), version)
    floating = image.tag in ("", "latest") and not image.digest
    if version is None and floating and is_stock(image) and is_upstream(image):
        return Release(NEWEST, facts.releases()[-1:], None)
    return Release(UNTOLD, (), None)


def _was_released(version: Version) -> bool:
    """False for a number between releases; what is beyond the tables may well be there."""
    known = facts.releases()
    return len(version) < 3 or version in known or not known[0] < version < known[-1]


def dotted(version: Version) -> str:
    return ".".join(map(str, version))
