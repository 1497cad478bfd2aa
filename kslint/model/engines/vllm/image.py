"""Container images that serve with vLLM: which they are, for which device, of which release.

Recognised are repositories, not registries: mirrors and private copies keep the last name.
Names are read word by word, so that `vllm-router` or `vllm-playground` are none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.engines.vllm.programs import API_SERVER, HUGGINGFACE, TGI, VLLM_SERVE

if TYPE_CHECKING:
    from kslint.model.engines.vllm.facts import Version

_CPU_WORDS = frozenset(("cpu",))
_GPU_WORDS = frozenset(
    ("gpu", "cuda", "rocm", "xpu", "hpu", "gaudi", "tpu", "neuron", "ascend", "nvidia", "amd")
)
_OTHER_WORDS = frozenset(
    ("openai", "arm64", "aarch64", "amd64", "x86", "64", "nonroot", "release", "repo", "dev",
     "nightly", "base", "rhel8", "rhel9", "ubi8", "ubi9", "rh", "odh", "lmcache", "test")
)  # fmt: skip
_PUBLISHERS = {
    "vllm": ("vllm", "q9t5s3a7"),
    "huggingfaceserver": ("kserve",),
    "llm-d": ("llm-d",),
    "sglang": ("lmsysorg",),
    "tgi": ("huggingface",),
}
"""Owners of the projects' own repositories; q9t5s3a7 is vLLM's on ECR."""
_WORD = re.compile(r"[a-z0-9]+")
_CUDA = re.compile(r"(?:cuda|cu|rocm)[0-9]*")
_RELEASE = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?![0-9])")
_UNRELEASED = re.compile(
    r"[0-9][.-]?(?:rc|dev)|nightly|[-.+]g?(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,}\b"
)
_STOCK = re.compile(r"vllm-openai(?:-(?:cpu|rocm|nonroot))?|vllm(?:-arm64)?-cpu-release-repo")
_FORKS = frozenset(("hpu", "gaudi", "ascend", "npu", "neuron", "tpu", "xpu"))
_STAGED = frozenset(("omni",))
"""Builds that run several engines, a stage each, as a configuration of theirs says."""
_OTHER_BACKENDS = frozenset(("neuron", "trtllm", "llamacpp"))
_BUNDLED: dict[Version, Version] = {
    (0, 16): (0, 9, 2),
    (0, 17): (0, 15, 1),
    (0, 18): (0, 19, 0),
    (0, 19): (0, 20, 0),
    (0, 20): (0, 24, 0),
    (0, 21): (0, 24, 0),
}
"""The vLLM in KServe's huggingfaceserver, by KServe's release
(python/huggingfaceserver/pyproject.toml of each)."""
_LLM_D: dict[Version, Version] = {
    (0, 5, 0): (0, 14, 1),
    (0, 5, 1): (0, 15, 1),
    (0, 6, 0): (0, 17, 1),
    (0, 7, 0): (0, 19, 1),
    (0, 8, 0): (0, 23, 0),
}
"""The vLLM in llm-d's images, by llm-d's release (the table of components in its release notes)."""
_MENTIONED = re.compile(r"vllm[-_]?v?(\d+\.\d+(?:\.\d+)?)")


class Image(NamedTuple):
    """A reference taken apart. `repository` includes the registry; `tag` and `digest` may be "".

    `family` is "vllm", "llm-d", "substratus", "huggingfaceserver", "sglang", "tgi", or "" for any
    other image.
    `device` is "cpu", "gpu" or "unknown" by name and tag alone. `entrypoint` is the server the
    image starts by itself, "" if it starts none or that is not known. `version` is vLLM's.
    """

    repository: str
    name: str
    tag: str
    digest: str
    family: str
    device: str
    entrypoint: str
    version: Version | None


@lru_cache(maxsize=1024)
def read_image(reference: str) -> Image:
    """Take an image reference apart. Never raises; nonsense has no family.

    Sources: vLLM docker/Dockerfile and docker/Dockerfile.cpu (ENTRYPOINT `vllm serve`; before
    about 0.11 `python3 -m vllm.entrypoints.openai.api_server`), KServe
    python/huggingface_server*.Dockerfile, Docker Hub and ECR repositories as of vllm.md 7.
    """
    rest, _, digest = reference.strip().partition("@")
    path, _, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    repository = f"{path}/{name}" if path else name
    family = _family(name, path)
    return Image(
        repository,
        name,
        tag,
        digest,
        family,
        _device(name, tag, path, family) if family else "unknown",
        _entrypoint(family, name, path),
        _version(family, name, tag, path),
    )


def _version(family: str, name: str, tag: str, path: str) -> Version | None:
    if family in ("huggingfaceserver", "llm-d"):
        release = _RELEASE.match(tag)
        numbers = [] if release is None else [int(part) for part in release.groups() if part]
        table = _BUNDLED if family == "huggingfaceserver" else _LLM_D
        return table.get(tuple(numbers[: 2 if table is _BUNDLED else 3]))
    return None if family != "vllm" or "tpu" in name else version_of(tag, path)


def is_stock(image: Image) -> bool:
    """True for vLLM's own images and mirrors of them by name: their ENTRYPOINT is `vllm serve`."""
    return image.entrypoint == VLLM_SERVE and _STOCK.fullmatch(image.name) is not None


def is_fork(image: Image) -> bool:
    """True for builds of vLLM with a command line of their own, or of no release."""
    vendor = image.repository.rpartition("/")[0].rpartition("/")[2]
    named = {*_WORD.findall(image.name.lower()), *_WORD.findall(image.tag.lower())}
    words = (_FORKS | _STAGED) & named
    return vendor in ("rocm", "nvidia", "habanaai", "intel", "lmcache") or bool(words)


def is_staged(image: Image) -> bool:
    """True for builds in which each stage of a model has an engine, and devices, of its own."""
    return not _STAGED.isdisjoint(_WORD.findall(image.name.lower()))


def is_cuda(image: Image) -> bool:
    """False for builds that look for other devices than GPUs of NVIDIA and AMD."""
    words = {*_WORD.findall(image.name.lower()), *_WORD.findall(image.tag.lower())}
    return not (words & (_FORKS | _CPU_WORDS))


def is_upstream(image: Image) -> bool:
    """True for images that their projects publish, and mirrors of them: no weights are in those."""
    vendor = image.repository.rpartition("/")[0].rpartition("/")[2]
    return vendor in _PUBLISHERS.get(image.family, ())


def is_released(image: Image) -> bool:
    """True for SGLang's and TGI's own images for GPUs, and TGI's for CPUs: their user is root.

    Sources: SGLang v0.5.5 docker/Dockerfile; Text Generation Inference v3.3.4 Dockerfile,
    Dockerfile_amd, Dockerfile_intel and Dockerfile_gaudi (no USER). Others have other caches.
    """
    words = {*_WORD.findall(image.tag.lower())}
    if image.family == "tgi":
        return image.name == "text-generation-inference" and words.isdisjoint(_OTHER_BACKENDS)
    own = image.family == "sglang" and is_upstream(image)
    return own and image.device == "gpu" and is_cuda(image)


def _family(name: str, path: str) -> str:
    words = _WORD.findall(name.lower())
    vendor = path.rpartition("/")[2]
    if words[:1] == ["sglang"] and all(_serving_word(word) for word in words[1:]):
        return "sglang"
    if _is_tgi(words, vendor):
        return "tgi"
    if "huggingfaceserver" in words:
        return "huggingfaceserver"
    if vendor == "substratusai" and name == "vllm":
        return "substratus"
    if words[:2] in (["llm", "d"], ["llmd"]) and set(words[2:]) <= {
        "cuda",
        "cpu",
        "xpu",
        "rocm",
        "aws",
        "dev",
        "gb200",
        "d",
    }:
        return "llm-d"
    if words == ["vllmserver"]:  # KServe's placeholder until kustomize sets the image
        return "vllm"
    return "vllm" if "vllm" in words and all(_serving_word(word) for word in words) else ""


def _is_tgi(words: list[str], vendor: str) -> bool:
    """Hugging Face's own images, and those that Google builds of them."""
    if words[:4] == ["huggingface", "text", "generation", "inference"]:
        return True
    plain = words[:1] == ["tgi"] or words == ["text", "generation", "inference"]
    return plain and vendor == "huggingface"


def _serving_word(word: str) -> bool:
    return (
        word == "vllm"
        or word in _CPU_WORDS
        or word in _GPU_WORDS
        or word in _OTHER_WORDS
        or _CUDA.fullmatch(word) is not None
    )


def _device(name: str, tag: str, path: str, family: str) -> str:
    words = set(_WORD.findall(name.lower()))
    if family == "sglang" and "xeon" in tag:
        return "cpu"
    if words & _CPU_WORDS or _CPU_WORDS & set(_WORD.findall(tag.lower())):
        return "cpu"
    if any(word in _GPU_WORDS or _CUDA.fullmatch(word) for word in words):
        return "gpu"
    marked = any(word in _GPU_WORDS or _CUDA.fullmatch(word) for word in _WORD.findall(tag.lower()))
    built = family in ("sglang", "tgi") or name.startswith("vllm-openai")
    if marked or built or path.rpartition("/")[2] in ("rocm", "nvidia"):
        return "gpu"
    return "unknown"


def _entrypoint(family: str, name: str, path: str) -> str:
    vendor = path.rpartition("/")[2]
    if family == "huggingfaceserver":
        return HUGGINGFACE
    if family == "tgi":
        return TGI
    if family == "sglang":
        return ""
    if not family or vendor in ("rocm", "nvidia"):  # theirs run the command they are given
        return ""
    return API_SERVER if vendor in ("opea", "substratusai") or name == "vllmserver" else VLLM_SERVE


def version_of(tag: str, path: str = "") -> Version | None:
    """The release of vLLM by the tag, `0.9` as (0, 9).

    None for `latest`, for what is no release (rc, dev, nightly, a commit behind it), and for tags
    that count something else.
    """
    if path.rpartition("/")[2] == "lmcache":  # LMCache's own releases
        return None
    mentioned = _MENTIONED.search(tag)
    match = _RELEASE.match(mentioned.group(1) if mentioned else tag)
    if match is None or _UNRELEASED.search(tag):
        return None
    version = tuple(int(part[:6]) for part in match.groups() if part is not None)
    # vendors number their builds 1.x, 3.2 or 25.09; vLLM is at 0.x, and 0.4 is long gone
    return version if version >= (0, 4) and version[0] == 0 else None
