"""What the rules of one schema say to an object, asked directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.cel.asking import Asked, told
from kslint.resources import Resource

if TYPE_CHECKING:
    from kslint.model.cel.ruled import Rule, Ruled
    from kslint.source.nodes import Map


def refusals(form: Ruled, body: Map) -> list[tuple[Rule, str]]:
    """The rules that are broken, with what the API server says."""
    failing = Asked().failing([(Resource(body, "a.yaml"), [form])])[0]
    return [(question.rule, told(question, answer).message) for question, answer in failing]
