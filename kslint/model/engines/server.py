"""What is asked of a model server, whichever program it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from kslint.model.answer import Answer, Checked
    from kslint.model.engines.vllm.arguments import Flag
    from kslint.model.engines.vllm.commandline import CommandLine
    from kslint.model.engines.vllm.image import Image
    from kslint.source.nodes import Node

POD, RAY, EITHER = "pod", "ray", "either"


class ModelRef(NamedTuple):
    """What is served.

    kind: "hub" (a repository id), "path" (a file system path), "remote" (a URL such as s3://),
    "default" (none is named: the server falls back on `text`), or "unknown".
    """

    kind: str
    text: str
    node: Node | None


class Need(NamedTuple):
    """How many devices a server takes: one for each of its ranks.

    `among` is POD where they are the pod's own, RAY where a Ray cluster lends them, and EITHER
    where it does so if there are too few in the pod. `text` says how the number comes about;
    `node` is the option that counts most, None where there is none.
    """

    number: int
    among: str
    text: str
    node: Node | None


class ServerEngine(Protocol):
    """A model server as a container runs it.

    kind: "vllm", "huggingfaceserver", "sglang" or "tgi". device: "cpu", "gpu" or "unknown"; what
    asks for an accelerator is never "cpu". certain: is it certainly this program that serves?
    """

    container: Node
    image: Image
    commandline: CommandLine
    device: str

    @property
    def kind(self) -> str: ...

    @property
    def backend_certain(self) -> bool: ...

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    @property
    def port(self) -> Checked[int]:
        """The port of its HTTP API."""
        ...

    @property
    def health_path(self) -> str | None:
        """Where a probe should ask."""
        ...

    @property
    def model(self) -> ModelRef: ...

    @property
    def dtype(self) -> Answer[str]:
        """The type it is told to compute in, as vLLM spells it; absent means by the model."""
        ...

    @property
    def need(self) -> Need | None:
        """The devices it takes; None where that is not known."""
        ...

    @property
    def offline(self) -> Answer[bool]:
        """Does it stay off the hub?"""
        ...

    @property
    def hf_token(self) -> Answer[str]:
        """The name of what supplies a token for the hub."""
        ...

    def flag(self, name: str) -> Flag | None:
        """The option that counts, by its long name in hyphens; None if it is not written."""
        ...

    def value(self, name: str) -> Answer[str]:
        """An option's value, whether an argument or a variable gives it."""
        ...

    def env(self, name: str) -> Answer[str]:
        """A variable of the server's process."""
        ...


def reference(text: str | None, node: Node | None) -> ModelRef:
    """What a name is by its looks; servers themselves ask whether it exists as a path."""
    if text is None:
        return ModelRef("unknown", "", node)
    if "://" in text:
        return ModelRef("remote", text, node)
    path = text.startswith(("/", ".", "~")) or text.count("/") > 1
    return ModelRef("path" if path else "hub", text, node)
