#!/usr/bin/env bash
# Runs every test, each kind after the other, and ends with one line for each; exits 1 when any failed.
# Usage: scripts/test.sh
set -uo pipefail
cd "$(dirname "$0")/.." || exit

names=()
outcomes=()
failed=0

# Runs a command under a name, keeps its last line that counts something, and notes whether it failed.
step() {
  local name=$1 log outcome status
  shift
  echo "== $name"
  log=$(mktemp)
  SECONDS=0
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  outcome=$(grep --extended-regexp --only-matching \
    '[0-9]+ passed, [0-9]+ failed|Test run with .* (passed|failed)' "$log" | tail --lines 1)
  rm -f "$log"
  ((status == 0)) || failed=1
  names+=("$name")
  outcomes+=("$( ((status == 0)) && echo ok || echo FAILED)  ${SECONDS} s  $outcome")
  return "$status"
}

summary() {
  echo
  echo "== summary"
  for index in "${!names[@]}"; do printf '%-22s %s\n' "${names[$index]}" "${outcomes[$index]}"; done
  exit "$failed"
}

step setup scripts/setup.sh build test || summary
step tools scripts/tools.sh test Tests/Browser/requirements.txt Tests/Attack/requirements.txt || summary
step vendor scripts/vendor.sh .build/vendor || summary
step check scripts/check.sh
step build swift build --build-tests --explicit-target-dependency-import-check error || summary
step swift swift test --skip-build --explicit-target-dependency-import-check error
step live scripts/live.sh "$(swift build --show-bin-path)"
step sanitizer scripts/tsan.sh
summary
