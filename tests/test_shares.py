"""An input judged share by share gives the findings of the whole, whatever is left out or kept."""

from __future__ import annotations

import gc
import json
import os
import random
import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import corpora
import pytest
from cases import FOLDERS, book, inside
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from platforms import hostile_platforms, platforms

from kslint import rulebook
from kslint.cli import checking, quick, reading
from kslint.config import Config, excluder
from kslint.config import file as config_file
from kslint.model.kserve.isvc import InferenceService
from kslint.running import engine, shares
from kslint.running.cache import digests
from kslint.source.files import CONFIG_FILES, Source, read_all
from kslint.source.load import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from transformations import Files

    from kslint.findings import Result
    from kslint.model.model import Model
    from kslint.rulebook import Rule
    from kslint.source.files import InputProblem

    Input = Sequence[Source | InputProblem]

forks = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


@pytest.fixture(autouse=True)
def each_file_is_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SHARE", 1)
    monkeypatch.setattr(reading, "LARGE", 0)


def whole(files: Input, config: Config) -> Result:
    return engine.run(parsed(files), engine.choose(book(), config), config, book())


def divided(
    files: Input, config: Config, kept: shares.Kept | None = None, processes: int = 1
) -> tuple[Result, shares.Kept | None] | None:
    rules = engine.choose(book(), config)
    return shares.check(files, config, rules, book(), processes, digests(files), kept)


def in_folder(folder: Path) -> tuple[list[Source | InputProblem], Config]:
    configs = config_file.in_directory(".")
    config = config_file.read(configs[0]).config() if configs else Config()
    return read_all(["."], excluder(config)), config


def test_versions_that_are_not_known_are_told_of_the_whole() -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: kserve}\n"
        "spec: {source: {repoURL: a, chart: kserve, targetRevision: v1.0.0}}\n"
    )
    files = [Source(f"{n}.yaml", text.encode(), named=True) for n in range(3)]
    found = divided(files, Config())
    assert found is not None
    assert [version for version, _ in found[0].unknown_versions] == ["1.0"]
    again = divided(files, Config(), through_json(found[1]) if found[1] else None)
    assert again is not None
    assert again[0].unknown_versions == found[0].unknown_versions


def through_json(kept: shares.Kept) -> shares.Kept:
    return shares.Kept.from_plain(json.loads(json.dumps(kept)))


def test_every_fixture_gives_what_the_whole_gives() -> None:
    count = 0
    for folder in FOLDERS:
        with inside(folder):
            files, config = in_folder(folder)
            found = divided(files, config)
            if found is not None:
                count += 1
                assert found[0] == whole(files, config), folder
    assert count > len(FOLDERS) * 0.8


def changed(data: bytes, chance: random.Random) -> bytes:
    """A file with a line gone, doubled, or with another word or number in it."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    how = chance.randrange(4)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(at, lines[at])
    elif how == 2:
        lines[at] = lines[at].replace(b"1", b"7") + b"x"
    else:
        lines[at] = lines[at].partition(b":")[0] + b": 3"
    return b"\n".join(lines)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[list[str] | None]:
    """Grows with every share that is judged: its files, or None for the whole."""
    seen: list[list[str] | None] = []
    judge = engine.judge

    def noted(model: Model, rules: list[Rule], all_rules: list[Rule]) -> engine.Verdict:
        seen.append(None if model.share is None else list(model.share))
        return judge(model, rules, all_rules)

    monkeypatch.setattr(engine, "judge", noted)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_of_a_tree_holds_after_a_change(
    seed: int, judged: list[list[str] | None]
) -> None:
    spared = 0
    for folder in FOLDERS[seed::3]:
        chance = random.Random(f"{folder.parent.name}/{folder.name}/{seed}")  # noqa: S311
        with inside(folder):
            files, config = in_folder(folder)
            before = divided(files, config)
            if before is None or before[1] is None:
                continue
            at = chance.randrange(len(files))
            old = files[at]
            assert isinstance(old, Source)
            files[at] = Source(old.name, changed(old.data, chance), old.path)
            judged.clear()
            after = divided(files, config, through_json(before[1]))
            spared += len(judged) < len(before[1].records)
            if after is not None:
                assert after[0] == whole(files, config), folder
    assert spared > 20


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.one_of(platforms, hostile_platforms()), st.randoms(use_true_random=False))
def test_any_platform_gives_what_the_whole_gives(files: Files, chance: random.Random) -> None:
    named = [name for name in sorted(files) if name.rpartition("/")[2] != "kustomization.yaml"]
    sources = [Source(name, files[name]) for name in named if name not in CONFIG_FILES]
    found = divided(sources, Config())
    if found is None or not sources:
        return
    assert found[0] == whole(sources, Config())
    if found[1] is not None:
        at = chance.randrange(len(sources))
        sources[at] = Source(sources[at].name, changed(sources[at].data, chance))
        after = divided(sources, Config(), through_json(found[1]))
        assert after is None or after[0] == whole(sources, Config())


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """Thirty files and an Application, with faults; the working directory."""
    corpora.write(str(tmp_path / "tree"), 30)
    with inside(tmp_path):
        yield tmp_path / "tree"


@forks
@pytest.mark.parametrize("processes", [2, 3, 50])
def test_any_number_of_processes_finds_the_same(tree: Path, processes: int) -> None:
    files = read_all(["tree"])
    found = divided(files, Config(), None, processes)
    alone = divided(files, Config())
    assert found == alone
    assert found is not None
    assert found[0] == whole(files, Config())


def test_the_rules_about_the_whole_parse_no_service(tree: Path) -> None:
    """What a rule about the whole looks into is read once more, and stays in memory to the end."""
    _, kept = divided(*in_folder(tree)) or (None, None)
    assert kept is not None
    assert [file for file in kept.records[-1].opened if "/model-" in file] == []


def test_definitions_are_read_where_an_object_of_their_group_is(tree: Path) -> None:
    for group, kind in (("a.example.com", "Reader"), ("b.example.com", "Writer")):
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{kind.lower()}s.{group}"},
            "spec": {
                "group": group,
                "names": {"kind": kind, "plural": f"{kind.lower()}s"},
                "scope": "Namespaced",
                "versions": [{
                    "name": "v1", "served": True, "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object"}},
                }],
            },
        }  # fmt: skip
        (tree / f"{kind}-definition.yaml").write_text(json.dumps(definition), encoding="utf-8")
    reader = {"apiVersion": "a.example.com/v1", "kind": "Reader", "metadata": {"name": "a"}}
    (tree / "reader.yaml").write_text(json.dumps(reader), encoding="utf-8")
    _, kept = divided(*in_folder(tree)) or (None, None)
    assert kept is not None
    users = [record.opened for record in kept.records[:-1]]
    assert sum(any("Writer-definition" in file for file in opened) for opened in users) == 1
    assert len(users) > 2


def test_the_model_of_a_share_is_let_go(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the collector is off, as in a run of the command; and what stays is set aside."""
    services: WeakSet[InferenceService] = WeakSet()
    living, tracked = [], []
    judge, begin = engine.judge, InferenceService.__init__

    def noted(self: InferenceService, *rest: Any) -> None:
        begin(self, *rest)
        services.add(self)

    def counted(model: Model, *rest: Any) -> engine.Verdict:
        tracked.append(len(gc.get_objects()))
        verdict = judge(model, *rest)
        living.append(len(services))
        return verdict

    monkeypatch.setattr(InferenceService, "__init__", noted)
    monkeypatch.setattr(engine, "judge", counted)
    files = in_folder(tree)
    gc.collect()
    gc.disable()
    try:
        divided(*files)
    finally:
        gc.unfreeze()
        gc.enable()
    *of_shares, _whole = living
    assert len(of_shares) == 31
    assert max(of_shares) <= 1
    assert max(tracked) < 100


def test_documents_that_were_not_remembered_are_parsed_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = read_all(["tree"])
    before = divided(files, Config())
    monkeypatch.setattr(shares, "REMEMBERED", 5000)
    assert divided(files, Config()) == before


def test_only_what_a_change_touches_is_judged_again(
    tree: Path, judged: list[list[str] | None]
) -> None:
    first = divided(read_all(["tree"]), Config())
    assert first is not None
    assert first[1] is not None
    file = tree / "team-000" / "model-00007.yaml"
    text = file.read_text()
    file.write_text(text.replace("maxReplicas: 4", "maxReplicas: 5"))
    judged.clear()
    second = divided(read_all(["tree"]), Config(), first[1])
    shares = [share for share in judged if share is not None]  # None: rules about the whole
    assert shares == [["tree/team-000/model-00007.yaml"]]
    assert second is not None
    file.write_text(text.replace("kind: Service\n", "kind: Endpoints\n"))
    judged.clear()
    divided(read_all(["tree"]), Config(), second[1])
    assert len(judged) == 32  # another object may be looked for by any rule


def test_a_share_that_looks_into_another_file_depends_on_it(
    tmp_path: Path, judged: list[list[str] | None]
) -> None:
    (tmp_path / "service.yaml").write_text(SERVICE)
    claim = tmp_path / "zclaim.yaml"
    claim.write_text(CLAIM.format(mode="ReadWriteMany"))
    with inside(tmp_path):
        first = divided(read_all(["."]), Config())
        assert first is not None
        assert "KS402" not in {finding.rule for finding in first[0].findings}
        claim.write_text(CLAIM.format(mode="ReadWriteOnce"))
        judged.clear()
        second = divided(read_all(["."]), Config(), first[1])
    assert judged == [["service.yaml"], ["zclaim.yaml"]]
    assert second is not None
    assert "KS402" in {finding.rule for finding in second[0].findings}


SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen, namespace: models}
spec:
  predictor:
    canaryTrafficPercent: 10
    model:
      modelFormat: {name: vLLM}
      storageUri: pvc://cache/qwen
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: cache, namespace: models}}
spec:
  accessModes: [{mode}]
  resources: {{requests: {{storage: 5Gi}}}}
"""


def test_a_text_that_comes_to_stand_where_it_was_looked_for_counts(tmp_path: Path) -> None:
    """The image of KServe's controller tells its version, which decides about every service."""
    controller = tmp_path / "controller.yaml"
    (tmp_path / "service.yaml").write_text(SERVICE + "      protocolVersion: v3\n")
    with inside(tmp_path):
        kept = None
        for image in ("nginx:1.27", "kserve/kserve-controller:v0.16.0", "nginx:1.27"):
            controller.write_text(CONTROLLER.format(image=image))
            files = read_all(["."])
            found = divided(files, Config(), kept)
            assert found is not None
            assert found == divided(files, Config())
            kept = found[1]


CONTROLLER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: manager, namespace: kserve}}
spec:
  selector: {{matchLabels: {{a: b}}}}
  template:
    metadata: {{labels: {{a: b}}}}
    spec: {{containers: [{{name: manager, image: "{image}"}}]}}
"""


def test_the_same_holds_for_the_rules_about_the_whole(tmp_path: Path) -> None:
    (tmp_path / "application.yaml").write_text(HEALING)
    (tmp_path / "service.yaml").write_text(SERVICE)
    settings = tmp_path / "settings.yaml"
    with inside(tmp_path):
        kept, rules = None, []
        for field in ("other", "resource.customizations.ignoreDifferences.all", "other"):
            settings.write_text(ARGO_CD.format(field=field))
            files = read_all(["."])
            found = divided(files, Config(), kept)
            assert found is not None
            assert found[0] == whole(files, Config())
            kept = found[1]
            rules.append("KS502" in {finding.rule for finding in found[0].findings})
    assert rules == [True, False, True]


HEALING = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: models, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://git.example.com/x.git, path: ., targetRevision: HEAD}
  destination: {name: in-cluster, namespace: models}
  syncPolicy:
    automated: {selfHeal: true}
    syncOptions: [RespectIgnoreDifferences=true]
"""
ARGO_CD = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: argocd-cm, namespace: argocd}}
data:
  {field}: "jqPathExpressions: [.metadata.annotations]"
"""


@forks
def test_a_worker_that_dies_leaves_the_work_to_a_run_over_the_whole(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tree.exists()
    parent = os.getpid()
    judge = engine.judge

    def deadly(model: Model, rules: list[Rule], all_rules: list[Rule]) -> engine.Verdict:
        if os.getpid() != parent:
            os._exit(3)
        return judge(model, rules, all_rules)

    monkeypatch.setattr(engine, "judge", deadly)
    files = read_all(["tree"])
    assert divided(files, Config(), None, 2) is None
    with pytest.raises(ChildProcessError):  # and no process is left behind
        os.waitpid(-1, os.WNOHANG)


def test_the_command_reports_the_same_divided_or_not(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "installation", lambda: "test")
    monkeypatch.setenv("KSLINT_CACHE_DIR", str(tree.parent / "cache"))

    def report(*arguments: str) -> str:
        options = quick.parse(["tree", "--output-format", "json", *arguments])
        assert options is not None
        assert checking.run(options) == 1
        return capsys.readouterr().out

    outputs = {report("--no-cache", "--jobs", "1"), report("--jobs", "2"), report()}
    with monkeypatch.context() as patch:
        patch.setattr(reading, "LARGE", 1 << 40)
        outputs.add(report("--no-cache"))
    assert len(outputs) == 1
    file = tree / "team-000" / "model-00007.yaml"
    file.write_text(file.read_text().replace('cpu: "8"', 'cpu: "1"'))
    changed = report()
    assert changed not in outputs
    assert changed == report("--no-cache")


def test_what_is_kept_does_not_go_bad_overnight(tree: Path) -> None:
    """A suppression runs out by the day of the run, not by the day its share was judged."""
    file = tree / "team-000" / "model-00000.yaml"
    file.write_text("# kslint: ignore-file[pvc-missing] until=2020-01-01\n" + file.read_text())
    first = divided(read_all(["tree"]), Config())
    assert first is not None
    second = divided(read_all(["tree"]), Config(), first[1])
    assert second is not None
    for result in (first[0], second[0]):
        assert "unused-suppression" in {finding.name for finding in result.findings}
