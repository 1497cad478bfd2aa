"""Options, programs and shells: what a container's words start."""

from __future__ import annotations

import pytest
from vllm_scripts import IMAGE, flags, of_items, script

from kslint.model.engines.vllm.commandline import (
    API_SERVER,
    HUGGINGFACE,
    VLLM_SERVE,
)
from kslint.model.engines.vllm.shell import MAX_SCRIPT


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
