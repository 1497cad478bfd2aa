"""Starting helm: with a time limit, without the user's settings, and without the network."""

from __future__ import annotations

import os
from typing import NamedTuple

from kslint.source.programs import on_path

SECONDS = 60
"""For one chart."""
MAX_OUTPUT = 32 << 20
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


def run(command: list[str], home: str) -> Output:
    """Run a program in its own directory, which is also its home."""
    import subprocess

    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "HOME": home, "USERPROFILE": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
        "XDG_DATA_HOME": home, "HELM_PLUGINS": home, "KUBECONFIG": os.devnull,
        "HTTP_PROXY": _DEAD, "HTTPS_PROXY": _DEAD, "http_proxy": _DEAD, "https_proxy": _DEAD,
        "GIT_ALLOW_PROTOCOL": "file", "GIT_TERMINAL_PROMPT": "0",
    }  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603  (a program by its full path, with words of ours)
            command,
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Output(b"", f"it took longer than {SECONDS} s")
    except OSError as error:
        return Output(b"", f"it could not be started: {error.strerror or error}")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        words = next((line for line in reversed(said) if "Error" in line), said[-1] if said else "")
        return Output(b"", words.removeprefix("Error: ") or f"it exited with {done.returncode}")
    if len(done.stdout) > MAX_OUTPUT:
        return Output(b"", f"it printed more than {MAX_OUTPUT >> 20} MiB")
    return Output(done.stdout)
