"""`kslint config`: which file is used, the values in force, the schema."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kslint.cli.options import ConfigOption, IsolatedOption  # noqa: TC001  (typer reads them)
from kslint.cli.root import app

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Print the configuration file used for PATHS, its values, and the defaults that apply."""
    import yaml

    from kslint.cli.inputs import effective

    found = effective(paths, config_file, isolated)
    typer.echo(f"# from {found.file}" if found.file else "# no configuration file: the defaults")
    dumped: str = yaml.safe_dump(plain(found), sort_keys=False, allow_unicode=True)
    sys.stdout.write(dumped)
    typer.echo("\n# Not set; these defaults apply:")
    for key, meaning in defaults(found, paths):
        typer.echo(f"#   {key}: {meaning}")


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
            "failOn": config.fail_on,
            "minSeverity": config.min_severity,
            "requireReason": config.require_reason,
            "baseline": config.baseline,
        }
    )


def defaults(config: Config, paths: list[str] | None) -> Iterator[tuple[str, str]]:
    """The keys that nobody set, each with what holds in its place."""
    from kslint import rulebook
    from kslint.config.file import find_baseline
    from kslint.model.kserve import versions
    from kslint.model.schemas.tables import DEFAULT
    from kslint.report.terminal import count

    assumed = ".".join(map(str, versions.number("")))
    judging = [rule for rule in rulebook.load() if not rule.reserved]
    cluster, baseline = config.cluster, find_baseline(paths, None, config)
    unset = (
        ("kserve.version", config.kserve_version, f"what the tree says, else {assumed}"),
        ("kubernetes.version", config.kubernetes_version, DEFAULT),
        ("vllm.version", config.vllm_version, "what each image's tag says, else the newest"),
        ("cluster.nodes", cluster.nodes, "none; kslint does not check whether pods fit"),
        ("cluster.provides", cluster.provides, "nothing beside what the tree installs"),
        ("cluster.complete", cluster.complete, "worked out from the tree"),
        ("cluster.gatewayClasses", cluster.gateway_classes, "those in the tree"),
        ("select", config.select, f"all {count(len(judging), 'rule')}"),
        ("ignore", config.ignore, "no rule"),
        ("severity", config.severity, "each rule's own"),
        ("perPath", config.per_path, "the same rules everywhere"),
        ("exclude", config.exclude, "nothing but what .gitignore names"),
        ("context", config.context, "nothing"),
        ("rules", config.rules, "custom rules in .kslint/rules, if there are any"),
        ("failOn", config.fail_on, "error"),
        ("minSeverity", config.min_severity, "warning for people, note in reports for programs"),
        ("baseline", config.baseline, baseline or "none found"),
    )
    for key, value, meaning in unset:
        if value in (None, (), frozenset()):
            yield key, meaning


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
