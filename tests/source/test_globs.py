"""Globs: what they match, as git says; and that none takes longer than it may."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scratch import GIT, needs_git

from kslint.source import globs
from kslint.source.globs import LONGEST, Glob
from kslint.source.ignore import Patterns

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a*b*c", "axxbxxc", True),
        ("a*b*c", "axxcxxb", False),
        ("*ab", "aab", True),
        ("a*a", "a", False),
        ("***", "abc", True),
        ("*a*", "ab", True),
        ("*a*", "bb", False),
        ("?", "\n", True),
        ("?", "/", False),
        ("*", "a/b", False),
        ("a/*", "a/b/c", False),
        ("a/**", "a", False),
        ("a/**", "a/b/c", True),
        ("**/a", "a", True),
        ("**/a", "b/c/a", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b/**/c", "a/b/x/b/y/c", True),
        ("a**b", "axb", True),
        ("a**b", "ax/xb", False),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        ("[a-c]", "b", True),
        ("[!a-c]", "b", False),
        ("[^a-c]", "d", True),
        ("[]a]", "]", True),
        ("[a-]", "-", True),
        (r"[\]]", "]", True),
        ("[[:digit:]x]", "7", True),
        ("[[:digit:]x]", ":", False),
        ("[[:none:]]", "n", False),
        ("[z-a]", "z", True),
        ("[!z]", "/", False),
        ("[a", "[a", False),
        ("a\\", "a", False),
        ("é?", "éü", True),
    ],
)
def test_a_glob(pattern: str, path: str, matches: bool) -> None:
    assert Glob(pattern).matches(path) is matches


@pytest.mark.parametrize(
    ("pattern", "path", "crossing", "by_parts"),
    [
        ("*.yaml", "a/b.yaml", True, False),
        ("{a,b}.yaml", "b.yaml", True, True),
        ("{a,{b,c}d}.yaml", "cd.yaml", True, True),
        ("{a,b", "{a,b", True, True),
        ("a}", "a}", True, True),
        ("{}", "", True, True),
        ("apps/**", "apps/a/b", True, True),
        ("**/x", "a/x", True, True),
    ],
)
def test_globs_of_argo_cd(pattern: str, path: str, crossing: bool, by_parts: bool) -> None:
    assert globs.crossing(pattern, path) is crossing
    assert globs.by_parts(pattern, path) is by_parts


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 1000 + "b", "**/" * 1000 + "b", "**/a/" * 500 + "b", "*a*/" * 900, "[a-b]*" * 600 + "c",
     "?*" * 2000 + "b", "{a,b}" * 700, "{*a,**}" * 600, "{" * 4000, "{a}" * 1300, "{,}" * 1000,
     "a" * 10**6, "*" * 10**6],
    ids=lambda pattern: pattern[:12],
)  # fmt: skip
def test_no_glob_is_tried_for_long(pattern: str) -> None:
    """As regular expressions most of these take longer than anyone would wait."""
    for path in ("a" * LONGEST, "a/" * 2000 + "a", "aa/" * 1300):
        assert not Glob(pattern).matches(path) or pattern.endswith("*")
        globs.crossing(pattern, path)
        globs.by_parts(pattern, path)


NAMES = ("a", "b", "ab", "ba", "aab", "[a]", "a b", "*", "!a", "#a", "a\\", "-", "]", " a", "é")
TREE = [
    *NAMES,
    *(f"{d}/{n}" for d, n in itertools.product(("d", "a d", "e"), NAMES[:9])),
    *(f"d/e/{n}" for n in NAMES[:6]),
    *(f"d/e/d/{n}" for n in NAMES[:3]),
]
SIGNS = st.sampled_from(
    ["a", "b", "d", "e", "*", "**", "/", "/**/", "**/", "/**", "?", "[ab]", "[!a]", "[a-", "]",
     "\\", " ", "!", "#", "[[:alpha:]]", "-", "[", "[]-a]", "[\\]]"]
)  # fmt: skip


@needs_git
@settings(
    max_examples=2000 if os.environ.get("KSLINT_ALL") else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=st.lists(st.lists(SIGNS, min_size=1, max_size=6).map("".join), max_size=3))
def test_git_ignores_the_same(lines: list[str], tmp_path: Path) -> None:
    # git cuts off what stands before the first sign, and takes `ab**/c` for `ab` and then `**/c`,
    # where its own manual has two regular stars
    assume(not any(re.match(r"!?[^*?\[\\]*[^/*?\[\\]\*\*", line) for line in lines))
    if not (tmp_path / ".git").exists():
        subprocess.run([str(GIT), "init", "-q", "."], cwd=tmp_path, check=True)
        for name in TREE:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
    (tmp_path / ".gitignore").write_text("".join(f"{line}\n" for line in lines))
    asked = "\0".join(TREE).encode()
    command = [str(GIT), "check-ignore", "--no-index", "--stdin", "-z"]
    done = subprocess.run(command, cwd=tmp_path, input=asked, capture_output=True, check=False)
    ignored = set(done.stdout.decode().split("\0")) - {""}
    patterns = Patterns(lines)
    assert {name for name in TREE if patterns.covers(name, False)} == ignored
