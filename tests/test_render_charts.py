"""`--render` as a user meets it, with the helm on the PATH; without one, most is skipped."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from test_cli import kslint

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

needs_helm = pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
needs_kustomize = pytest.mark.skipif(
    shutil.which("kustomize") is None, reason="kustomize is not installed"
)
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: example/web:1
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
"""
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: default
  source:
    repoURL: https://git.example.com/tree.git
    path: charts/web
    targetRevision: main
    helm:
      valuesObject:
        replicas: -1
  destination: {server: https://kubernetes.default.svc, namespace: web}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chart = tmp_path / "charts/web"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n")
    (chart / "values.yaml").write_text(
        "replicas: 1\nresources:\n  requests: {cpu: 2}\n  limits: {cpu: 1}\n"
    )
    (chart / "templates/deployment.yaml").write_text(DEPLOYMENT)
    return tmp_path


def rendered(tree: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    return kslint("check", "--render", *options, cwd=tree)


def places(tree: Path) -> dict[str, str]:
    found = report(tree)["findings"]
    return {f"{f['file']}:{f['line']}": f"{f['severity']} {f['rule']}" for f in found}


def report(tree: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(rendered(tree, "-o", "json").stdout)
    return read


@needs_helm
def test_without_the_flag_nothing_is_rendered(tree: Path) -> None:
    done = kslint("check", cwd=tree)
    assert done.returncode == 0
    assert b"1 template passed over" in done.stdout
    assert b"--render" in done.stdout


@needs_helm
def test_what_is_wrong_with_a_charts_own_values_is_a_warning(tree: Path) -> None:
    assert places(tree) == {"charts/web/values.yaml:3": "warning KS904"}
    done = rendered(tree)
    assert done.returncode == 0
    assert b"--fix" not in done.stdout


@needs_helm
def test_what_an_application_hands_over_counts(tree: Path) -> None:
    (tree / "app.yaml").write_text(APPLICATION)
    assert places(tree) == {
        "app.yaml:12": "error KS903",
        "charts/web/values.yaml:3": "error KS904",
    }


@needs_helm
def test_helms_refusal_of_a_deployed_chart_is_an_error(tree: Path) -> None:
    (tree / "app.yaml").write_text(APPLICATION)
    (tree / "charts/web/templates/broken.yaml").write_text('{{ fail "no such thing" }}\n')
    done = rendered(tree)
    assert done.returncode == 2
    assert b"helm cannot render this chart: " in done.stdout
    assert b"no such thing" in done.stdout


@needs_helm
def test_and_of_another_a_remark(tree: Path) -> None:
    (tree / "charts/web/templates/broken.yaml").write_text('{{ fail "no such thing" }}\n')
    done = rendered(tree)
    assert done.returncode == 0
    assert done.stderr.startswith(b"charts/web: not rendered: ")


@needs_helm
def test_dependencies_come_from_the_tree_or_are_left_out(tree: Path) -> None:
    (tree / "charts/web/Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n"
        "  - {name: redis, version: 1.0.0, repository: 'https://charts.example.com'}\n"
        "  - {name: common, version: 1.0.0, repository: 'file://../../common'}\n"
    )
    (tree / "common/templates").mkdir(parents=True)
    (tree / "common/Chart.yaml").write_text("apiVersion: v2\nname: common\nversion: 1.0.0\n")
    (tree / "common/values.yaml").write_text("type: Wrong\n")
    (tree / "common/templates/service.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n"
        "  type: {{ .Values.type }}\n  ports: [{port: 80}]\n"
    )
    found = places(tree)
    assert found["common/values.yaml:1"] == "warning KS805"
    done = rendered(tree)
    assert b"charts/web: redis left out: not in its charts/ directory\n" in done.stderr


@needs_helm
def test_a_chart_for_helm_2_does_without_its_requirements(tree: Path) -> None:
    (tree / "app.yaml").write_text(APPLICATION)
    (tree / "charts/web/requirements.yaml").write_text(
        "dependencies: [{name: redis, version: 1.0.0, repository: 'https://charts.example.com'}]\n"
    )
    (tree / "charts/web/Chart.yaml").write_text("apiVersion: v1\nname: web\nversion: 0.1.0\n")
    done = rendered(tree)
    assert done.returncode == 1
    assert done.stderr.startswith(b"charts/web: what requirements.yaml names left out: ")


@needs_helm
def test_links_are_not_followed(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("other") / "secret.yaml"
    secret.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: Bad_Name}\n")
    os.symlink(secret, tree / "charts/web/templates/link.yaml")
    assert b"Bad_Name" not in rendered(tree).stdout


@needs_helm
def test_a_namespace_that_nobody_tells_is_unknown(tree: Path) -> None:
    assert [f["namespace"] for f in report(tree)["findings"]] == [""]
    (tree / "app.yaml").write_text(APPLICATION)
    assert {f["namespace"] for f in report(tree)["findings"]} == {"web"}


@needs_helm
def test_a_comment_in_the_template_suppresses(tree: Path) -> None:
    text = DEPLOYMENT.replace(
        "spec:\n  replicas: {{ .Values.replicas }}",
        "spec:\n  replicas: -1 # kslint: ignore[KS903] why",
    )
    (tree / "charts/web/templates/deployment.yaml").write_text(text)
    assert "error KS903" not in places(tree).values()
    assert b"1 suppressed" in rendered(tree).stdout


@pytest.fixture
def kustomized(tree: Path) -> Path:
    """A kustomization that inflates the chart, and changes what it gives."""
    over = tree / "over"
    over.mkdir()
    (tree / "charts").rename(over / "charts")
    (over / "service.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
        "spec:\n  type: ClusterIP\n  ports: [{port: 80}]\n"
    )
    (over / "kustomization.yaml").write_text(
        "resources: [service.yaml]\nnamespace: prod\nhelmCharts:\n"
        "  - name: web\n    releaseName: web\n    valuesInline: {replicas: -2}\n"
        "replacements:\n"
        "  - source: {kind: Deployment, name: web, fieldPath: metadata.name}\n"
        "    targets:\n      - select: {kind: Service}\n        fieldPaths: [spec.type]\n"
    )
    return tree


@needs_helm
@needs_kustomize
def test_kustomize_builds_what_kslint_does_not_follow(kustomized: Path) -> None:
    assert places(kustomized) == {
        "over/kustomization.yaml:4": "error KS903",
        "over/service.yaml:5": "error KS805",
    }
    namespaces = {finding["namespace"] for finding in report(kustomized)["findings"]}
    assert namespaces == {"prod"}


@needs_kustomize
def test_what_kustomize_refuses_is_said(kustomized: Path) -> None:
    broken = (kustomized / "over/kustomization.yaml").read_text().replace("kind: Service", "no: x")
    (kustomized / "over/kustomization.yaml").write_text(broken)
    assert rendered(kustomized).stderr.startswith(b"over: not built: ")


@needs_kustomize
def test_charts_of_other_repositories_are_not_fetched(kustomized: Path) -> None:
    shutil.rmtree(kustomized / "over/charts")
    done = rendered(kustomized)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("option", ["--changed", "--fix", "--diff"])
def test_what_excludes_it(tree: Path, option: str) -> None:
    done = rendered(tree, option)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--render" in done.stderr


def test_without_helm_it_says_so(tree: Path) -> None:
    done = kslint("check", "--render", cwd=tree, PATH="")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--render needs helm or kustomize, and neither is on the PATH" in done.stderr
