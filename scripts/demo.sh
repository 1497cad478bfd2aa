#!/usr/bin/env bash
# Installs kslint into an environment of its own and checks a small platform that is full of mistakes:
# an overview, one finding in full, and where to go from there. With arguments it runs `kslint check`
# on them instead.
set -uo pipefail
cd "$(dirname "$0")/.."
env=${KSLINT_DEMO_ENV:-.venv}
[ -x "$env/bin/python" ] || "${PYTHON:-python3}" -m venv "$env" || exit 2
"$env/bin/python" -m pip install --quiet . || exit 2
if [ $# -gt 0 ]; then
  exec "$env/bin/kslint" check "$@"
fi
show() {
  echo "\$ kslint $*"
  "$env/bin/kslint" "$@"
}
show check fixtures/platform-bad --statistics
status=$?
echo
show check fixtures/platform-bad --select KS101
cat <<EOF

See all findings:    $env/bin/kslint check fixtures/platform-bad
See one rule:        $env/bin/kslint explain KS101
See what is deployed: $env/bin/kslint graph fixtures/platform-bad
Check your own tree: scripts/demo.sh path/to/your/repository
EOF
exit "$status"
