"""What comes of a runtime's container and a model's, where the two get in each other's way.

Args are put one after the other, the command and all scalars are replaced
(pkg/controller/v1beta1/inferenceservice/utils/utils.go:252-286,362-390 @v0.19.0).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kubernetes.pod import container_named
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.component import Draft
    from kslint.source.nodes import Node

REFUSES, LAST_WINS = "refuses", "last wins"

_ARGPARSE = frozenset(
    {
        "autogluonserver", "huggingfaceserver", "lgbserver", "paddleserver", "pmmlserver",
        "predictiveserver", "sklearnserver", "vllm-openai", "vllm-openai-cpu", "xgbserver",
    }
)  # fmt: skip
"""Images of servers in Python, by their last name: of two options the later one counts."""
_CLAP = frozenset({"text-generation-inference", "text-generation-launcher"})
"""Those of TGI's launcher, which takes an option once (clap, `cannot be used multiple times`)."""
_COMMAND_ONLY = frozenset({"mlserver"})
"""Images with a CMD and no ENTRYPOINT: arguments take the place of the program
(SeldonIO/MLServer 1.5.0, Dockerfile)."""
_OPTION = re.compile(r"--[A-Za-z][\w.-]*")


class Repeated(NamedTuple):
    """An option of the runtime that the model gives again. `how` is REFUSES or LAST_WINS."""

    option: str
    node: Node
    first: Node
    how: str


def _pair(component: Draft) -> tuple[Node, Node] | None:
    """The runtime's container and the model, where both are known."""
    model = _written_model(component)
    if component.runtime is None or model is None:
        return None
    base = container_named(component.runtime.spec, names.PREDICTOR_CONTAINER)
    return None if base is None else (base, model)


def _written_model(component: Draft) -> Map | None:
    """The model as the user writes it, under its own key or that of a framework."""
    blocks = [component.written.get(key) for key in ("model", *names.FRAMEWORKS)]
    return next((block for block in blocks if isinstance(block, Map)), None)


def repeated(component: Draft) -> Iterator[Repeated]:
    """The options in the runtime's args that stand in the model's too, with another value."""
    pair = _pair(component)
    if pair is None:
        return
    base, model = pair
    how = _how(base, model)
    if not how:
        return
    first = dict(_options(base))
    for option, (node, value) in _options(model):
        if option in first and (how == REFUSES or first[option][1] != value):
            yield Repeated(option, node, first[option][0], how)


def _how(base: Node, model: Node) -> str:
    """What the server does with an option that is there twice; "" where that is not known."""
    command = (model.get("command") or base.get("command") or Map({})).elements()
    if command:
        program = posixpath.basename(command[0].text or "")
        return REFUSES if program in _CLAP and len(command) == 1 else ""
    image = model.string("image") or base.string("image") or ""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return REFUSES if name in _CLAP else LAST_WINS if name in _ARGPARSE else ""


def _options(container: Node) -> Iterator[tuple[str, tuple[Node, str | None]]]:
    """The long options in args, each with its item and its value."""
    items = container.listed("args")
    for index, item in enumerate(items):
        text = item.text or ""
        match = _OPTION.match(text)
        if match is None:
            continue
        rest = text[match.end() :]
        follower = items[index + 1].text if index + 1 < len(items) else ""
        value = rest[1:] if rest[:1] == "=" else follower if not rest else None
        yield match[0].replace("_", "-"), (item, value)


def args_in_place_of_program(component: Draft) -> tuple[Node, str] | None:
    """Args that an image takes for its program, since it has no entrypoint; and its name."""
    pod_spec = component.built.pod_spec
    server = container_named(pod_spec, names.PREDICTOR_CONTAINER)
    if server is None or server.get("command") is not None:
        return None
    image = (server.string("image") or "").partition("@")[0]
    first = next(iter(server.listed("args")), None)
    name = image.rpartition("/")[2].partition(":")[0]
    if name not in _COMMAND_ONLY or first is None or not (first.text or "").startswith("-"):
        return None
    return first, image


def retagged(component: Draft) -> tuple[Node, Node, str] | None:
    """The runtimeVersion and image of a model whose tag it replaces, and that tag."""
    model = _written_model(component)
    image = None if model is None else model.get("image")
    version = None if model is None else model.get("runtimeVersion")
    if image is None or version is None or not version.text or "@" in (image.text or ""):
        return None
    tag = (image.text or "").rpartition("/")[2].partition(":")[2]
    return (version, image, tag) if tag and tag != version.text else None
