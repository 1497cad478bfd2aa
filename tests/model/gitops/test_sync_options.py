"""What a sync writes: options of the Application and of one resource, differences it ignores."""

from __future__ import annotations

import pytest

from kslint.graph.graph import Graph
from kslint.model.gitops.argocd import applications, applied_client_side, ignores, keeps_live
from kslint.resources import Resource
from kslint.source.files import Source
from kslint.source.load import Input, load_source
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


SERVICE = parsed(
    "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
    "metadata: {name: iris, namespace: models}"
)
POINTER = "/metadata/annotations/serving.kserve.io~1stop"
ALL = "group: serving.kserve.io, kind: InferenceService"
HERE = "jsonPointers: [/metadata/annotations]"


@pytest.mark.parametrize(
    ("entries", "ignored"),
    [
        ("", False),
        (f"{{{ALL}, {HERE}}}", True),
        (f"{{group: '*', kind: '*', {HERE}}}", True),
        (f"{{kind: InferenceService, {HERE}}}", False),  # the core group
        (f"{{group: apps, kind: InferenceService, {HERE}}}", False),
        (f"{{group: serving.kserve.io, {HERE}}}", False),
        (f"{{group: serving.kserve.io, kind: Deployment, {HERE}}}", False),
        (f"{{{ALL}, name: iris, namespace: models, {HERE}}}", True),
        (f"{{{ALL}, name: '', namespace: '', {HERE}}}", True),
        (f"{{{ALL}, name: wine, {HERE}}}", False),
        (f"{{{ALL}, namespace: other, {HERE}}}", False),
        (f"{{{ALL}, name: wine, {HERE}}}, {{{ALL}, {HERE}}}", True),
        (f"{{{ALL}}}, {{{ALL}, {HERE}}}", True),
        (f"{{{ALL}, jsonPointers: [{POINTER}]}}", True),
        (f"{{{ALL}, jsonPointers: [/spec, {POINTER}/]}}", True),
        (f"{{{ALL}, jsonPointers: [/metadata/annotation]}}", False),
        (f"{{{ALL}, jsonPointers: [/metadata/annotations/other]}}", False),
        (f"{{{ALL}, managedFieldsManagers: [kserve]}}", True),
        (f"{{{ALL}, jqPathExpressions: [.metadata.annotations]}}", True),
        (f"{{{ALL}, jqPathExpressions: ['.metadata.annotations[]']}}", True),
        (f"{{{ALL}, jqPathExpressions: ['.metadata.annotations[\"serving.kserve.io/stop\"]']}}",
         True),
        (f"{{{ALL}, jqPathExpressions: [.metadata]}}", True),
        (f"{{{ALL}, jqPathExpressions: [.spec, '']}}", False),
        (f"{{{ALL}, jqPathExpressions: ['.metadata.annotations | keys']}}", True),
        (f"{{{ALL}, jqPathExpressions: [.metadata.annotationsOfMine]}}", False),
    ],
)  # fmt: skip
def test_differences_that_are_ignored(entries: str, ignored: bool) -> None:
    for options in ("[RespectIgnoreDifferences=true]", "[]"):
        text = (
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
            "metadata: {name: a, namespace: argocd}\nspec:\n"
            f"  ignoreDifferences: [{entries}]\n  syncPolicy: {{syncOptions: {options}}}\n"
        )
        loaded = Input([], [], [])
        load_source(Source("a.yaml", text.encode()), loaded)
        (application,) = applications(Graph(loaded))
        resource = Resource(SERVICE, "b.yaml")
        assert ignores(application, resource, "models", POINTER) is ignored
        kept = keeps_live(application, resource, "models", POINTER)
        assert kept is (ignored and options != "[]")
