"""The reader of vLLM's source: a release in small, and what the tables do with several."""

from __future__ import annotations

import json
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import read_vllm
from hypothesis import given
from hypothesis import strategies as st
from vllm_metrics import read_metrics
from vllm_options import pairs_switches, read_options
from vllm_source import Source
from vllm_variables import read_variables

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, Union
from dataclasses import field
from pydantic import Field
from .kinds import Size, Colour, RANKS
if TYPE_CHECKING:
    from vllm.methods import Methods
else:
    Methods = Any

MAX = 7
Mode = Literal["on", "off"]

@config
class Inner:
    x: int = 1

@config
class ModelConfig:
    name: str = "first"
    mode: Mode = "on"
    maybe: Mode | None = None
    open_mode: "Mode | str" = "on"
    method: Methods | None = None
    share: float = Field(default=0.9, gt=0, le=1)
    limited: Annotated[int, Field(ge=1)] = 2
    max_model_len: int = None
    big: int | None = None
    eager: bool = False
    token: bool | str | None = None
    names: list[str] | None = None
    sizes: Optional[list[int]] = None
    modes: list[Mode] = field(default_factory=lambda: [])
    table: dict[str, Any] = field(default_factory=dict)
    either: Union[dict[str, Any], str] = ""
    inner: Inner | None = None
    size: Size = Size.SMALL
    limit: int = MAX
"""
KINDS = """
from enum import Enum
RANKS = [1, 2]
Colour = "red"
class Size(Enum):
    SMALL = "small"
    LARGE = "large"
"""
ENGINE = """
import argparse
import json
from vllm.config import ModelConfig, Size, RANKS, MAX

def optional_type(kind): ...
def human_readable_int(text): ...
def human_readable_int_or_auto(text): ...

def _compute_kwargs(cls):
    if name == "max_model_len":
        kwargs[name]["type"] = human_readable_int_or_auto
    elif name in ("big", "bigger"):
        kwargs[name]["type"] = human_readable_int

@dataclass
class EngineArgs:
    name: str = ModelConfig.name
    later: int = MAX

    @staticmethod
    def add_cli_args(parser):
        kwargs = get_kwargs(ModelConfig)
        group = parser.add_argument_group("Model")
        for_size = kwargs["size"]
        kwargs["open_mode"]["choices"] = ["a", "b"]
        kwargs["modes"]["choices"] += ["a,b"]
        group.add_argument("--name", "-n", **kwargs["name"])
        group.add_argument("--mode", "--manner", **kwargs["mode"])
        group.add_argument("--maybe", **kwargs["maybe"])
        group.add_argument("--open-mode", **kwargs["open_mode"])
        group.add_argument("--method", **kwargs["method"])
        group.add_argument("--share", **{**kwargs["share"], "default": None})
        group.add_argument("--limited", **kwargs["limited"])
        group.add_argument("--max-model-len", **kwargs["max_model_len"])
        group.add_argument("--big", **kwargs["big"])
        group.add_argument("--eager", **kwargs["eager"])
        group.add_argument("--token", **kwargs["token"])
        group.add_argument("--names", **kwargs["names"])
        group.add_argument("--sizes", **kwargs["sizes"])
        group.add_argument("--modes", **kwargs["modes"])
        group.add_argument("--table", **kwargs["table"])
        group.add_argument("--either", **kwargs["either"])
        group.add_argument("--inner", **kwargs["inner"])
        group.add_argument("--size", **for_size)
        parser.add_argument("--later", type=optional_type(int), default=EngineArgs.later)
        parser.add_argument("--json", type=json.loads, nargs="?")
        parser.add_argument("--sizes-by-name", choices=[s.value for s in Size])
        parser.add_argument("--rank", type=int, choices=RANKS + [4])
        parser.add_argument("--lambda", type=lambda s: s.lower(), choices=["x"])
        parser.add_argument("--word", action=StoreBoolean, nargs="?", const="True")
        parser.add_argument("--plain", action="store_true")
        parser.add_argument("--pair", action=argparse.BooleanOptionalAction)
        parser.add_argument("positional")
        return parser

@dataclass
class AsyncEngineArgs(EngineArgs):
    @staticmethod
    def add_cli_args(parser):
        parser = EngineArgs.add_cli_args(parser)
        parser.add_argument("--enable-log-requests", action=argparse.BooleanOptionalAction)
"""
FRONTEND = """
import json
from dataclasses import field
class Base:
    origins: list[str] = field(default_factory=lambda: ["*"])
    shared: str | None = None
    @classmethod
    def _customize_cli_kwargs(cls, frontend_kwargs):
        frontend_kwargs["origins"]["type"] = json.loads
        del frontend_kwargs["origins"]["nargs"]

class FrontendArgs(Base):
    http_port: int = 8000

def make_arg_parser(parser):
    parser.add_argument("model_tag", nargs="?")
    parser.add_argument("--headless", action="store_true")
    parser = FrontendArgs.add_cli_args(parser)
"""
SERVE = """
class ServeSubcommand:
    def subparser_init(self, subparsers):
        serve_parser.add_argument("--grpc", action="store_true")
        other_parser.add_argument("--other", action="store_true")
"""
PARSER = "class EnableDisableAction: ...\n"
ENVS = """
import os
from vllm.logger import init_logger
def env_with_choices(name, default, choices):
    def get():
        value = os.getenv(name)
        if value is None:
            return default
        if value not in choices:
            raise ValueError(name)
        return value
    return get
environment_variables = {
    "VLLM_FLAG": lambda: bool(int(os.getenv("VLLM_FLAG", "0"))),
    "VLLM_WORDY": lambda: os.getenv("VLLM_WORDY", "0").lower() in ("1", "true"),
    "VLLM_ONE": lambda: os.getenv("VLLM_ONE") == "1",
    "VLLM_TRUE": lambda: os.getenv("VLLM_TRUE", "").lower() == "true",
    "VLLM_NOT_ZERO": lambda: os.getenv("VLLM_NOT_ZERO", "0") != "0",
    "VLLM_COUNT": lambda: int(os.getenv("VLLM_COUNT", "3")),
    "VLLM_RATIO": lambda: float(os.getenv("VLLM_RATIO", "3")),
    "VLLM_PATH": lambda: os.path.expanduser(os.getenv("VLLM_PATH", "~/x")),
    "VLLM_KIND": env_with_choices("VLLM_KIND", None, ["a", "b"]),
    "VLLM_ODD": lambda: missing_name,
}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "PKG-INFO": "Metadata-Version: 2.4\nName: vllm\nVersion: 0.34.0.post1\n",
        "vllm/__init__.py": "",
        "vllm/config/__init__.py": CONFIG,
        "vllm/config/kinds.py": KINDS,
        "vllm/methods.py": 'Methods = "awq"',
        "vllm/engine/arg_utils.py": ENGINE,
        "vllm/entrypoints/openai/cli_args.py": FRONTEND,
        "vllm/entrypoints/cli/serve.py": SERVE,
        "vllm/utils/argparse_utils.py": PARSER,
        "vllm/envs.py": ENVS,
        "vllm/worker.py": 'import os\nos.environ.get("VLLM_HIDDEN")\n',
    }
    root = tmp_path / "vllm-0.34.0"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_options(tree: Path) -> None:
    found = {name: read_vllm.tidy(facts) for name, facts in read_options(Source(tree)).items()}
    assert found == {
        "name": {"type": "str", "default": "first", "aliases": ["-n"]},
        "mode": {"type": "str", "choices": ["off", "on"], "default": "on", "aliases": ["--manner"]},
        "maybe": {"type": "str", "choices": ["off", "on"], "nullable": True},
        "open-mode": {"type": "str", "choices": ["a", "b"], "default": "on"},
        "method": {"type": "str", "nullable": True},
        "share": {"type": "float", "gt": 0, "le": 1},
        "limited": {"type": "int", "default": 2, "ge": 1},
        "max-model-len": {"type": "human-int-or-auto"},
        "big": {"type": "human-int", "nullable": True},
        "eager": {"type": "bool", "negatable": True},
        "token": {"type": "str", "nargs": "?"},
        "names": {"type": "str", "nargs": "+", "nullable": True},
        "sizes": {"type": "int", "nargs": "+", "nullable": True},
        "modes": {"type": "str", "nargs": "+"},
        "table": {"type": "json"},
        "either": {"type": "json-or-string", "default": ""},
        "inner": {"type": "json", "nullable": True},
        "size": {"type": "str"},
        "later": {"type": "int", "nullable": True, "default": 7},
        "json": {"type": "json", "nargs": "?"},
        "sizes-by-name": {"type": "str", "choices": ["large", "small"]},
        "rank": {"type": "int", "choices": ["1", "2", "4"]},
        "lambda": {"type": "other"},
        "word": {"type": "word-bool", "nargs": "?"},
        "plain": {"type": "bool"},
        "pair": {"type": "bool", "negatable": True},
        "enable-log-requests": {"type": "bool", "negatable": True},
        "origins": {"type": "json"},
        "shared": {"type": "str", "nullable": True},
        "http-port": {"type": "int", "default": 8000},
        "headless": {"type": "bool"},
        "grpc": {"type": "bool"},
    }
    assert pairs_switches(Source(tree))


def test_variables(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_COUNT", "not a number")
    assert read_variables(tree) == {
        "VLLM_FLAG": {"type": "bool", "form": "0/1 int", "empty": "refused"},
        "VLLM_WORDY": {"type": "bool", "form": "true/1"},
        "VLLM_ONE": {"type": "bool", "form": "1 only"},
        "VLLM_TRUE": {"type": "bool", "form": "true only"},
        "VLLM_NOT_ZERO": {"type": "bool", "form": "not 0"},
        "VLLM_COUNT": {"type": "int", "empty": "refused"},
        "VLLM_RATIO": {"type": "float", "empty": "refused"},
        "VLLM_PATH": {"type": "str"},
        "VLLM_KIND": {"type": "str", "choices": ["a", "b"]},
        "VLLM_ODD": {"type": "str"},
        "VLLM_HIDDEN": {"type": "str"},
    }


@pytest.mark.parametrize("form", ["directory", "sdist", "wheel"])
def test_an_archive_is_added_to_the_tables(
    tree: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_vllm, "_LEAST", 5)
    archive = tree
    if form == "sdist":
        archive = tmp_path / "vllm-0.34.0.tar.gz"
        with tarfile.open(archive, "w:gz") as out:
            out.add(tree, "vllm-0.34.0")
    elif form == "wheel":
        archive = tmp_path / "vllm-0.34.0.whl"
        with zipfile.ZipFile(archive, "w") as wheel:
            for path in (tree / "vllm").rglob("*.py"):
                wheel.write(path, path.relative_to(tree))
            wheel.write(tree / "PKG-INFO", "vllm-0.34.0.dist-info/METADATA")
    output = tmp_path / "data"
    assert read_vllm.main([str(archive), "-o", str(output)]) == 0
    flags = json.loads((output / "flags.json").read_text())
    assert flags["releases"] == ["0.34.0"]
    assert flags["entries"]["pair"] == {"0.34.0": {"negatable": "paired", "type": "bool"}}
    before = (output / "flags.json").read_bytes(), (output / "env.json").read_bytes()
    assert read_vllm.main([str(archive), "-o", str(output)]) == 0
    assert ((output / "flags.json").read_bytes(), (output / "env.json").read_bytes()) == before


def test_a_source_that_is_not_understood_changes_nothing(tree: Path, tmp_path: Path) -> None:
    assert read_vllm.main([str(tree), "-o", str(tmp_path / "data")]) == 1
    assert not (tmp_path / "data").exists()


FACTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["type", "nargs", "choices"]), st.sampled_from(["a", "b", True]), min_size=1
)
RELEASES = st.dictionaries(
    st.tuples(st.integers(0, 2), st.integers(0, 20)).map(lambda v: f"0.{v[0]}.{v[1]}"),
    st.dictionaries(st.sampled_from(["x", "y"]), FACTS),
    min_size=1,
)


@given(RELEASES)
def test_a_history_gives_back_every_release(
    releases: dict[str, dict[str, dict[str, Any]]],
) -> None:
    versions = sorted(releases, key=read_vllm.number)
    for name in ("x", "y"):
        history = read_vllm.history_of(name, releases)
        replayed = dict(read_vllm.replay(history, versions))
        assert replayed == {version: releases[version].get(name) for version in versions}


METRICS = """
NAME, TEXT = "vllm:config_info", "what vllm: is set to"
class Logger:
    def __init__(self):
        self.running = self._gauge_cls(name="vllm:num_running", documentation="vllm: ...")
        if self.show_hidden_metrics:
            self.old = self._counter_cls(name="vllm:old")
        else:
            self.other = prometheus_client.Histogram("vllm:seconds", "text")
        pairs = [("vllm:drafts", "text"), ("vllm:drafted", "text")]
        self.all = [self.of_all(self._counter_cls(name=name, documentation=x)) for name, x in pairs]
        log.warning("vllm:not_one")
"""


def test_metrics(tmp_path: Path) -> None:
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "loggers.py").write_text(METRICS)
    (tmp_path / "vllm" / "others.py").write_text("x = 1")
    assert read_metrics(tmp_path) == {
        "vllm:config_info": {"type": "other"},
        "vllm:drafted": {"type": "counter"},
        "vllm:drafts": {"type": "counter"},
        "vllm:num_running": {"type": "gauge"},
        "vllm:old": {"type": "counter", "hidden": True},
        "vllm:seconds": {"type": "histogram"},
    }
