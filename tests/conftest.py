"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# how long an example takes is the machine's affair: a busy one must not fail a test
settings.register_profile("kslint", deadline=None)
settings.load_profile("kslint")
