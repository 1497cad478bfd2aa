"""Secrets that Argo CD's own settings name.

Source: argo-cd v3.4.4 docs/operator-manual/user-management/index.md (`$name:key` in `oidc.config`
and `dex.config` is looked up in a Secret of Argo CD's namespace, which must have the label
`app.kubernetes.io/part-of: argocd`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gitops.argosettings import settings
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_LABEL, _VALUE = "app.kubernetes.io/part-of", "argocd"
_NAMED = re.compile(r"\$([a-z0-9][a-z0-9.-]*):([\w.-]+)")
_FIELDS = ("oidc.config", "dex.config")
_OWN = "argocd-secret"


class Unlabelled(NamedTuple):
    """A Secret that settings name, whose maker does not give it the label."""

    node: Node
    maker: Resource
    settings: Resource | None


def unlabelled(graph: Graph) -> Iterator[Unlabelled]:
    """The Secrets that Argo CD does not look into, as far as the input shows them."""
    for one in settings(graph):
        for field in _FIELDS:
            node = one.node.get(field)
            for match in _NAMED.finditer("" if node is None else node.text or ""):
                makers = _makers(match[1], one.resource, graph)
                lacking = [each for each in makers if _label(each) != _VALUE]
                if node is not None and makers and len(lacking) == len(makers):
                    part = Parts(node).part(match.start(), match.end())
                    yield Unlabelled(part, lacking[0], one.resource)


def _makers(name: str, asker: Resource | None, graph: Graph) -> list[Resource]:
    """What is, or makes, the Secret: in Argo CD's namespace, as far as that is known."""
    if name == _OWN or asker is None:
        return []
    home = graph.namespace_of(asker)
    return [] if home is None else graph.makers("Secret", name, home)


def _label(maker: Resource) -> str | None:
    if maker.kind == "Secret":
        return maker.label(_LABEL)
    path = ("target",) if maker.kind == "ExternalSecret" else ()
    if maker.kind not in ("ExternalSecret", "SealedSecret"):
        return _VALUE
    return maker.body.string("spec", *path, "template", "metadata", "labels", _LABEL)
