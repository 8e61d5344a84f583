#!/usr/bin/env bash
# Builds the benchmarks, runs each beside its peer, and ends with one table; exits 1 when a line is SHORT.
# Usage: scripts/bench.sh [NAME...], such as `scripts/bench.sh rpc json`; all when none is named.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

scripts/setup.sh bench || exit
make --no-print-directory build || exit
release=$(swift build -c release --show-bin-path)
tools=$(scripts/tools.sh bench Benchmarks/Peers/requirements.txt) || exit

names=("$@")
if ((${#names[@]} == 0)); then
  mapfile -t names < <(find "$release" -maxdepth 1 -name 'bench-*' -type f -executable -printf '%f\n' | sort)
  names+=(live agent api)
fi

results=$(mktemp)
trap 'rm -f "$results"' EXIT
failed=0
for name in "${names[@]#bench-}"; do
  echo "== $name"
  case $name in
    rpc) command=(python3 Benchmarks/Peers/rpc.py --release "$release" --go "$tools/bin/go") ;;
    live | agent | api) command=(python3 "Benchmarks/Peers/$name.py" --release "$release") ;;
    *) command=("$release/bench-$name") ;;
  esac
  "${command[@]}" | tee --append "$results"
  ((PIPESTATUS[0] == 0)) || failed=1
done

echo
echo "== summary"
awk 'BEGIN { line = "%-36s %14s %14s %8s %9s  %s\n"; printf line, "name", "value", "peer", "ratio", "at least", "" }
  / (ok|SHORT)$/ {
    gsub(/ ns /, " ")
    name = $1
    for (i = 2; i <= NF - 5; i++) name = name " " $i
    printf line, name, $(NF - 4), $(NF - 3), $(NF - 2), $(NF - 1), $NF
  }' "$results"
grep --quiet ' SHORT$' "$results" && failed=1
exit $failed
