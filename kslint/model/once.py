"""What a pure function makes of an object of the model, made once for each object."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Subject = TypeVar("Subject")
Made = TypeVar("Made")


def once(function: Callable[[Subject], Made]) -> Callable[[Subject], Made]:
    """A function that keeps what it made with its subject; nobody may change what it returns.

    As `cached_property` is for what an object says of itself, so is this for what another module
    says of it.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(subject: Subject) -> Made:
        memory: dict[str, Any] = subject.__dict__
        if name not in memory:
            memory[name] = function(subject)
        found: Made = memory[name]
        return found

    return kept
