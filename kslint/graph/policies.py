"""Objects that Open Cluster Management brings to clusters by policies.

Source: open-cluster-management-io/policy-generator-plugin docs/policygenerator-reference.yaml
(`complianceType`: `musthave` is the default, and merges what is given into what is there).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource

_GROUP, _KIND = "policy.open-cluster-management.io", "PolicyGenerator"
_MERGED = "musthave"


def may_be_merged(resource: Resource, graph: Graph) -> bool:
    """May a policy merge an object, which is then a part only, into one that is there?"""
    home = resource.emitter or posixpath.dirname(resource.file)
    return any(
        resource.file == path or home == path or home.startswith(f"{path}/")
        for generator in graph.of_kind(_KIND, _GROUP)
        for path in _merged(generator)
    )


def _merged(generator: Resource) -> Iterator[str]:
    """What a generator makes policies of that merge, as paths in the input."""
    directory = posixpath.dirname(generator.file)
    default = generator.body.string("policyDefaults", "complianceType") or _MERGED
    for policy in generator.body.listed("policies"):
        kind = policy.string("complianceType") or default
        for manifest in policy.listed("manifests"):
            if (manifest.string("complianceType") or kind) == _MERGED:
                path = manifest.string("path") or ""
                yield posixpath.normpath(posixpath.join(directory, path))
