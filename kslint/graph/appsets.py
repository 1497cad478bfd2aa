"""The Applications an ApplicationSet generates, where the tree alone decides it.

Followed: list, git directories, git files, matrix and merge of those, with selectors. Any other
generator (clusters, scmProvider, pullRequest, plugin, ...) asks something outside the tree.
Source: argoproj/argo-cd v3.4.4, applicationset/generators and applicationset/utils.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.graph.edit import listing, restated
from kslint.source.globs import by_parts
from kslint.source.nodes import Map, Node, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.repository import Repository

Params = dict[str, "Node | str | Params"]

MAX_PARAMS = 2_000
"""Parameter sets of one ApplicationSet that are followed; a matrix can be made to explode."""


def instances(spec: Node, repository: Repository) -> list[Map] | None:
    """The templates of an ApplicationSet's spec, filled in; None where that cannot be known.

    What a template asks for and no parameter gives, or a function computes, stays as written.
    """
    template = spec.get("template")
    if not isinstance(template, Map):
        return None
    go = spec.boolean("goTemplate") is True
    found: list[Map] = []
    for generator in listing(spec, "generators"):
        sets = _parameters(generator, repository, 0)
        if sets is None or len(found) + len(sets) > MAX_PARAMS:
            return None
        for params in sets:
            filled = fill(template, params, go)
            if isinstance(filled, Map):
                found.append(filled)
    return found


def fill(node: Node, params: Params, go: bool) -> Node:
    """A template with every parameter it names put in; values stand where the template does."""
    if isinstance(node, Map):
        return node.with_entries({n: fill(c, params, go) for n, c in node.entries.items()})
    if isinstance(node, Seq):
        return node.with_children([fill(child, params, go) for child in node.children])
    if not isinstance(node, Scalar) or "{{" not in node.literal:
        return node
    text = _filled(node.literal, params, go)
    return node if text == node.literal else restated(text, node)


def _filled(text: str, params: Params, go: bool) -> str:
    import re

    def value(match: re.Match[str]) -> str:
        expression = match.group(1).strip().strip("-").strip()
        if go:
            indexed = re.fullmatch(r"index\s+\.([\w.]+)\s+(\d+|\"[^\"]*\")", expression)
            if indexed:
                expression = f".{indexed.group(1)}.{indexed.group(2).strip(chr(34))}"
            if not re.fullmatch(r"(\.[\w-]+)+", expression):
                return match.group(0)
            expression = expression[1:]
        elif not re.fullmatch(r"[\w./-]+(\[\d+\])?", expression):
            return match.group(0)
        found = _value(params, expression.replace("[", ".").rstrip("]"))
        return match.group(0) if found is None else found

    end = text.rfind("}}") + 2  # behind it, each pair of braces would be followed in vain
    return re.sub(r"\{\{(.*?)\}\}", value, text[:end]) + text[end:] if end > 1 else text


def _value(params: Params, path: str) -> str | None:
    """The text of a parameter by its dotted path; `path` alone is the directory in fasttemplate."""
    current: Node | str | Params | None = params
    for step in path.split("."):
        if isinstance(current, dict):
            current = current.get(step)
        elif isinstance(current, Node):
            numeric = step.isdecimal() and len(step) < 10 and bool(current.elements())
            current = current.at(int(step) if numeric else step)
        else:
            return None
    if isinstance(current, dict):
        current = current.get("path")
    if isinstance(current, str):
        return current
    return current.text if isinstance(current, Node) and not current.is_null else None


def _parameters(generator: Node, repository: Repository, depth: int) -> list[Params] | None:
    sets: list[Params] | None = None
    if generator.get("list") is not None and generator.at("list", "elementsYaml") is None:
        sets = [dict(element.items()) for element in listing(generator.get("list"), "elements")]
    elif (git := generator.get("git")) is not None:
        sets = _git(git, repository)
    elif (matrix := generator.get("matrix")) is not None and depth < 2:
        sets = _matrix(list(listing(matrix, "generators")), repository, depth)
    elif (merge := generator.get("merge")) is not None and depth < 2:
        keys = [node.text or "" for node in listing(merge, "mergeKeys")]
        sets = _merge(list(listing(merge, "generators")), keys, repository, depth)
    selector = generator.get("selector")
    if sets is None or selector is None:
        return sets
    return [params for params in sets if _selected(params, selector)]


def _git(git: Node, repository: Repository) -> list[Params] | None:
    if not repository.is_same(git.string("repoURL")) or not repository.may_search():
        return None
    if git.get("files") is not None:
        return [params for f in listing(git, "files") for params in _of_files(f, repository)]
    return list(_of_directories(git, repository))


def _of_files(entry: Node, repository: Repository) -> Iterator[Params]:
    """A params set for each matching file, or for each element of it where it holds a list."""
    pattern = entry.string("path") or ""
    for path, documents in repository.files(pattern):
        directory, name = posixpath.split(path)
        for root in documents[:1]:
            for element in root.elements() or [root]:
                yield {**dict(element.items()), "path": _path_params(directory, name)}


def _of_directories(git: Node, repository: Repository) -> Iterator[Params]:
    entries = list(listing(git, "directories"))
    for directory in repository.directories():
        chosen = [e for e in entries if by_parts(e.string("path") or "", directory)]
        if chosen and not any(e.boolean("exclude") is True for e in chosen):
            yield {"path": _path_params(directory, None)}


def _path_params(directory: str, file: str | None) -> Params:
    base = posixpath.basename(directory)
    segments: Params = {str(n): part for n, part in enumerate(directory.split("/"))}
    params: Params = {
        **segments,
        "path": directory,
        "basename": base,
        "basenameNormalized": _normalized(base),
        "segments": segments,
    }
    if file is not None:
        params["filename"] = file
        params["filenameNormalized"] = _normalized(file)
    return params


def _normalized(name: str) -> str:
    """The name as Argo CD makes it fit for DNS: lower case, other signs to `-`."""
    import re

    return re.sub(r"[^a-z0-9.-]+", "-", name.lower())[:253].strip("-.")


def _matrix(generators: list[Node], repository: Repository, depth: int) -> list[Params] | None:
    """Each set of the first generator with each of the second, which may ask for the first's."""
    if len(generators) != 2:
        return None
    first = _parameters(generators[0], repository, depth + 1)
    found: list[Params] = []
    for params in first or ():
        asked = fill(fill(generators[1], params, True), params, False)
        second = _parameters(asked, repository, depth + 1)
        if second is None or len(found) + len(second) > MAX_PARAMS:
            return None
        found.extend({**params, **other} for other in second)
    return None if first is None else found


def _merge(
    generators: list[Node], keys: list[str], repository: Repository, depth: int
) -> list[Params] | None:
    """The first generator's sets, each with what later ones say under the same keys."""
    every = [_parameters(generator, repository, depth + 1) for generator in generators]
    if not every or any(sets is None for sets in every):
        return None
    added: dict[tuple[str | None, ...], Params] = {}
    for sets in every[1:]:
        for other in sets or []:
            added.setdefault(tuple(_value(other, key) for key in keys), {}).update(other)
    return [
        {**base, **added.get(tuple(_value(base, key) for key in keys), {})}
        for base in every[0] or []
    ]


def _selected(params: Params, selector: Node) -> bool:
    """Do the parameters match a label selector? Values are compared as strings."""
    labels = selector.get("matchLabels")
    for key, wanted in [] if labels is None else labels.items():
        if _value(params, key) != wanted.text:
            return False
    for expression in listing(selector, "matchExpressions"):
        actual = _value(params, expression.string("key") or "")
        among = actual in [node.text for node in listing(expression, "values")]
        holds = {
            "In": among,
            "NotIn": not among,
            "Exists": actual is not None,
            "DoesNotExist": actual is None,
        }.get(expression.string("operator") or "", True)
        if not holds:
            return False
    return True
