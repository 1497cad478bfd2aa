"""Settings of all tests."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from kslint.running import cache

if TYPE_CHECKING:
    from collections.abc import Iterator

# how long an example takes is the machine's affair: a busy one must not fail a test
settings.register_profile("kslint", deadline=None)
settings.load_profile("kslint")


@pytest.fixture(autouse=True, scope="session")
def _own_cache() -> Iterator[None]:
    """No test reads or writes what the user's own runs keep."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ[cache.DIRECTORY] = folder
        yield
