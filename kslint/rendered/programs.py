"""Starting helm and kustomize: within limits, without the user's settings or the network."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.programs import on_path

if TYPE_CHECKING:
    from subprocess import Popen

SECONDS = 60
"""For one chart."""
SECONDS_IN_ALL = 300
MAX_OUTPUT = 32 << 20
MAX_MEMORY = 4 << 30
_WAIT = 0.05
"""Seconds between two looks at what a program has printed."""
_DEAD = "http://127.0.0.1:9"
"""A proxy that nobody listens at: what is not in the scratch directory is not to be had."""
_PASSED_ON = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG")


class Tools(NamedTuple):
    """The full paths of the programs that are there."""

    helm: str | None
    kustomize: str | None

    @classmethod
    def on_path(cls) -> Tools:
        return cls(on_path("helm"), on_path("kustomize"))


class Output(NamedTuple):
    """What a program printed; `error` is what it said when it failed, "" when it did not."""

    data: bytes
    error: str = ""


class Allowance:
    """The time that all programs of a run may take together."""

    def __init__(self, seconds: float = SECONDS_IN_ALL) -> None:
        self.left = seconds


def run(command: list[str], home: str, allowance: Allowance) -> Output:
    """Run a program in its own directory, which is also its home.

    What it starts ends with it, also when it is stopped.
    """
    import subprocess
    import time

    seconds = min(SECONDS, allowance.left)
    if seconds <= 0:
        return Output(b"", f"those before it took longer than {SECONDS_IN_ALL} s together")
    begin = time.monotonic()
    printed, said = os.path.join(home, "printed"), os.path.join(home, "said")
    with open(printed, "wb") as out, open(said, "wb") as err:
        try:
            process = subprocess.Popen(  # noqa: S603  (a program by its full path, with words of ours)
                command,
                cwd=home,
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:
            return Output(b"", f"it could not be started: {error.strerror or error}")
        try:
            _bound(process.pid)
            problem = _until_it_ends(process, begin + seconds, (printed, said))
        finally:
            _stop(process)
            allowance.left -= time.monotonic() - begin
    if problem:
        return Output(b"", problem)
    return _output(process.returncode, printed, said)


def _environment(home: str) -> dict[str, str]:
    """Nothing of the user's, and no plugins: a copied tree in the home may hold what looks so."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {
        "HOME": home, "USERPROFILE": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
        "XDG_DATA_HOME": home, "KUBECONFIG": os.devnull,
        "HELM_PLUGINS": os.path.join(home, "no", "plugins"), "HELM_NO_PLUGINS": "1",
        "KUSTOMIZE_PLUGIN_HOME": os.path.join(home, "no", "plugins"),
        "HTTP_PROXY": _DEAD, "HTTPS_PROXY": _DEAD, "http_proxy": _DEAD, "https_proxy": _DEAD,
        "GIT_ALLOW_PROTOCOL": "file", "GIT_TERMINAL_PROMPT": "0",
    }  # fmt: skip


def _bound(pid: int) -> None:
    """Limit a program's memory, and that of all it starts, where the system can."""
    try:
        from resource import RLIMIT_AS, RLIMIT_CORE, prlimit
    except ImportError:
        return
    with suppress(OSError):
        prlimit(pid, RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        prlimit(pid, RLIMIT_CORE, (0, 0))


def _until_it_ends(process: Popen[bytes], end: float, files: tuple[str, ...]) -> str:
    """Wait for a program; why it must not go on, if so."""
    import subprocess
    import time

    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_WAIT)
        if any(os.path.getsize(file) > MAX_OUTPUT for file in files):
            return f"it printed more than {MAX_OUTPUT >> 20} MiB"
        if process.returncode is not None:
            return ""
        if time.monotonic() > end:
            return f"it took longer than {SECONDS} s"


def _stop(process: Popen[bytes]) -> None:
    """End a program, and what it started and left behind."""
    import signal

    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _output(code: int, printed: str, said: str) -> Output:
    if not code:
        with open(printed, "rb") as handle:
            return Output(handle.read())
    with open(said, encoding="utf-8", errors="replace") as text:
        lines = text.read().strip().splitlines()
    words = next((line for line in reversed(lines) if "Error" in line), lines[-1] if lines else "")
    return Output(b"", words.removeprefix("Error: ") or f"it exited with {code}")


def for_kustomize(helm: str, home: str) -> str | None:
    """A program that asks helm what kustomize does to render a chart, and nothing else.

    kustomize hands words of its input on as they stand: the name of a release may be
    `--post-renderer=sh`. Where there is no shell there is none. Source: kustomize v5.8
    api/types/helmchartargs.go (AsHelmArgs).
    """
    if os.name != "posix":
        return None
    import shlex

    file = os.path.join(home, "helm")
    with open(file, "w", encoding="utf-8") as handle:
        handle.write(_ASK_HELM.format(options="|".join(_OPTIONS), helm=shlex.quote(helm)))
    os.chmod(file, 0o700)
    return file


_OPTIONS = (
    "-c", "--short", "--generate-name", "--namespace", "--name-template", "-f", "--api-versions",
    "--kube-version", "--include-crds", "--skip-tests", "--no-hooks", "--debug", "--devel",
)  # fmt: skip
_ASK_HELM = """\
#!/bin/sh
for word in "$@"; do
  case "$word" in
    {options}) ;;
    -*) echo "Error: $word is not handed to helm" >&2; exit 64 ;;
  esac
done
case "$1" in
  version|template) exec {helm} "$@" ;;
esac
echo "Error: nothing is fetched" >&2
exit 64
"""
