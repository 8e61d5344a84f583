#!/usr/bin/env bash
# Puts uPlot (MIT), which the page draws its charts with, into DIR as uplot.js and uplot.css.
# Usage: scripts/vendor.sh DIR
set -euo pipefail

readonly version=1.1.1
readonly wheel_hash=sha256:07c96cc34ff9107c3751fc31dfad48ccd6e86c6deebb8b41d7ec7d9811722208

if [[ $# -ne 1 ]]; then
  echo "usage: scripts/vendor.sh DIR" >&2
  exit 64
fi

mkdir -p "$1"
directory=$(cd "$1" && pwd)
stamp="$directory/.uplot-python-$version"
if [[ -s "$directory/uplot.js" && -s "$directory/uplot.css" && -e "$stamp" ]]; then
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "uplot-python==$version --hash=$wheel_hash" >"$work/requirements.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --dest "$work" --requirement "$work/requirements.txt"

python3 -m zipfile --extract "$work"/uplot_python-*.whl "$work/wheel"
install -m 0644 "$work/wheel/uplot/static/uPlot.iife.js" "$directory/uplot.js"
install -m 0644 "$work/wheel/uplot/static/uPlot.min.css" "$directory/uplot.css"
rm -f "$directory"/.uplot-python-*
touch "$stamp"
