"""From a message of the cluster to the rule."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml
from cases import ROOT, book
from hypothesis import given
from hypothesis import strategies as st

from kslint.rulebook.symptoms import plain, search

if TYPE_CHECKING:
    from kslint.rulebook import Rule
    from kslint.rulebook.symptoms import Match

RULES = {rule.name: rule for rule in book()}
OMP = "ValueError: invalid literal for int() with base 10: 'all'"
MULTI_ATTACH = 'Multi-Attach error for volume "pvc-0d1f" Volume is already used by pod(s) qwen-7f'
SERVERLESS = (
    "It is not possible to use Knative deployment mode when Knative Services are not available"
)


class Message(NamedTuple):
    """What was posted, and the rules of which any is right; `none`: finding none is right."""

    says: str
    rules: set[str]


@cache
def messages() -> list[Message]:
    text = (ROOT / "tests/symptoms/messages.yaml").read_text(encoding="utf-8")
    return [
        Message(entry["says"], {*([rule] if isinstance(rule := entry["rule"], str) else rule)})
        for entry in yaml.safe_load(text)
    ]


def names(found: list[Match]) -> list[str]:
    return [match.rule.name for match in found]


def page(name: str, *symptoms: str, symptom: str = "") -> Rule:
    rule = RULES["pvc-missing"]
    return rule._replace(id=name, name=name, symptoms=symptoms, symptom=symptom)


# ---- the messages people have


def test_messages_lead_to_their_rules_and_to_no_others() -> None:
    counted, wrong, silent = 0, [], []
    for message in messages():
        known = message.rules & RULES.keys()
        if not known and "none" not in message.rules:
            continue  # of a rule that is not written yet
        counted += 1
        found = names(search(book(), message.says))
        if found and not known & {*found}:
            wrong.append((message.says, found))
        elif not found and "none" not in message.rules:
            silent.append((message.says, known))
    assert len(wrong) <= 0.02 * counted, wrong
    assert len(silent) <= 0.05 * counted, silent


def test_no_page_is_printed_for_a_message_of_another_rule() -> None:
    for message in messages():
        meant = plain(search(book(), message.says))
        if meant and message.rules <= {"none", *RULES}:
            assert meant.rule.name in message.rules, message.says


@pytest.mark.parametrize("rule", [r for r in book() if r.symptoms], ids=lambda rule: rule.name)
def test_every_symptom_of_a_page_leads_to_it(rule: Rule) -> None:
    for symptom in rule.symptoms:
        found = search(book(), symptom.replace("...", " some-value "), limit=99)
        assert rule.name in [match.rule.name for match in found if match.sure], symptom


# ---- how texts are compared


TEXTS = [
    page("claim", 'persistentvolumeclaim "..." not found'),
    page("bind", "invalid literal for int() with base 10: 'all'"),
    page("port", "invalid literal for int() with base 10: 'tcp://..."),
    page("killed", "OOMKilled"),
    page("also", "OOMKilled"),
    page("flag", "unrecognized arguments"),
    page("twice", "unrecognized arguments: serve"),
    page("preset", "failed to get LLMPreset ... from namespaces"),
    page("mount", "node(s) had volume node affinity conflict"),
    page(
        "prose", symptom="The pod waits: MountVolume.SetUp failed with much sound and fury, {name}"
    ),
]


@pytest.mark.parametrize(
    ("message", "rules"),
    [
        ('persistentvolumeclaim "llama-cache-0" not found', ["claim"]),
        ("persistentvolumeclaim llama-cache-0 not found", ["claim"]),
        ('PERSISTENTVOLUMECLAIM \\"a.b/c\\" not found\\n', ["claim"]),
        ("the persistentvolumeclaim of my friend was not found", []),
        (
            "ERROR 12:00 [core.py:1] ValueError: invalid literal for int() with base 10: 'all'",
            ["bind"],
        ),
        ("invalid literal for int() with base 10: 'abc'", []),
        ("invalid literal for int() with base 10: all", ["bind"]),
        ("invalid literal for int() with base 10: 'tcp://10.1.2.3:80'", ["port"]),
        ("OOMKilled", ["also", "killed"]),
        ("Reason:       OOMKilled\n      Exit Code:    137", ["also", "killed"]),
        ("vllm: error: unrecognized arguments: --foo", ["flag"]),
        ("vllm: error: unrecognized arguments: serve /m", ["twice", "flag"]),
        ('failed to get LLMPreset "x" and some more words from namespaces [a b]', ["preset"]),
        ("0/2 nodes are available: 2 node(s) had volume node affinity conflict.", ["mount"]),
        ("had a volume with another affinity, and node conflict elsewhere", []),
        ("MountVolume.SetUp failed with much sound and fury", ["prose"]),
        ("MountVolume.SetUp succeeded", []),
    ],
)
def test_what_a_message_must_have_of_a_text(message: str, rules: list[str]) -> None:
    assert names(search(TEXTS, message)) == rules


@pytest.mark.parametrize(
    "text",
    [
        'persistentvolumeclaim\n"llama-cache" not found',
        '  Warning  FailedScheduling  12s  scheduler  persistentvolumeclaim "x" not\n found',
        '\x1b[31mpersistentvolumeclaim "x" not found\x1b[0m',
        '{"msg":"a\\npersistentvolumeclaim \\"x\\" not found"}',
    ],
)
def test_wrapped_coloured_and_escaped_lines_are_read(text: str) -> None:
    assert names(search(TEXTS, text)) == ["claim"]


def test_a_gap_has_an_end() -> None:
    for length, sure in ((2, True), (30, False)):
        words = "word " * length
        found = search(TEXTS, f"failed to get LLMPreset {words} from namespaces")
        assert [match.sure for match in found] == [sure]


def test_a_page_is_only_meant_where_there_is_no_doubt() -> None:
    def meant(message: str) -> str | None:
        match = plain(search(TEXTS, message))
        return match and match.rule.name

    assert meant("invalid literal for int() with base 10: 'all'") == "bind"
    assert meant("unrecognized arguments: serve x") == "twice"
    assert meant("OOMKilled") is None  # two rules
    assert meant('persistentvolumeclaim "x" not found') is None  # one unusual word
    assert meant("had volume node affinity") is None  # not the whole text
    assert meant("") is None


@pytest.mark.parametrize(
    "text", ["", "\n", "hello world, this is a test of nothing", "Killed", "200 OK 200 OK 200 OK"]
)
def test_other_text_leads_nowhere(text: str) -> None:
    assert search(book(), text) == []


@given(st.text(max_size=200))
def test_any_text_can_be_searched_for(text: str) -> None:
    assert all(match.weight > 0 for match in search(TEXTS, text))


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_is_around_a_text_does_not_matter(before: str, behind: str) -> None:
    assert "bind" in names(search(TEXTS, f"{before} {OMP} {behind}"))


def test_the_line_that_counts_is_found_in_a_long_log() -> None:
    noise = [f"INFO 11-23 21:0{i % 10} api_server.py:{i}] request {i} served" for i in range(500)]
    log = "\n".join([*noise, OMP, *noise])
    first = search(book(), log)[0]
    assert first.rule.name == "vllm-omp-bind-all"
    assert first.line == OMP


def test_of_a_long_line_the_part_that_counts_is_shown() -> None:
    line = '{"msg":"' + "x " * 500 + OMP + "y" * 500 + '"}'
    shown = search(TEXTS, line)[0].line
    assert len(shown) < 200
    assert "'all'" in shown


# ---- on the command line


def explain(argument: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "kslint", "explain", argument]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False)


def test_explain_prints_the_page_behind_a_message() -> None:
    done = explain(SERVERLESS)
    assert done.returncode == 0
    assert b"## What happens" in done.stdout


def test_explain_names_the_rules_where_several_fit_and_prints_none() -> None:
    for message in ("OOMKilled", MULTI_ATTACH):
        done = explain(message)
        assert done.returncode == 0
        assert done.stdout.count(b"\nKS") >= 1 or message == MULTI_ATTACH
        assert (b"## What happens" in done.stdout) == (b"prints a rule's page" not in done.stdout)


def test_explain_says_when_a_message_only_comes_near() -> None:
    done = explain("Selected CPU core number should be less than reserved CPU core number")
    assert done.stdout.startswith(b"No rule has exactly this symptom.")
    assert b"vllm-cpu-too-few-cores" in done.stdout
    assert b"## What happens" not in done.stdout


def test_explain_reads_a_log_and_keeps_its_escapes_from_the_terminal() -> None:
    done = explain("-", b"\xff\n\x1b[31m" + OMP.encode() + b"\x1b[0m\n")
    assert done.returncode == 0
    assert b"vllm-omp-bind-all" in done.stdout
    assert b"\x1b" not in done.stdout


def test_explain_says_so_when_nothing_fits() -> None:
    done = explain("no such thing was ever printed")
    assert done.returncode == 1
    assert not done.stdout
    assert b"No rule matches that message" in done.stderr


def test_a_word_that_is_no_rule_is_still_taken_for_one() -> None:
    done = explain("vllm-omp-bind-al")
    assert done.returncode == 2
    assert b"vllm-omp-bind-all" in done.stderr


def test_a_part_of_a_symptom_lists_what_it_may_be_a_part_of() -> None:
    done = explain("unrecognized arguments")
    assert done.stdout.startswith(b"No rule has exactly this symptom.")
    assert b"KS311" in done.stdout
    assert b"KS313" in done.stdout


def test_one_word_of_a_symptom_is_no_evidence() -> None:
    done = explain("ImagePullBackOff")
    assert (done.returncode, done.stdout) == (1, b"")


def test_an_option_that_is_always_there_was_not_split() -> None:
    done = explain("vllm: error: unrecognized arguments: --max-model-len 4096")
    assert done.stdout.startswith(b"KS313 ")


def test_a_category_is_listed() -> None:
    done = explain("vllm")
    assert done.stdout.startswith(b"vLLM (vllm)\n  KS301 ")
    assert b"## What happens" not in done.stdout
