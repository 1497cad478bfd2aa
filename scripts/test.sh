#!/usr/bin/env bash
# Makes an environment of its own, installs what is locked, and runs every check there is:
# lint, format, types, layers, tests, and how much of the branches these see. Takes the Python to use
# from $PYTHON, and arguments for pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
env=${KSLINT_TEST_ENV:-.venv-test}
if [ ! -x "$env/bin/python" ]; then
  "${PYTHON:-python3}" -m venv "$env"
fi
"$env/bin/python" -m pip install --quiet --no-deps --require-hashes --requirement requirements-dev.lock
"$env/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
"$env/bin/ruff" check .
"$env/bin/ruff" format --check .
"$env/bin/mypy"
"$env/bin/lint-imports"
tests=("$env/bin/python" -m pytest --quiet --numprocesses auto)
if [ $# -gt 0 ]; then
  exec "${tests[@]}" "$@"
fi
"${tests[@]}" --cov=kslint/model --cov=kslint/checks --cov-report="json:$env/coverage.json"
"$env/bin/python" scripts/branch_coverage.py "$env/coverage.json"
