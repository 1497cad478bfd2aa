"""Who a container's process is, where it can write, and the memory it shares."""

# ruff: noqa: S108  (paths in manifests)
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kslint.model.answer import Known
from kslint.model.kubernetes import files, memory
from kslint.source.files import Source
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.source.nodes import Node


def node(text: str) -> Node:
    (document,) = compose(Source("x", b""), text)
    return document.root


@pytest.mark.parametrize(
    ("container", "pod", "expected"),
    [
        ("{}", "{}", None),
        ("{}", "{securityContext: {runAsUser: 7}}", 7),
        ("{securityContext: {runAsUser: 0}}", "{securityContext: {runAsUser: 7}}", 0),
        ("{securityContext: {runAsUser: null}}", "{securityContext: {runAsUser: 7}}", 7),
        ("{securityContext: {runAsUser: '7'}}", "{}", None),  # the API server refuses it
        ("{securityContext: {runAsUser: true}}", "{}", None),
        ("{securityContext: []}", "null", None),
    ],
)
def test_user(container: str, pod: str, expected: int | None) -> None:
    found = files.user(node(container), node(pod))
    assert (found.value if isinstance(found, Known) else None) == expected


def test_switches_that_are_on() -> None:
    on = node("{securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true}}")
    off = node("{securityContext: {runAsNonRoot: false, readOnlyRootFilesystem: false}}")
    assert files.never_root(on, None) is not None
    assert files.never_root(off, on) is None
    assert files.never_root(node("{}"), on) is not None
    assert files.read_only_root(on) is not None
    assert files.read_only_root(off) is None


MOUNTS = (
    "{volumeMounts: [{name: e, mountPath: /e}, {name: r, mountPath: /r, readOnly: true},"
    " {name: s, mountPath: /s}, {name: c, mountPath: /c}, {name: p, mountPath: /p},"
    " {name: e, mountPath: /root/.cache}, {name: lost, mountPath: /lost}]SEALED}"
)
VOLUMES = node(
    "{volumes: [{name: e, emptyDir: {}}, {name: r, emptyDir: {}}, {name: s, secret: {}},"
    " {name: c, persistentVolumeClaim: {claimName: x, readOnly: true}},"
    " {name: p, persistentVolumeClaim: {claimName: x}}]}"
)


@pytest.mark.parametrize(
    ("path", "uid", "sealed", "expected"),
    [
        ("/e/sub", 7, True, files.WRITABLE),
        ("/r", 0, False, files.READ_ONLY),
        ("/s", 0, False, files.READ_ONLY),
        ("/c/x", 0, False, files.READ_ONLY),
        ("/p", 7, True, files.UNTOLD),
        ("/lost", 7, True, files.UNTOLD),
        ("/root/.cache/hub", 7, False, files.FOREIGN),
        ("/root/.cache/hub", 0, True, files.WRITABLE),
        ("/root/.triton", 0, True, files.READ_ONLY),
        ("/root/.triton", 0, False, files.WRITABLE),
        ("/root/.triton", None, False, files.UNTOLD),
        ("/root/.triton", None, True, files.READ_ONLY),
        ("/opt", 7, False, files.FOREIGN),
        ("//opt", 7, True, files.FOREIGN),
        ("/tmp/x", 7, False, files.WRITABLE),
        ("/tmp", None, False, files.WRITABLE),
        ("/tmp", 7, True, files.READ_ONLY),
        ("/dev/shm", 7, True, files.WRITABLE),
        ("/tmpfs", 7, False, files.FOREIGN),
        ("relative", 7, True, files.UNTOLD),
    ],
)
def test_access(path: str, uid: int | None, sealed: bool, expected: str) -> None:
    more = ", securityContext: {readOnlyRootFilesystem: true}" if sealed else ""
    container = node(MOUNTS.replace("SEALED", more))
    assert files.access(path, container, VOLUMES, uid).answer == expected


def test_a_volume_in_the_place_of_root_s_home() -> None:
    container = node("{volumeMounts: [{name: e, mountPath: /root}]}")
    assert files.access("/root/.cache", container, VOLUMES, 7).answer == files.WRITABLE


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        ("{}", "64Mi"),
        ("{hostIPC: true}", None),
        ("{hostIPC: false}", "64Mi"),
        ("{volumes: [{name: m, emptyDir: {medium: Memory, sizeLimit: 2Gi}}]}", "2Gi"),
        ("{volumes: [{name: m, emptyDir: {medium: Memory}}]}", None),
        ("{volumes: [{name: m, emptyDir: {sizeLimit: 2Gi}}]}", None),
        ("{volumes: [{name: m, emptyDir: {medium: Memory, sizeLimit: much}}]}", None),
        ("{volumes: [{name: m, hostPath: {path: /dev/shm}}]}", None),
    ],
)
def test_shared_memory(pod: str, expected: str | None) -> None:
    mounted = "{volumeMounts: [{name: m, mountPath: /dev/shm}]}" if "volumes" in pod else "{}"
    found = memory.shared_memory(node(mounted), node(pod))
    assert (str(found.value) if isinstance(found, Known) else None) == expected


def test_tmpfs_limits() -> None:
    container = node("{volumeMounts: [{name: m, mountPath: /a/}, {name: d, mountPath: /b}]}")
    pod = node(
        "{volumes: [{name: m, emptyDir: {medium: Memory, sizeLimit: 2Gi}},"
        " {name: d, emptyDir: {}}]}"
    )
    found = [(path, str(size)) for path, _, size in memory.tmpfs_limits(container, pod)]
    assert found == [("/a", "2Gi")]


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        ("{}", None),
        ("{containers: [{resources: {limits: {memory: 1Gi}}}, {}]}", None),
        ("{containers: [{resources: {limits: {memory: '0'}}}]}", None),
        ("{containers: [{resources: {limits: {memory: lots}}}]}", None),
        ("{containers: [L, L]}", "2Gi"),
        ("{containers: [L], initContainers: [L]}", "1Gi"),
        ("{containers: [L], initContainers: [{restartPolicy: Always}]}", None),
        ("{resources: {limits: {memory: 3Gi}}, containers: [L, {}]}", "3Gi"),
    ],
)
def test_memory_limit(pod: str, expected: str | None) -> None:
    found = memory.memory_limit(node(pod.replace("L", "{resources: {limits: {memory: 1Gi}}}")))
    assert (None if found is None else str(found)) == expected
