"""Where a server keeps what it downloads and compiles, and who its process is.

Sources: huggingface_hub v1.10.0 constants.py; vLLM v0.23.0 vllm/envs.py (VLLM_CACHE_ROOT);
triton 3.6 python/triton/knobs.py (TRITON_HOME, TRITON_CACHE_DIR); docker/Dockerfile and
docker/Dockerfile.cpu (Ubuntu 22.04, no user of their own but in `-nonroot`).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import ABSENT, Absent, Known, Unknown
from kslint.model.engines.vllm.image import is_released, is_stock
from kslint.model.kubernetes.files import READ_ONLY, access
from kslint.model.kubernetes.pod import mounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.model.answer import Answer
    from kslint.model.engines.server import ServerEngine
    from kslint.model.engines.vllm.facts import Version
    from kslint.source.nodes import Node

    Lookup = Callable[[str], Answer[str]]
    Chain = tuple[tuple[str, str], ...]

HUB: Chain = (
    ("HF_HUB_CACHE", ""),
    ("HUGGINGFACE_HUB_CACHE", ""),
    ("HF_HOME", "/hub"),
    ("XDG_CACHE_HOME", "/huggingface/hub"),
    ("HOME", "/.cache/huggingface/hub"),
)
"""The variables that place the hub client's cache, the first that is set, and what it adds."""
_COMPILED: Chain = (
    ("VLLM_CACHE_ROOT", ""),
    ("XDG_CACHE_HOME", "/vllm"),
    ("HOME", "/.cache/vllm"),
)
_KERNELS: Chain = (
    ("TRITON_CACHE_DIR", ""),
    ("TRITON_HOME", "/.triton/cache"),
    ("HOME", "/.triton/cache"),
)
HUB_HOME, DOWNLOAD_DIR = "HF_HOME", "--download-dir"
_TEMPORARY = ("/tmp", "/var/tmp", "/usr/tmp")  # noqa: S108  (what Python's tempfile tries)
_WORK_FOLDER = "/vllm-workspace"
_WORK_FOLDERS = {"sglang": "/sgl-workspace/sglang"}
_FIRST_FREE = 1000
"""System users of Ubuntu and of its packages have lower numbers."""
_NOBODY = 65534
_ASKS_FOR_NAME, _ASKS_NO_MORE = (0, 22, 0), (0, 27, 0)
"""The releases whose torch, 2.11, looks the user's name up at import; 0.27.0 brings torch 2.13
(requires_dist of vllm 0.21.0 to 0.33.0; pytorch issue 140765)."""


class Cache(NamedTuple):
    """One cache: what it holds, the variable that moves it, its path, and where that is written."""

    holds: str
    variable: str
    path: str
    node: Node | None


def first_set(chain: Chain, env: Lookup) -> Answer[str]:
    """The path by the first variable that is set; absent where none is."""
    for name, suffix in chain:
        answer = env(name)
        if isinstance(answer, Unknown):
            return answer
        if isinstance(answer, Known) and answer.value:
            return Known(answer.value + suffix, answer.node)
    return ABSENT


def caches(engine: ServerEngine, uid: int | None) -> list[Cache]:
    """What the server cannot do without, and whose path is known, if it runs as this user.

    Those of compiled code count for vLLM, and on a GPU only: on a CPU it goes on without them.
    """
    found = []
    model = engine.model
    offline = engine.offline
    if model.kind == "hub" and isinstance(offline, Known) and not offline.value:
        found.append(("the downloaded model", HUB_HOME, HUB))
    if engine.device == "gpu" and engine.kind in ("vllm", "huggingfaceserver"):
        found.append(("compiled kernels", "TRITON_CACHE_DIR", _KERNELS))
        found.append(("compiled graphs", "VLLM_CACHE_ROOT", _COMPILED))
    own = _home(engine, uid)

    def env(name: str) -> Answer[str]:
        answer = engine.env(name)
        return own if name == "HOME" and isinstance(answer, Absent) else answer

    placed = [(holds, name, first_set(chain, env)) for holds, name, chain in found]
    folder = engine.value("download-dir")
    if placed and placed[0][1] == HUB_HOME and isinstance(folder, Known):
        placed.insert(1, ("the downloaded weights", DOWNLOAD_DIR, folder))
    return [
        Cache(holds, name, posixpath.normpath(path.value.replace("//", "/")), path.node)
        for holds, name, path in placed
        if isinstance(path, Known)
    ]


def _home(engine: ServerEngine, uid: int | None) -> Answer[str]:
    """HOME where the manifest does not set it: by the image's /etc/passwd, else `/`."""
    if uid == 0:
        return Known("/root")
    if not belongs_to_root(engine):
        return Unknown("the image may set it")
    if uid == _FIRST_FREE and engine.kind == "sglang":
        return Unknown("some of the images are Ubuntu 24.04, which has this user")
    return Known("/" if uid else "/root")


def _is_nonroot(engine: ServerEngine) -> bool:
    """The image whose own user has the number 2000, and a home; its entrypoint sets HOME and USER.

    Source: docker/entrypoints/vllm-nonroot-entrypoint.sh.
    """
    return "nonroot" in engine.image.name or "nonroot" in engine.image.tag


def belongs_to_root(engine: ServerEngine) -> bool:
    """Is it an image of the engine's own whose files, and whose process, are root's?"""
    return is_released(engine.image) or (is_stock(engine.image) and not _is_nonroot(engine))


def has_no_name(engine: ServerEngine, uid: int) -> bool:
    """Does the image's /etc/passwd certainly not list a user?"""
    newer = "ubuntu24" in engine.image.tag.replace("-", "").replace(".", "")
    named = uid < _FIRST_FREE or uid == _NOBODY or (newer and uid == _FIRST_FREE)
    return belongs_to_root(engine) and not named


def asks_for_name(versions: tuple[Version, ...]) -> bool:
    """Do these releases stop where the user has no name, and neither USER nor LOGNAME is set?"""
    return bool(versions) and all(_ASKS_FOR_NAME <= one < _ASKS_NO_MORE for one in versions)


def scratch(engine: ServerEngine, pod_spec: Node | None) -> Answer[str]:
    """The directory that Python's tempfile takes: the first it can write to; absent for none.

    Sources: _candidate_tempdir_list in CPython 3.12 Lib/tempfile.py; the working directory is last.
    SGLang asks for it at import (srt/model_loader/weight_utils.py); TGI's launcher has its shards
    open a socket instead (launcher/src/main.rs v3.3.4, shard_uds_path).
    """
    container = engine.container
    if engine.kind == "tgi":
        return _sockets(engine, pod_spec)
    places = list(_TEMPORARY)
    for name in ("TMPDIR", "TEMP", "TMP"):
        answer = engine.env(name)
        if isinstance(answer, Unknown):
            return answer
        if isinstance(answer, Known) and answer.value:
            places.append(answer.value)
    home = container.string("workingDir")
    if home is None and not (is_stock(engine.image) or is_released(engine.image)):
        own = [mount.path for mount in mounts(container, pod_spec)]
        if any(access(path, container, pod_spec, None).answer != READ_ONLY for path in own):
            return Unknown("the image's working directory may be on a volume")
    places.append(home or _WORK_FOLDERS.get(engine.kind, _WORK_FOLDER))
    for path in places:
        if access(path, container, pod_spec, None).answer != READ_ONLY:
            return Known(path)
    return ABSENT


def _sockets(engine: ServerEngine, pod_spec: Node | None) -> Answer[str]:
    """Where TGI's shards listen, as long as nothing moves that."""
    if not isinstance(engine.value("shard-uds-path"), Absent):
        return Unknown("the sockets are elsewhere")
    folder = _TEMPORARY[0]
    found = access(folder, engine.container, pod_spec, None)
    return ABSENT if found.answer == READ_ONLY else Known(folder)
