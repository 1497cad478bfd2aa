"""What may be unknown about a kustomize build."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.source.nodes import Node

OBJECTS, CHARTS, VALUES, FAILS = "objects", "charts", "values", "fails"


class Gap(NamedTuple):
    """Something about an emission that is not known. `node` is where it is asked for.

    `kind`: OBJECTS (there are more objects than are known), CHARTS (those of a Helm chart),
    VALUES (known objects may be changed further), FAILS (kustomize would refuse to build this).
    `bound`: there is more than kslint is ready to follow, and the user should know. `settled`: no
    matter what else goes into the build, as a component of Flux's may.
    """

    kind: str
    reason: str
    node: Node
    bound: bool = False
    settled: bool = False
