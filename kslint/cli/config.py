"""`kslint config`: which file is used, the values in force, the schema."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kslint.cli.options import ConfigOption, IsolatedOption  # noqa: TC001  (typer reads them)
from kslint.cli.root import app

if TYPE_CHECKING:
    from kslint.config import Config, Node

config = typer.Typer(
    help="Show what is configured.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(config, name="config")


@config.command()
def schema() -> None:
    """Print the JSON Schema of kslint.yaml, for editors."""
    from kslint.config.file import schema_text

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

    from kslint.cli.inputs import effective

    found = effective(paths, config_file, isolated)
    typer.echo(f"# from {found.file}" if found.file else "# no configuration file: the defaults")
    dumped: str = yaml.safe_dump(plain(found), sort_keys=False, allow_unicode=True)
    sys.stdout.write(dumped)


def plain(config: Config) -> dict[str, Any]:
    """A configuration as its file would hold it, less what is not told."""
    cluster = config.cluster
    complete = cluster.complete
    return _told(
        {
            "kserve": _told({"version": config.kserve_version}),
            "kubernetes": _told({"version": config.kubernetes_version}),
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
            "context": list(config.context),
            "rules": list(config.rules),
            "failOn": config.fail_on or "error",
            "minSeverity": config.min_severity,
            "requireReason": config.require_reason,
            "baseline": config.baseline,
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
