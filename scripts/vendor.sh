#!/usr/bin/env bash
# Puts what the page takes from others into DIR: uPlot (MIT), which it draws its charts with, as uplot.js and uplot.css,
# and Swagger UI (Apache 2.0), which shows the API, as swagger-ui.js and swagger-ui.css.
# Usage: scripts/vendor.sh DIR
set -euo pipefail

# Wheels by their name and hash, and the files that are taken out of each.
readonly uplot=uplot-python==1.1.1
readonly uplot_hash=sha256:07c96cc34ff9107c3751fc31dfad48ccd6e86c6deebb8b41d7ec7d9811722208
readonly swagger=drf-spectacular-sidecar==2026.10.1
readonly swagger_hash=sha256:fe1d005d8ac9b5d0472f2fe5deeb2e7d6dcffaa24118044f22578b4b8c4b31f2
readonly files="uplot/static/uPlot.iife.js uplot.js
uplot/static/uPlot.min.css uplot.css
drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js swagger-ui.js
drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css swagger-ui.css"

if [[ $# -ne 1 ]]; then
  echo "usage: scripts/vendor.sh DIR" >&2
  exit 64
fi

mkdir -p "$1"
directory=$(cd "$1" && pwd)
stamp=$(sha256sum <<<"$uplot_hash $swagger_hash $files" | cut --characters=1-64)
if [[ "$(cat "$directory/.stamp" 2>/dev/null)" == "$stamp" ]]; then
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '%s --hash=%s\n' "$uplot" "$uplot_hash" "$swagger" "$swagger_hash" >"$work/requirements.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --dest "$work" --requirement "$work/requirements.txt"

for wheel in "$work"/*.whl; do python3 -m zipfile --extract "$wheel" "$work/wheels"; done
while read -r from to; do
  # Debuggers would look for a map that is not here.
  sed '/^\/[/*]# sourceMappingURL=/d' "$work/wheels/$from" >"$directory/$to"
  chmod 0644 "$directory/$to"
done <<<"$files"
rm -f "$directory"/.uplot-python-*
echo "$stamp" >"$directory/.stamp"
