#!/usr/bin/env bash
# Installs kslint into an environment of its own and checks the platform of traps in fixtures/.
set -uo pipefail
cd "$(dirname "$0")/.."
env=${KSLINT_DEMO_ENV:-.venv}
[ -x "$env/bin/python" ] || "${PYTHON:-python3}" -m venv "$env" || exit 2
"$env/bin/python" -m pip install --quiet . || exit 2
exec "$env/bin/kslint" check "${@:-fixtures/platform-bad}"
