"""The options of servers other than vLLM, as far as anything is asked of them.

Names are vLLM's where the meaning is the same. Sources: SGLang v0.5.5
python/sglang/srt/server_args.py; Text Generation Inference v3.3.4 launcher/src/main.rs.
"""

from __future__ import annotations

from kslint.model.engines.vllm.programs import SGLANG, TGI

_SGLANG = {
    "model": ("model-path", "model"),
    "tensor-parallel-size": ("tensor-parallel-size", "tp-size", "tp"),
    "pipeline-parallel-size": ("pipeline-parallel-size", "pp-size", "pp"),
    "data-parallel-size": ("data-parallel-size", "dp-size", "dp"),
    "nnodes": ("nnodes",),
    "port": ("port",),
    "device": ("device",),
    "dtype": ("dtype",),
    "config": ("config",),
    "download-dir": ("download-dir",),
    "quantization": ("quantization",),
    "load-format": ("load-format",),
}
_TGI = {
    "model": ("model-id",),
    "tensor-parallel-size": ("num-shard",),
    "sharded": ("sharded",),
    "port": ("port", "p"),
    "dtype": ("dtype",),
    "quantization": ("quantize",),
    "huggingface-hub-cache": ("huggingface-hub-cache",),
    "weights-cache-override": ("weights-cache-override",),
    "shard-uds-path": ("shard-uds-path",),
}
_SWITCHES = ("enable-dp-attention", "trust-remote-code", "disable-cuda-graph", "enable-metrics")
"""Options of SGLang that take no value, and often stand before another word."""

OPTIONS = {
    SGLANG: {
        **{spelling: (name, "1") for name, given in _SGLANG.items() for spelling in given},
        **{name: (name, "0") for name in _SWITCHES},
    },
    TGI: {spelling: (name, "1") for name, given in _TGI.items() for spelling in given},
}
"""By program: each spelling, the option's name, and how many values it takes."""
