"""SGLang and Text Generation Inference as containers run them.

Sources: SGLang v0.5.5 python/sglang/srt/server_args.py and entrypoints/http_server.py; Text
Generation Inference v3.3.4 launcher/src/main.rs (HF_API_TOKEN, HUGGINGFACE_HUB_CACHE and
WEIGHTS_CACHE_OVERRIDE at download_convert_model) and Dockerfile.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.answer import ABSENT, Absent, Known, Unknown, integer
from kslint.model.engines import hub
from kslint.model.engines.server import POD, ModelRef, Need, reference
from kslint.model.engines.vllm.commandline import read_commandline, value_of
from kslint.model.engines.vllm.image import is_released, read_image
from kslint.model.engines.vllm.programs import OTHERS, SGLANG
from kslint.model.kubernetes.pod import environment, has_env_from, requests_accelerator

if TYPE_CHECKING:
    from kslint.model.answer import Answer, Checked
    from kslint.model.engines.server import ServerEngine
    from kslint.model.engines.vllm.arguments import Flag
    from kslint.model.engines.vllm.commandline import CommandLine
    from kslint.model.engines.vllm.image import Image
    from kslint.source.nodes import Node

_RELEASE = re.compile(r"v?(\d{1,3})\.(\d{1,3})")
_MENTIONS = ("sglang", "text-generation", "tgi")
_SIZES = (
    ("tensor-parallel-size", "TP"),
    ("pipeline-parallel-size", "PP"),
    ("data-parallel-size", "DP"),
)
_DTYPES = {"float": "float32", "half": "float16"}


class _Server:
    """What both have in common: options, and variables in their place."""

    backend_certain = True
    kind = ""
    name = ""

    def __init__(self, container: Node, image: Image, commandline: CommandLine) -> None:
        self.container = container
        self.image = image
        self.commandline = commandline
        self._environment = {**environment(container), **commandline.environment}
        self._open = has_env_from(container)
        self._preset: dict[str, str] = {}
        """What the image itself sets."""
        self.device = self._device()

    def flag(self, name: str) -> Flag | None:
        return self.commandline.flag(name)

    def value(self, name: str) -> Answer[str]:
        return self.commandline.value(name)

    def env(self, name: str) -> Answer[str]:
        answer = value_of(self._environment.get(name), self._open)
        preset = self._preset.get(name) if isinstance(answer, Absent) else None
        return answer if preset is None else Known(preset)

    @property
    def offline(self) -> Answer[bool]:
        return hub.offline(self.env)

    @property
    def hf_token(self) -> Answer[str]:
        return hub.token_of(self._environment, self._open)

    @property
    def health_path(self) -> str:
        return "/health"

    @property
    def dtype(self) -> Answer[str]:
        answer = self.value("dtype")
        if isinstance(answer, Known):
            return Known(_DTYPES.get(answer.value, answer.value), answer.node)
        return answer

    def _device(self) -> str:
        if requests_accelerator(self.container) or self.container.at("resources", "claims"):
            return "gpu"
        told = self.value("device")
        if isinstance(told, Known):
            return "cpu" if told.value == "cpu" else "gpu"
        return self.image.device


class SGLang(_Server):
    """`python -m sglang.launch_server`, or `sglang serve`."""

    kind = "sglang"
    name = "SGLang"

    @property
    def port(self) -> Checked[int]:
        answer = self.value("port")
        if isinstance(answer, Absent):
            return Known(30000)
        return integer(answer.value, answer.node) if isinstance(answer, Known) else answer

    @property
    def model(self) -> ModelRef:
        flag = self.flag("model")
        if flag is None:
            return ModelRef("unknown", "", None)
        return reference(flag.value, flag.value_node or flag.node)

    @property
    def need(self) -> Need | None:
        """TP x PP GPUs for each data-parallel copy; with DP attention the copies share those."""
        if not self.commandline.complete or self.flag("config") is not None:
            return None
        attention = self.flag("enable-dp-attention") is not None
        parts = []
        for name, short in _SIZES:
            size = _number(self.value(name))
            if size is None:
                return None
            if size > 1 and not (short == "DP" and attention):
                parts.append((size, short, self.flag(name)))
        nodes = _number(self.value("nnodes"))
        count = 1
        for size, _, _ in parts:
            count *= size
        copied = any(short == "DP" for _, short, _ in parts)
        if nodes is None or (nodes > 1 and (copied or count % nodes)):
            return None
        text = " x ".join(f"{short} {size}" for size, short, _ in parts)
        text += f" over {nodes} nodes" if nodes > 1 else ""
        most = max(parts, key=lambda part: part[0])[2] if parts else None
        node = None if most is None else most.value_node or most.node
        return Need(count // nodes, POD, text, node)


class TextGeneration(_Server):
    """`text-generation-launcher`: every option may be a variable too."""

    kind = "tgi"
    name = "Text Generation Inference"

    def __init__(self, container: Node, image: Image, commandline: CommandLine) -> None:
        super().__init__(container, image, commandline)
        self._preset = {} if not is_released(image) else _preset(image)

    @property
    def may_be_a_fork(self) -> bool:
        """IBM's fork has the same names, and other options and ports (`--model-name`; 3000, 8033).

        Source: IBM/text-generation-inference launcher/src/main.rs. Open Data Hub builds it.
        """
        return self.image.family != "tgi" and isinstance(self.value("model"), Absent)

    def env(self, name: str) -> Answer[str]:
        """A variable; the launcher sets that of the hub's cache for the processes it starts."""
        given = self.commandline.value(_CACHE_OPTION) if name == _CACHE_VARIABLE else ABSENT
        return super().env(name) if isinstance(given, Absent) else given

    @property
    def offline(self) -> Answer[bool]:
        """Not known with `--weights-cache-override`, which has the weights elsewhere."""
        given = self.value("weights-cache-override")
        return super().offline if isinstance(given, Absent) else Unknown("the weights are there")

    @property
    def hf_token(self) -> Answer[str]:
        return hub.token_of(self._environment, self._open, (*hub.TOKENS, "HF_API_TOKEN"))

    def value(self, name: str) -> Answer[str]:
        answer = super().value(name)
        variable = _VARIABLES.get(name)
        return self.env(variable) if isinstance(answer, Absent) and variable else answer

    @property
    def port(self) -> Checked[int]:
        """3000, but that the image sets PORT to 80."""
        answer = self.value("port")
        if isinstance(answer, Absent):
            ours = self.image.name == "text-generation-inference"
            return Known(80) if ours else Unknown("the image may set it")
        return integer(answer.value, answer.node) if isinstance(answer, Known) else answer

    @property
    def model(self) -> ModelRef:
        answer = self.value("model")
        if isinstance(answer, Known):
            return reference(answer.value, answer.node)
        known = isinstance(answer, Absent)
        return (
            ModelRef("default", "bigscience/bloom-560m", None)
            if known
            else ModelRef("unknown", "", None)
        )

    @property
    def need(self) -> Need | None:
        """One GPU a shard; without a number it takes all that it sees."""
        shards = self.value("tensor-parallel-size")
        size = _number(shards) if isinstance(shards, Known) else None
        if size is None or not isinstance(shards, Known):
            return None
        return Need(size, POD, f"{size} shards" if size > 1 else "", shards.node)


_VARIABLES = {
    "model": "MODEL_ID",
    "tensor-parallel-size": "NUM_SHARD",
    "port": "PORT",
    "dtype": "DTYPE",
    "quantization": "QUANTIZE",
    "weights-cache-override": "WEIGHTS_CACHE_OVERRIDE",
    "shard-uds-path": "SHARD_UDS_PATH",
}
_CACHE_OPTION, _CACHE_VARIABLE = "huggingface-hub-cache", "HUGGINGFACE_HUB_CACHE"
_HOME_SINCE = (2, 3)


def _preset(image: Image) -> dict[str, str]:
    """Where the image keeps the hub's cache.

    HUGGINGFACE_HUB_CACHE up to v2.2.0 and in the build for Intel's CPUs, HF_HOME from v2.3.0 on
    (Dockerfile, Dockerfile_intel).
    """
    release = _RELEASE.match(image.tag)
    old = release is not None and (int(release[1]), int(release[2])) < _HOME_SINCE
    return {_CACHE_VARIABLE if old or image.device == "cpu" else "HF_HOME": "/data"}


def read_other(container: Node) -> ServerEngine | None:
    """The server of another kind than vLLM that a container runs, or None."""
    text = container.string("image") or ""
    fields = ("command", "args")
    items = [item.text or "" for field in fields for item in container.listed(field)]
    if not any(word in one for word in _MENTIONS for one in (text, *items)):
        return None
    image = read_image(text)
    commandline = read_commandline(container, image)
    if commandline.program not in OTHERS:
        return None
    if commandline.program == SGLANG:
        return SGLang(container, image, commandline)
    server = TextGeneration(container, image, commandline)
    return None if server.may_be_a_fork else server


def _number(answer: Answer[str]) -> int | None:
    """A size: 1 where it is not given, None for what is no number above zero."""
    if isinstance(answer, Absent):
        return 1
    text = answer.value if isinstance(answer, Known) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return number if number > 0 else None
