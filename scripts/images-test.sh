#!/usr/bin/env bash
# Builds the images without any registry, on a Debian made by debootstrap, and runs all of them as the chart says, in a
# network namespace of their own, where hosts without and with systemd join them by the agent's package; everything is
# gone afterwards but the base, which the next run uses again.
# Usage: scripts/images-test.sh [PROGRAMS]
#   PROGRAMS  a folder that has the programs already; without it they are built as Dockerfiles/builder says, which takes
#             as long as a release does
# To be run as root.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly base=localhost/sonde-test/base swift=localhost/sonde-test/swift programs=localhost/sonde-test/programs
export REGISTRY=localhost/sonde-test IMAGE_TOOL=buildah BASE_IMAGE=$base BUILD_OPTIONS=--pull=never
toolchain=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")
work=$(mktemp --directory)
images=()
clean() {
  rm -rf "$work"
  for image in "${images[@]}"; do buildah rmi --force "$image" >/dev/null 2>&1 || true; done
}
trap clean EXIT

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
  if ! debootstrap --variant=minbase bookworm "$work/base" >"$work/debootstrap.log"; then
    cat "$work/debootstrap.log"
    exit 1
  fi
  rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/*
  tar --directory "$work/base" --create . | podman import - "$base" >/dev/null
fi

if (($# > 0)); then
  mkdir "$work/out"
  for name in orchestrator store alerting gateway push probe-agent sonde; do
    cp "$1/$name" "$work/out/"
    strip "$work/out/$name"
  done
  scripts/deb.sh "$work/out" "$work/out/packages"
  printf 'FROM scratch\nCOPY out /out\n' >"$work/Dockerfile"
  buildah build --isolation chroot --quiet --tag "$programs" --file "$work/Dockerfile" "$work" >/dev/null
  export BUILDER_IMAGE=$programs
  images+=("$programs")
else
  # What swift:6.3-bookworm is: Debian with what the toolchain needs, and the toolchain, which is this machine's.
  cat >"$work/Dockerfile" <<DOCKERFILE
FROM $base
RUN apt-get update && apt-get install --yes --no-install-recommends binutils-gold gcc g++ git libc6-dev \
  libcurl4-openssl-dev libedit2 libncurses6 libpython3.11 libsqlite3-0 libstdc++-12-dev libxml2-dev libz3-4 \
  pkg-config tzdata zlib1g-dev && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
ENV PATH=$toolchain/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
DOCKERFILE
  buildah build --isolation chroot --layers --quiet --tag "$swift" --file "$work/Dockerfile" "$work" >/dev/null
  export SWIFT_IMAGE=$swift BUILD_OPTIONS="--pull=never --volume $toolchain:$toolchain:ro"
fi

# A host outside, which has what the agent's package depends on.
depends=$(awk '/^[A-Z]/ { on = 0 } sub(/^Depends:/, "") { on = 1 } on' scripts/deb/control | sed 's/([^)]*)//g' | tr -d ',\n')
printf 'FROM %s\nRUN apt-get update && apt-get install --yes --no-install-recommends curl %s\n' "$base" "$depends" \
  >"$work/Dockerfile"
buildah build --isolation chroot --quiet --tag "$REGISTRY/host" --file "$work/Dockerfile" "$work" >/dev/null
images+=("$REGISTRY/host")
scripts/images.sh
version=$(sed --quiet 's/^appVersion: "\(.*\)"$/\1/p' helm/sonde/Chart.yaml)
for name in orchestrator store alerting gateway push probe-agent sonde; do images+=("$REGISTRY/sonde/$name:$version"); done
.tools/chart/bin/python Tests/Chart/test_images.py --registry "$REGISTRY" --toolchain "$toolchain"
