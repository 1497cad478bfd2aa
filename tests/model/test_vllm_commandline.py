"""Command lines in every spelling come to the same flags, and each flag knows its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.engines.vllm.commandline import (
    API_SERVER,
    HUGGINGFACE,
    VLLM_SERVE,
    read_commandline,
)
from kslint.model.engines.vllm.image import read_image
from kslint.model.engines.vllm.lexer import tokens
from kslint.model.engines.vllm.shell import MAX_SCRIPT
from kslint.source.files import Source
from kslint.source.nodes import Map, Origin, made
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.model.engines.vllm.commandline import CommandLine
    from kslint.source.nodes import Node

IMAGE = "vllm/vllm-openai:v0.23.0"


def parse(text: str) -> Node:
    source = Source("x.yaml", text.encode())
    (document,) = compose(source, source.data)
    return document.root


def of(text: str) -> CommandLine:
    container = parse(text)
    return read_commandline(container, read_image(container.string("image") or ""))


def of_items(*args: str, command: list[str] | None = None, image: str = IMAGE) -> CommandLine:
    body: dict[str, object] = {"image": image, "args": list(args)}
    if command is not None:
        body["command"] = command
    container = made(body, Origin("written", "a test"))
    assert isinstance(container, Map)
    return read_commandline(container, read_image(image))


def script(text: str, *args: str, **env: str) -> CommandLine:
    body = {
        "image": "python:3.12",
        "command": ["bash", "-lc", text],
        "args": list(args),
        "env": [{"name": name, "value": value} for name, value in env.items()],
    }
    return read_commandline(made(body, Origin("written", "a test")), read_image("python:3.12"))


def flags(line: CommandLine) -> dict[str, str | None]:
    return {flag.name: flag.value for flag in line.flags}


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--tensor-parallel-size=2"], {"tensor-parallel-size": "2"}),
        (["--tensor-parallel-size", "2"], {"tensor-parallel-size": "2"}),
        (["--tensor_parallel_size", "2"], {"tensor-parallel-size": "2"}),
        (["--tensor_parallel-size=2"], {"tensor-parallel-size": "2"}),
        (["-tp", "2"], {"tensor-parallel-size": "2"}),
        (["-tp=2", "-pp", "3", "-q", "awq"],
         {"tensor-parallel-size": "2", "pipeline-parallel-size": "3", "quantization": "awq"}),
        (["--tensor-par", "2"], {"tensor-parallel-size": "2"}),
        (["--gpu-memory-util", "0.5"], {"gpu-memory-utilization": "0.5"}),
        (["--enforce-eager"], {"enforce-eager": None}),
        (["--enforce-eager", "--port", "80"], {"enforce-eager": None, "port": "80"}),
        (["--max-model-len", "-1"], {"max-model-len": "-1"}),
        (["-O3"], {"optimization-level": "3"}),
        (["-O", "3"], {"optimization-level": "3"}),
        (["-O=3"], {"optimization-level": "3"}),
        (["--compilation-config.mode", "0"], {"compilation-config.mode": "0"}),
        (["--compilation_config.pass_config.x=1"], {"compilation-config.pass_config.x": "1"}),
        (["-cc.mode", "0"], {"compilation-config.mode": "0"}),
        (["--dtype="], {"dtype": ""}),
        (["--host"], {"host": None}),
        (["--max-model-len 100"], {"max-model-len 100": None}),
        (["--disable-log-requests", "--port", "1"], {"enable-log-requests": None, "port": "1"}),
        (["--enable-reasoning", "--port", "1"], {"enable-reasoning": None, "port": "1"}),
        (["--port", "1", "--port", "2"], {"port": "2"}),
        (["--no-such-thing", "x"], {"no-such-thing": "x"}),
        (["--", "--port"], {}),
    ],
)  # fmt: skip
def test_spellings(args: list[str], expected: dict[str, str | None]) -> None:
    assert flags(of_items("m", *args)) == expected


def test_ambiguous_prefix_stays_as_written() -> None:
    assert flags(of_items("--max", "1")) == {"max": "1"}


def test_negation_and_duplicates() -> None:
    line = of_items("--enforce-eager", "--no-enforce-eager")
    flag = line.flag("enforce-eager")
    assert flag is not None
    assert flag.negated
    assert [found.negated for found in line.all("enforce-eager")] == [False, True]


def test_what_argparse_looks_up() -> None:
    line = of_items("--gpu-memory-util=1", "--max_model_len=1", "-tp=1", "--a_b.c_d=1")
    spellings = [flag.spelling for flag in line.flags]
    assert spellings == ["gpu-memory-util", "max-model-len", "-tp", "a-b"]


def test_list_options_take_all_values() -> None:
    line = of_items("--served-model-name", "a", "b", "--port", "1")
    flag = line.flag("served-model-name")
    assert flag is not None
    assert flag.values == ("a", "b")


@pytest.mark.parametrize(
    ("command", "args", "program"),
    [
        (None, ["--model", "m"], VLLM_SERVE),
        (["vllm", "serve", "m"], [], VLLM_SERVE),
        (["vllm"], ["serve", "m"], VLLM_SERVE),
        (["/opt/venv/bin/vllm", "serve"], ["m"], VLLM_SERVE),
        (["python3", "-m", "vllm.entrypoints.openai.api_server"], [], API_SERVER),
        (["python3.12", "-u", "-X", "a", "-m", "vllm.entrypoints.api_server"], [], API_SERVER),
        (["python", "/usr/lib/vllm/entrypoints/openai/api_server.py"], [], API_SERVER),
        (["python3", "-m", "vllm.entrypoints.cli.main", "serve"], ["m"], VLLM_SERVE),
        (["python3", "/usr/bin/vllm", "serve"], ["m"], VLLM_SERVE),
        (["python", "-m", "huggingfaceserver"], [], HUGGINGFACE),
        (["env", "A=b", "vllm", "serve"], [], VLLM_SERVE),
        (["tini", "--", "vllm", "serve"], [], VLLM_SERVE),
        (["numactl", "-N", "0", "vllm", "serve"], [], VLLM_SERVE),
        (["sh", "-c", "exec vllm serve m"], [], VLLM_SERVE),
        (["/bin/bash", "-euxo", "pipefail", "-c"], ["vllm serve m"], VLLM_SERVE),
        (["sh", "-c", "bash -c 'vllm serve m'"], [], VLLM_SERVE),
        (["bash", "-c", "cd /x && vllm serve m 2>&1 | tee log"], [], VLLM_SERVE),
        (["vllm", "bench", "serve"], [], ""),
        (["vllm", "chat"], [], ""),
        (["vllm"], [], ""),
        (["sleep", "infinity"], [], ""),
        (["python3", "-c", "import vllm"], [], ""),
        (["python3", "-m", "vllm.benchmark"], [], ""),
        (["sh", "-c", "vllm --version; curl http://vllm:8000/health"], [], ""),
        (["sh", "-c", "echo vllm serve m"], [], ""),
        (["sh", "-c", "# vllm serve m"], [], ""),
        (["sh", "-c", "cat <<EOF > x\nvllm serve m\nEOF\nsleep 1"], [], ""),
        (["sh", "/start.sh"], ["vllm", "serve"], ""),
        (["sh", "-c"], [], ""),
    ],
)  # fmt: skip
def test_programs(command: list[str] | None, args: list[str], program: str) -> None:
    assert of_items(*args, command=command).program == program


@pytest.mark.parametrize(
    ("command", "program"),
    [
        (["env", "-i", "A=b", "nice"], ""),
        (["nice", "-n5", "bash", "-c", "vllm serve m"], VLLM_SERVE),
        (["bash", "-o", "pipefail", "-c", "--", "vllm serve m"], VLLM_SERVE),
        (["bash", "-c"], ""),
        (["python3", "-X", "dev", "-W", "error", "-m", "vllm.entrypoints.openai.api_server"],
         API_SERVER),
        (["python3", "-X", "dev"], ""),
        (["python3", "-u"], ""),
        (["python3", "-c", "import vllm"], ""),
        (["python3", "-m"], ""),
        (["python3", "/srv/app.py"], ""),
        (["python3", "/usr/bin/vllm", "serve", "m"], VLLM_SERVE),
        (["python3", "/usr/bin/vllm", "bench"], ""),
    ],
)  # fmt: skip
def test_programs_behind_options(command: list[str], program: str) -> None:
    assert of_items(command=command).program == program


@pytest.mark.parametrize("shell", ["sh", "bash", "ash", "dash", "zsh", "ksh", "/bin/sh"])
def test_shells(shell: str) -> None:
    assert of_items(command=[shell, "-c", "vllm serve m"]).program == VLLM_SERVE
    assert script(f"{shell} -c 'vllm serve m'").program == VLLM_SERVE


@pytest.mark.parametrize(
    "wrapper",
    [
        "exec", "command", "nohup", "nice -n 5", "ionice -c 2", "sudo -E", "env -i", "tini --",
        "dumb-init --", "numactl -N 0", "taskset -c 0-3", "timeout 600", "stdbuf -oL", "setsid",
        "chrt -f 1", "nsys profile", "uv run", "poetry run", "conda run -n vllm", "time",
        "opentelemetry-instrument", "ddtrace-run", "catatonit --", "gosu user", "su-exec user",
        "/usr/bin/env",
    ],
)  # fmt: skip
def test_wrappers(wrapper: str) -> None:
    """What stands around a server in images and charts."""
    line = of_items(command=[*wrapper.split(), "vllm", "serve", "m", "--seed", "1"])
    assert flags(line) == {"seed": "1"}
    assert flags(script(f"{wrapper} vllm serve m --seed 1")) == {"seed": "1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('vllm serve m --seed "1\\"2"', {"seed": '1"2'}),
        ('vllm serve m --seed "a\\b"', {"seed": "a\\b"}),
        ('vllm serve m --seed "a\\\nb"', {"seed": "ab"}),
        ('vllm serve m --seed "\\$X"', {"seed": "$X"}),
        ("vllm serve m --seed a\\\nb", {"seed": "ab"}),
        ("vllm serve m --seed a\\ b", {"seed": "a b"}),
        ("for i in 1 2; do sleep 1; done; vllm serve m --seed 1", {"seed": "1"}),
        ("X=1; X+=2; vllm serve m --seed $X", {"seed": "12"}),
        ("X+=2; vllm serve m --seed $X", {"seed": None}),
        ("export X; vllm serve m --seed 1", {"seed": "1"}),
        ("X=1; vllm serve m --seed ${X:-2}", {"seed": "1"}),
        ("X=1; vllm serve m --seed ${X-2}", {"seed": "1"}),
        ("X=; vllm serve m --seed ${X:-2}", {"seed": None}),
        ("vllm serve m --seed ${X:-2}", {"seed": None}),
        ("X=1; vllm serve m --seed ${X:+2}", {"seed": None}),
        ("X=1; vllm serve m --seed ${X}", {"seed": "1"}),
        ("cat <<A <<-B\nvllm serve x\nA\n\tB\nvllm serve m --seed 1", {"seed": "1"}),
        ("cat <<A\nvllm serve m --seed 1", {}),
        ("echo $(echo ')' \"(\" \\) (a)); vllm serve m --seed 1", {"seed": "1"}),
        ("echo $(echo (; vllm serve m --seed 1", {}),
        ("echo `date` | tee log; vllm serve m --seed 1", {"seed": "1"}),
        ("vllm serve m --seed 1 # --port 2", {"seed": "1"}),
        ("vllm serve m --seed a#b", {"seed": "a#b"}),
        ("vllm serve m --seed a$", {"seed": "a$"}),
        ('vllm serve m --seed "a\\\\b"', {"seed": "a\\b"}),
        ('vllm serve m --seed "a\\`b\\`"', {"seed": "a`b`"}),
        ('X=1; vllm serve m --seed "a${X}b$X"', {"seed": "a1b1"}),
        ("X=1; vllm serve m --seed '$X'", {"seed": "$X"}),
        ("X=1; vllm serve m --seed $X$X", {"seed": "11"}),
        ("X=1; vllm serve m --seed ${X:-${Y}} --port 2", {"seed": "1", "port": "2"}),
        ("X=; vllm serve m $X --seed 1", {"seed": "1"}),
        ('X=; vllm serve m --seed "$X" 1', {"seed": ""}),
        ("X=(1 2); vllm serve m --seed $X", {"seed": None}),
        ("declare -x X=1; vllm serve m --seed $X", {"seed": "1"}),
        ("typeset X=1; vllm serve m --seed $X", {"seed": "1"}),
        ("cat <<'A'\nvllm serve x\nA\nvllm serve m --seed 1", {"seed": "1"}),
        ("cat <<A\n\tA\nvllm serve x\nA\nvllm serve m --seed 1", {"seed": "1"}),
        ("cat <<A\nx\nvllm serve x --port 1\nA\nvllm serve m --seed 1", {"seed": "1"}),
        ("cat 0<<A\nvllm serve x\nA\nvllm serve m --seed 1", {"seed": "1"}),
        ("vllm serve m 2> \t/dev/null --seed 1", {"seed": "1"}),
        ("vllm serve m \\\n  --seed 1", {"seed": "1"}),
        ("vllm serve m --seed 1 & wait", {"seed": "1"}),
        ("(vllm serve m --seed 1)", {"seed": "1"}),
    ],
)
def test_quotes_and_substitutions(text: str, expected: dict[str, str | None]) -> None:
    assert flags(script(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vllm serve m $ARGS", {"seed": "1", "port": "2"}),
        ('vllm serve m "$ARGS"', {"seed 1 --port": "2"}),
        ('A="$ARGS"; vllm serve m $A', {"seed": "1", "port": "2"}),
        ('A="$ARGS"; vllm serve m "$A"', {"seed 1 --port": "2"}),
        ("vllm serve m --host=x$ARGS", {"host": "x--seed", "port": "2"}),
    ],
)
def test_words_of_a_variable(text: str, expected: dict[str, str | None]) -> None:
    assert flags(script(text, ARGS="--seed 1 --port=2")) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X=; vllm serve m $X", ["m"]),
        ('X=; vllm serve m "$X"', ["m", ""]),
        ("vllm serve m ''", ["m", ""]),
        ('vllm serve m "$@"', ["m"]),
        ('vllm serve m x"$@"', ["m", "x"]),
        ("X='a b'; vllm serve m x$X", ["m", "xa", "b"]),
        ("X=\"'a b'\"; vllm serve m $X", ["m", "'a", "b'"]),
        ("X=\"'a b'\"; eval vllm serve m $X", ["m", "a b"]),
        ("X='a b'; vllm serve m \"x$X\"", ["m", "xa b"]),
    ],
)
def test_words_that_a_shell_makes(text: str, words: list[str]) -> None:
    assert [word.text for word in script(text).positionals] == words


def test_a_variable_set_to_what_a_command_prints() -> None:
    line = script("export B=$(date); A=$(date) C=1 vllm serve m")
    values = {name: variable.value for name, variable in line.environment.items()}
    assert values == {"A": None, "B": None, "C": "1"}


def test_a_script_too_long_to_read() -> None:
    assert script("# " + "x" * MAX_SCRIPT + "\nvllm serve m").program == ""
    assert script("# " + "x" * (MAX_SCRIPT - 20) + "\nvllm serve m").program == VLLM_SERVE


def test_an_option_whose_name_is_computed_leaves_the_flags_open() -> None:
    assert not script("vllm serve m --$(cat name)=1").complete
    assert flags(of_items("m", "--", "--port", "1")) == {}
    assert flags(of_items("m", "--=1")) == {"": "1"}


@pytest.mark.parametrize(
    ("first", "program"),
    [
        ("bash", ""), ("sh", ""), ("bench", ""), ("sleep", ""), ("/bin/ls", ""),
        ("/usr/bin/ls", ""), ("/mnt/models", VLLM_SERVE), ("--port", VLLM_SERVE),
    ],
)  # fmt: skip
def test_arguments_that_run_something_else(first: str, program: str) -> None:
    assert of_items(first, "1").program == program


def test_repeated_entrypoint() -> None:
    line = of_items("vllm", "serve", "m")
    assert line.doubled is not None
    assert line.doubled.text == "vllm"
    assert of_items("sh", "-c", "vllm serve m").doubled is not None
    served = of_items("serve", "m")
    assert served.doubled is not None
    assert [word.text for word in served.positionals] == ["m"]
    assert of_items("m", command=["vllm", "serve"]).doubled is None
    assert of_items("sh", "-c", "vllm serve m", image="me/vllm:1").doubled is None
    assert of_items("vllm", "serve", "m", image="rocm/vllm:1").doubled is None
    assert of_items("m").by_image


@pytest.mark.parametrize(
    ("command", "args", "item"),
    [
        (["vllm serve m --port 80"], [], "vllm serve m --port 80"),
        (["/usr/bin/python3 -m vllm.entrypoints.openai.api_server"], ["--model=m"],
         "/usr/bin/python3 -m vllm.entrypoints.openai.api_server"),
        (["vllm"], ["serve m"], "serve m"),
        (["/bin/sh -c"], ["vllm serve m"], "/bin/sh -c"),
        (["tini", "--"], ["vllm serve m"], "vllm serve m"),
    ],
)  # fmt: skip
def test_a_program_in_one_item(command: list[str], args: list[str], item: str) -> None:
    line = of_items(*args, command=command)
    assert line.unsplit is not None
    assert (line.unsplit.text, line.complete) == (item, False)


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (["vllm", "serve"], ["m --port 80"]),
        (["/start.sh"], ["vllm serve m"]),
        (["sh", "-c"], ["vllm serve m"]),
        (["python3", "-c", "import os; os.system('vllm serve m')"], []),
        (["/bin/sh -c"], ["sleep 1"]),
        (["bash", "start.sh", "vllm serve"], []),
    ],
)
def test_programs_that_are_found_or_are_none(command: list[str], args: list[str]) -> None:
    assert of_items(*args, command=command).unsplit is None


def test_words_behind_a_switch_and_whole_words() -> None:
    line = of_items("m", "--enforce-eager", "true", "--dtype auto", "--port=8000 ", "--headless ")
    eager, dtype, port, headless = line.flags
    assert eager.follower is not None
    assert eager.follower.text == "true"
    assert [flag.whole for flag in (eager, dtype, port, headless)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("image", "args", "complete"),
    [
        (IMAGE, [], True),
        ("registry.corp/me/vllm:1", [], False),
        ("registry.corp/me/vllm:1", ["m"], True),
    ],
)
def test_a_private_image_may_bring_flags_where_it_is_given_none(
    image: str, args: list[str], complete: bool
) -> None:
    assert of_items(*args, image=image).complete is complete


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
