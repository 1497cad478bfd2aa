"""Which configuration file counts, what its schema says, and what it does to a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from cases import ROOT, book, inside
from config_cases import FULL, config_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kslint.cli.config import plain
from kslint.config import Config, excluder, matcher
from kslint.config.file import ConfigError, find, read, schema
from kslint.model.cluster import node_pools
from kslint.model.kubernetes import capacity
from kslint.model.kubernetes.quantity import Quantity, parse_or_none
from kslint.running import engine

if TYPE_CHECKING:
    from pathlib import Path


def outcome(folder: Path, name: str = "kslint.yaml") -> Config | tuple[str, ...]:
    with inside(folder):
        try:
            return read(name).config()
        except ConfigError as error:
            return tuple(str(error).split("\n"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with inside(tmp_path), pytest.raises(ConfigError, match=r"^none.yaml: .*No such file"):
        read("none.yaml")
    with inside(tmp_path), pytest.raises(ConfigError, match="Is a directory"):
        read(".")
    (tmp_path / "binary.yaml").write_bytes(b"a: \x00\x01\n")
    with inside(tmp_path), pytest.raises(ConfigError, match="binary data"):
        read("binary.yaml")


# --- discovery


def test_the_nearest_file_is_taken_and_nothing_is_merged(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.kslint]\n")
    (below / "x.yaml").write_text("a: 1\n")
    with inside(tmp_path):
        assert find() == str(tmp_path / "pyproject.toml")
        assert find("a/b/x.yaml") == find("a/b") == find("a/b/*.yaml") == find("a/none") == find()
        (tmp_path / "a" / ".kslint.yaml").write_text("")
        assert find("a/b/x.yaml") == find("a/**/*.yaml") == str(tmp_path / "a" / ".kslint.yaml")
        assert find("-") == find()


@pytest.mark.parametrize("name", ["kslint.yaml", "kslint.yml", ".kslint.yaml"])
def test_the_search_ends_at_the_repository_root(tmp_path: Path, name: str) -> None:
    repository = tmp_path / "repository"
    (repository / "below").mkdir(parents=True)
    (tmp_path / name).write_text("")
    assert find(str(repository / "below")) == str(tmp_path / name)
    (repository / ".git").mkdir()
    assert find(str(repository / "below")) is None
    (repository / name).write_text("")
    assert find(str(repository / "below")) == str(repository / name)


def test_a_pyproject_without_our_table_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for text in ("[project]\nname = 'x'\n", "[tool.other]\nkslint = 1\n", "[tool]\nkslint = 1\n"):
        (tmp_path / "pyproject.toml").write_text(text)
        assert find(str(tmp_path)) is None


def test_two_files_in_one_directory_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "kslint.yaml").write_text("")
    (tmp_path / "pyproject.toml").write_text("[tool.kslint]\n")
    with inside(tmp_path), pytest.raises(ConfigError) as caught:
        find()
    message = "kslint.yaml and pyproject.toml configure kslint in one directory: keep one"
    assert str(caught.value) == message


# --- the schema


def keys_of(level: dict[str, Any], known: dict[str, Any]) -> set[str]:
    if "$ref" in level:
        level = known["$defs"][level["$ref"].rpartition("/")[2]]
    found = set(level.get("properties", {}))
    children = [*level.get("properties", {}).values(), level.get("items")]
    children.append(level.get("additionalProperties"))
    for child in children:
        if isinstance(child, dict):
            found |= keys_of(child, known)
    return found


def test_the_schema_is_one_and_explains_every_key() -> None:
    known = schema()
    jsonschema.Draft202012Validator.check_schema(known)

    def described(level: dict[str, Any]) -> None:
        for name, child in level.get("properties", {}).items():
            assert child.get("description", "").endswith("."), name
            described(child)

    described(known)
    for definition in known["$defs"].values():
        described(definition)


def test_every_documented_key_is_in_the_schema_and_the_other_way_round() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    data = yaml.safe_load(example[1])
    jsonschema.validate(data, schema(), jsonschema.Draft202012Validator)

    def keys(value: Any) -> set[str]:
        if isinstance(value, list):
            return {key for item in value for key in keys(item)}
        if not isinstance(value, dict):
            return set()
        return set(value) | {key for item in value.values() for key in keys(item)}

    assert keys_of(schema(), schema()) <= keys(data) | keys(yaml.safe_load(FULL))
    assert keys_of(schema(), schema()) <= keys(data)


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "3920m",
        "12Gi",
        "0.5",
        ".5",
        "5.",
        "1e3",
        "1E-2",
        "+2",
        "100n",
        "7u",
        "2k",
        "3Ei",
        "1E",
        "1Ki",
    ],
)
def test_quantities_that_the_schema_takes(tmp_path: Path, text: str) -> None:
    written = f"cluster: {{nodes: [{{name: a, count: 1, allocatable: {{cpu: {text}}}}}]}}"
    (node,) = config_of(tmp_path, written).cluster.nodes
    assert parse_or_none(node.allocatable[0][1]) == parse_or_none(text)
    assert parse_or_none(text) is not None


@settings(max_examples=200)
@example("0E00000")
@given(st.text("0123456789.+-eEkKMGTPimnu ", max_size=8))
def test_the_schema_and_kubernetes_agree_on_quantities(text: str) -> None:
    parsed = parse_or_none(text)
    expected = parsed is not None and not text.startswith("-")
    pattern = schema()["$defs"]["quantity"]["pattern"]
    assert (re.search(pattern, text) is not None) == expected


# --- what it means


def test_node_pools_reach_the_model(tmp_path: Path) -> None:
    first, second = node_pools(config_of(tmp_path, FULL))
    assert first == capacity.NodePool(
        "cpu",
        2,
        "e2-standard-4",
        Quantity(3920) and parse_or_none("3920m"),
        parse_or_none("12Gi"),
        parse_or_none("1"),
        {"pool": "cpu"},
        (capacity.Taint("models"), capacity.Taint("gpu", "true", "NoExecute")),
        ("amx",),
        parse_or_none("250m"),
        parse_or_none("500Mi"),
    )
    assert second == capacity.NodePool("other", 0)
    offered = capacity.allocatable(first)
    assert offered is not None
    assert (offered.cpu, offered.memory, offered.gpu) == (3920, 12 << 30, 1)
    assert (offered.overhead_cpu, offered.overhead_memory) == (250, 500 << 20)


@pytest.mark.parametrize(
    ("globs", "path", "matches"),
    [
        (["tests/**"], "tests/a/b.yaml", True),
        (["tests/**"], "a/tests/b.yaml", False),
        (["**/vendor/**"], "a/vendor/b/c.yaml", True),
        (["/a.yaml"], "b/a.yaml", False),
        (["*.yaml", "!keep.yaml"], "b/keep.yaml", False),
        (["**"], "../outside.yaml", False),
        (["**"], "..inside.yaml", True),
        ([], "a", False),
    ],
)
def test_patterns_are_relative_to_the_file(
    tmp_path: Path, globs: list[str], path: str, matches: bool
) -> None:
    config = Config(directory=str(tmp_path / "base"))
    assert matcher(config, globs)(str(tmp_path / "base" / path), False) is matches


def test_the_configuration_in_use_is_excluded(tmp_path: Path) -> None:
    exclude = excluder(config_of(tmp_path, "exclude: [vendor/]\n", "my.yaml"))
    assert exclude is not None
    assert exclude(str(tmp_path / "my.yaml"), False)
    assert exclude(str(tmp_path / "a" / "vendor"), True)
    assert not exclude(str(tmp_path / "other.yaml"), False)
    assert excluder(Config()) is None


@pytest.mark.parametrize(
    ("config", "select", "ignore", "chosen"),
    [
        (Config(select=("KS101", "KS302")), [], [], {"KS101", "KS302"}),
        (Config(select=("KS101",)), ["KS302"], [], {"KS302"}),
        (Config(select=("KS101", "KS302"), ignore=("KS101",)), [], ["KS302"], set()),
        (Config(ignore=("KS101", "KS302")), ["KS101"], [], {"KS101"}),
        (Config(ignore=("vllm-omp-bind-all",)), ["KS302", "KS101"], ["KS302"], {"KS101"}),
        (Config(ignore=("KS302",), select=("KS302",)), ["KS30"], ["KS301", "KS303"], None),
        (Config(severity=(("KS101", "off"),)), ["KS101"], [], {"KS101"}),
        (Config(severity=(("KS101", "off"),), select=("KS101", "KS302")), [], [], {"KS302"}),
        (
            Config(severity=(("KS302", "note"), ("ALL", "off")), select=("KS101", "KS302")),
            [],
            [],
            {"KS302"},
        ),
    ],
)
def test_the_command_line_wins_over_the_file(
    config: Config, select: list[str], ignore: list[str], chosen: set[str] | None
) -> None:
    ids = {rule.id for rule in engine.choose(book(), config, select, ignore)}
    if chosen is None:  # a group that is asked for does not bring back what the file ignores
        assert "KS302" not in ids
    else:
        assert ids == chosen


def test_without_a_word_every_rule_runs() -> None:
    assert engine.choose(book(), Config()) == book()


# --- nothing makes a traceback

KEYS = st.sampled_from(sorted(keys_of(schema(), schema()))) | st.text(max_size=4)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
WORDS = st.sampled_from(["error", "off", "KS101", "3920m", "open", "**"])
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda child: st.lists(child, max_size=3) | st.dictionaries(KEYS, child, max_size=3),
    max_leaves=12,
)
MODEST = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MODEST
@given(st.dictionaries(KEYS, VALUES, max_size=4) | VALUES)
def test_any_data_is_a_configuration_or_a_list_of_mistakes(tmp_path: Path, data: Any) -> None:
    (tmp_path / "kslint.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    found = outcome(tmp_path)
    if isinstance(found, Config):
        node_pools(found)
        again = config_of(tmp_path, yaml.safe_dump(plain(found)))
        assert again == found
    else:
        assert found
        assert all(line.startswith("kslint.yaml:") and "\n" not in line for line in found)


@MODEST
@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_bytes_are_a_configuration_or_a_list_of_mistakes(
    tmp_path: Path, content: str | bytes
) -> None:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    for name in ("kslint.yaml", "kslint.toml"):
        (tmp_path / name).write_bytes(data)
        assert outcome(tmp_path, name)
