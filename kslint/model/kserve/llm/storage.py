"""Where the model and the LoRA adapters of an LLMInferenceService come from.

Mirrors pkg/controller/v1alpha2/llmisvc/{workload_storage,workload_lora}.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.model.kserve.llm.spec import MergedSpec, Target
    from kslint.source.nodes import Node

SCHEMES = ("pvc", "oci", "hf", "s3")
NATIVE = "oci+native"
"""A scheme that 0.20 adds (workload_storage.go:144 @v0.20.0)."""
LORA_SCHEMES = ("hf", "s3", "pvc")
_LORA_DOCS = (
    "https://github.com/kserve/kserve/blob/master/docs/samples/llmisvc/lora-adapters/README.md"
)
_LOCAL_MODEL = "internal.serving.kserve.io/localmodel"


class Storage(NamedTuple):
    """Where a model comes from. `scheme` is "" without `://`; `node` is the uri's.

    `error` is the controller's message if it refuses the uri, else "". With `downloads` False
    nothing is fetched or mounted (storageInitializer.enabled: false). `claim` is the
    PersistentVolumeClaim of a pvc:// uri.
    """

    uri: str
    scheme: str
    node: Node
    error: str
    downloads: bool
    claim: Target | None


def downloads(llm: MergedSpec) -> bool:
    """False if storageInitializer.enabled is false."""
    return llm.known.boolean("storageInitializer", "enabled") is not False


def model_storage(llm: MergedSpec) -> Storage | None:
    """Where model.uri points; None without one. Source: workload_storage.go:86-180."""
    node = llm.known.at("model", "uri")
    if node is None or not node.text:
        return None
    uri, scheme = _parsed(node.text)
    error = ""
    if not scheme:
        error = f"invalid model URI: {uri}"
    elif downloads(llm) and llm.resource.label(_LOCAL_MODEL) is None:
        native = scheme == NATIVE and llm.settings.at_least("0.20")
        if scheme not in SCHEMES and not native:
            error = f"unsupported schema in model URI: {uri}"
        elif scheme == "oci" and not llm.settings.flag("storageInitializer", "enableModelcar"):
            error = "OCI modelcars is not enabled"
    return Storage(uri, scheme, node, error, downloads(llm), _claim(llm, uri, scheme, node))


def adapter_storage(llm: MergedSpec) -> list[Storage]:
    """The LoRA adapters of model.lora, in their order. Source: workload_lora.go:69-126."""
    found = []
    for item in llm.known.listed("model", "lora", "adapters"):
        node = item.get("uri") or item
        uri, scheme = _parsed(node.text or "")
        problem = _adapter_problem(uri, scheme, downloads(llm))
        error = f'LoRA adapter "{item.string("name") or ""}": {problem}' if problem else ""
        claim = _claim(llm, uri, scheme, node)
        found.append(Storage(uri, scheme, node, error, downloads(llm), claim))
    return found


def _adapter_problem(uri: str, scheme: str, fetched: bool) -> str:
    if not scheme:
        return f'invalid URI "{uri}"'
    problem = ""
    if scheme == "oci":
        problem = "oci:// is not supported for LoRA adapters; use hf://, s3://, or pvc:// instead"
    elif scheme not in LORA_SCHEMES:
        problem = (
            f'unsupported URI scheme "{scheme}://"; supported schemes are hf://, s3://, pvc://'
        )
    elif not fetched and scheme == "pvc":
        problem = (
            "pvc:// requires a mounted volume — do not set storageInitializer.enabled to false"
        )
    elif not fetched:
        problem = (
            "hf:// and s3:// require the storage initializer — "
            "set storageInitializer.enabled to true"
        )
    return f"{problem} (see {_LORA_DOCS})" if problem else ""


def _claim(llm: MergedSpec, uri: str, scheme: str, node: Node) -> Target | None:
    name = uri.partition("://")[2].partition("/")[0]
    if scheme != "pvc" or not name:
        return None
    return llm.target("PersistentVolumeClaim", name, llm.namespace, node, "")


def _parsed(text: str) -> tuple[str, str]:
    """A uri as apis.URL prints it, and its scheme ("" without `://`); schemes are lowered."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text, ""
    return f"{scheme.lower()}://{rest}", scheme.lower()
