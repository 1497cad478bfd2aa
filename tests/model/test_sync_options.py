"""Will the last-applied annotation be written? Options of the Application and of one resource."""

from __future__ import annotations

import pytest

from kslint.model.argocd import applied_client_side
from kslint.resources import Resource
from kslint.source.files import Source
from kslint.source.nodes import Map
from kslint.source.parser import compose


def parsed(text: str) -> Map:
    root = next(iter(compose(Source("a.yaml", text.encode()), text))).root
    assert isinstance(root, Map)
    return root


@pytest.mark.parametrize(
    ("of_app", "of_resource", "client_side"),
    [
        ("[]", "", True),
        ("[ServerSideApply=true]", "", False),
        ("[Replace=true]", "", False),
        ("[ServerSideApply=false]", "", True),
        ("[ServerSideApply=True]", "", True),
        ("[]", "ServerSideApply=true", False),
        ("[]", "Replace=true", False),
        ("[]", "Replace=false", True),
        ("[]", "Prune=false, ServerSideApply=true", False),
        ("[ServerSideApply=true]", "ServerSideApply=false", True),
        ("[ServerSideApply=true]", "Prune=false", False),
        ("[Replace=true]", "ServerSideApply=false", False),
    ],
)
def test_options(of_app: str, of_resource: str, client_side: bool) -> None:
    options = parsed(f"options: {of_app}").get("options")
    annotation = f"{{argocd.argoproj.io/sync-options: '{of_resource}'}}"
    body = parsed(f"kind: X\nmetadata: {{annotations: {annotation}}}")
    assert applied_client_side(options, Resource(body, "a.yaml")) is client_side
    if not of_resource:
        assert applied_client_side(options) is client_side
