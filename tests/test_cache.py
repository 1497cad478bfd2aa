"""A kept result is the result, and nothing that befalls the cache is an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cases import FIXTURES, ROOT, book, inside, result_of
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint import rulebook
from kslint.cli import checking, quick
from kslint.config import Cluster, Config
from kslint.running import engine
from kslint.running.cache import Cache, digests, directory, today
from kslint.source.files import InputProblem, Source

if TYPE_CHECKING:
    from kslint.findings import Result
    from kslint.rulebook import Rule

BAD = FIXTURES / "platform-bad"


@pytest.fixture(scope="module")
def result() -> Result:
    return result_of(BAD)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "cache"), "here")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As an installed kslint behaves, with a cache of its own."""
    monkeypatch.setattr(rulebook, "installation", lambda: "test")
    monkeypatch.setenv("KSLINT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def check(*arguments: str) -> int:
    options = quick.parse(arguments)
    assert options is not None
    return checking.run(options)


@pytest.mark.parametrize(
    "folder", sorted(FIXTURES.glob("*/*/bad-*")), ids=lambda p: f"{p.parent.name}-{p.name}"
)
def test_what_is_kept_comes_back(folder: Path, cache: Cache) -> None:
    found = result_of(folder)
    cache.put("x", found)
    assert cache.get("x") == found


def test_nothing_is_kept_under_another_name(cache: Cache, result: Result) -> None:
    cache.put("x", result)
    assert cache.get("y") is None


SOURCE = Source("a.yaml", b"a: 1")
DIFFERENT: dict[str, tuple[list[Source | InputProblem], Config, int]] = {
    "nothing": ([], Config(), 9),
    "bytes": ([Source("a.yaml", b"a: 2")], Config(), 9),
    "file name": ([Source("b.yaml", b"a: 1")], Config(), 9),
    "another file": ([SOURCE, Source("b.yaml", b"")], Config(), 9),
    "unreadable file": ([SOURCE, InputProblem("b.yaml", "no")], Config(), 9),
    "configuration": ([SOURCE], Config(cluster=Cluster(provides=frozenset({"keda"}))), 9),
    "rules": ([SOURCE], Config(), 8),
}


def name_of(
    cache: Cache, files: list[Source | InputProblem], config: Config, rules: list[Rule]
) -> str:
    return cache.name_of(config, rules, [today(), *digests(files)])


@pytest.mark.parametrize("what", DIFFERENT)
def test_whatever_decides_the_outcome_is_in_the_name(what: str, cache: Cache) -> None:
    files, config, rules = DIFFERENT[what]
    same = name_of(cache, [SOURCE], Config(), book()[:9])
    assert same == name_of(cache, [Source("a.yaml", b"a: 1")], Config(), book()[:9])
    assert same != name_of(cache, files, config, book()[:rules])


def test_the_place_and_the_installation_are_in_the_name(cache: Cache, tmp_path: Path) -> None:
    other = Cache("x", "y")
    names = {name_of(each, [SOURCE], Config(), []) for each in (cache, other)}
    with inside(tmp_path):
        names.add(name_of(cache, [SOURCE], Config(), []))
    assert len(names) == 3


def test_a_chart_that_appears_around_a_template_counts(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    template = Source(str(tmp_path / "templates" / "a.yaml"), b"a: '{{ x }}'")
    before = name_of(cache, [template], Config(), [])
    (tmp_path / "Chart.yaml").write_text("name: x\n")
    assert name_of(cache, [template], Config(), []) != before


def test_sets_have_one_order() -> None:
    program = (
        "from kslint.running.cache import plain\n"
        "print(plain(frozenset({'keda', 'istio', 'knative', 'cert-manager'})))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in "123"
    }  # fmt: skip
    assert len(printed) == 1


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_record_is_none(
    data: st.DataObject, result: Result, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = Cache(str(tmp_path_factory.mktemp("cache")), "here")
    cache.put("x", result)
    file = Path(cache.directory) / "x"
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    file.write_bytes(whole[:at] if cut else whole[:at] + bytes([other]) + whole[at + 1 :])
    assert cache.get("x") is None


FOREIGN: list[object] = [
    None,
    1,
    "text",
    [],
    {},
    [[], [], 0, []],
    [[[]], [1, 2], False, []],
    [[1], 2, 3, 4, 5],
]


@pytest.mark.parametrize("content", FOREIGN, ids=str)
def test_a_foreign_record_is_none(content: object, cache: Cache) -> None:
    os.makedirs(cache.directory, mode=0o700)
    text = json.dumps(content).encode()
    digest = blake2b(text, digest_size=32).hexdigest().encode()
    (Path(cache.directory) / "x").write_bytes(digest + b"\n" + text)
    assert cache.get("x") is None


def test_records_are_dropped_by_their_last_use(cache: Cache, result: Result) -> None:
    for number in range(70):
        cache.put(f"{number:064}", result._replace(findings=[]))
        os.utime(Path(cache.directory) / f"{number:064}", (number, number))
        if number > 2:
            assert cache.get(f"{2:064}") is not None
    kept = sorted(os.listdir(cache.directory))
    assert len(kept) == 64
    assert kept[0] == f"{2:064}"


def test_nothing_but_records_is_dropped(cache: Cache, result: Result) -> None:
    os.makedirs(cache.directory, mode=0o700)
    foreign = {"thesis.txt", "0" * 63, "x" * 64, f"{'a' * 64}.yaml", f"{'b' * 64}.tmp.d"}
    for name in foreign:
        (Path(cache.directory) / name).write_text("mine")
    (Path(cache.directory) / f"{'c' * 64}").mkdir()
    unfinished = f"{'d' * 64}.17.tmp"
    (Path(cache.directory) / unfinished).write_text("half")
    for name in (*foreign, "c" * 64, unfinished):
        os.utime(Path(cache.directory) / name, (1, 1))
    for number in range(70):
        cache.put(f"{number:064}", result._replace(findings=[]))
    left = set(os.listdir(cache.directory))
    assert left >= {*foreign, "c" * 64}
    assert unfinished not in left
    assert len(left) == len(foreign) + 1 + 64


def test_a_directory_others_may_write_to_is_not_used(cache: Cache, result: Result) -> None:
    cache.put("x", result)
    assert cache.get("x") is not None
    os.chmod(cache.directory, 0o777)  # noqa: S103  (that is the point)
    assert cache.get("x") is None
    cache.put("y", result)
    assert os.listdir(cache.directory) == ["x"]


def test_a_file_in_the_place_of_the_directory(cache: Cache, result: Result) -> None:
    Path(cache.directory).write_text("mine")
    cache.put("x", result)
    assert cache.get("x") is None
    assert Path(cache.directory).read_text() == "mine"


def test_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KSLINT_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert directory() == os.path.join("/x", "kslint")
    monkeypatch.setenv("KSLINT_CACHE_DIR", "/y")
    assert directory() == "/y"


def test_a_run_is_spared_if_nothing_changed(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with inside(BAD):
        assert check() == 1
        first = capsys.readouterr().out
        assert len(os.listdir(installed)) == 1
        monkeypatch.setattr(engine, "run", None)
        assert check() == 1
        assert capsys.readouterr().out == first
        with pytest.raises(TypeError):
            check("--no-cache")


def test_broken_input_stays_broken(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [\n")
    assert check(str(tmp_path / "a.yaml")) == 2
    assert len(os.listdir(installed)) == 1
    assert check(str(tmp_path / "a.yaml")) == 2


def test_a_broken_rule_is_not_kept(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("kslint.checks.platform.default_domain", broken)
    assert check(str(BAD)) == 2
    assert not installed.exists()


def test_a_checkout_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSLINT_CACHE_DIR", str(tmp_path / "cache"))
    assert rulebook.installation() is None
    assert check(str(BAD)) == 1
    assert not (tmp_path / "cache").exists()


PROGRAM = """\
import sys
from kslint import rulebook
rulebook.installation = lambda: "test"
from kslint.cli import checking, quick
for _ in range(3):
    checking.run(quick.parse(["fixtures/platform-bad-bare", "--output-format", "concise"]))
"""


def test_runs_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "KSLINT_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    os.chmod(tmp_path, 0o700)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    printed = {process.communicate()[0] for process in running}
    assert len(printed) == 1
    assert {process.returncode for process in running} == {0}
    assert len(os.listdir(tmp_path)) == 1
