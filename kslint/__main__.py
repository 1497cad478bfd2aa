"""The `kslint` command: the outermost frame, where nothing may escape as a traceback."""

from __future__ import annotations

import gc
import io
import os
import sys


def main() -> None:
    """Run the command line. Exits 0, 1 or 2; 130 on Ctrl-C."""
    gc.disable()  # a run is short and builds trees; collecting them doubles its time
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names know more signs than terminals
    try:
        if sys.argv[1:2] == ["check"]:
            _check(sys.argv[2:])
        from kslint.cli.commands import app

        app(prog_name="kslint")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # the reader left (`kslint check | head`): end without a word, and without a flush at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("KSLINT_TRACEBACK"):
            raise
        from kslint import REPORT_URL, __version__

        sys.stderr.write(
            f"kslint {__version__} broke: {type(error).__name__}: {error}\n"
            f"This is our mistake. Please report it at {REPORT_URL} with the output of the same\n"
            "command under KSLINT_TRACEBACK=1.\n"
        )
        sys.exit(2)


def _check(arguments: list[str]) -> None:
    """`kslint check` without typer; comes back where typer has to say what is wrong."""
    from kslint.cli import quick
    from kslint.cli.usage import Stop, UsageError

    options = quick.parse(arguments)
    if options is None:
        return
    from kslint.source import light

    light.install()
    from kslint.cli.checking import run

    try:
        code = run(options)
    except UsageError:
        return
    except Stop as stop:
        code = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # taking down what a run built takes longer than the end of the process


if __name__ == "__main__":
    main()
