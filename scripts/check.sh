#!/usr/bin/env bash
# Checks the format of the Swift sources, the types of the page, and the scripts. Runs nothing of the project.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh check
swift format lint --strict --parallel --recursive Package.swift Benchmarks Services Shared Tests
tsc --project Services/Gateway/Dashboard/tsconfig.json
shellcheck .ci/run scripts/*.sh scripts/deb/*.sh
PYTHONPYCACHEPREFIX=.build/pycache python3 -W error -m compileall -q Benchmarks Tests
