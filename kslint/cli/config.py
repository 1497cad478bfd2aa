"""`kslint config`, and how every command comes by its configuration and input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kslint.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.config import Config, Node
    from kslint.config_file import ConfigFile, Mistake
    from kslint.rulebook import Rule
    from kslint.source.load import Input

PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Files, directories or globs; `-` reads stdin.", show_default="."),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Use this configuration, not the nearest kslint.yaml or pyproject.toml upward.",
    ),
]
IsolatedOption = Annotated[
    bool, typer.Option("--isolated", help="Use no configuration file at all.")
]

config = typer.Typer(
    help="Show what is configured.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(config, name="config")


@config.command()
def schema() -> None:
    """Print the JSON Schema of kslint.yaml, for editors."""
    from kslint.config_file import schema_text

    sys.stdout.write(schema_text())


@config.command()
def show(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="What `check` would be given.", show_default="."),
    ] = None,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Print which configuration file is used for PATHS, and the values in force."""
    import yaml

    found = effective(paths, config_file, isolated)
    typer.echo(f"# from {found.file}" if found.file else "# no configuration file: the defaults")
    dumped: str = yaml.safe_dump(plain(found), sort_keys=False, allow_unicode=True)
    sys.stdout.write(dumped)


def effective(
    paths: list[str] | None, file: str | None, isolated: bool, book: list[Rule] | None = None
) -> Config:
    """The configuration for a command line. With mistakes in it: all on stderr, and exit 2."""
    from kslint import config_file, rulebook
    from kslint.config import Config

    if isolated:
        if file:
            raise typer.BadParameter("--config and --isolated exclude each other")
        return Config()
    try:
        file = file or config_file.find((paths or ["."])[0])
        if file is None:
            return Config()
        read = config_file.read(file)
        found = read.config(_unknown_rules(read, book or rulebook.load()))
    except config_file.ConfigError as error:
        for mistake in error.mistakes:
            typer.echo(mistake, err=True)
        raise typer.Exit(2) from None
    for warning in _unknown_machines(read):
        typer.echo(warning.text, err=True)
    return found


def read_input(paths: list[str] | None, config: Config) -> Input:
    """Everything under the paths but what the configuration excludes."""
    from kslint.config import excluder
    from kslint.source.load import load

    exclude = excluder(config)
    return load(paths or ["."]) if exclude is None else load(paths or ["."], exclude)


def plain(config: Config) -> dict[str, Any]:
    """A configuration as its file would hold it, less what is not told."""
    cluster = config.cluster
    complete = cluster.complete
    return _told(
        {
            "kserve": _told({"version": config.kserve_version}),
            "vllm": _told({"version": config.vllm_version}),
            "cluster": _told(
                {
                    "nodes": [_node(node) for node in cluster.nodes],
                    "egress": {"huggingface": cluster.huggingface},
                    "provides": sorted(cluster.provides),
                    "complete": sorted(complete) if isinstance(complete, frozenset) else complete,
                    "gatewayClasses": list(cluster.gateway_classes),
                }
            ),
            "idlePause": config.idle_pause,
            "select": list(config.select),
            "ignore": list(config.ignore),
            "severity": dict(config.severity),
            "perPath": {one.glob: _told({"ignore": list(one.ignore)}) for one in config.per_path},
            "exclude": list(config.exclude),
            "failOn": config.fail_on or "error",
        }
    )


def _node(node: Node) -> dict[str, Any]:
    taints = None if node.taints is None else [taint._asdict() for taint in node.taints]
    shown = {
        "name": node.name,
        "count": node.count,
        "machine": node.machine,
        "labels": None if node.labels is None else dict(node.labels),
        "taints": taints,
        "cpuFeatures": list(node.cpu_features) or None,
        "allocatable": dict(node.allocatable) or None,
        "overhead": dict(node.overhead) or None,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _told(section: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if value not in (None, [], {})}


def _unknown_rules(file: ConfigFile, book: list[Rule]) -> Iterator[Mistake]:
    """Names that mean no rule, and reserved rules where they were to be switched off."""
    from kslint import rulebook

    for path, selector in file.selectors():
        try:
            rules = rulebook.matching(book, selector)
        except rulebook.RulebookError as error:
            yield file.mistake(path, str(error))
            continue
        if path[0] != "select" and all(rule.reserved for rule in rules):
            message = (
                f"`{selector}` reports input that cannot be read, and stays as it is; "
                "`exclude` keeps files from being read"
            )
            yield file.mistake(path, message)


def _unknown_machines(file: ConfigFile) -> Iterator[Mistake]:
    from kslint.model.machines import machine

    for path, name in file.machines():
        if machine(name) is None:
            message = (
                f"warning: machine type `{name}` is not known; without allocatable cpu and "
                "memory the pool's capacity is unknown"
            )
            yield file.mistake(path, message)
