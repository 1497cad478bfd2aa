"""Why KServe finds no runtime for a model that names none.

Mirrors GetSupportingRuntimes, pkg/apis/serving/v1beta1/predictor_model.go:66-163 @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.runtimes import stock
from kslint.model.kserve.settings import PROFILES
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.runtimes import Runtime
    from kslint.source.nodes import Node

FORMAT, SPELLING, VERSION, BY_NAME = "format", "spelling", "version", "by_name"
PROTOCOL, WORKERS, DISABLED = "protocol", "workers", "disabled"


class Lack(NamedTuple):
    """Why no runtime fits.

    `why` is one of the above, `node` what to change (None: nothing is written of it), `offered`
    what the runtimes that come nearest have instead.
    """

    why: str
    node: Node | None
    format: str
    wanted: str
    offered: tuple[str, ...]


def model_to_place(component: Draft) -> Map | None:
    """The model of a predictor that leaves the choice of its runtime to KServe."""
    model = component.stored.get("model")
    if component.name != "predictor" or not isinstance(model, Map) or model.string("runtime"):
        return None
    name = model.string("modelFormat", "name")
    modelmesh = component.owner.mode.name == names.MODELMESH
    return None if not name or opaque(name) or modelmesh else model


def fits_shipped(component: Draft) -> bool:
    """Does the model name, or need, a runtime that KServe ships and the input does not hold?"""
    if not component.choice.unknown:
        return False
    owner = component.owner
    shipped = stock(owner.settings.profile)
    own = [r for r in _known(component, owner.settings.profile) if not r.stock]
    model = component.stored.get("model")
    named = None if model is None else model.string("runtime")
    if named:
        return all(r.name != named for r in own) and any(r.name == named for r in shipped)
    model = model_to_place(component)
    return (
        model is not None
        and not any(_fits(runtime, model, component) for runtime in own)
        and any(_fits(runtime, model, component) for runtime in shipped)
    )


def _known(component: Draft, profile: str) -> list[Runtime]:
    owner = component.owner
    return owner.choices.candidates(owner.namespace, profile, owner.resource)


def lack(component: Draft) -> Lack | None:
    """Why nothing fits, of the input's runtimes and of all that KServe ships; None if one does."""
    settings = component.owner.settings
    return _lack(component, (settings.profile,) if settings.told else PROFILES)


def _lack(component: Draft, profiles: tuple[str, ...]) -> Lack | None:
    model = model_to_place(component)
    if model is None or not component.choice.unknown:
        return None
    runtimes = [runtime for runtime in _known(component, profiles[0]) if not runtime.stock]
    for profile in profiles:
        runtimes += stock(profile)
    if any(_fits(runtime, model, component) for runtime in runtimes):
        return None
    return _reason(model, runtimes, component)


def unserved(component: Draft) -> str | None:
    """What the controller says if only the input's runtimes and those that KServe ships are there.

    None if one of these serves the model, or might.
    Sources: components/predictor.go:341 and utils/utils.go:343, both below
    pkg/controller/v1beta1/inferenceservice @v0.19.0.
    """
    if not component.choice.unknown:
        return None
    owner, model = component.owner, component.stored.get("model")
    named = None if model is None else model.string("runtime")
    if named:
        around = _known(component, owner.settings.profile)
        is_there = opaque(named) or any(runtime.name == named for runtime in around)
        message = f"No ServingRuntimes or ClusterServingRuntimes with the name: {named}"
        return None if is_there else message
    found = _lack(component, (owner.settings.profile,))
    if found is None or model is None:
        return None
    version = model.string("modelFormat", "version") or "<nil>"
    kind = f"{{{found.format} {version}}}"
    return f"no runtime found to support predictor with model type: {kind}"


def _fits(runtime: Runtime, model: Map, component: Draft) -> bool:
    return (
        runtime.may_be_selected(component.stored.get("workerSpec") is not None)
        and runtime.supports(_name(model), model.string("modelFormat", "version"), explicit=False)
        and runtime.supports_protocol(_protocol(model))
    )


def _name(model: Map) -> str:
    return model.string("modelFormat", "name") or ""


def _protocol(model: Map) -> str:
    return model.string("protocolVersion") or "v1"


def _reason(model: Map, runtimes: list[Runtime], component: Draft) -> Lack:
    """The first condition that none of the remaining runtimes meets, in the order of weight."""
    name, version = _name(model), model.string("modelFormat", "version")
    off = [r for r in runtimes if r.disabled and name in _formats(r)]
    runtimes = [r for r in runtimes if not r.disabled and not r.multi_model]
    at = model.at("modelFormat", "name")
    near = sorted({f for r in runtimes for f in _formats(r) if f.lower() == name.lower()})
    left = _only(runtimes, lambda r: name in _formats(r))
    if not left:
        if off:
            return Lack(DISABLED, at, name, name, _names(off))
        return Lack(SPELLING if near else FORMAT, at, name, name, tuple(near))
    fitting = _only(left, lambda r: r.supports(name, version, explicit=True))
    if not fitting:
        offered = sorted({v for r in left for v in _versions(r, name)})
        node = model.at("modelFormat", "version")
        return Lack(VERSION, node, name, version or "", tuple(offered))
    multi_node = component.stored.get("workerSpec") is not None
    left = _only(fitting, lambda r: r.multi_node == multi_node)
    if not left:
        return Lack(WORKERS, component.stored.get("workerSpec") or at, name, "", _names(fitting))
    fitting = _only(left, lambda r: r.supports(name, version, explicit=False))
    if not fitting:
        return Lack(BY_NAME, at, name, "", _names(left))
    protocols = sorted({p for r in fitting for p in r.protocols})
    node = model.get("protocolVersion") or at
    return Lack(PROTOCOL, node, name, _protocol(model), tuple(protocols))


def _only(runtimes: Iterable[Runtime], keep: Callable[[Runtime], bool]) -> list[Runtime]:
    return [runtime for runtime in runtimes if keep(runtime)]


def _names(runtimes: Iterable[Runtime]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(runtime.name for runtime in runtimes))


def _formats(runtime: Runtime) -> list[str]:
    return [i.string("name") or "" for i in runtime.spec.listed("supportedModelFormats")]


def _versions(runtime: Runtime, name: str) -> list[str]:
    items = runtime.spec.listed("supportedModelFormats")
    return [v for i in items if i.string("name") == name and (v := i.string("version"))]
