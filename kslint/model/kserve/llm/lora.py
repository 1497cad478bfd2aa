"""The LoRA adapters of an LLMInferenceService, where they lie and what vLLM is told of them.

Mirrors pkg/controller/v1alpha2/llmisvc/workload_lora.go @v0.19.0.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve.llm.configs import child_name
from kslint.model.kserve.pod_edits import edited_container, elements
from kslint.model.tree import appended, put
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import Map, Node

_ROOT = "/mnt/lora"
_NO_PATH = re.compile(r"[^a-zA-Z0-9._-]")
_MODULES = "--lora-modules"
_ARGUMENTS = "VLLM_ADDITIONAL_ARGS"
_SIZES = (
    ("maxRank", "--max-lora-rank"),
    ("maxAdapters", "--max-loras"),
    ("maxCpuAdapters", "--max-cpu-loras"),
)


class Adapter(NamedTuple):
    """An adapter of the merged spec: where it comes from, and where the server finds it."""

    name: str
    uri: str
    scheme: str
    path: str

    @property
    def downloaded(self) -> bool:
        return self.scheme in ("hf", "s3")

    @property
    def volume(self) -> str:
        """The volume of a claim (ChildName of a prefix and the adapter's name)."""
        return child_name("lora-pvc-", self.name)


def adapters(service: LLMInferenceService) -> list[Adapter]:
    """enumerateLoRAAdapters, less its refusals: by name, whatever their order in the spec."""
    spec = service.effective
    listed = [] if spec is None else spec.listed("model", "lora", "adapters")
    found = []
    for item in sorted(listed, key=lambda item: item.string("name") or ""):
        name, uri = item.string("name") or "", item.string("uri") or ""
        scheme = uri.partition("://")[0].lower()
        segment = _NO_PATH.sub("-", name)
        segment = "adapter" if segment in ("", ".", "..") else segment
        uri = f"{scheme}://{uri.partition('://')[2]}"
        found.append(Adapter(name, uri, scheme, posixpath.join(_ROOT, segment)))
    return found


def with_arguments(service: LLMInferenceService, pod: Map, target: str) -> Map:
    """The pod spec with the adapters as arguments of the server, before those of the user.

    Each goes by its own name and by that of its publisher. Whoever passes --lora-modules
    already is left alone.
    """
    found = adapters(service)
    origin = Origin(
        "controller",
        "the LoRA adapters",
        "pkg/controller/v1alpha2/llmisvc/workload_lora.go:140-268 @v0.19.0",
    )
    spec = service.effective
    words = ["--enable-lora"]
    for field, option in _SIZES:
        size = None if spec is None else spec.integer("model", "lora", field)
        words += [] if size is None else [f"{option}={size}"]
    words.append(_MODULES)
    for adapter in found:
        for name in (adapter.name, f"publishers/{service.namespace or ''}/models/{adapter.name}"):
            module = {"name": name, "path": adapter.path}
            words.append(f"'{_go_json(module)}'")

    def told(container: Map) -> Map:
        if not found or _passes_modules(container):
            return container
        own = elements(container.get("args"))
        args = appended(None, [*(made(word, origin) for word in words), *own], origin)
        return put(container, ("args",), args)

    return edited_container(pod, "containers", target, told)


def _passes_modules(container: Node) -> bool:
    for variable in container.listed("env"):
        if variable.string("name") == _ARGUMENTS and _MODULES in (variable.string("value") or ""):
            return True
    words = [*container.listed("command"), *container.listed("args")]
    return any(_MODULES in (word.text or "") for word in words)


def _go_json(value: dict[str, str]) -> str:
    """As Go's `json.Marshal` writes it, which escapes `<`, `>` and `&`."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
