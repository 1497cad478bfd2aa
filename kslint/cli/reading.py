"""What a run is about: its bytes at once, its documents and model when something asks for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kslint.source.files import Source

if TYPE_CHECKING:
    from kslint.cache import Cache
    from kslint.config import Config
    from kslint.findings import Result
    from kslint.model.model import Model
    from kslint.rulebook import Rule
    from kslint.source.files import InputProblem
    from kslint.source.load import Input


class Reading:
    """The input of a run. `files` is everything that was named, read."""

    def __init__(self, files: list[Source | InputProblem], config: Config) -> None:
        self.files = files
        self.config = config

    @property
    def sources(self) -> dict[str, Source]:
        """What could be read, by name."""
        return {file.name: file for file in self.files if isinstance(file, Source)}

    def with_sources(self, others: dict[str, Source]) -> Reading:
        """The same with some sources replaced, by name."""
        files = [
            others.get(file.name, file) if isinstance(file, Source) else file for file in self.files
        ]
        return Reading(files, self.config)

    @cached_property
    def loaded(self) -> Input:
        from kslint.source.load import parsed

        return parsed(self.files)

    @cached_property
    def model(self) -> Model:
        from kslint.model.model import Model

        return Model.of(self.loaded, self.config)

    def checked(self, rules: list[Rule], book: list[Rule], cache: Cache | None) -> Result:
        """What the rules find; out of the cache where the very same has been checked before."""
        name = None if cache is None else cache.name_of(self.files, self.config, rules)
        known = None if cache is None or name is None else cache.get(name)
        if known is not None:
            return known
        from kslint import engine

        result = engine.run(self.loaded, rules, self.config, book, self.model)
        broke = any(finding.name == engine.INTERNAL_ERROR for finding in result.findings)
        if cache is not None and name is not None and not broke:
            cache.put(name, result)
        return result
