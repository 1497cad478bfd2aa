"""Makes the pages of the documentation site that the repository does not hold as such."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from mkdocs.structure.files import File
from site_reference import command_line, configuration, table

from kslint import rulebook
from kslint.config.file import schema_text
from kslint.findings.wording import filled_in_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
COPIED = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Pages that are files of the repository, by their places there."""

EVIDENCE = {
    "source": "proven by upstream's code",
    "run": "seen by running it",
    "runbook": "seen in production",
    "advice": "sound practice",
}
_RULE_PAGE = re.compile(r"(?<=^rules/)[\w-]+/(?=[\w-]+\.md$)")
"""The folder of a rule's page in the repository, which its place on the site does without."""
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)(#[^)\s]*)?(?=\))")
_TITLED_FENCE = re.compile(r"^(\s*```+)(\w+) (\S+)$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation: whatever there is, so that a new page needs no entry."""
    families: dict[str, list[Any]] = {}
    for rule in rulebook.load():
        families.setdefault(rule.category, []).append({rule.name: f"rules/{rule.name}.md"})
    rules = [{rulebook.CATEGORIES[category]: pages} for category, pages in families.items()]
    topics = [file.name for file in sorted((ROOT / "docs").glob("*.md"))]
    others = [page for name, page in COPIED.items() if (ROOT / name).exists()][1:]
    config.nav = [
        {"Guide": ["index.md", *topics]},
        {"Rules": ["rules/index.md", *rules]},
        {"Reference": ["reference/command-line.md", "reference/configuration.md"]},
        {"Project": others},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages."""
    for name, text in pages():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as the repository has them, turned to pages of the site or files on the web."""
    origins = {page: name for name, page in COPIED.items()}
    here = page.file.src_uri
    origin = origins.get(here, here if here.startswith("rules/") else f"docs/{here}")

    def target(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), match[1]))
        found = COPIED.get(path, _RULE_PAGE.sub("", path.removeprefix("docs/")))
        if path == "rules":
            found = "rules/index.md"
        if files.get_file_from_path(found) is not None:
            return posixpath.relpath(found, posixpath.dirname(here)) + (match[2] or "")
        if (ROOT / path).exists():
            return f"{config.repo_url}/blob/main/{path}{match[2] or ''}"
        return match[0]

    text = _TITLED_FENCE.sub(r'\1\2 title="\3"', markdown)
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(
        part if number % 2 else _LINK.sub(target, part) for number, part in enumerate(parts)
    )


def pages() -> Iterator[tuple[str, str]]:
    """Every page that is made, by its place."""
    for name, page in COPIED.items():
        if (ROOT / name).exists():
            yield page, (ROOT / name).read_text(encoding="utf-8")
    book = rulebook.load()
    yield "rules/index.md", _rule_index(book)
    for rule in book:
        yield f"rules/{rule.name}.md", _rule_page(rule)
    yield "reference/command-line.md", command_line()
    yield "reference/configuration.md", configuration()
    yield urlsplit(json.loads(schema_text())["$id"]).path.rpartition("/")[2], schema_text()


def _rule_index(book: list[rulebook.Rule]) -> str:
    lines = [
        "# Rules",
        "",
        "`kslint explain RULE` prints these pages on the terminal. You can select, ignore and",
        "suppress rules by name or id. The evidence for a rule is one of:",
        "",
        *(f"- **{word}**: {meaning}" for word, meaning in EVIDENCE.items()),
    ]
    for category, title in rulebook.CATEGORIES.items():
        rows = [
            (
                f"`{rule.id}`",
                f"[{rule.name}]({rule.name}.md)",
                _severity(rule),
                _fix(rule),
                rule.title,
            )
            for rule in book
            if rule.category == category
        ]
        if rows:
            lines += ["", f"## {title}", "", f"Category `{category}`.", ""]
            lines += table(("id", "rule", "severity", "fix", "what it catches"), rows)
    return "\n".join(lines) + "\n"


def _rule_page(rule: rulebook.Rule) -> str:
    family = rulebook.CATEGORIES[rule.category]
    anchor = re.sub(r"\W+", "-", family.lower())
    evidence = [word.strip() for word in rule.evidence.split(",")]
    facts = {
        "id": f"`{rule.id}`",
        "severity": _severity(rule),
        "category": f"[{rule.category}](index.md#{anchor})",
        "evidence": "; ".join(f"{word}: {EVIDENCE[word]}" for word in evidence),
        "fix": _fix(rule),
        "former names": ", ".join(f"`{alias}`" for alias in rule.aliases),
    }
    shown = {name: value for name, value in facts.items() if value}
    lines = [f"# {rule.name}", "", f"{rule.title}.", "", *table(shown, [shown.values()]), ""]
    if rule.symptom:
        symptom = filled_in_part(rule.symptom, {})
        lines += ['```{ .text .symptom title="What the cluster shows" }', symptom, "```", ""]
    if rule.symptoms:
        lines += [
            '```{ .text .symptom title="Messages that lead here" }',
            *rule.symptoms,
            "```",
            "",
        ]
    return "\n".join([*lines, rule.page()])


def _severity(rule: rulebook.Rule) -> str:
    return f'<span class="severity {rule.severity}">{rule.severity}</span>'


def _fix(rule: rulebook.Rule) -> str:
    """What `--fix` can do about a finding, by the front matter."""
    front = Path(rule.file).read_text(encoding="utf-8").split("\n---\n")[0]
    safe = yaml.safe_load(front).get("fix", {}).get("safe")
    if isinstance(safe, list):
        return "safe or unsafe"
    return {True: "safe", False: "unsafe"}.get(safe, "")
