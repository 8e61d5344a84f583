#!/usr/bin/env bash
# Builds the programs as they are installed: in release mode, with Swift's libraries inside, without the languages of
# ICU that nobody asks for and without symbols. They go into DIR.
# Usage: scripts/programs.sh DIR [PROGRAM...]; all of them when none is named
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# == 0)); then
  echo "usage: scripts/programs.sh DIR [PROGRAM...]" >&2
  exit 64
fi
mkdir -p "$1" .build
directory=$(cd "$1" && pwd)
shift
programs=("$@")
((${#programs[@]})) || programs=(orchestrator store alerting gateway push probe-agent sonde)

toolchain=$(dirname "$(dirname "$(realpath "$(command -v swift)")")")
data=$PWD/.build/icu.o
python3 scripts/icu.py "$toolchain" "$data"
build=(swift build --configuration release --static-swift-stdlib -Xlinker --wrap=icudt76_dat -Xlinker "$data")
for program in "${programs[@]}"; do "${build[@]}" --product "$program"; done
binaries=$("${build[@]}" --show-bin-path)
for program in "${programs[@]}"; do
  install --mode 0755 "$binaries/$program" "$directory/$program"
  strip "$directory/$program"
done
