"""What is wrong with a configuration's data, in words: a validator's errors made readable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Path = tuple["str | int", ...]
"""Keys and indices from the configuration's root down to a value."""

_WORDS = {
    "object": "a mapping", "array": "a list", "string": "text", "number": "a number",
    "integer": "a whole number", "boolean": "true or false",
}  # fmt: skip


def explained(
    error: Any, label: Callable[[Path], str], known: Any, whole: str
) -> Iterator[tuple[Path, str]]:
    """A validation error in our words: where, and what to write instead.

    `whole` is what messages call the data.
    """
    path: Path = tuple(error.absolute_path)
    place, shown, wanted = label(path), _shown(error.instance), error.validator_value
    name = f"`{place}`" if place else whole
    if error.validator == "additionalProperties":
        for key in error.instance.keys() - error.schema["properties"].keys():
            message = f"unknown key `{printable(key)}`{_nearest(key, error.schema, known)}"
            yield (*path, key), message
    elif error.validator == "required":
        missing = [f"`{key}`" for key in wanted if key not in error.instance]
        yield path, f"{name} needs {' and '.join(missing)}"
    elif error.validator == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        words = _either([_WORDS[kind] for kind in kinds if kind != "null"])
        scalar = wanted == "string" and isinstance(error.instance, (bool, int))
        yield path, f"{name} must be {words}, not {shown}{': quote it' if scalar else ''}"
    elif error.validator == "enum":
        words = _either([str(value) for value in wanted])
        yield path, f"{name} must be {words}, not {shown}{_close(error.instance, wanted)}"
    elif error.validator == "minimum":
        yield path, f"{name} must be {wanted} or more, not {shown}"
    else:
        yield path, f"{name} {error.schema['patternErrorMessage']}, not {shown}"


def _either(words: list[str]) -> str:
    """`a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _shown(value: Any) -> str:
    """A value for a message."""
    if isinstance(value, (dict, list)):
        return _WORDS["object" if isinstance(value, dict) else "array"]
    if value is None:
        return "empty"
    return f"`{printable(str(value).lower() if isinstance(value, bool) else str(value))}`"


def printable(text: str) -> str:
    """Text for a message: on one line, and cut where it is long."""
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest(key: str, level: Any, known: Any) -> str:
    """The key that was meant: one of the same level, else the same name at another level."""
    names = list(level["properties"])
    if hint := _close(key, names):
        return hint
    for path in _paths(known, known):
        if path.rpartition(".")[2] == key:
            return f"; it belongs at {f'`{path}`' if '.' in path else 'the top level'}"
    return f"; known here: {', '.join(names)}"


def _close(value: Any, names: list[Any]) -> str:
    """`; did you mean ...?`, where one of the names is close; case and `-_` do not count."""
    if not isinstance(value, str):
        return ""
    import difflib

    folded = {str(n).replace("-", "").replace("_", "").lower(): n for n in names}
    asked = value[:60].replace("-", "").replace("_", "").lower()
    close = difflib.get_close_matches(asked, folded, n=1)
    return f"; did you mean `{folded[close[0]]}`?" if close else ""


def _paths(level: Any, known: Any, base: str = "") -> Iterator[str]:
    """Every key of a schema, as `cluster.nodes[].name`."""
    if "$ref" in level:
        level = known["$defs"][level["$ref"].rpartition("/")[2]]
    for name, below in level.get("properties", {}).items():
        path = f"{base}.{name}" if base else name
        yield path
        yield from _paths(below, known, path)
    if isinstance(level.get("items"), dict):
        yield from _paths(level["items"], known, base + "[]")
