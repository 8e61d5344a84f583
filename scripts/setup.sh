#!/usr/bin/env bash
# Installs the Debian packages of the sets that are named; asks nothing, and does nothing when all are there.
# Usage: scripts/setup.sh build|test|bench|check|chart|images...
set -euo pipefail

declare -rA sets=(
  [build]="ca-certificates git libargon2-dev libc-ares-dev libcurl4-openssl-dev libmimalloc-dev libnghttp2-dev
           libpcre2-dev libpq-dev libsnappy-dev libsodium-dev libsqlite3-dev libssl-dev libwslay-dev libyaml-dev
           libzstd-dev make pkg-config python3 python3-pip zlib1g-dev"
  [test]="chromium curl dnsmasq-base fonts-inter glewlwyd iproute2 nghttp2-client nginx-light node-typescript openssl
          postgresql procps prometheus python3-venv shellcheck socat sqlite3 victoria-metrics"
  [bench]="curl dnsmasq-base fping gcc iproute2 libc6-dev mtr-tiny nghttp2-client nghttp2-server nginx-light openssl
           postgresql procps prometheus-blackbox-exporter python3-venv sqlite3 traceroute util-linux victoria-metrics"
  [check]="node-typescript python3-venv shellcheck"
  [chart]="prometheus python3-venv shellcheck"
  [images]="binutils buildah catatonit curl debootstrap iproute2 podman procps python3-venv runc socat systemd-container"
)

wanted=()
for name in "$@"; do
  if [[ -z "${sets[$name]:-}" ]]; then
    echo "scripts/setup.sh: no set is called $name; there are: ${!sets[*]}" >&2
    exit 64
  fi
  read -ra packages -d '' <<<"${sets[$name]}" || true
  wanted+=("${packages[@]}")
done

installed=$(dpkg-query --show --showformat '${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for package in "${wanted[@]}"; do
  grep --quiet --line-regexp "ii $package" <<<"$installed" || missing+=("$package")
done
((${#missing[@]})) || exit 0

root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "scripts/setup.sh: not root, and there is no sudo; install these by hand: ${missing[*]}" >&2
    exit 77
  fi
  root=(sudo)
fi
echo "installing: ${missing[*]}"
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet
  --option Dpkg::Use-Pty=0 --option DPkg::Lock::Timeout=300)
if [[ " ${missing[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
  # Tests start servers of their own; the package would make one that runs from now on.
  "${root[@]}" mkdir --parents /etc/postgresql-common
  "${root[@]}" tee /etc/postgresql-common/createcluster.conf <<<'create_main_cluster = false' >/dev/null
fi

# Tests start servers of their own; the packages would start theirs, now and whenever the machine does. Where a policy
# stands already, as in containers, it holds; without an init nothing starts anyway.
daemons=()
for package in "${missing[@]}"; do
  case $package in prometheus | victoria-metrics) daemons+=("$package") ;; esac
done
policy=/usr/sbin/policy-rc.d
if ((${#daemons[@]})) && [[ ! -e $policy ]]; then
  trap '"${root[@]}" rm -f "$policy"' EXIT
  "${root[@]}" tee "$policy" >/dev/null <<'POLICY'
#!/bin/sh
# Here while packages for tests are installed: 101 is "not to be started".
case "$*" in *prometheus* | *victoria-metrics*) exit 101 ;; esac
POLICY
  "${root[@]}" chmod 755 "$policy"
fi
"${apt[@]}" update
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}"
if ((${#daemons[@]})) && [[ -d /run/systemd/system ]]; then
  "${root[@]}" systemctl disable --quiet "${daemons[@]}"
fi
