#!/usr/bin/env bash
# Checks the chart and packs it into .build/chart.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(scripts/tools.sh chart Tests/Chart/requirements.txt)/bin/python
"$python" Tests/Chart/test_chart.py
mkdir -p .build/chart
"$python" -c 'import helm_python; print(helm_python.package("helm/sonde", destination=".build/chart"))'
