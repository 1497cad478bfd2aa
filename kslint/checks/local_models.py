"""LocalModelCaches: the directories of the nodes that agent and volumes have to share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.platform.local_models import agent_directories, groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def directories_apart(model: Model) -> Iterator[Problem]:
    """A node group whose volume is another directory than the agent's."""
    found = groups(model.graph)
    directories = agent_directories(model.graph) if found else []
    for group in found:
        if directories and all(group.path != directory.path for directory in directories):
            yield Problem(
                group.node,
                related=[(directories[0].node, f"its agent has `{directories[0].path}`")],
                about=group.resource,
                path=group.path,
                group=group.resource.name,
                wanted=directories[0].path,
            )
