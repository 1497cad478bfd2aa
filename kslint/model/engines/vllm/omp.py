"""The grammar of VLLM_CPU_OMP_THREADS_BIND, release by release.

| release | default | `all` | `nobind` | lists are read by |
|---|---|---|---|---|
| 0.8.5 | all | no binding | refused | libnuma |
| 0.9 - 0.10 | auto | no binding | refused | libnuma |
| 0.11 - 0.19 | auto | every CPU (libnuma's own word) | no binding | libnuma |
| 0.20 - | auto | refused | no binding | Python's int() |

Sources: vllm/utils/ompmultiprocessing.py and vllm/utils/cpu_resource_utils.py v0.23.0,
vllm/v1/worker/cpu_worker.py v0.10.2 to v0.19.1, csrc/cpu/utils.cpp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.model.engines.vllm.facts import Version

PYTHON_GRAMMAR: Version = (0, 20)
LIBNUMA_ALL: Version = (0, 11)
MAX_CORES = 65_536
"""Lists longer than any machine are not spelt out."""


class Binding(NamedTuple):
    """What a value does.

    kind: "auto" (vLLM picks cores), "nobind" (no binding at all), "all" (every CPU of the host),
    "lists" (one list of core ids per local rank), "refused" (the server will not start; `error`
    is the message in its log), "unclear" (libnuma's grammar, which is wider than ours).
    `warning` is set where the server starts, but hardly as meant.
    """

    kind: str
    lists: tuple[tuple[int, ...], ...] = ()
    error: str = ""
    warning: str = ""


def parse(text: str, version: Version | None = None, ranks: int | None = None) -> Binding:
    """Read a value as the given release does; without a version, as 0.20 and later do.

    `ranks` is TP x PP of the pod; with it the number of lists is checked as the server does,
    which is before it reads them.
    """
    current = version is None or version >= PYTHON_GRAMMAR
    before_nobind = version is not None and version < LIBNUMA_ALL
    if text == "auto" and (version is None or version >= (0, 9)):
        return Binding("auto")
    if text == "nobind" and not before_nobind:
        return Binding("nobind")
    if text == "all" and not current:
        return Binding("nobind" if before_nobind else "all")
    if not current and text in ("auto", "nobind"):
        return Binding("refused", error=f"Failed to parse CPU string: {text}")
    return _lists(text, ranks, current)


def render(lists: tuple[tuple[int, ...], ...]) -> str:
    """The value that binds each rank to its list: the inverse of `parse` for current releases."""
    return "|".join(",".join(str(core) for core in cores) for cores in lists)


def _lists(text: str, ranks: int | None, current: bool) -> Binding:
    written = text.split("|")
    if ranks is not None and len(written) < ranks:
        shown = f"Given number of CPU id list {written} doesn't match local world size {ranks}."
        return Binding("refused", error=f"AssertionError: {shown}")
    try:
        lists = tuple(_cores(item) for item in written)
    except ValueError as error:
        return Binding("refused", error=f"ValueError: {error}") if current else Binding("unclear")
    if any(not cores for cores in lists):
        return Binding("lists", lists, warning="an empty list sets OMP_NUM_THREADS=0")
    if ranks is not None and len(lists) > ranks:
        return Binding("lists", lists, warning=f"only the first {ranks} of {len(lists)} are used")
    return Binding("lists", lists)


def _cores(text: str) -> tuple[int, ...]:
    """The sorted core ids of one list; ValueError with Python's own message where it has one."""
    cores: set[int] = set()
    for item in text.split(",") if text else ():
        if "-" not in item:
            cores.add(int(item))
            continue
        low, high = map(int, item.split("-"))
        cores.update(range(low, min(high, low + MAX_CORES) + 1))
    return tuple(sorted(cores))
