#!/usr/bin/env bash
# Runs all of Sonde in the simulated network of docs/demo.sim, with 40 hosts in 6 sites as its targets and an incident
# under way, until Ctrl-C. Takes root, for the network's namespace; nothing outside of that is touched.
# Usage: scripts/demo.sh DATA PORT
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ $# -ne 2 ]]; then
  echo "usage: scripts/demo.sh DATA PORT" >&2
  exit 64
fi
mkdir -p "$1"
data=$(cd "$1" && pwd)
port=$2
network=docs/demo.sim
sonde=${SONDE:-.build/release/sonde}

root=()
((EUID == 0)) || root=(sudo)

# Every start is a new one: the network's certificates are, and so is its time.
"${root[@]}" rm -rf "$data"/{pki,orchestrator,store,alerting,gateway,push,probe-agent,log}
password=$(head --bytes 12 /dev/urandom | base64 | tr '+/' '-_')
cat >"$data/settings" <<SETTINGS
GATEWAY_ADMIN_PASSWORD=$password
PROBE_AGENT_NAME=noc
PROBE_AGENT_RESOLVERS=10.1.0.13
PROBE_AGENT_AUTHORITIES=$data/authority.pem
SETTINGS
chmod 600 "$data/settings"

: >"$data/demo.log"
"${root[@]}" "$sonde" sim run "$network" --publish "$port" --authority "$data/authority.pem" -- \
  "$(realpath "$sonde")" up --data "$data" --port "$port" --config "$data/settings" >"$data/demo.log" 2>&1 &
network_process=$!
trap 'kill -INT "$network_process" 2>/dev/null || true; wait "$network_process" || true' EXIT

echo "starting six services in a network of 40 hosts"
until grep --quiet '^ready ' "$data/demo.log"; do
  if ! kill -0 "$network_process" 2>/dev/null; then
    cat "$data/demo.log" >&2
    exit 1
  fi
  sleep 0.2
done

export SONDE_SESSION=$data/session.json SONDE_PASSWORD=$password
"$sonde" login --url "http://localhost:$port" >/dev/null

# One target a host: echoes by both families, and what its services answer.
while read -r kind name _ _ services; do
  [[ $kind == host ]] || continue
  site=${name%%-*}
  "$sonde" target add "$name.sim" --name "$name" --category "$site" --endpoints both --every 1s >/dev/null
  for service in $services; do
    case $service in
      https:*) "$sonde" check add "$name" http --url "https://$name.sim/" --certificate-days 7 --every 5s ;;
      http:*) "$sonde" check add "$name" http --url "http://$name.sim/" --every 5s ;;
      tcp:*) "$sonde" check add "$name" tcp --port "${service#tcp:}" --every 2s ;;
      udp:53=dns) "$sonde" check add "$name" dns --resolver "$name.sim" --query "$site-web.sim" --every 5s ;;
    esac >/dev/null
  done
done <"$network"

cat <<READY

the demo runs: http://localhost:$port
  sign in as admin@localhost with the password $password
  within a minute, hosts in Vienna lose a third of their packets, and a database in Oslo is down
Ctrl-C ends it
READY
wait "$network_process"
