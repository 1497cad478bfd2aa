"""Mutate the fixtures and run kslint over them, in search of an input that breaks it.

Usage: python scripts/fuzz.py [--count N] [--seconds S] [--seed N] [--first N] [--save DIR]

An input is a fixture folder with one to four mutations: of bytes, lines, words, the tree or the
set of files. It breaks kslint if an exception escapes, a rule reports `internal-error`, the exit
code is none of 0, 1 and 2, a report cannot be read back, it takes over ten seconds of CPU, or other
findings come out where each file is judged by itself, after one more mutation too.
Each input depends on the seed and its number alone: `--first 4711 --count 1` makes that one again.
What breaks kslint is cut down to the files and lines that matter and saved under DIR. Exits 1 if
there was any.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import yaml
from jsonschema import Draft202012Validator

from kslint import rulebook
from kslint.cli import graph
from kslint.cli.commands import app
from kslint.cli.formats import FORMATS
from kslint.config import Cluster, Config
from kslint.model.model import Model
from kslint.picture.build import picture
from kslint.report import json as report
from kslint.report.graph import mermaid, tree
from kslint.running import cache, engine, shares
from kslint.source.files import CONFIG_FILES, SUFFIXES, Source
from kslint.source.load import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.findings import Result

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
CPU_SECONDS = 10.0
ON_DISK_EVERY = 25
"""Every so many inputs one goes through files, the command line and all report formats."""
MAX_TRIES = 400
"""Runs that cutting down one crasher may take."""

Case = dict[str, bytes]
"""File contents by path."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

CONFIGS = (
    Config(),
    Config(cluster=Cluster(complete=True)),
    Config(kserve_version="0.16", vllm_version="0.9.0"),
    Config(kserve_version="0.20", cluster=Cluster(huggingface="blocked", complete=True)),
)
BYTES = (
    b"\x00", b"\t", b"\r", b"\x7f", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc2\x85",
    "\u2028".encode(), "é".encode(), b"\xed\xa0\x80", "😀".encode(), b"{" * 300, b"[" * 300, b"&a ",
    b"*a", b"!!", b"!!python/name:os.system", b"---\n", b"...\n", b"%YAML 9\n", b"{{", b"}}", b"'",
    b'"', b"|", b">-\n", b": ", b"- ", b"? ", b"#", b"<<: *a\n",
)  # fmt: skip
WORDS = (
    "null", "~", "[]", "{}", '""', "-1", "0", "1", "99999999999999999999", "1e400", ".inf", ".nan",
    "true", "no", "[1, {a: b}]", "{a: [b]}", "[[]]", "!!binary aGk=", "!!int x", '"$(X)"',
    '"{{.Name}}"', '"${X}"', "2026-01-01", "0o17", "1:30", "*a", "&a b", "1Gi", "500m", "1.5", "|",
    "a b", "--flag", "pvc://a/b", "oci://a", "hf://a/b", "../..", "/", "*", "0.0.0", "v999",
    '"\\ud800"', "100%", "serving.kserve.io/v1beta1", "List", "kustomize.config.k8s.io/v1beta1",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, "", 0, -1, 1.5, True, False, [], {}, [None], [[]], [{}], {"": None}, {"name": []}, "a",
    ["a", "a"], 10**30, "\u2028", "1Gi", {"a": {"b": {"c": []}}}, float("inf"), "$(A)", "x" * 300,
)  # fmt: skip


class HangError(BaseException):
    """No `except Exception` may swallow it."""


def mutate_bytes(rng: random.Random, data: bytes) -> bytes:
    """Cut, repeat, flip or insert some bytes."""
    at = rng.randrange(len(data) + 1)
    to = min(len(data), at + rng.choice((1, 1, 2, 8, 64)))
    new = rng.choice(
        (
            b"",
            data[at:to] * 2,
            rng.choice(BYTES),
            rng.choice(BYTES) + data[at:to],
            bytes(byte ^ 1 << rng.randrange(8) for byte in data[at:to]),
        )
    )
    return data[:at] + new + data[to:]


def mutate_lines(rng: random.Random, data: bytes) -> bytes:
    """Delete, repeat, swap, indent, comment out or join lines, or put in one that does not fit."""
    lines = data.split(b"\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(7)
    if kind == 0:
        del lines[at : at + rng.choice((1, 1, 3))]
    elif kind == 1:
        lines[at:at] = lines[other : other + rng.choice((1, 3, 9))]
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 3:
        lines[at] = b" " * rng.randrange(9) + lines[at].lstrip()
    elif kind == 4:
        lines[at] = b"#" + lines[at]
    elif kind == 5:
        lines[at : at + 2] = [b" ".join(lines[at : at + 2])]
    else:
        lines.insert(at, rng.choice((b"---", b"...", b"<<<<<<< HEAD", b"- ", b"? a", b"a:", b"")))
    return b"\n".join(lines)


def mutate_words(rng: random.Random, data: bytes) -> bytes:
    """Another value behind a key or dash, or another word of the file."""
    text = data.decode("utf-8", "surrogateescape")
    if rng.random() < 0.7:
        places = list(re.finditer(r"(?<=: )\S.*|(?<=- )\S.*|(?<=:)$", text, re.MULTILINE))
        new = rng.choice(WORDS)
    else:
        places = list(re.finditer(r"[\w./-]+", text))
        new = rng.choice(places)[0] if places else ""
    if not places:
        return data
    place = rng.choice(places)
    if not place[0] and new:
        new = f" {new}"
    text = text[: place.start()] + new + text[place.end() :]
    return text.encode("utf-8", "surrogateescape")


def mutate_tree(rng: random.Random, data: bytes) -> bytes:
    """Put wrong types, other parts of the file or nothing at all in one to three places."""
    try:
        documents = list(yaml.load_all(data, Loader=_LOADER))
    except (yaml.YAMLError, ValueError, RecursionError):
        return mutate_words(rng, data)
    try:
        for _ in range(rng.randint(1, 3)):
            _mutate_node(rng, documents)
        if rng.random() < 0.2:
            return "\n---\n".join(json.dumps(d, default=str) for d in documents).encode()
        flow = rng.choice((False, False, None, True))
        dumped: str = yaml.dump_all(documents, Dumper=_DUMPER, default_flow_style=flow)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):  # a cycle, a mixed key
        return data
    return dumped.encode("utf-8", "surrogatepass")


def _mutate_node(rng: random.Random, documents: list[Any]) -> None:
    places = [
        (holder, key)
        for holder in _holders(documents)
        for key in (holder if isinstance(holder, dict) else range(len(holder)))
    ]
    if not places:
        return
    holder, key = rng.choice(places)
    other_holder, other_key = rng.choice(places)
    kind = rng.randrange(5)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        holder[key] = json.loads(json.dumps(other_holder[other_key], default=str))
    elif kind == 2 and isinstance(holder, list):
        holder.insert(key, rng.choice([holder[key], *VALUES]))
    elif kind == 2:
        holder[str(other_key)] = holder.pop(key)
    elif kind == 3:
        holder[key] = [holder[key]]
    else:
        holder[key] = rng.choice(VALUES)


def _holders(root: list[Any]) -> Iterator[Any]:
    """Every mapping and list of a tree; of what aliases share, once."""
    stack: list[Any] = [root]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen or not isinstance(node, (dict, list)):
            continue
        seen.add(id(node))
        yield node
        stack.extend(node.values() if isinstance(node, dict) else node)


def mutate_files(rng: random.Random, case: Case, others: list[Case]) -> None:
    """Take a file out, rename one, join two, or bring one in from another fixture."""
    name = rng.choice(list(case))
    kind = rng.randrange(4)
    if kind == 0 and len(case) > 1:
        del case[name]
    elif kind == 1:
        folder = rng.choice(("", "a/", "apps/", "templates/"))
        case[folder + name.rpartition("/")[2]] = case.pop(name)
    elif kind == 2:
        case[name] += b"\n---\n" + case[rng.choice(list(case))]
    else:
        new, data = rng.choice(list(rng.choice(others).items()))
        case[new] = data


MUTATORS: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "bytes": mutate_bytes,
    "lines": mutate_lines,
    "words": mutate_words,
    "tree": mutate_tree,
}
WEIGHTS = {"bytes": 2, "lines": 3, "words": 4, "tree": 6, "files": 1}


def make(seed: int, number: int, cases: list[Case]) -> tuple[str, Config, Case]:
    """The mutator, configuration and files of one input."""
    rng = random.Random(f"{seed}:{number}")  # noqa: S311  (no secret hangs on it)
    case = dict(rng.choice(cases))
    mutator = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if mutator == "files":
            mutate_files(rng, case, cases)
        else:
            name = rng.choice(list(case))
            case[name] = MUTATORS[mutator](rng, case[name])
    return mutator, rng.choice(CONFIGS), case


class Outcome(NamedTuple):
    """How a run ended: `clean`, `findings`, `unreadable` or `broken`, and if broken, at what."""

    word: str
    problem: str = ""
    detail: str = ""


class Runner:
    """Runs kslint on a case, in this process."""

    def __init__(self) -> None:
        self.book = rulebook.load()
        schema = Path(report.__file__).with_name("json.schema.json").read_text(encoding="utf-8")
        self.schema = Draft202012Validator(json.loads(schema))

    def run(self, case: Case, config: Config, on_disk: bool) -> Outcome:
        """Run once; whatever goes wrong is in the outcome."""
        try:
            with _cpu_limit():
                return self._disk(case) if on_disk else self._memory(case, config)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  (finding what escapes is the purpose)
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            return Outcome("broken", where, traceback.format_exc())

    def breaks(self, config: Config, on_disk: bool, problem: str, case: Case) -> bool:
        """Does a case break in that very way?"""
        return self.run(case, config, on_disk).problem == problem

    def _memory(self, case: Case, config: Config) -> Outcome:
        sources = [
            Source(name, case[name])
            for name in sorted(case)
            if name.lower().endswith(SUFFIXES) and name not in CONFIG_FILES
        ]
        loaded = parsed(sources)
        model = Model.of(loaded, config)
        result = engine.run(loaded, self.book, config, self.book, model)
        drawn = picture(model, result.findings)
        tree.render(drawn, result, False)
        mermaid.render(drawn, result.findings)
        broken = [f.message for f in result.findings if f.name == engine.INTERNAL_ERROR]
        if broken:
            return Outcome("broken", re.sub(r": .*\(", " (", broken[0]), broken[0])
        if not self._agrees_file_by_file(sources, config, result):
            return Outcome("broken", "judged file by file, other findings")
        word = "findings" if result.findings else "clean"
        return Outcome("unreadable" if result.failed else word)

    def _agrees_file_by_file(self, sources: list[Source], config: Config, whole: Result) -> bool:
        """Does an input give the same where it is judged share by share, also after a change?"""
        before, shares.SHARE = shares.SHARE, 1
        try:
            found = shares.check(sources, config, self.book, self.book, 1, cache.digests(sources))
            if found is None:
                return True
            result, kept = found
            if result != whole:
                return False
            if kept is None or not sources:
                return True
            rng = random.Random(repr(sources))  # noqa: S311
            at = rng.randrange(len(sources))
            old, change = sources[at], rng.choice(list(MUTATORS.values()))
            changed = [*sources[:at], Source(old.name, change(rng, old.data)), *sources[at + 1 :]]
            digests = cache.digests(changed)
            again = shares.check(changed, config, self.book, self.book, 1, digests, kept)
            whole = engine.run(parsed(changed), self.book, config, self.book)
            return again is None or again[0] == whole
        finally:
            shares.SHARE = before

    def _disk(self, case: Case) -> Outcome:
        with tempfile.TemporaryDirectory() as folder, _inside(folder):
            for name, data in case.items():
                Path("in", name).parent.mkdir(parents=True, exist_ok=True)
                Path("in", name).write_bytes(data)
            reports = [f"--output-format={name}:{name}.out" for name in FORMATS]
            code = _command("check", "in", *reports)
            if not Path("json.out").exists():  # a mistake in kslint.yaml
                return Outcome("unreadable" if code == 2 else "broken", f"exit {code}, no report")
            again = _command("check", "in", "--output-format=json:again.out")
            if again != code or Path("again.out").read_bytes() != Path("json.out").read_bytes():
                return Outcome("broken", f"exit {code}, and {again} from the cache")
            found = json.loads(Path("json.out").read_text(encoding="utf-8"))
            self.schema.validate(found)
            json.loads(Path("sarif.out").read_bytes())
            json.loads(Path("gitlab.out").read_bytes())
            ET.parse("junit.out")  # noqa: S314  (our own output)
            for name in graph.Format:
                drawn = _command("graph", "in", "--output", name.value)
                if drawn not in (0, 2):
                    return Outcome("broken", f"graph exits {drawn}")
            for finding in found["findings"]:
                if finding["name"] == engine.INTERNAL_ERROR:
                    return Outcome("broken", finding["message"], finding["message"])
            for service in {f["resource"] for f in found["findings"] if f["resource"]}:
                rendered = _command("render", "in", "--isvc", service)
                if rendered not in (0, 1, 2):
                    return Outcome("broken", f"render exits {rendered}")
        words = {0: "clean", 1: "findings", 2: "unreadable"}
        return Outcome(words.get(code, "broken"), f"exit {code}")


def _command(*arguments: str) -> int:
    """The exit code of a command; an exception escapes."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            app(list(arguments), prog_name="kslint")
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


@contextmanager
def _cpu_limit() -> Iterator[None]:
    """Raises HangError after so much CPU time: the machine may be busy with other things."""

    def stop(_signal: int, _frame: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    """Work in a directory, with a cache of its own."""
    before, told = os.getcwd(), os.environ.get(cache.DIRECTORY)
    os.chdir(folder)
    os.environ[cache.DIRECTORY] = os.path.join(folder, "cache")
    try:
        yield
    finally:
        os.chdir(before)
        del os.environ[cache.DIRECTORY]
        if told is not None:
            os.environ[cache.DIRECTORY] = told


def minimised(case: Case, still_broken: Callable[[Case], bool]) -> Case:
    """The case less every file and run of lines that the breakage does not need."""
    tries = MAX_TRIES

    def holds(smaller: Case) -> bool:
        nonlocal tries
        tries -= 1
        return tries >= 0 and still_broken(smaller)

    for name in list(case):
        smaller = {other: data for other, data in case.items() if other != name}
        if smaller and holds(smaller):
            case = smaller
    for name in list(case):
        size = len(case[name].split(b"\n"))
        while size:
            at = 0
            while at < len(lines := case[name].split(b"\n")):
                smaller = {**case, name: b"\n".join(lines[:at] + lines[at + size :])}
                if holds(smaller):
                    case = smaller
                else:
                    at += size
            size //= 2
    return case


def load_cases() -> list[Case]:
    """All fixture folders; the platforms are in it too, as the larger inputs."""
    platforms = set(FIXTURES.glob("platform-*"))
    rules = (rule for rule in FIXTURES.glob("*/*") if rule.parent not in platforms)
    folders = [*platforms, *(case for rule in rules for case in rule.iterdir())]
    cases = []
    for folder in sorted(folders):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        case = {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}
        case.pop("expect.yaml", None)
        if case:
            cases.append(case)
    return cases


def save(folder: Path, number: int, case: Case, outcome: Outcome) -> None:
    """Write a crasher as a folder of files, and what happened beside it."""
    for name, data in case.items():
        file = folder / str(number) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    text = f"{outcome.problem}\n\n{outcome.detail}"
    (folder / f"{number}.txt").write_text(text, encoding="utf-8", errors="backslashreplace")


def fuzz(options: argparse.Namespace) -> int:
    """Run until the count or the time is up; return how many different breakages there were."""
    cases, runner = load_cases(), Runner()
    counts: Counter[tuple[str, str]] = Counter()
    known: set[str] = set()
    slowest = (0.0, 0)
    begin = time.monotonic()
    number = options.first
    while number < options.first + options.count and time.monotonic() - begin < options.seconds:
        mutator, config, case = make(options.seed, number, cases)
        on_disk = number % ON_DISK_EVERY == 0
        start = time.process_time()
        outcome = runner.run(case, config, on_disk)
        slowest = max(slowest, (time.process_time() - start, number))
        counts[mutator, outcome.word] += 1
        if outcome.word == "broken" and outcome.problem not in known:
            known.add(outcome.problem)
            print(f"input {number} ({mutator}): {outcome.problem}", flush=True)
            again = partial(runner.breaks, config, on_disk, outcome.problem)
            save(options.save, number, minimised(case, again), outcome)
        number += 1
    words = ("clean", "findings", "unreadable", "broken")
    print(f"{'mutator':10}" + "".join(f"{word:>12}" for word in words))
    for mutator in WEIGHTS:
        print(f"{mutator:10}" + "".join(f"{counts[mutator, word]:12}" for word in words))
    print(
        f"{number - options.first} inputs in {time.monotonic() - begin:.0f} s, "
        f"the slowest was input {slowest[1]} with {slowest[0]:.2f} s"
    )
    return len(known)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Mutate the fixtures and run kslint over them.")
    parser.add_argument("--count", type=int, default=10**9, help="inputs to run")
    parser.add_argument("--seconds", type=float, default=60.0, help="stop after so many seconds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--save", type=Path, default=Path("fuzz-crashes"), metavar="DIR")
    return 1 if fuzz(parser.parse_args(arguments)) else 0


if __name__ == "__main__":
    sys.exit(main())
