#!/usr/bin/env bash
# Installs each lock into an empty environment, and checks that nothing is missing there. Takes the Python
# to use from $PYTHON, and the pip from the first argument: a version, or `newest`.
set -euo pipefail
cd "$(dirname "$0")/.."
pip=${1:-newest}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for lock in requirements-*.lock; do
  env=$scratch/${lock%.lock}
  "${PYTHON:-python3}" -m venv "$env"
  if [ "$pip" = newest ]; then
    "$env/bin/python" -m pip install --quiet --upgrade pip
  else
    "$env/bin/python" -m pip install --quiet "pip==$pip"
  fi
  "$env/bin/python" -m pip install --quiet --no-deps --require-hashes --requirement "$lock"
  "$env/bin/python" -m pip check
  echo "$lock: installed by $("$env/bin/python" -m pip --version)"
done
