"""Distributions of KServe that come with settings of their own.

Open Data Hub and OpenShift AI give the storage initializer 24Gi, and set no user for modelcars
(opendatahub-io/kserve config/overlays/odh/patches/inferenceservice-config-patch.yaml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.platform.pieces import Piece, shows

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource

_GROUP = "opendatahub.io"
_OPEN_DATA_HUB = Piece(
    "opendatahub",
    objects=(_GROUP,),
    definitions=(_GROUP,),
    namespaces=("redhat-ods-operator", "redhat-ods-applications", "opendatahub"),
    aliases=("rhods-operator", "rhoai", "rhods", "openshift-ai"),
)


def may_differ(graph: Graph, settings: Settings, resource: Resource) -> bool:
    """May the settings be other than upstream's, though the input does not show them?

    So they are where the object carries a mark of such a distribution, or the input installs one.
    """
    if settings.in_input:
        return False
    for field in ("labels", "annotations"):
        marks = resource.body.at("metadata", field)
        for name, _ in () if marks is None else marks.items():
            if name.partition("/")[0].endswith(_GROUP):
                return True
    return shows(graph, _OPEN_DATA_HUB)
