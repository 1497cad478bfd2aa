"""`kslint render`: what the controller would create, each value with its origin."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from kslint.cli.options import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    IsolatedOption,
    PathsArgument,
    as_output,
)
from kslint.cli.root import app

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.schemas.catalogue import Schemas
    from kslint.resources import Resource
    from kslint.source.nodes import Node


class Format(str, Enum):
    """Output formats."""

    yaml = "yaml"
    json = "json"


@app.command(context_settings={"token_normalize_func": as_output})
def render(
    paths: PathsArgument = None,
    isvc: Annotated[
        str | None,
        typer.Option("--isvc", metavar="[NS/]NAME", help="Only the service of that name."),
    ] = None,
    output: Annotated[Format, typer.Option("--output", "-o", help="Output format.")] = Format.yaml,
    why: Annotated[
        str | None,
        typer.Option(
            "--why", metavar="FIELD", help="Show where a field comes from, for example limits.cpu."
        ),
    ] = None,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Print the objects that KServe would create, and where their values come from."""
    from kslint.cli.inputs import context_of, effective, read_input, say_unknown_versions
    from kslint.model.model import Model

    if why is not None and output is Format.json:
        raise typer.BadParameter("`--why` prints text only", param_hint="--output")
    config = effective(paths, config_file, isolated)
    loaded = read_input(paths, config, context_of(config))
    for trouble in loaded.troubles:
        typer.echo(f"{trouble.span}: {trouble.message}", err=True)
    model = Model.of(loaded, config)
    say_unknown_versions(model.unknown_versions)
    services = [service for service in model.inference_services if _wanted(service, isvc)]
    llms = [service for service in model.llm_services if _wanted(service, isvc)]
    if not (services or llms):
        name = f" {isvc}" if isvc else ""
        hint = _hint(isvc, [*model.inference_services, *model.llm_services])
        typer.echo(f"No InferenceService{name} found{hint}", err=True)
        raise typer.Exit(2)
    if why is not None:
        _print_reasons(_bodies(services, llms, model.schemas), why)
    else:
        _print_objects(_bodies(services, llms, model.schemas), output)
    if loaded.troubles:
        raise typer.Exit(2)


def _hint(isvc: str | None, services: Iterable[InferenceService | LLMInferenceService]) -> str:
    """The nearest name of a service, where one was misspelt."""
    import difflib

    names = sorted({service.resource.name for service in services})
    close = difflib.get_close_matches((isvc or "").rpartition("/")[2], names, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _wanted(service: InferenceService | LLMInferenceService, name: str | None) -> bool:
    if name is None:
        return True
    namespace, _, own = name.rpartition("/")
    return service.resource.name == own and namespace in ("", service.namespace)


def _bodies(
    services: list[InferenceService], llms: list[LLMInferenceService], schemas: Schemas
) -> Iterator[Node]:
    """The objects of each service; on stderr, what is missing and why."""
    from kslint.model.kserve.rendering import as_admitted, created, reasons_missing, unless_more

    for given in services:
        service, reasons = as_admitted(given)
        refused = None if service.stopped else unless_more(service)
        if refused is None:
            yield from created(service)
        else:
            reasons.append(refused)
        _say(service.resource, service.namespace, [*reasons_missing(service, schemas), *reasons])
    if llms:
        from kslint.model.kserve.llm import rendering

        for llm in llms:
            yield from rendering.created(llm)
            _say(llm.resource, llm.namespace, rendering.reasons_missing(llm, schemas))


def _say(resource: Resource, namespace: str | None, reasons: Iterable[str]) -> None:
    for reason in reasons:
        name = f"{namespace or '?'}/{resource.name}"
        typer.echo(f"{resource.kind} {name} {reason}", err=True)


def _print_objects(given: Iterable[Node], output: Format) -> None:
    bodies = list(given)
    if output is Format.json:
        import json

        items = [body.plain() for body in bodies]
        document = {"apiVersion": "v1", "kind": "List", "items": items}
        sys.stdout.write(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        return
    from kslint.report import yaml

    sys.stdout.write("---\n".join(yaml.render(body) for body in bodies))


def _print_reasons(bodies: Iterable[Node], field: str) -> None:
    """`path = value`, and the chain of what made it so, for every value of a field or block."""
    from kslint.report import yaml

    found = False
    for body in bodies:
        kind, name = body.string("kind"), body.string("metadata", "name")
        for path, node in leaves(body):
            if _is_within(path, field):
                found = True
                typer.echo(f"{kind}/{name}  {path} = {yaml.scalar(node.text or '')}")
                if node.origin is None:
                    typer.echo(f"  ← written by you ({node.place})")
                for line in yaml.chain(node.origin):
                    typer.echo(f"  ← {line}")
    if not found:
        typer.echo(f"no object has a field {field}", err=True)
        raise typer.Exit(2)


def _is_within(path: str, field: str) -> bool:
    """Does a path end with a field, or lead through it? `limits` is in `a.limits.cpu`."""
    if path == field or path.endswith("." + field):
        return True
    return any(f".{field}{more}" in f".{path}" for more in (".", "["))


def leaves(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every scalar under a node, with its dotted path."""
    from kslint.source.nodes import Scalar

    if isinstance(node, Scalar):
        yield path, node
    for name, child in node.items():
        yield from leaves(child, f"{path}.{name}" if path else name)
    for index, child in enumerate(node.elements()):
        yield from leaves(child, f"{path}[{index}]")
