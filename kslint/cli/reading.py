"""What a run is about: its bytes at once, its documents and model when something asks for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kslint.source.files import Source

if TYPE_CHECKING:
    from collections.abc import Collection

    from kslint.config import Config, Deleted
    from kslint.findings import Result
    from kslint.model.model import Model
    from kslint.rendered.charts import Outcome
    from kslint.rendered.programs import Tools
    from kslint.rulebook import Rule
    from kslint.running.cache import Cache
    from kslint.source.files import InputProblem
    from kslint.source.load import Input


LARGE = 1024 * 1024
"""Bytes of an input that is worth dividing."""


def _is_large(sources: Collection[Source]) -> bool:
    """Is there much to parse? What is no manifest mostly is not parsed at all."""
    if sum(len(source.data) for source in sources) < LARGE:
        return False
    from kslint.source.manifests import may_be_manifest

    parsed = (source for source in sources if source.named or may_be_manifest(source))
    return sum(len(source.data) for source in parsed) >= LARGE


class Reading:
    """The input of a run. `files` is everything that was named, read."""

    def __init__(
        self, files: list[Source | InputProblem], config: Config, tools: Tools | None = None
    ) -> None:
        """`tools` are the programs that render charts; None leaves them as they are."""
        self.files = files
        self.config = config
        self._tools = tools
        self.rendered: Outcome | None = None
        """What rendering made of the charts, once the documents have been asked for."""

    @property
    def sources(self) -> dict[str, Source]:
        """What could be read, by name."""
        return {file.name: file for file in self.files if isinstance(file, Source)}

    def with_sources(self, others: dict[str, Source]) -> Reading:
        """The same with some sources replaced, by name."""
        files = [
            others.get(file.name, file) if isinstance(file, Source) else file for file in self.files
        ]
        return Reading(files, self.config, self._tools)

    def with_deleted(self, deleted: tuple[Deleted, ...]) -> Reading:
        """The same with what a change takes away."""
        if not deleted:
            return self
        cluster = self.config.cluster._replace(deleted=deleted)
        reading = Reading(self.files, self.config._replace(cluster=cluster))
        reading.__dict__["loaded"] = self.loaded
        return reading

    @cached_property
    def loaded(self) -> Input:
        from kslint.source.load import parsed

        read = parsed(self.files)
        if self._tools is None:
            return read
        from kslint.rendered.charts import rendered

        self.rendered = rendered(read, self.config, self._tools)
        return self.rendered.loaded

    @cached_property
    def model(self) -> Model:
        from kslint.model.model import Model

        return Model.of(self.loaded, self.config)

    def checked(
        self, rules: list[Rule], book: list[Rule], cache: Cache | None, processes: int | None
    ) -> Result:
        """What the rules find; out of the cache where the very same has been checked before.

        Raises RulebookError and MistakesError as `engine.run` does.
        """
        if cache is None or self._tools is not None:  # their versions are not in any digest
            return self._found(rules, book, None, processes)
        from kslint.running.cache import today
        from kslint.running.engine import INTERNAL_ERROR

        name = cache.name_of(self.config, rules, [today(), *self._digests])
        result = cache.get(name)
        if result is not None:
            return result
        result = self._found(rules, book, cache, processes)
        if not any(finding.name == INTERNAL_ERROR for finding in result.findings):
            cache.put(name, result)
        return result

    def _found(
        self, rules: list[Rule], book: list[Rule], cache: Cache | None, processes: int | None
    ) -> Result:
        divided = self._divided(rules, book, cache, processes)
        if divided is not None:
            return divided
        from kslint.running import engine

        result = engine.run(self.loaded, rules, self.config, book, self.model)
        if self.rendered is None:
            return result
        findings = self.rendered.mildened(result.findings)
        return result._replace(findings=findings, summary=result.summary.of(findings))

    @cached_property
    def _digests(self) -> list[str]:
        from kslint.running.cache import digests

        return digests(self.files)

    def _divided(
        self, rules: list[Rule], book: list[Rule], cache: Cache | None, processes: int | None
    ) -> Result | None:
        """What is found share by share; None for an input that is not to be divided."""
        sources = self.sources.values()
        if self._tools is not None or len(sources) == 1 or not _is_large(sources):
            return None
        from kslint.running import shares, workers

        processes = processes or workers.available()
        if cache is None:
            found = shares.check(self.files, self.config, rules, book, processes)
            return None if found is None else found[0]
        name = cache.name_of(self.config, rules, ["shares", *self.sources])
        kept = cache.load(name, shares.Kept.from_plain)
        found = shares.check(self.files, self.config, rules, book, processes, self._digests, kept)
        if found is None:
            return None
        result, keep = found
        if keep is not None:
            cache.put(name, keep)
        return result
