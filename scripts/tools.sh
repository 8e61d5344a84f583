#!/usr/bin/env bash
# Makes a Python environment with what a requirements file pins, and prints its directory.
# Usage: scripts/tools.sh NAME REQUIREMENTS...
set -euo pipefail

readonly directory=.tools/$1
shift
stamp=$(cat "$@" | sha256sum | cut --characters=1-64)
if [[ "$(cat "$directory/stamp" 2>/dev/null)" != "$stamp" ]]; then
  rm -rf "$directory"
  mkdir -p .tools
  python3 -m venv "$directory" >&2
  "$directory/bin/pip" install --quiet --disable-pip-version-check "${@/#/--requirement=}" >&2
  echo "$stamp" >"$directory/stamp"
fi
echo "$directory"
