#!/usr/bin/env bash
# Runs every test, each kind after the other, and ends with one line for each and with what failed; exits 1 when
# anything did.
# Usage: scripts/test.sh
set -uo pipefail
cd "$(dirname "$0")/.." || exit

names=()
outcomes=()
complaints=()
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
  if ((status != 0)); then
    failed=1
    complaints+=("== $name, exit $status" "$(complaint "$log")")
  fi
  rm -f "$log"
  names+=("$name")
  outcomes+=("$( ((status == 0)) && echo ok || echo FAILED)  ${SECONDS} s  $outcome")
  return "$status"
}

# The lines of a log that say what failed; its end, when none does.
complaint() {
  grep --text --max-count 40 --extended-regexp '^(✘|FAILED )|error:|Fatal error|WARNING: ThreadSanitizer' "$1" ||
    tail --lines 20 "$1"
}

summary() {
  echo
  echo "== summary"
  for index in "${!names[@]}"; do printf '%-22s %s\n' "${names[$index]}" "${outcomes[$index]}"; done
  ((failed == 0)) || printf '%s\n' "" "${complaints[@]}"
  exit "$failed"
}

step setup scripts/setup.sh build test chart images || summary
step tools scripts/tools.sh test Tests/Browser/requirements.txt Tests/Attack/requirements.txt || summary
step vendor scripts/vendor.sh .build/vendor || summary
step check scripts/check.sh
step chart scripts/chart.sh
step build swift build --build-tests --explicit-target-dependency-import-check error || summary
# A few tests at a time: with all of them at once, each would be late for whatever it waits for.
step swift swift test --skip-build --experimental-maximum-parallelization-width 8 \
  --explicit-target-dependency-import-check error
if ((EUID == 0)); then
  step images scripts/images-test.sh "$(swift build --show-bin-path)"
else
  echo "== images: left out, because containers are run by root alone here"
fi
step live scripts/live.sh "$(swift build --show-bin-path)"
step sanitizer scripts/tsan.sh
summary
