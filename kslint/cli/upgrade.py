"""`kslint upgrade`: what another release of KServe or vLLM changes in what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kslint.cli.options import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    ExitCodeOption,
    IsolatedOption,
    PathsArgument,
    ReportOption,
)
from kslint.cli.root import app
from kslint.cli.usage import UsageError

if TYPE_CHECKING:
    from kslint.model.engines.vllm.facts import Version


@app.command()
def upgrade(
    paths: PathsArgument = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="The release of KServe to upgrade to."),
    ] = None,
    from_version: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="VERSION",
            help="The release of KServe that runs now.",
            show_default="what the configuration or the tree says",
        ),
    ] = None,
    vllm: Annotated[
        str | None,
        typer.Option(
            "--vllm",
            metavar="VERSION",
            help="The release of vLLM to upgrade every vLLM image to.",
        ),
    ] = None,
    output_format: ReportOption = None,
    exit_code: ExitCodeOption = False,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Show what an upgrade of KServe or vLLM changes in each service, and what it would refuse.

    kslint renders your manifests at both releases and compares the results.

    The exit code is 0, or 2 if input could not be read or the command line is wrong. With
    --exit-code it is 1 if anything changes.
    """
    from kslint.changes import Comparison
    from kslint.changes.comparing import compare
    from kslint.changes.side import Side
    from kslint.changes.unmodelled import unseen
    from kslint.changes.upgrading import Move, untold, with_upgrade
    from kslint.cli.changes import finish, outputs_of
    from kslint.cli.inputs import effective, read_input, say_unknown_versions
    from kslint.model.kserve import upgrades
    from kslint.model.model import Model

    wanted = outputs_of(output_format)
    if to is None and vllm is None:
        raise UsageError("give a target: --to VERSION for KServe, --vllm VERSION for vLLM, or both")
    target, start = _version(to, "--to"), _version(from_version, "--from")
    release = None if vllm is None else _vllm_release(vllm)
    config = effective(paths, config_file, isolated)
    loaded = read_input(paths, config)
    old = Model.of(loaded, config if start is None else config._replace(kserve_version=start))
    start = start or old.settings[0].version
    target = target or start
    _refuse_downgrade(start, target)
    new = Model(old.graph, config._replace(kserve_version=target))
    for settings in new.settings:
        upgrades.follow(settings, start)
    before, after = Side(old, loaded), Side(new, loaded)
    move = Move(start, target, release)
    found = with_upgrade(compare(before, after), before, after, move)
    others = [*unseen(after), *(untold(new) if release else ())]
    say_unknown_versions({pair for model in (old, new) for pair in model.unknown_versions})
    failed = bool(loaded.troubles)
    labels = _labels(start, target if to else None, vllm)
    comparison = Comparison("upgrade", *labels, tuple(found), tuple(others), failed)
    finish(comparison, wanted, exit_code, [before, after])


def _labels(start: str, target: str | None, vllm: str | None) -> tuple[str, str]:
    """What the two sides are called."""
    if target is None:
        return "vLLM: current versions", f"vLLM {vllm}"
    return f"KServe {start}", f"KServe {target}" + (f" and vLLM {vllm}" if vllm else "")


def _version(text: str | None, option: str) -> str | None:
    """`v0.20.1` as `0.20`. Raises UsageError for what is no version."""
    from kslint.model.kserve.versions import parsed

    if text is None:
        return None
    numbers = parsed(text)
    if numbers is None:
        raise UsageError(f"{option} takes a release of KServe such as 0.20, and not `{text}`")
    return ".".join(map(str, numbers))


def _vllm_release(text: str) -> Version:
    from kslint.model.engines.vllm import facts

    numbers = text.removeprefix("v").split(".")
    known = facts.releases()
    are_short = all(n.isdecimal() and len(n) < 10 for n in numbers)
    version = tuple(int(n) for n in numbers) if are_short else ()
    if not version or not facts.span(version):
        first, last = (".".join(map(str, one)) for one in (known[0], known[-1]))
        raise UsageError(f"--vllm takes a release from {first} to {last}, and not `{text}`")
    return version


def _refuse_downgrade(start: str, target: str) -> None:
    from kslint.model.kserve.versions import parsed

    if (parsed(target) or ()) < (parsed(start) or ()):
        raise UsageError(
            f"{target} is older than the current version, {start}; --from sets the current version"
        )
