"""A server as another user than root, or on a file system that is not to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Absent, Known, Unknown
from kslint.model.engines.vllm.caches import (
    DOWNLOAD_DIR,
    HUB_HOME,
    asks_for_name,
    belongs_to_root,
    caches,
    has_no_name,
    scratch,
)
from kslint.model.kubernetes.files import (
    FOREIGN,
    READ_ONLY,
    access,
    never_root,
    read_only_root,
    user,
)
from kslint.model.kubernetes.pod import mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.vllm.caches import Cache
    from kslint.model.kubernetes.files import Access
    from kslint.model.workload import ModelServer, Server
    from kslint.source.nodes import Node

_SOMEBODY = 1_000_000_000
"""A user as OpenShift picks one for a namespace."""
_NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""What getpass.getuser() asks before the user database (CPython Lib/getpass.py)."""


def cannot_write_caches(server: ModelServer) -> Iterator[Problem]:
    """A user who can write at no place where the server has to."""
    at, uid, severity = _who(server)
    if at is None or isinstance(scratch(server.engine, server.workload.pod_spec), Absent):
        return
    closed = [
        (cache, found)
        for cache, found in _places(server, uid)
        if found.answer == FOREIGN or found.node is at
    ]
    if not closed:
        return
    if severity is None and not belongs_to_root(server.engine):
        closed = [(cache, found) for cache, found in closed if cache.path.startswith("/root/")]
        severity = "warning"
    if not closed:
        return
    where = [(cache.node, f"{cache.holds} would go to `{cache.path}`") for cache, _ in closed]
    homes = [
        (mount.node, "only root can enter /root")
        for mount in mounts(server.container, server.workload.pod_spec)
        if uid and mount.path.startswith("/root/")
    ]
    yield Problem(
        at,
        variant=_variant(at),
        severity=severity,
        related=[*where, *homes],
        engine=server.engine.name,
        uid=uid,
        paths=_listed([f"`{cache.path}`" for cache, _ in closed]),
        holds=_listed([cache.holds for cache, _ in closed]),
        variables=_movers(server, [cache for cache, _ in closed]),
    )


def _movers(server: ModelServer, closed: list[Cache]) -> str:
    """The variables that move these caches; what TGI's image sets goes before HOME."""
    if server.engine.kind == "tgi":
        return "`HUGGINGFACE_HUB_CACHE`"
    return f"`HOME` (or {_listed([f'`{cache.variable}`' for cache in closed])})"


def _who(server: ModelServer) -> tuple[Node | None, int | None, str | None]:
    """What decides that the server may not write everywhere, as which user, and how sure it is."""
    container, spec = server.container, server.workload.pod_spec
    uid = user(container, spec)
    if isinstance(uid, Known) and uid.value:
        return uid.node, uid.value, None
    told = uid.value if isinstance(uid, Known) else None
    demanded = None if told == 0 else never_root(container, spec)
    if demanded is not None:
        return demanded, _SOMEBODY, "warning"
    return read_only_root(container), told, "warning"


def _variant(at: Node) -> str:
    key = "" if at.key is None else at.key.text
    return {"runAsNonRoot": "any", "readOnlyRootFilesystem": "sealed"}.get(key, "default")


def _places(server: ModelServer, uid: int | None) -> Iterator[tuple[Cache, Access]]:
    container, spec = server.container, server.workload.pod_spec
    for cache in caches(server.engine, uid):
        yield cache, access(cache.path, container, spec, uid)


def _listed(texts: list[str]) -> str:
    texts = list(dict.fromkeys(texts))
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def no_passwd_entry(server: Server) -> Iterator[Problem]:
    """A user without a name, where torch asks for it."""
    engine = server.engine
    uid = user(server.container, server.workload.pod_spec)
    if engine.kind != "vllm" or not isinstance(uid, Known) or uid.node is None:
        return
    release = engine.release
    if not release.told or not asks_for_name(release.candidates):
        return
    named = [engine.env(name) for name in _NAMES]
    if not has_no_name(engine, uid.value) or any(isinstance(one, Unknown) for one in named):
        return
    if not any(isinstance(one, Known) and one.value for one in named):
        yield Problem(uid.node, uid=uid.value, release=release.text)


def hub_cache_read_only(server: Server) -> Iterator[Problem]:
    """A model from the hub, and a cache for it that cannot be written."""
    uid = user(server.container, server.workload.pod_spec)
    number = uid.value if isinstance(uid, Known) else None
    for cache, found in _places(server, number):
        if (
            cache.variable in (HUB_HOME, DOWNLOAD_DIR)
            and found.answer == READ_ONLY
            and found.mount is not None
        ):
            model = server.engine.model
            yield Problem(
                found.node or found.mount.node,
                related=[(model.node, "the model"), (cache.node, "the cache")],
                path=cache.path,
                mount=found.mount.path,
                model=model.text,
            )


def no_scratch(server: ModelServer) -> Iterator[Problem]:
    """A read-only root file system without a directory for temporary files."""
    sealed = read_only_root(server.container)
    if sealed is None:
        return
    found = scratch(server.engine, server.workload.pod_spec)
    if isinstance(found, Absent):
        yield Problem(sealed, workload=server.resource.name)
