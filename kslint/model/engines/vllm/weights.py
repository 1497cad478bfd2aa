"""How much memory a model's weights take, judged by its name.

Weights are parameters times bytes of a parameter. Counts in the table were computed from
published shapes; others come from the size in the name (`-7B`), which rounds. The data type
`auto` is the one in the model's config, in nearly all cases 16 bits wide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.answer import ABSENT, Known, Unknown

if TYPE_CHECKING:
    from kslint.model.answer import Answer

_COUNTS = {
    "smollm2-135m": 0.135, "qwen2.5-0.5b": 0.494, "qwen3-0.6b": 0.596, "tinyllama-1.1b": 1.100,
    "llama-3.2-1b": 1.236, "qwen2.5-1.5b": 1.544, "qwen3-1.7b": 1.721, "qwen2.5-3b": 3.086,
    "llama-3.2-3b": 3.213, "qwen3-4b": 4.022, "mistral-7b": 7.248, "qwen2.5-7b": 7.616,
    "llama-3.1-8b": 8.030, "qwen3-8b": 8.191, "qwen2.5-14b": 14.77, "qwen2.5-32b": 32.76,
    "llama-3.1-70b": 70.55, "qwen2.5-72b": 72.71, "mixtral-8x7b": 46.7,
}  # fmt: skip
"""Billions of parameters."""

_SIZE = re.compile(r"(?:^|[-_])(\d{1,6}(?:\.\d{1,9})?)\s*([bm])(?=$|[-_.])")
_EXPERTS = re.compile(r"(?<!\d)\d+x\d+(?:\.\d+)?b")
_FAMILY_NOISE = re.compile(r"^meta-|-(?:coder|math|vl)(?=-)")
_DTYPE_BYTES = {
    "float32": 4.0, "float": 4.0, "float16": 2.0, "half": 2.0, "bfloat16": 2.0, "auto": 2.0,
}  # fmt: skip
_QUANTIZED = (
    (re.compile(r"[-_.](?:awq|gptq|int4|w4a16|w4a8|4bit|bnb|nf4|nvfp4|mxfp4)(?=$|[-_.])"), 0.55),
    (re.compile(r"[-_.](?:fp8|int8|w8a8|w8a16|8bit)(?=$|[-_.])"), 1.02),
    (re.compile(r"^gpt-oss-"), 0.55),
)  # fmt: skip
"""Marks in names, and bytes of a parameter with its scales; such weights ignore the data type."""
_METHODS = {
    "awq": 0.55, "awq_marlin": 0.55, "gptq": 0.55, "gptq_marlin": 0.55, "bitsandbytes": 0.55,
    "mxfp4": 0.55, "fp8": 1.02, "experts_int8": 1.02,
}  # fmt: skip


def weight_bytes(
    model: str, dtype: str | None = None, quantization: str | None = None
) -> Answer[int]:
    """The bytes that the weights of one copy of a model take, all tensor-parallel ranks together.

    `model` is a repository id or a path that ends in such a name; `dtype` and `quantization`
    are the values of those options, None where not given. Unknown where the name has no size.
    """
    if not model:
        return ABSENT
    name = _name(model)
    if "gguf" in name or ":" in name:
        return Unknown("a GGUF file's size depends on its quantization")
    billions = _billions(name)
    if billions is None:
        return Unknown("the model's name does not tell its size")
    width = _width(name, dtype or "auto", quantization)
    if width is None:
        return Unknown(f"the width of {quantization or dtype} is not known")
    return Known(round(billions * 1e9 * width))


def certain_bytes(
    repository: str, dtype: str | None = None, quantization: str | None = None
) -> int | None:
    """The same of a repository whose weights are certainly as wide as its name says.

    Those of publishers who mark what is not 16 bits wide; None for all others, and for marks
    whose width is not known.
    """
    owner, _, name = repository.lower().partition("/")
    found = weight_bytes(repository, dtype, quantization)
    marked = any(mark.search(name) for mark, _ in _QUANTIZED)
    if not isinstance(found, Known) or (_MARKED.search(name) and not marked):
        return None
    return found.value if marked or quantization or owner in _PLAIN_PUBLISHERS else None


_MARKED = re.compile(
    r"[-_.](?:qat|q\d|gguf|ggml|exl\d|hqq|aqlm|eetq|mlx|int|\d{1,3}bit|\w{0,20}quant)"
)
_PLAIN_PUBLISHERS = frozenset(
    ("meta-llama", "qwen", "google", "microsoft", "01-ai", "tiiuae", "bigcode", "huggingfaceh4",
     "ibm-granite", "facebook", "eleutherai", "thudm", "baichuan-inc", "codellama")
)  # fmt: skip


def billions(model: str) -> float | None:
    """The parameters of a model in billions, by its name or path; None where that does not tell."""
    return _billions(_name(model))


def _name(model: str) -> str:
    return model.rstrip("/").rpartition("/")[2].lower()


def _billions(name: str) -> float | None:
    """Parameters in billions, or None. `30B-A3B` counts all 30: experts stay in memory."""
    family = _FAMILY_NOISE.sub("", name)
    for known, count in _COUNTS.items():
        if family.startswith(known):
            return count
    if _EXPERTS.search(name):
        return None
    match = _SIZE.search(name)
    if match is None:
        return None
    return float(match.group(1)) / (1.0 if match.group(2) == "b" else 1000.0)


def _width(name: str, dtype: str, quantization: str | None) -> float | None:
    for mark, width in _QUANTIZED:
        if mark.search(name):
            return width
    if quantization:
        return _METHODS.get(quantization)
    return _DTYPE_BYTES.get(dtype)
