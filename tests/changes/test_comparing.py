"""Two directories against each other: objects that come, go and change, and what that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import inside

from kslint.changes import ADDED, CHANGED, REMOVED
from kslint.changes.comparing import compare
from kslint.changes.side import Side
from kslint.changes.unmodelled import unmodelled
from kslint.config import Config
from kslint.model.model import Model
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.changes import Difference, Unmodelled

Files = dict[str, str]

CONTAINER = "containers: [{name: main, image: 'a:1'}]"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: team}}
spec:
  {more}
  selector: {{matchLabels: {{app: {label}}}}}
  template:
    metadata: {{labels: {{app: {label}}}}}
    spec: {{containers: [{{name: main, image: 'a:{tag}'}}], volumes: [{volume}]}}
"""
ISVC = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris
  namespace: team
  annotations: {{serving.kserve.io/deploymentMode: {mode}, {annotation}}}
spec:
  predictor:
    minReplicas: {replicas}
    {more}
    containers:
      - name: kserve-container
        image: a:1
        env: [{{name: A, value: "{value}"}}]
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: load, namespace: team}}
spec:
  {more}
  template:
    spec: {{restartPolicy: Never, containers: [{{name: main, image: 'a:{tag}'}}]}}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: models, namespace: team}}
spec:
  accessModes: [{mode}]
  resources: {{requests: {{storage: {size}}}}}
"""


def deployment(tag: str = "1", label: str = "web", more: str = "", volume: str = "") -> str:
    return DEPLOYMENT.format(tag=tag, label=label, more=more, volume=volume)


def isvc(
    value: str = "1",
    replicas: int = 1,
    mode: str = "Standard",
    annotation: str = "",
    more: str = "",
) -> str:
    return ISVC.format(value=value, replicas=replicas, mode=mode, annotation=annotation, more=more)


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    return Compared(tmp_path)


class Compared:
    """Compares files of one side with those of another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.unmodelled: list[Unmodelled] = []

    def __call__(self, old: Files | str, new: Files | str) -> list[Difference]:
        with inside(self._folder):
            before, after = self._side("old", old), self._side("new", new)
            found = compare(before, after)
            self.unmodelled = list(unmodelled(before, after, found))
        return found

    def _side(self, root: str, files: Files | str) -> Side:
        for name, text in ({"a.yaml": files} if isinstance(files, str) else files).items():
            place = self._folder / root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        loaded = load([root])
        return Side(Model.of(loaded, Config()), loaded, root)


def told(found: list[Difference]) -> list[str]:
    """`~ Deployment web: restart`, in the order of the report."""
    signs = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
    return [
        f"{signs[one.what]} {one.subject.kind} {one.subject.name}: "
        f"{' '.join(effect.kind for effect in one.effects)}"
        for one in found
    ]


def paths(one: Difference) -> list[str]:
    return [change.path for change in one.changes]


def test_nothing_changes(compared: Compared) -> None:
    assert compared(isvc() + "---" + deployment(), isvc() + "---" + deployment()) == []


def test_a_service_changes_what_is_made_of_it(compared: Compared) -> None:
    (one,) = compared(isvc("1"), isvc("2"))
    assert told([one]) == ["~ Deployment iris-predictor: restart"]
    assert paths(one) == ["spec.template.spec.containers[kserve-container].env[A].value"]
    assert one.owner is not None
    assert (one.owner.kind, one.owner.name) == ("InferenceService", "iris")
    (change,) = one.changes
    assert change.new is not None
    assert change.new.span is not None
    assert (change.new.span.file, change.new.span.line) == ("new/a.yaml", 15)


def test_replicas(compared: Compared) -> None:
    (one,) = compared(isvc(replicas=1), isvc(replicas=3))
    assert told([one]) == ["~ HorizontalPodAutoscaler iris-predictor: scaled scaled"]
    assert {change.new and change.new.value for change in one.changes} == {3}


def test_what_has_no_effect_that_is_modelled_stays_with_the_service(compared: Compared) -> None:
    found = compared(isvc(), isvc().replace("spec:\n", "spec:\n  other: 1\n"))
    assert [paths(one) for one in found] == [["spec.other"]]
    assert told(found) == ["~ InferenceService iris: "]


def test_recreate_means_downtime(compared: Compared) -> None:
    strategy = "deploymentStrategy: {type: Recreate}"
    found = compared(isvc("1", more=strategy), isvc("2", more=strategy))
    assert told(found) == ["~ Deployment iris-predictor: downtime"]


def test_a_stopped_service(compared: Compared) -> None:
    found = compared(isvc(), isvc(annotation='serving.kserve.io/stop: "true"'))
    assert told(found)[0] == "~ InferenceService iris: stopped"
    assert {line[0] for line in told(found)[1:]} == {"-"}


def test_a_service_that_is_refused_loses_nothing(compared: Compared) -> None:
    found = compared(isvc(replicas=1), isvc(replicas=-1))
    assert told(found) == ["~ InferenceService iris: refused"]


def test_a_refusal_that_was_there_before_is_told_where_something_changes(
    compared: Compared,
) -> None:
    found = compared(isvc("1", replicas=-1), isvc("2", replicas=-1))
    assert told(found) == ["~ InferenceService iris: refused"]
    assert found[0].effects[0].text.startswith("as before")
    found = compared(isvc(replicas=-1), isvc(replicas=1))
    assert "admitted" in told(found)[0]


def test_what_the_api_server_refuses_of_what_is_made(compared: Compared) -> None:
    limits = "resources: {limits: {cpu: '1'}, requests: {cpu: '%s'}}"
    old = isvc().replace("image: a:1", "image: a:1\n        " + limits % 1)
    new = isvc().replace("image: a:1", "image: a:1\n        " + limits % 2)
    (one,) = compared(old, new)
    assert told([one]) == ["~ Deployment iris-predictor: refused"]
    assert "must be less than or equal to cpu limit" in one.effects[0].text
    assert told(compared(new, old)) == ["~ Deployment iris-predictor: admitted restart"]


def test_another_mode_is_refused_and_what_becomes_of_it_unknown(compared: Compared) -> None:
    found = compared(isvc(), isvc(mode="Knative"))
    assert told(found)[0].startswith("~ InferenceService iris: refused")


def test_objects_come_and_go(compared: Compared) -> None:
    assert told(compared(isvc(), deployment())) == [
        "- InferenceService iris: stopped",
        "- Deployment iris-predictor: ",
        "- Service iris-predictor: ",
        "- HorizontalPodAutoscaler iris-predictor: ",
        "- Ingress iris: ",
        "+ Deployment web: ",
    ]


@pytest.mark.parametrize(
    ("old", "new", "effects"),
    [
        (deployment("1"), deployment("2"), ["restart"]),
        (deployment(label="a"), deployment(label="b"), ["refused"]),
        (deployment("1", more="paused: true"), deployment("2", more="paused: true"), []),
        (deployment(more="replicas: 2"), deployment(more="replicas: 4"), ["scaled"]),
        (deployment(more="replicas: 2"), deployment(more="replicas: 0"), ["stopped"]),
        (
            deployment("1", more="strategy: {rollingUpdate: {maxUnavailable: 1}}"),
            deployment("2", more="strategy: {rollingUpdate: {maxUnavailable: 1}}"),
            ["downtime"],
        ),
        (
            deployment(volume="{name: m, persistentVolumeClaim: {claimName: a}}"),
            deployment(volume="{name: m, persistentVolumeClaim: {claimName: b}}"),
            ["restart", "claim"],
        ),
    ],
)
def test_deployments(compared: Compared, old: str, new: str, effects: list[str]) -> None:
    (one,) = compared(old, new)
    assert [effect.kind for effect in one.effects] == effects


@pytest.mark.parametrize(
    ("kind", "more", "effects"),
    [
        ("StatefulSet", "replicas: 1", ["downtime"]),
        ("StatefulSet", "replicas: 2", ["restart"]),
        ("StatefulSet", "updateStrategy: {type: OnDelete}", ["noted"]),
        ("DaemonSet", "", ["restart"]),
        ("Job", "", ["refused"]),
        ("Job", "ttlSecondsAfterFinished: 5", []),
        ("Job", "suspend: true", []),
    ],
)
def test_other_workloads(compared: Compared, kind: str, more: str, effects: list[str]) -> None:
    texts = [deployment(tag, more=more).replace("Deployment", kind) for tag in "12"]
    if kind == "Job":
        texts = [JOB.format(tag=tag, more=more) for tag in "12"]
    (one,) = compared(*texts)
    assert [effect.kind for effect in one.effects] == effects


@pytest.mark.parametrize(
    ("old", "new", "effects"),
    [
        (("ReadWriteOnce", "1Gi"), ("ReadWriteMany", "1Gi"), ["refused"]),
        (("ReadWriteOnce", "1Gi"), ("ReadWriteOnce", "2Gi"), ["noted"]),
        (("ReadWriteOnce", "2Gi"), ("ReadWriteOnce", "1Gi"), ["refused"]),
    ],
)
def test_claims(
    compared: Compared, old: tuple[str, str], new: tuple[str, str], effects: list[str]
) -> None:
    (one,) = compared(*(CLAIM.format(mode=mode, size=size) for mode, size in (old, new)))
    assert [effect.kind for effect in one.effects] == effects


def test_what_argo_replaces_is_deleted_and_not_refused(compared: Compared) -> None:
    marked = "namespace: team, annotations: {argocd.argoproj.io/sync-options: Replace=true}"
    old, new = (deployment(label=one).replace("namespace: team", marked) for one in "ab")
    (one,) = compared(old, new)
    assert [effect.kind for effect in one.effects] == ["deleted"]


def test_a_claim_and_a_namespace_that_go_take_things_along(compared: Compared) -> None:
    space = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n"
    found = compared(CLAIM.format(mode="ReadWriteOnce", size="1Gi") + space, deployment())
    assert sorted(told(found)) == [
        "+ Deployment web: ",
        "- Namespace team: deleted",
        "- PersistentVolumeClaim models: deleted",
    ]


def test_secrets_are_not_shown(compared: Compared) -> None:
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: a}\n"
    (one,) = compared(head + "stringData: {x: old-token}", head + "stringData: {x: new-token}")
    assert "token" not in str(one)


def test_a_broken_file_takes_nothing_away(compared: Compared) -> None:
    broken = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n"
    assert compared({"a.yaml": deployment(), "b.yaml": ""}, {"a.yaml": broken}) == []
    assert compared({"c/a.yaml": broken}, {"c/a.yaml": deployment()}) == []


def test_a_moved_file_is_no_change_and_twins_are_told_by_place(compared: Compared) -> None:
    assert compared({"a.yaml": deployment()}, {"b/c.yaml": deployment()}) == []


def test_twins_are_told_apart_by_place(tmp_path: Path) -> None:
    old = {"dev/a.yaml": deployment("1"), "prod/a.yaml": deployment("2")}
    new = {"dev/a.yaml": deployment("1"), "prod/a.yaml": deployment("3")}
    (one,) = Compared(tmp_path)(old, new)
    assert one.place == "new/prod/a.yaml"


KUSTOMIZATION = """
resources: [web.yaml]
configMapGenerator:
  - name: settings
    literals: [a={value}]
    {options}
"""


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ["~ ConfigMap settings: ", "~ Deployment web: restart"]),
        ("options: {disableNameSuffixHash: true}", ["~ ConfigMap settings: "]),
    ],
)
def test_a_generated_config_map_restarts_its_users(
    compared: Compared, options: str, expected: list[str]
) -> None:
    web = deployment(volume="{name: c, configMap: {name: settings}}")
    old, new = (
        {"web.yaml": web, "kustomization.yaml": KUSTOMIZATION.format(value=v, options=options)}
        for v in "12"
    )
    assert told(compared(old, new)) == expected


def test_templates_and_values_of_charts_are_not_modelled(compared: Compared) -> None:
    chart = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.%s }}}\n"
    old, new = (
        {
            "c/Chart.yaml": chart,
            "c/values.yaml": f"a: {name}",
            "c/templates/a.yaml": template % name,
            "notes.yaml": f"a: {name}",
        }
        for name in "xy"
    )
    assert compared(old, new) == []
    assert [one.file for one in compared.unmodelled] == [
        "new/c/templates/a.yaml",
        "new/c/values.yaml",
    ]


def test_a_remote_base_that_moves_is_not_modelled(compared: Compared) -> None:
    old, new = (
        {"kustomization.yaml": f"resources: ['https://github.com/a/b?ref=v{n}']"} for n in "12"
    )
    compared(old, new)
    assert [one.file for one in compared.unmodelled] == ["new/kustomization.yaml"]


def test_what_the_api_server_keeps_is_no_change(compared: Compared) -> None:
    kept = "uid: a, generation: %d, resourceVersion: '%d', annotations: {%s: '%d'}, name"
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    old, new = (
        deployment().replace("metadata: {name", "metadata: {" + kept % (n, n, applied, n))
        + f"status: {{a: {n}}}"
        for n in (1, 2)
    )
    assert compared(old, new) == []
    assert compared(old, deployment()) == []


LLM = """
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: qwen, namespace: team}
spec:
  model: {uri: hf://a/b}
  %s
"""


def test_llm_services(compared: Compared) -> None:
    found = compared(*(LLM % f"template: {{nodeSelector: {{a: {x}}}}}" for x in "bc"))
    assert told(found) == ["~ Deployment qwen-kserve: restart"]
    (field,) = found[0].changes
    assert field.path == "spec.template.spec.nodeSelector.a"
    found = compared(LLM % "replicas: 1", LLM % "replicas: 1\n  router: {scheduler: {}}")
    assert "+ InferencePool qwen-inference-pool" in "\n".join(told(found))
    sizes = "worker: {containers: []}\n  parallelism: {data: %d, dataLocal: 1}"
    (effect,) = compared(LLM % (sizes % 2), LLM % (sizes % 4))[0].effects
    assert "previous size 2, curr size 4" in effect.text


def test_a_new_llm_service(compared: Compared) -> None:
    found = compared(deployment(), deployment() + "---" + LLM % "replicas: 1")
    assert told(found) == [
        "+ LLMInferenceService qwen: ",
        "+ Secret qwen-kserve-self-signed-certs: ",
        "+ Deployment qwen-kserve: ",
        "+ Service qwen-kserve-workload-svc: ",
    ]


@pytest.mark.parametrize(("replicas", "effect"), [(1, "downtime"), (2, "restart"), (0, "")])
def test_groups_of_an_llm_service(compared: Compared, replicas: int, effect: str) -> None:
    spec = (
        "worker: {containers: [{name: main, env: [{name: A, value: '%d'}]}]}\n"
        "  parallelism: {data: 4, dataLocal: 2}\n  replicas: %d"
    )
    found = compared(*(LLM % (spec % (value, replicas)) for value in (1, 2)))
    assert told(found) == [f"~ LeaderWorkerSet qwen-kserve-mn: {effect}"]


def test_llm_services_that_are_not_known(compared: Compared) -> None:
    found = compared(LLM % "baseRefs: [{name: a}]", LLM % "baseRefs: [{name: b}]")
    assert told(found) == ["~ LLMInferenceService qwen: unknown"]
