"""Objects that Open Cluster Management brings to clusters by policies.

Source: open-cluster-management-io/policy-generator-plugin docs/policygenerator-reference.yaml
(`complianceType`: `musthave` is the default, and merges what is given into what is there).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kslint.resources import Plain, Resource
    from kslint.source.nodes import Node

GROUP, KIND = "policy.open-cluster-management.io", "PolicyGenerator"
_MERGED = "musthave"


def may_be_merged(resource: Resource, paths: Iterable[str]) -> bool:
    """May a policy merge an object, which is then a part only, into one that is there?"""
    home = resource.emitter or posixpath.dirname(resource.file)
    return any(
        resource.file == path or home == path or home.startswith(f"{path}/") for path in paths
    )


def merged(
    generators: Iterable[Resource], others: Iterable[Plain], documents: Mapping[str, list[Node]]
) -> list[str]:
    """What generators make policies of that merge, as paths in the input.

    A kustomization lists them, and they are then no objects of the cluster.
    """
    files = {generator.file for generator in generators}
    for plain in others:
        directory = posixpath.dirname(plain.file)
        for generator in plain.document.root.listed("generators"):
            file = posixpath.normpath(posixpath.join(directory, generator.text or "."))
            if file in documents:
                files.add(file)
    return [
        path
        for file in sorted(files)
        for root in documents[file]
        if root.string("kind") == KIND
        for path in _merged(file, root)
    ]


def _merged(file: str, generator: Node) -> Iterator[str]:
    directory = posixpath.dirname(file)
    default = generator.string("policyDefaults", "complianceType") or _MERGED
    for policy in generator.listed("policies"):
        kind = policy.string("complianceType") or default
        for manifest in policy.listed("manifests"):
            if (manifest.string("complianceType") or kind) == _MERGED:
                path = manifest.string("path") or ""
                yield posixpath.normpath(posixpath.join(directory, path))
