"""Reference pages of the documentation site: the command line, and the keys of kslint.yaml."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer.main

from kslint.cli.commands import app
from kslint.config.file import schema_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Schema = dict[str, Any]


def command_line() -> str:
    """Every command with its arguments and options, from what `--help` knows."""
    lines = ["# Command line", "", "`kslint COMMAND --help` says the same on the terminal."]
    for name, command in _commands("kslint", typer.main.get_command(app)):
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        options = [one for one in command.params if one.param_type_name == "option"]
        usage = [name, *["[OPTIONS]"][: len(options)], *map(_argument, arguments)]
        lines += ["", f"## {name}", "", command.help, "", "```text", " ".join(usage), "```", ""]
        rows = [(f"`{_argument(one)}`", *_meaning(one)) for one in arguments]
        rows += [(f"`{_option(one)}`", *_meaning(one)) for one in options]
        lines += table(("", "meaning", "default"), rows) if rows else []
    return "\n".join(lines) + "\n"


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for sub, found in below.items():
        yield from _commands(f"{name} {sub}", found)


def _argument(argument: Any) -> str:
    shown = argument.metavar or argument.name.upper()
    if argument.required or shown.startswith("["):
        return str(shown)
    return f"[{shown}]{'...' if argument.nargs < 0 else ''}"


def _option(option: Any) -> str:
    if option.is_flag:
        return ", ".join(option.opts)
    takes = option.metavar or ("CHOICE" if hasattr(option.type, "choices") else "TEXT")
    return ", ".join(f"{name} {takes}" for name in option.opts)


def _meaning(parameter: Any) -> tuple[str, str]:
    choices = ", ".join(f"`{choice}`" for choice in getattr(parameter.type, "choices", ()))
    meaning = f"{parameter.help} One of {choices}." if choices else parameter.help
    default = parameter.show_default
    return meaning, f"`{default}`" if isinstance(default, str) else ""


def configuration() -> str:
    """Every key of kslint.yaml, from its JSON Schema."""
    schema: Schema = json.loads(schema_text())
    lines = [
        "# Configuration",
        "",
        "The keys of `kslint.yaml`, `kslint.yml`, `.kslint.yaml` and `[tool.kslint]` in",
        "`pyproject.toml`; all are optional but where it says otherwise. `kslint init` writes a",
        "commented file, `kslint config schema` prints the JSON Schema this page is made from.",
        "",
    ]
    rows = list(_keys(schema, schema, ""))
    return "\n".join([*lines, *table(("key", "value", "default", "meaning"), rows)]) + "\n"


def _keys(schema: Schema, root: Schema, above: str) -> Iterator[tuple[str, ...]]:
    required = schema.get("required", ())
    for name, given in schema.get("properties", {}).items():
        found = _resolved(given, root)
        key = f"{above}{name}"
        default = found.get("default")
        shown = "**required**" if name in required else _code(default)
        yield f"`{key}`", _value(found, root), shown, found.get("description", "")
        yield from _keys(found, root, f"{key}.")
        items = _resolved(found.get("items", {}), root)
        yield from _keys(items, root, f"{key}[].")
        more = found.get("additionalProperties")
        if isinstance(more, dict):
            yield from _keys(_resolved(more, root), root, f"{key}.*.")


def _resolved(schema: Schema, root: Schema) -> Schema:
    """A schema with what its `$ref` names under it."""
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    return {**root["$defs"][reference.rpartition("/")[2]], **schema}


def _value(schema: Schema, root: Schema) -> str:
    if "enum" in schema:
        return ", ".join(_code(one) for one in schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = [_word(one, schema, root) for one in types if one != "null"]
    return " or ".join(words)


def _word(kind: str, schema: Schema, root: Schema) -> str:
    if kind == "array":
        items = _resolved(schema.get("items", {}), root)
        return "list" if "properties" in items else f"list of {_value(items, root)}"
    more = schema.get("additionalProperties")
    if kind == "object" and isinstance(more, dict) and "properties" not in more:
        return f"mapping to {_value(_resolved(more, root), root)}"
    return {"object": "mapping", "string": "text"}.get(kind, kind)


def _code(value: object) -> str:
    if value is None:
        return ""
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a Markdown table."""
    head = list(head)
    lines = [_row(head), "|" + "---|" * len(head)]
    return [*lines, *(_row(cell.replace("|", "\\|") for cell in row) for row in rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
