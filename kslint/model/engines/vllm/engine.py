"""A vLLM server as a container runs it: one place to ask for its flags, variables and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import (
    ABSENT,
    Absent,
    Invalid,
    Known,
    Unknown,
    integer,
)
from kslint.model.engines import hub
from kslint.model.engines.server import ModelRef, reference
from kslint.model.engines.vllm import omp
from kslint.model.engines.vllm.arguments import parse_human_int
from kslint.model.engines.vllm.commandline import (
    API_SERVER,
    HUGGINGFACE,
    read_commandline,
    value_of,
)
from kslint.model.engines.vllm.image import read_image
from kslint.model.engines.vllm.parallel import need
from kslint.model.engines.vllm.programs import OTHERS, VLLM_SERVE
from kslint.model.engines.vllm.release import release_of
from kslint.model.kubernetes.pod import (
    environment,
    has_env_from,
    init_containers,
    requests_accelerator,
)

if TYPE_CHECKING:
    from kslint.model.answer import Answer, Checked
    from kslint.model.engines.server import Need
    from kslint.model.engines.vllm.arguments import Flag
    from kslint.model.engines.vllm.commandline import CommandLine, Script
    from kslint.model.engines.vllm.facts import Version
    from kslint.model.engines.vllm.image import Image
    from kslint.model.engines.vllm.release import Release
    from kslint.source.nodes import Node

GIB = 1 << 30
_DTYPES = {"float": "float32", "half": "float16"}
_SUPERVISED = "data-parallel-multi-port-external-lb"
_TARGET = "VLLM_TARGET_DEVICE"
_MENTIONS = ("vllm", "huggingfaceserver", "llm-d", "llmd")


class OmpBind(NamedTuple):
    """VLLM_CPU_OMP_THREADS_BIND: as written, where, and what the release makes of it."""

    value: str
    node: Node | None
    binding: omp.Binding


class Engine:
    """A container that runs a vLLM server.

    kind: "vllm" or "huggingfaceserver" (KServe's server, which uses vLLM where it can).
    device: "cpu", "gpu" or "unknown". A container that asks for an accelerator is never "cpu".
    backend_certain: False for a huggingfaceserver that chooses its backend by the model.
    supposed: the version is that of the preset of a KServe release that is taken as given.
    """

    __slots__ = (
        "_environment",
        "_open_environment",
        "backend_certain",
        "commandline",
        "container",
        "device",
        "image",
        "kind",
        "supposed",
        "version",
    )

    def __init__(self, container: Node, image: Image, commandline: CommandLine) -> None:
        self.container = container
        self.image = image
        self.version: Version | None = image.version
        self.supposed = False
        self.commandline = commandline
        self.kind = "huggingfaceserver" if commandline.program == HUGGINGFACE else "vllm"
        self._environment = {**environment(container), **commandline.environment}
        self._open_environment = has_env_from(container)
        backend = commandline.flag("backend") if self.kind == "huggingfaceserver" else None
        self.backend_certain = self.kind == "vllm" or (
            backend is not None and backend.value == "vllm"
        )
        self.device = self._find_device()

    def flag(self, name: str) -> Flag | None:
        """The flag that counts (the last), by its long name in hyphens; None if not written."""
        return self.commandline.flag(name)

    def value(self, name: str) -> Answer[str]:
        """A flag's value; "" for one written without. Absent only if it is certainly not given."""
        return self.commandline.value(name)

    def env(self, name: str) -> Answer[str]:
        """A variable of the server's process, inline ones included. The node is its value's."""
        return value_of(self._environment.get(name), self._open_environment)

    @property
    def env_names(self) -> list[str]:
        return list(self._environment)

    def suppose(self) -> None:
        """Its image may be another: KServe names it, and which KServe that is nothing tells."""
        named = self.container.get("image")
        if named is not None and named.place is not None:
            return
        self.supposed = self.image.family == "llm-d"
        if self.image.family == "huggingfaceserver":
            self.version = None

    @property
    def release(self) -> Release:
        return release_of(self.image, self.version, self.supposed)

    @property
    def port(self) -> Checked[int]:
        """The HTTP port: 8000 for vLLM (cli_args.py v0.23.0), 8080 for KServe's server.

        A supervisor gives each data-parallel rank its own, and has one itself (0.24 and later).
        """
        if self.flag(_SUPERVISED):
            return Unknown("each rank has its own")
        if self.kind == "huggingfaceserver":
            return self._count("http-port", 8080)
        return ABSENT if self.flag("uds") else self._count("port", 8000)

    @property
    def tensor_parallel(self) -> Checked[int]:
        return self._count("tensor-parallel-size", 1)

    @property
    def pipeline_parallel(self) -> Checked[int]:
        return self._count("pipeline-parallel-size", 1)

    @property
    def data_parallel(self) -> Checked[int]:
        return self._count("data-parallel-size", 1)

    @property
    def ranks(self) -> Checked[int]:
        """TP x PP: the worker processes of one replica, and of the device lists they need."""
        tensor, pipeline = self.tensor_parallel, self.pipeline_parallel
        if not isinstance(tensor, Known):
            return tensor
        if not isinstance(pipeline, Known):
            return pipeline
        return Known(tensor.value * pipeline.value, tensor.node or pipeline.node)

    @property
    def need(self) -> Need | None:
        """The devices it takes; None where that is not known."""
        return need(self)

    @property
    def name(self) -> str:
        return "KServe's Hugging Face server" if self.kind == "huggingfaceserver" else "vLLM"

    @property
    def dtype(self) -> Answer[str]:
        """--dtype, with float spelt float32 and half float16. Absent means auto."""
        answer = self.value("dtype")
        if isinstance(answer, Known):
            return Known(_DTYPES.get(answer.value, answer.value), answer.node)
        return answer

    @property
    def enforce_eager(self) -> Answer[bool]:
        """Known(False) also where it is certainly not given."""
        flag = self.flag("enforce-eager")
        if flag is not None:
            return Known(not flag.negated, flag.node)
        return Known(False) if self.commandline.complete else Unknown("more flags may be added")

    @property
    def model(self) -> ModelRef:
        """The model that is named: `vllm serve` takes a positional or --model, others --model only.

        Sources: vllm/entrypoints/cli/serve.py:52, transformers_utils/repo_utils.py v0.23.0.
        """
        if self.kind == "huggingfaceserver":
            return self._huggingface_model()
        flag = self.flag("model")
        if flag is not None:
            return reference(flag.value, flag.value_node or flag.node)
        positionals = self.commandline.positionals
        if positionals and self.commandline.program != API_SERVER:
            word = positionals[0]
            return reference(word.text if word.known else None, word.node)
        if self.image.family == "substratus" and isinstance(given := self.env("MODEL"), Known):
            return reference(given.value, given.node)
        if not self.commandline.complete or self.image.family == "substratus":
            return ModelRef("unknown", "", None)
        return ModelRef("default", "Qwen/Qwen3-0.6B", None)

    @property
    def served_names(self) -> Answer[tuple[str, ...]]:
        """The names clients may ask for; without a flag, the model as it is written."""
        huggingface = self.kind == "huggingfaceserver"
        flag = self.flag("model-name" if huggingface else "served-model-name")
        if flag is not None and flag.known and flag.values:
            return Known(flag.values, flag.value_node)
        if flag is not None or not self.commandline.complete:
            return Unknown("the served name is set elsewhere", flag and flag.node)
        if huggingface:
            return Known(("model",))
        model = self.model
        known = model.kind != "unknown"
        return Known((model.text,), model.node) if known else Unknown("the model is set elsewhere")

    @property
    def kv_space(self) -> Checked[float]:
        """The CPU's KV cache in GiB for each worker; Absent means sized from the host's memory.

        VLLM_CPU_KVCACHE_SPACE, where not empty, goes before --kv-cache-memory-bytes
        (vllm/platforms/cpu.py:133-137 v0.23.0). Zero and less is refused from 0.10.2 on.
        """
        given = self.env("VLLM_CPU_KVCACHE_SPACE")
        if isinstance(given, Unknown):
            return given
        if isinstance(given, Known) and given.value:
            return _gib(integer(given.value, given.node), given.value, 1)
        size = self.value("kv-cache-memory-bytes")
        if not isinstance(size, Known):
            return size
        return _gib(parse_human_int(size.value, size.node), size.value, GIB)

    @property
    def offline(self) -> Answer[bool]:
        """True if the hub client stays off the network."""
        return hub.offline(self.env)

    @property
    def hf_token(self) -> Answer[str]:
        """The name of what supplies a token: "--hf-token" or a variable the hub client reads."""
        flag = self.flag("hf-token")
        if flag is not None and flag.value != "":
            return Known("--hf-token", flag.node)
        return hub.token_of(self._environment, self._open_environment)

    @property
    def omp_bind(self) -> Checked[OmpBind]:
        """VLLM_CPU_OMP_THREADS_BIND read as this release reads it; Invalid where it refuses."""
        given = self.env("VLLM_CPU_OMP_THREADS_BIND")
        if not isinstance(given, Known):
            return given
        ranks = self.ranks
        count = ranks.value if isinstance(ranks, Known) else None
        binding = omp.parse(given.value, self.version, count)
        if binding.kind == "refused":
            return Invalid(given.value, binding.error, given.node)
        return Known(OmpBind(given.value, given.node, binding), given.node)

    @property
    def scheme(self) -> Answer[str]:
        """HTTP, or HTTPS where it is given a certificate or key (uvicorn 0.35 config.py is_ssl)."""
        for name in ("ssl-certfile", "ssl-keyfile"):
            flag = self.flag(name)
            if flag is not None and not flag.known:
                return Unknown("the certificate is set elsewhere", flag.node)
            if flag is not None and flag.value != "":
                return Known("HTTPS", flag.node)
        return Known("HTTP") if self.commandline.complete else Unknown("more flags may be added")

    @property
    def wants_key(self) -> Answer[bool]:
        """Do paths below /v1 answer 401 without a key? --api-key goes before VLLM_API_KEY.

        "" is no key; one from a Secret counts, unless it is optional
        (vllm/entrypoints/serve/utils/server_utils.py:41 v0.23.0).
        """
        flag = self.flag("api-key")
        if flag is not None:
            return Known(flag.value != "", flag.node)
        variable = self._environment.get("VLLM_API_KEY")
        if variable is None:
            certain = self.commandline.complete and not self._open_environment
            return Known(False) if certain else Unknown("a key may be set elsewhere")
        if variable.node.at("valueFrom", "secretKeyRef", "optional") is not None:
            return Unknown("its Secret is optional", variable.node)
        return Known(variable.value != "", variable.node)

    @property
    def health_path(self) -> str | None:
        """Where a probe should ask; None for KServe's server, which has several such paths.

        None too where a supervisor answers, which has paths of its own.
        """
        return "/health" if self.kind == "vllm" and not self.flag(_SUPERVISED) else None

    def _count(self, name: str, default: int) -> Checked[int]:
        answer = self.value(name)
        if isinstance(answer, Absent):
            return Known(default)
        return integer(answer.value, answer.node) if isinstance(answer, Known) else answer

    def _find_device(self) -> str:
        if requests_accelerator(self.container) or self.container.at("resources", "claims"):
            return "gpu"
        target, device = self.env(_TARGET), self.value("device")
        for answer in (target, device):
            if isinstance(answer, Known) and answer.value == "cpu":
                return "cpu"
        if self.kind == "huggingfaceserver" and self.image.device == "unknown":
            return "cpu"  # the image without "-gpu" is built on vLLM's CPU backend
        return self.image.device

    def _huggingface_model(self) -> ModelRef:
        flag = self.flag("model-id") or self.flag("model-dir")
        if flag is not None:
            return reference(flag.value, flag.value_node or flag.node)
        if not self.commandline.complete:
            return ModelRef("unknown", "", None)
        return ModelRef("path", "/mnt/models", None)


def read_engine(
    container: Node, pod_spec: Node | None = None, script: Script | None = None
) -> Engine | None:
    """The vLLM server a container runs, or None if it runs none as far as can be told.

    `script` is one that its command may name without showing it.

    Init containers (but for sidecars), clients such as `vllm bench`, routers and simulators are
    none. A huggingfaceserver whose backend is set to another than vLLM is none either.
    """
    reference = container.string("image") or ""
    targeted = _has_target(container)
    mentioned = targeted or script is not None or _mentioned(container, reference)
    if not mentioned or _prepares(container, pod_spec):
        return None
    image = read_image(reference)
    if targeted and not image.family:  # nothing else reads this variable
        image = image._replace(entrypoint=VLLM_SERVE)
    commandline = read_commandline(container, image, image.version, script)
    if not commandline.program or commandline.program in OTHERS:
        return None
    backend = commandline.flag("backend") if commandline.program == HUGGINGFACE else None
    if backend is not None and backend.known and backend.value not in ("vllm", "auto"):
        return None
    return Engine(container, image, commandline)


def _mentioned(container: Node, image: str) -> bool:
    """A quick look, so that most containers cost nothing more."""
    if any(word in image for word in _MENTIONS):
        return True
    for field in ("command", "args"):
        for item in container.listed(field):
            text = item.text or ""
            if "vllm" in text or "huggingfaceserver" in text:
                return True
    return False


def _has_target(container: Node) -> bool:
    return any(item.string("name") == _TARGET for item in container.listed("env"))


def _prepares(container: Node, pod_spec: Node | None) -> bool:
    """True for an init container that ends before the pod serves (a sidecar restarts always)."""
    listed = any(item is container for item in init_containers(pod_spec))
    return listed and container.string("restartPolicy") != "Always"


def _gib(amount: Known[int] | Invalid, text: str, in_one: int) -> Checked[float]:
    """An amount in GiB, of which `in_one` make one; vLLM finds no cache blocks in less than 1."""
    if isinstance(amount, Invalid):
        return amount
    if amount.value > 0:
        return Known(min(amount.value, 1 << 80) / in_one, amount.node)
    return Invalid(text, "ValueError: No available memory for the cache blocks.", amount.node)
