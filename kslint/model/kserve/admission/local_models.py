"""What KServe's webhook refuses of LocalModelCaches.

Mirrors pkg/webhook/admission/localmodelcache/localmodelcache_validator.go @v0.19.0. The webhook of
LocalModelNamespaceCaches asks for node groups that the cluster may have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.admission.components import refused
from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.answer import Failure
    from kslint.resources import Resource

KIND = "LocalModelCache"


def cache_rejections(resource: Resource, graph: Graph) -> list[Failure]:
    """A second cache of one model: of those in the input that meet in a cluster, one is stored.

    Which comes first hangs on who applies them; here it is the first by name.
    """
    node = resource.body.at("spec", "sourceModelUri")
    if node is None or not node.text or opaque(node.text):
        return []
    others = [
        other.name
        for other in graph.of_kind(KIND, names.GROUP)
        if other.name < resource.name
        and other.body.string("spec", "sourceModelUri") == node.text
        and graph.belong_together(resource, other)
    ]
    if not others:
        return []
    message = f"{KIND} {min(others)} has the same StorageURI {node.text}"
    return [refused(message, node, "same-storage-uri")]
