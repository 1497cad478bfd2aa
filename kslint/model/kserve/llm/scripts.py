"""The shell scripts of presets, as far as they decide what `vllm serve` is given.

The scripts look for network cards and for vLLM's version first; what they end with is put together
here from the facts in data/presets.json. Options that they only pass to some releases of vLLM, for
logs and shutdown, are left out. Source: config/llmisvcconfig @v0.19.0 and @v0.20.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.engines.vllm.commandline import Script
from kslint.model.kserve.llm.configs import SCRIPT
from kslint.model.kubernetes.pod import EnvVar, has_env_from
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.llm.pools import Pool
    from kslint.source.nodes import Node

_MORE = "VLLM_ADDITIONAL_ARGS"
_NAME, _PREFIX = "KSERVE_SERVED_NAME", "KSERVE_"
_SIZES = (
    ("--tensor-parallel-size", "tensor", ""),
    ("--data-parallel-size", "data", "1"),
    ("--data-parallel-size-local", "dataLocal", "1"),
)
"""Options, the field of `parallelism` that they come from, and what stands for one not written."""
_KEYS = "/var/run/kserve/tls/tls"
_TLS = ("--ssl-certfile", f"{_KEYS}.crt", "--ssl-keyfile", f"{_KEYS}.key")


def script_of(pool: Pool) -> Script | None:
    """What a preset's script starts in the pool's main container; None if another command runs."""
    serving = pool.serving
    if serving is None:
        return None
    passed = {*serving.flags, *serving.conditional_flags}
    origin = Origin("chart", "the script of KServe's preset")
    variables: dict[str, EnvVar] = {}
    if pool.container is not None and not has_env_from(pool.container):
        variables[_MORE] = EnvVar(_MORE, "", made("", origin), None)
    words = ["exec vllm serve", serving.model]
    if "--served-model-name" in passed:
        name = pool.owner.shape.at("model", "name") if pool.owner.shape is not None else None
        if name is not None and name.text:
            variables[_NAME] = EnvVar(_NAME, name.text, name, name)
        namespace = pool.owner.namespace or "$KSERVE_NAMESPACE"
        second = f"publishers/{namespace}/models/${_NAME}"
        words += ["--served-model-name", f"${_NAME}", second]
    words += ["--port", str(serving.port)]
    for option, field, default in _SIZES:
        node = pool.size_node(field)
        variable = _PREFIX + field.upper()
        if option not in passed and field == "tensor" and _is_set(node):
            words.append("$KSERVE_SIZES")  # other releases do pass it, and theirs may be meant
        if option not in passed or not (default or _is_set(node)):
            continue
        if node is not None and _is_set(node):
            variables[variable] = EnvVar(variable, node.text or "", node, node)
            words += [option, f"${variable}"]
        else:
            words += [option, default]
    if "--data-parallel-address" in passed:
        words += ["--data-parallel-address", "$LWS_LEADER_ADDRESS"]
    if "--headless" in passed:
        words.append("--headless")
    if "--enable-expert-parallel" in passed and pool.parallelism.expert:
        words.append("--enable-expert-parallel")
    if pool.owner.tls:
        words += _TLS
    elif not pool.owner.settings.in_input:  # KServe's own default is off, that of others on
        words.append("--ssl-certfile=$KSERVE_CERTIFICATE")
    text = f'eval "{" ".join(words)} ${_MORE} $@"'
    return Script(SCRIPT, made(text, origin), variables)


def _is_set(node: Node | None) -> bool:
    """Is it a number that a template's `if` takes for true?"""
    return node is not None and bool(node.integer())
