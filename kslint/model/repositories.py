"""Which repository of the Hugging Face hub a server serves, whoever downloads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.model.workload import ModelServer
    from kslint.source.nodes import Node


class Repository(NamedTuple):
    """`owner/model`, and where it is written."""

    name: str
    node: Node | None


def repository(server: ModelServer) -> Repository | None:
    """The repository, by the server's own argument or by KServe's `hf://`; None where not known."""
    model = server.engine.model
    if model.kind == "hub":
        return Repository(model.text, model.node)
    uri = server.workload.model_uri
    if model.kind != "path" or uri is None or not model.text.startswith("/mnt/models"):
        return None
    scheme, _, rest = (uri.text or "").partition("://")
    name = rest.partition(":")[0]
    return Repository(name, uri) if scheme == "hf" and name.count("/") == 1 else None
