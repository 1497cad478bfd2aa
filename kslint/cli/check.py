"""`kslint check` as typer knows it; `checking` does the work."""

from __future__ import annotations

import typer

from kslint.cli.checking import Options, run
from kslint.cli.options import (  # noqa: TC001  (typer reads them)
    AddIgnoreOption,
    BaselineOption,
    ChangedOption,
    ConfigOption,
    ContextOption,
    DiffOption,
    ExitZeroOption,
    FailOnOption,
    FixOption,
    FormatOption,
    IgnoreOption,
    IsolatedOption,
    JobsOption,
    MinSeverityOption,
    NoBaselineOption,
    NoCacheOption,
    PathsArgument,
    QuietOption,
    RenderOption,
    SelectOption,
    ShowFilesOption,
    SinceOption,
    StatisticsOption,
    StdinFilenameOption,
    UnsafeFixesOption,
    VerboseOption,
)
from kslint.cli.root import app


@app.command()
def check(
    paths: PathsArgument = None,
    context: ContextOption = None,
    render: RenderOption = False,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    output_format: FormatOption = None,
    fail_on: FailOnOption = None,
    min_severity: MinSeverityOption = None,
    fix: FixOption = False,
    diff: DiffOption = False,
    unsafe_fixes: UnsafeFixesOption = False,
    add_ignore: AddIgnoreOption = None,
    changed: ChangedOption = False,
    since: SinceOption = None,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
    baseline: BaselineOption = None,
    no_baseline: NoBaselineOption = False,
    no_cache: NoCacheOption = False,
    jobs: JobsOption = None,
    statistics: StatisticsOption = False,
    exit_zero: ExitZeroOption = False,
    stdin_filename: StdinFilenameOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    show_files: ShowFilesOption = False,
) -> None:
    """Check manifests and the GitOps repository around them.

    The exit code is 0 if no finding is as severe as --fail-on, 1 if one is, and 2 if input could
    not be read, the command line is wrong, or kslint itself failed.
    """
    given = Options(
        paths=paths or [],
        context=context or [],
        render=render,
        select=select or [],
        ignore=ignore or [],
        output_format=output_format or [],
        fail_on=None if fail_on is None else fail_on.value,
        min_severity=None if min_severity is None else min_severity.value,
        config_file=config_file,
        isolated=isolated,
        baseline=baseline,
        no_baseline=no_baseline,
        statistics=statistics,
        exit_zero=exit_zero,
        stdin_filename=stdin_filename,
        changed=changed,
        since=since,
        no_cache=no_cache,
        jobs=jobs,
        diff=diff,
        fix=fix,
        unsafe_fixes=unsafe_fixes,
        add_ignore=add_ignore,
        quiet=quiet,
        verbose=verbose,
        show_files=show_files,
    )
    raise typer.Exit(run(given))
