"""Which objects the API server's validation is asked about, and how they are named."""

from __future__ import annotations

import pytest
from admission_trees import tree

from kslint.model.kubernetes.admission import kinds
from kslint.model.kubernetes.admission.operated import of_templates
from kslint.resources import Resource

HEAD = "metadata: {name: a}\n"
POD = "{metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}"
IMAGE_ONLY = "{spec: {containers: [{name: c, image: i}]}}"
LABELS_ONLY = "{metadata: {labels: {a: b}}, spec: {containers: [{name: c}]}}"
FRAGMENTS = [
    ("storage.k8s.io/v1", "StorageClass", "", True),
    ("storage.k8s.io/v1", "StorageClass", "provisioner: a", False),
    ("apps/v1", "Deployment", "", False),
    ("apps/v1", "Deployment", f"spec: {{template: {POD}}}", False),
    ("apps/v1", "Deployment", f"spec: {{template: {IMAGE_ONLY}}}", True),
    ("apps/v1", "Deployment", f"spec: {{template: {LABELS_ONLY}}}", True),
    ("apps/v1", "Deployment", f"spec: {{selector: {{}}, template: {LABELS_ONLY}}}", False),
    ("v1", "Pod", "spec: {containers: [{name: c, image: i}]}", False),
    ("v1", "Pod", "spec: {containers: [{name: c}]}", True),
    ("batch/v1", "Job", "spec: {template: {spec: {containers: [{name: c}]}}}", True),
    ("batch/v1", "Job", "spec: {template: {spec: {restartPolicy: Never}}}", False),
    ("batch/v1", "Job", f"spec: {{template: {POD}}}", False),
    ("v1", "Service", "spec: {sessionAffinity: None}", True),
    ("v1", "Service", "spec: {ports: []}", False),
    ("v1", "ConfigMap", "spec: {}", False),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec: {conversion: {}}", True),
]


@pytest.mark.parametrize(("version", "kind", "rest", "fragment"), FRAGMENTS)
def test_fragments(version: str, kind: str, rest: str, fragment: bool) -> None:
    assert kinds.is_fragment(resource(version, kind, rest)) is fragment


def resource(version: str, kind: str, rest: str) -> Resource:
    return Resource(tree(f"apiVersion: {version}\nkind: {kind}\n{HEAD}{rest}"), "a.yaml")


SAID = [
    ("v1", "ConfigMap", True),
    ("v2", "ConfigMap", False),
    ("autoscaling/v1", "HorizontalPodAutoscaler", True),
    ("example.org/v1", "ConfigMap", False),
    ("example.org/v1", "Model", False),
    ("cert-manager.io/v1", "Certificate", True),
    ("ml.example.org/v1", "Model", True),
    ("argoproj.io/v1alpha1", "ConfigManagementPlugin", False),
]


@pytest.mark.parametrize(("version", "kind", "judged"), SAID)
def test_names_are_judged_of_kinds_that_are_known(version: str, kind: str, judged: bool) -> None:
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: A_b}}\nspec: {{}}"
    known = frozenset({"cert-manager.io", "argoproj.io", "ml.example.org"})
    found = kinds.failures(Resource(tree(text), "a.yaml"), known)
    assert ("invalid-name" in {failure.code for failure in found}) is judged


def test_how_objects_are_named() -> None:
    assert kinds.shown(resource("apps/v1", "Deployment", "")) == 'Deployment.apps "a"'
    assert kinds.shown(resource("v1", "Pod", "")) == 'Pod "a"'


def test_without_metadata_it_may_be_the_configuration_of_a_program() -> None:
    known = frozenset({"cert-manager.io", "gateway.envoyproxy.io"})
    rest = "kind: {}\nspec: {{}}"
    mine = Resource(tree("apiVersion: cert-manager.io/v1\n" + rest.format("Issuer")), "a.yaml")
    other = "apiVersion: gateway.envoyproxy.io/v1\n" + rest.format("EnvoyGateway")
    assert [f.code for f in kinds.failures(mine, known)] == ["missing-name"]
    assert kinds.failures(Resource(tree(other), "a.yaml"), known) == []


POD_WITH = "{{spec: {{containers: [{{name: c, image: i, {}}}]}}}}"
MOUNT = "volumeMounts: [{name: data, mountPath: /a}]"
JOBS = "spec: {{{} replicatedJobs: [{{name: a, template: {{spec: {{template: {}}}}}}}]}}"
GROUP = "spec: {{leaderWorkerTemplate: {{{} workerTemplate: {}}}}}"
OPERATED = [
    ("jobset.x-k8s.io/v1alpha2", "JobSet", JOBS, "volumeClaimPolicies: [],"),
    ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", GROUP, "volumeClaimTemplates: [],"),
]


@pytest.mark.parametrize(("version", "kind", "form", "claims"), OPERATED)
def test_what_operators_make(version: str, kind: str, form: str, claims: str) -> None:
    def found(container: str, more: str = "") -> list[tuple[str, str]]:
        body = resource(version, kind, form.format(more, POD_WITH.format(container)))
        return [
            (met.failure.code, met.failure.message.partition(": ")[2]) for met in of_templates(body)
        ]

    assert found("command: [a]") == []
    assert found(MOUNT) == [("mount-without-volume", 'Not found: "data"')]
    assert found(MOUNT, claims) == []
    assert found("env: [{name: '', value: a}]") == []
    assert [code for code, _ in found("imagePullPolicy: always")] == ["unsupported-value"]


def test_nothing_is_made_of_others() -> None:
    assert list(of_templates(resource("apps/v1", "Deployment", "spec: {}"))) == []
