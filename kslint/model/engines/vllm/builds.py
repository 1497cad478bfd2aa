"""Which GPUs the released builds of vLLM have kernels for.

Sources: vLLM documentation, "GPU: compute capability 7.0 or higher"; the architectures of the
CUDA 13 builds (collect_env of vllm-project/vllm issue 44906): none below 7.5 from 0.22 on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.engines.vllm.image import is_stock

if TYPE_CHECKING:
    from kslint.model.engines.vllm.engine import Engine

_LEAST, _LEAST_OF_CUDA_13 = (7, 0), (7, 5)
_CUDA_13 = (0, 22)
_PLAIN = re.compile(r"v?\d+\.\d+\.\d+")
"""A tag without a CUDA version: the build that the release is named after."""


def dropped_from(capability: tuple[int, int], engine: Engine) -> str | None:
    """The release from which on vLLM's own image has nothing for such a GPU; "" for all of them.

    None where it has, or where that is not known.
    """
    if not is_stock(engine.image):
        return None
    if capability < _LEAST:
        return ""
    version = engine.version
    newer = version is not None and version >= _CUDA_13 and _PLAIN.fullmatch(engine.image.tag)
    return "0.22" if newer and capability < _LEAST_OF_CUDA_13 else None
