"""Addresses of remote bases, in every form that is read."""

from __future__ import annotations

import pytest

from kslint.model.gitops.remote import Remote, in_repository, remote


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.0/x.yaml",
            ("kubernetes-sigs/gateway-api", "v1.4.0", "x.yaml"),
        ),
        (
            "https://github.com/o/n/releases/latest/download/x.yaml",
            ("o/n", "", "x.yaml"),
        ),
        (
            "https://raw.githubusercontent.com/argoproj/argo-cd/v3.4.4/manifests/install.yaml",
            ("argoproj/argo-cd", "v3.4.4", "manifests/install.yaml"),
        ),
        (
            "https://raw.githubusercontent.com/o/n/refs/tags/v1/a/b.yaml",
            ("o/n", "v1", "a/b.yaml"),
        ),
        ("github.com/kserve/kserve//config/crd/full?ref=v0.19.0",
         ("kserve/kserve", "v0.19.0", "config/crd/full")),
        ("https://github.com/kserve/kserve/config/crd?timeout=90s&ref=v0.19.0",
         ("kserve/kserve", "v0.19.0", "config/crd")),
        ("git@github.com:o/n.git//a?ref=main", ("o/n", "main", "a")),
        ("git::ssh://git@github.com/o/n.git//a", ("o/n", "", "a")),
        ("https://github.com/o/n/tree/v2/a/b", ("o/n", "v2", "a/b")),
        ("https://github.com/o/n.git", ("o/n", "", "")),
    ],
)  # fmt: skip
def test_forms(text: str, expected: tuple[str, str, str]) -> None:
    assert remote(text) == Remote(*expected)


@pytest.mark.parametrize(
    "text", ["", "../base", "base", "https://github.com", "x://", "github.com/o"]
)
def test_no_address(text: str) -> None:
    assert remote(text) is None


def test_source_of_an_application() -> None:
    found = in_repository("https://github.com/kserve/kserve.git", "v0.19.0", "./config/crd/")
    assert found == Remote("kserve/kserve", "v0.19.0", "config/crd")
