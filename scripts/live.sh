#!/usr/bin/env bash
# Starts a whole Sonde from DIRECTORY on a free port and an empty data directory, and tests it from outside: the page
# in a browser, the public surfaces under attack, and an orderly stop.
# Usage: scripts/live.sh DIRECTORY
set -uo pipefail
cd "$(dirname "$0")/.." || exit

readonly bin=$1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
data=$(mktemp --directory)

"$bin/sonde" up --data "$data" --port "$port" >"$data/up.log" 2>&1 &
sonde=$!
trap 'kill -INT $sonde 2>/dev/null; wait $sonde; rm -rf "$data"' EXIT

for _ in $(seq 300); do
  grep --quiet "shown this once" "$data/up.log" && break
  kill -0 $sonde 2>/dev/null || break
  sleep 0.2
done
if ! grep --quiet "shown this once" "$data/up.log"; then
  cat "$data/up.log"
  exit 1
fi

total=0
bad=0
check() {
  local line
  echo "-- $*"
  line=$("$@" 2>&1 | tee >(cat >&2) | tail --lines 1)
  [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || line="0 passed, 1 failed"
  read -r passed _ wrong _ <<<"$line"
  total=$((total + passed))
  bad=$((bad + wrong))
}

python=.tools/test/bin/python
password=$(sed --quiet 's/^sign in as .* with the password //p' "$data/up.log")
target=(--url "http://127.0.0.1:$port")
for name in gateway push; do target+=(--pid "$(pgrep --parent $sonde --exact $name)"); done
# What a process was told.
setting() { tr '\0' '\n' <"/proc/$1/environ" | sed --quiet --regexp-extended "s/^(${2//-/_})=//Ip"; }
pages=()
for name in orchestrator store alerting push gateway probe-agent; do
  pages+=(--page "http://$(setting "$(pgrep --parent $sonde --exact "$name")" "${name}_admin_listen")/metrics")
done
store=$(pgrep --parent $sonde --exact store)
listen=$(setting "$store" store_listen)
mesh=(--url "https://$listen" --identity "$data/pki/gateway" --pid "$store")
# Joined, because a password may begin with a hyphen.
account=(--email admin@localhost "--password=$password")
check $python Tests/Browser/test_page.py --url "http://localhost:$port" "${account[@]}"
check $python Tests/Attack/http1.py "${target[@]}"
check $python Tests/Attack/http2.py "${target[@]}"
check $python Tests/Attack/http2.py "${mesh[@]}"
check $python Tests/Attack/jsonrpc.py "${target[@]}" "${account[@]}"
check $python Tests/Attack/rest.py --url "http://127.0.0.1:$port" "${account[@]}" --logs "$data"
check $python Tests/Attack/metrics.py "${pages[@]}"
check $python Tests/Attack/websocket.py "${target[@]}" "${account[@]}"

# What is asked right before the end is recorded, too.
rows() { sqlite3 "$data/gateway/gateway.db" "SELECT count(*) FROM audit WHERE method = 'auth.logout'"; }
before=$(rows)
for _ in $(seq 50); do
  curl --silent --json '{"refresh_token": "none"}' "http://localhost:$port/api/v1/auth/logout" >/dev/null
done
kill -INT $sonde
if wait $sonde; then
  total=$((total + 1))
else
  echo "FAILED  Ctrl-C stops it in order"
  tail --lines 20 "$data/up.log"
  bad=$((bad + 1))
fi
if (($(rows) - before == 50)); then
  total=$((total + 1))
else
  echo "FAILED  an orderly stop writes what waits for the audit log: $before rows before 50 calls, $(rows) after"
  bad=$((bad + 1))
fi
echo "$total passed, $bad failed"
((bad == 0))
