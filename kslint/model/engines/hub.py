"""The Hugging Face hub's client, as the environment of any server sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import ABSENT, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kslint.model.answer import Answer
    from kslint.model.kubernetes.pod import EnvVar

    Lookup = Callable[[str], Answer[str]]

TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
_TRUE = frozenset(("1", "ON", "YES", "TRUE"))


def offline(env: Lookup) -> Answer[bool]:
    """True if the hub client stays off the network.

    HF_HUB_OFFLINE, unless empty or not set, decides alone; TRANSFORMERS_OFFLINE otherwise
    (huggingface_hub constants.py v1.10.0).
    """
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        answer = env(name)
        if isinstance(answer, Unknown):
            return answer
        if isinstance(answer, Known) and answer.value:
            return Known(answer.value.upper() in _TRUE, answer.node)
    return Known(False)


def token_of(
    variables: Mapping[str, EnvVar], open_ended: bool, names: tuple[str, ...] = TOKENS
) -> Answer[str]:
    """The name of the variable that supplies a token; one from a Secret counts.

    Source: huggingface_hub utils/_auth.py v1.10.0.
    """
    for name in names:
        variable = variables.get(name)
        if variable is not None and variable.value != "":
            return Known(name, variable.node)
    return Unknown("envFrom may set one") if open_ended else ABSENT
