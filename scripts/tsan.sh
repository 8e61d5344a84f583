#!/usr/bin/env bash
# Runs the tests of the concurrent ground floors under the thread sanitizer, in a build directory of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly suites='EventLoopTests|HTTPTests|JSONRPCTests|JSONRPCTransportTests'
exec env TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/scripts/tsan.supp" \
  swift test --sanitize=thread --scratch-path .build/tsan --filter "^($suites)\."
