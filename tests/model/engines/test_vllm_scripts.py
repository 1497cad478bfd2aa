"""Variables, conditions and places in the scripts that start a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vllm_scripts import flags, of_items, script

from kslint.model.engines.vllm.commandline import (
    VLLM_SERVE,
    read_commandline,
)
from kslint.model.engines.vllm.image import read_image
from kslint.model.engines.vllm.lexer import tokens
from kslint.source.files import Source
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.model.engines.vllm.commandline import CommandLine
    from kslint.source.nodes import Node


def parse(text: str) -> Node:
    source = Source("x.yaml", text.encode())
    (document,) = compose(source, source.data)
    return document.root


def of(text: str) -> CommandLine:
    container = parse(text)
    return read_commandline(container, read_image(container.string("image") or ""))


def test_shell_environment() -> None:
    line = script(
        """
        set -e
        MODEL=org/name            # not passed on
        export VLLM_CPU_KVCACHE_SPACE=4 HF_HOME="/cache dir"
        A=b env VLLM_CPU_OMP_THREADS_BIND='all' exec vllm serve "$MODEL" \\
          --port ${PORT} --seed $SEED --host $(hostname -i) "--served-model-name=$HF_HOME"
        """,
        PORT="9000",
    )
    assert {name: var.value for name, var in line.environment.items()} == {
        "VLLM_CPU_KVCACHE_SPACE": "4",
        "HF_HOME": "/cache dir",
        "A": "b",
        "VLLM_CPU_OMP_THREADS_BIND": "all",
    }
    assert line.positionals[0].text == "org/name"
    assert flags(line) == {
        "port": "9000",
        "seed": None,
        "host": None,
        "served-model-name": "/cache dir",
    }
    seed = line.flag("seed")
    assert seed is not None
    assert not seed.known
    assert line.shell
    assert line.execed
    assert line.complete


def test_values_under_a_condition_are_unknown() -> None:
    line = script(
        'X=1\nif [ -n "$Y" ]; then export VLLM_CPU_OMP_THREADS_BIND=all; fi\n'
        "[ -f x ] && export B=2\nfalse || export C=3\nvllm serve m --seed $X"
    )
    assert {name: var.value for name, var in line.environment.items()} == {
        "VLLM_CPU_OMP_THREADS_BIND": None,
        "B": None,
        "C": None,
    }
    assert flags(line) == {"seed": "1"}


def test_two_servers_leave_the_flags_open() -> None:
    line = script("if $LEAD; then vllm serve a --port 1; else vllm serve b; fi")
    assert line.program == VLLM_SERVE
    assert not line.complete


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("vllm serve m $ARGS", False),
        ("vllm serve m ${ARGS[@]}", False),
        ('vllm serve m "${ARGS[@]}"', False),
        ('vllm serve m "$@"', True),
        ("vllm serve $MODEL --port 1", True),
        ("vllm serve $ARGS", False),
        ("vllm serve m --config /x.yaml", False),
        ("vllm serve m --seed $SEED", True),
        ("vllm serve m `cat flags`", False),
        ("eval vllm serve m", True),
        ("cd /x && vllm serve m", True),
        ("[ -f x ] && vllm serve m", False),
        ("[[ -f x ]] && true && vllm serve m", False),
        ("test -f x && vllm serve m", False),
        ("[ -f x ]; vllm serve m", True),
        ("pull m || vllm serve m", False),
        ("if ready; then vllm serve m; fi", False),
        ("if a; then b; elif c; then vllm serve m; else d; fi", False),
        ("if a; then b; else vllm serve m; fi", False),
        ("while a; do vllm serve m; done", False),
        ("until a; do vllm serve m; done", False),
        ("for i in 1 2; do vllm serve m; done", False),
        ("select i in 1 2; do vllm serve m; done", False),
        ("case $X in a) vllm serve m;; esac", False),
        ("if a; then b; fi; vllm serve m", True),
        ("until a; do sleep 1; done; vllm serve m", True),
        ("case $X in a) b;; esac; vllm serve m", True),
        ("fi; if a; then vllm serve m; fi", False),
        ("'if' a; vllm serve m", True),
        ("if a; then 'fi'; vllm serve m; fi", False),
        ("{ vllm serve m; }", True),
        ("! vllm serve m", True),
        ("time vllm serve m", True),
        ("sh -c 'if a; then vllm serve m; fi'", False),
        ("vllm serve m $3", True),
        ('vllm serve m "$SEED"', True),
        ("vllm serve m ${X:-$MORE}", False),
        ("X=; vllm serve m ${X:-$MORE}", False),
        ("X=1; vllm serve m ${X:-$MORE}", True),
    ],
)
def test_completeness(text: str, complete: bool) -> None:
    line = script(text)
    assert line.program == VLLM_SERVE
    assert line.complete is complete


def test_arguments_of_the_script() -> None:
    line = script('exec vllm serve "$0" "$@" --port $2', "m", "--seed", "7")
    assert line.positionals[0].text == "m"
    assert flags(line) == {"seed": "7", "port": "7"}


def test_flags_in_a_variable_point_at_the_variable() -> None:
    line = of(
        "image: x/llm-d-cuda:v1\n"
        "command: [bash, -c, 'eval \"vllm serve m ${EXTRA} $@\"', --]\n"
        "args: ['--seed=1']\n"
        "env:\n"
        "  - name: EXTRA\n"
        "    value: >-\n"
        "      --dtype float32\n"
        "      --compilation-config '{\"mode\": 0}'\n"
    )
    assert flags(line) == {
        "dtype": "float32",
        "compilation-config": '{"mode": 0}',
        "seed": "1",
    }
    flag = line.flag("dtype")
    assert flag is not None
    assert flag.node.span is not None
    assert (flag.node.span.line, flag.node.span.column) == (7, 7)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("eval 'vllm serve m --served-model-name \"a b\" c'", ("a b", "c")),
        ("eval \"vllm serve m --served-model-name 'a b' c\"", ("a b", "c")),
        ('eval "vllm serve m --served-model-name \\"a b\\" c"', ("a b", "c")),
        ('eval vllm serve m --served-model-name \\"a b\\" c', ("a b", "c")),
        ('eval "vllm serve m --served-model-name "a" c"', ("a", "c")),
        ('eval "vllm serve m --served-model-name \'{\\"a\\": 1}\'"', ('{"a": 1}',)),
        ('eval "vllm serve m --served-model-name \\$X $X"', ("x", "x")),
        ("eval \"vllm serve m --served-model-name '$X'\"", ("x",)),
        ("eval 'vllm serve m --served-model-name $X'", ("x",)),
        ("eval 'vllm serve m --served-model-name a\\ b'", ("a b",)),
        ('eval "vllm serve m \\\n --served-model-name a \'b"', ("a", "b")),
        ("eval vllm serve m --served-model-name a \\", ("a",)),
    ],
)
def test_eval_takes_off_one_layer_of_quotes(text: str, values: tuple[str, ...]) -> None:
    (flag,) = script(text, X="x").flags
    assert flag.values == values


def test_self_reference_ends() -> None:
    text = "$0 $1 $2 $@ $@ $@"
    assert script(text, "bash", "-c", text, "bash", "-c", text).program == ""
    text = 'bash -c "$0" "$0"'
    assert script(text, text).program == ""


def test_kubernetes_expansion() -> None:
    line = of(
        "image: vllm/vllm-openai:v0.23.0\n"
        "env:\n"
        "  - {name: PORT, value: '9000'}\n"
        "  - {name: KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}\n"
        "args: ['--port=$(PORT)', '--api-key=$(KEY)', '--seed', '$(NOPE)', '--host', '$$(PORT)',\n"
        "  '--served-model-name={{.Name}}']\n"
    )
    assert flags(line) == {
        "port": "9000",
        "api-key": None,
        "seed": "$(NOPE)",
        "host": "$(PORT)",
        "served-model-name": None,
    }
    assert [flag.known for flag in line.flags] == [True, False, True, True, False]


def test_undeclared_name_may_come_from_env_from() -> None:
    line = of("image: vllm\nenvFrom: [{secretRef: {name: s}}]\nargs: ['--port=$(P)']\n")
    assert not line.flags[0].known


@pytest.mark.parametrize(
    ("text", "place", "value_place"),
    [
        ("image: vllm/vllm-openai\nargs:\n  - --port=80\n", (3, 5), (3, 5)),
        ("image: vllm/vllm-openai\nargs:\n  - --port\n  - '80'\n", (3, 5), (4, 5)),
        ("command:\n  - sh\n  - -c\n  - |\n    vllm serve m \\\n     --port 80\n", (6, 6), (6, 13)),
        ("command: [sh, -c]\nargs:\n  - >-\n    vllm serve\n    --port\n    80\n", (5, 5), (6, 5)),
        ("command: [sh, -c, 'vllm serve --port 80']\n", (1, 31), (1, 38)),
        ("env: [{name: H, value: xx}]\ncommand: [sh, -c, 'vllm serve $(H) --port 80']\n",
         (2, 36), (2, 43)),
        ("env: [{name: H, value: xx}]\ncommand: [sh, -c, 'vllm serve $(H)$(H) --port 80']\n",
         (2, 40), (2, 47)),
        ("env: [{name: H, value: xx}]\ncommand: [sh, -c, \"eval 'vllm serve $(H) --port 80'\"]\n",
         (2, 42), (2, 49)),
    ],
)  # fmt: skip
def test_places(text: str, place: tuple[int, int], value_place: tuple[int, int]) -> None:
    flag = of(text).flag("port")
    assert flag is not None
    assert flag.value == "80"
    assert flag.value_node is not None
    spans = [flag.node.span, flag.value_node.span]
    assert [(s.line, s.column) for s in spans if s is not None] == [place, value_place]


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("--host=$(H)", "host"),
        ("--host=$(H)x", "host"),
        ("--host=x$(H)$(H)", "host"),
        ("--host=$(E)x", "host"),
        ("--host=$$(H)", "host"),
        ("--host={{.Name}}", "host"),
    ],
)
def test_a_place_ends_where_the_text_ends(written: str, flag: str) -> None:
    """Expansions of the kubelet are longer or shorter than what stands in the file."""
    line = f"command: [sh, -c, 'vllm serve m {written} --seed 1']"
    values = "env: [{name: H, value: 127.0.0.1}, {name: E, value: ''}]"
    found = of(f"{values}\n{line}\n").flag(flag)
    assert found is not None
    assert found.node.span is not None
    assert line[found.node.span.column - 1 : found.node.span.end_column - 1] == written


@given(
    st.sampled_from(["port", "max-model-len", "tensor-parallel-size", "served-model-name"]),
    st.text(st.sampled_from("abc019./:"), min_size=1, max_size=8),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["item", "shell", "command"]),
)
def test_spelling_does_not_matter(
    name: str, value: str, joined: bool, under: bool, how: str
) -> None:
    option = "--" + (name.replace("-", "_") if under else name)
    words = [f"{option}={value}"] if joined else [option, value]
    if how == "item":
        line = of_items(*words)
    elif how == "command":
        line = of_items(command=["vllm", "serve", *words])
    else:
        line = script("vllm serve " + " ".join(words))
    assert flags(line) == {name: value}


@pytest.mark.parametrize("space", ["\u00a0", "\u0085", "\u2028", "\u3000", "\v", "\f", "\x1f"])
def test_a_space_that_is_none_to_a_shell_is_part_of_a_word(space: str) -> None:
    """A no-break space comes with text copied from a web page."""
    for text in (f"a{space}b", f"{space}a", space):
        (token,) = tokens(text)
        assert token.literal == text
    assert script(f"vllm serve m --seed{space}1").flag("seed") is None


@given(st.text(st.sampled_from("vllm serve$@{}()[]'\"`\\\n;&|<>#=ABC-01\u00a0\u0085"), max_size=60))
def test_no_script_breaks_the_reader(text: str) -> None:
    for token in tokens(text):
        assert 0 <= token.start <= token.end <= len(text)
    script(text, "--port", "1", A=text)
    script("vllm serve m " + text, text)
    script("eval " + text)
