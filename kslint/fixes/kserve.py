"""Marks that are read under another name, keys that are stored otherwise, ports as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.defaulting import V2_FRAMEWORKS
from kslint.source.layout import UnfitError, key_of

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft


def rename_annotation(draft: Draft) -> None:
    """The annotation under the name that KServe reads."""
    if draft.problem.variant != "prefix":
        raise UnfitError("it belongs to another object")
    draft.rename(draft.problem.at, str(draft.problem.facts["right"]))


def port_as_number(draft: Draft) -> None:
    """The port without its quotes."""
    if draft.problem.variant != "quoted":
        raise UnfitError("nobody knows which port was meant")
    draft.replace(draft.problem.at, int(str(draft.problem.facts["port"])))


def leave_scaling(draft: Draft) -> None:
    """The class by which KServe makes no scaler of its own; the other one goes on alone."""
    at = draft.problem.at
    if key_of(at) == names.AUTOSCALER_CLASS:
        draft.doubt("KServe's own triggers go")
        draft.replace(at, "external")
        return
    step = {"metadata": ("annotations",), "annotations": ()}.get(key_of(at) or "")
    if step is None:
        raise UnfitError("the object has no metadata")
    draft.put(at, (*step, names.AUTOSCALER_CLASS), "external")


def hide(draft: Draft) -> None:
    """The label that KServe reads, in the place of what it does not."""
    at = draft.problem.at
    if draft.problem.variant == "default":
        draft.rename(at, names.VISIBILITY_LABEL)
        return
    metadata = draft.around(at, 2)
    draft.put(metadata, ("labels", names.VISIBILITY_LABEL), names.CLUSTER_LOCAL)
    draft.remove(at)


def name_format(draft: Draft) -> None:
    """`model` in the place of the framework, as the webhook stores it."""
    block, framework = draft.problem.at, str(draft.facts["framework"])
    if block.get("modelFormat") is not None or block.get("runtime") is not None:
        raise UnfitError("the webhook drops what it says of format and runtime")
    draft.put(block, ("modelFormat",), {"name": framework})
    if framework in V2_FRAMEWORKS and block.get("protocolVersion") is None:
        draft.put(block, ("protocolVersion",), "v2")
    draft.rename(block, "model")
