#!/usr/bin/env bash
# Makes a Debian package of the probe agent, for hosts outside a cluster, and the script that installs it there from a
# gateway. Prints their paths and SHA-256.
# Usage: scripts/deb.sh [PROGRAMS [PACKAGES]]
#   PROGRAMS  a folder that has the program already; it is built when left out
#   PACKAGES  where to put both: .build/packages. The script takes packages of other architectures that are there too.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=${1:-.build/programs}
packages=${2:-.build/packages}
(($# > 0)) || scripts/programs.sh "$programs" probe-agent >&2

version=$(sed --quiet 's/^.*static let version = "\(.*\)"$/\1/p' Shared/Contracts/Release.swift)
architecture=$(dpkg --print-architecture)
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
chmod 0755 "$work"

install -D --mode 0755 --strip "$programs/probe-agent" "$work/usr/bin/probe-agent"
install -D --mode 0644 scripts/deb/sonde-agent.service "$work/usr/lib/systemd/system/sonde-agent.service"
install -D --mode 0644 scripts/deb/sysusers.conf "$work/usr/lib/sysusers.d/sonde-agent.conf"
install -D --mode 0644 scripts/deb/tmpfiles.conf "$work/usr/lib/tmpfiles.d/sonde-agent.conf"
install -D --mode 0644 scripts/deb/sysctl.conf "$work/usr/lib/sysctl.d/60-sonde-agent.conf"
install -D --mode 0644 scripts/deb/default "$work/etc/default/sonde-agent"
install -D --mode 0644 docs/enrolment.md "$work/usr/share/doc/sonde-agent/enrolment.md"
install --directory --mode 0755 "$work/DEBIAN"
sed "s/VERSION/$version/; s/ARCHITECTURE/$architecture/" scripts/deb/control >"$work/DEBIAN/control"
install --mode 0644 scripts/deb/conffiles "$work/DEBIAN/conffiles"
for script in postinst prerm postrm; do install --mode 0755 "scripts/deb/$script" "$work/DEBIAN/$script"; done
(cd "$work" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort --zero-terminated |
  xargs --null md5sum) >"$work/DEBIAN/md5sums"

mkdir -p "$packages"
packages=$(cd "$packages" && pwd)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)} \
  dpkg-deb --root-owner-group -Zxz --build "$work" "$packages/.new" >&2
chmod 0644 "$packages/.new"
mv "$packages/.new" "$packages/sonde-agent_${version}_$architecture.deb"
{
  sed '/^packages=/,$d' scripts/deb/install.sh
  printf "packages='%s'\n" "$(cd "$packages" && sha256sum "sonde-agent_${version}_"*.deb)"
  sed '1,/^packages=/d' scripts/deb/install.sh
} >"$packages/.new"
chmod 0644 "$packages/.new"
mv "$packages/.new" "$packages/install.sh"
sha256sum "$packages"/install.sh "$packages/sonde-agent_${version}_"*.deb
