#!/usr/bin/env bash
# Builds the images of all services and of `sonde`, with docker or with buildah, whichever is there, and writes below
# .build/images what is in each as SPDX. Ends with their sizes; exits 1 when one is too large.
# Usage: scripts/images.sh [IMAGE...]
#   REGISTRY        what the images' names begin with: localhost, or such as registry.example.org
#   SAVE            a folder for archives of the images, to be loaded elsewhere; none when left out
#   SWIFT_IMAGE     what they are built in: docker.io/library/swift:6.3-bookworm
#   BASE_IMAGE      what they begin with: docker.io/library/debian:bookworm-slim
#   BUILDER_IMAGE   an image that has the programs in /out already, in place of building them
#   IMAGE_TOOL      docker or buildah
#   BUILD_OPTIONS   more options for building, with spaces between
set -euo pipefail
cd "$(dirname "$0")/.."

# Unpacked, above the base.
readonly largest=60000000
images=("$@")
((${#images[@]})) || images=(orchestrator store alerting gateway push probe-agent sonde)
registry=${REGISTRY:-localhost}
base=${BASE_IMAGE:-docker.io/library/debian:bookworm-slim}
version=$(sed --quiet 's/^appVersion: "\(.*\)"$/\1/p' helm/sonde/Chart.yaml)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
read -ra options <<<"${BUILD_OPTIONS:-}"
tool=${IMAGE_TOOL:-}
if [[ -z $tool ]]; then
  # A client without its daemon builds nothing.
  if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
    tool=docker
  elif command -v buildah >/dev/null; then
    tool=buildah
  fi
fi
case $tool in
  docker) build=(docker build) ;;
  buildah) build=(buildah build --isolation "${BUILDAH_ISOLATION:-chroot}" --format docker --layers) ;;
  *)
    echo "scripts/images.sh: there is neither docker nor buildah; install one of them: apt-get install buildah" >&2
    exit 69
    ;;
esac

# Runs one program of an image that need not have a shell, and prints what it says.
within() {
  local image=$1 container
  shift
  if [[ $tool == docker ]]; then
    docker run --rm --network none --user 0:0 --entrypoint "$1" "$image" "${@:2}"
    return
  fi
  container=$(buildah from --pull-never "$image")
  buildah run --isolation "${BUILDAH_ISOLATION:-chroot}" --user 0:0 "$container" -- "$@"
  buildah rm "$container" >/dev/null
}

# Bytes of all files, without those that are mounted while it runs.
unpacked() { within "$1" /usr/bin/du --summarize --bytes --one-file-system / | cut --fields 1; }

mkdir -p .build/images ${SAVE:+"$SAVE"}
scripts/vendor.sh .build/vendor
builder=${BUILDER_IMAGE:-}
if [[ -z $builder ]]; then
  builder=$registry/sonde/builder:$version
  "${build[@]}" "${options[@]}" --tag "$builder" --file Dockerfiles/builder \
    --build-arg SWIFT="${SWIFT_IMAGE:-docker.io/library/swift:6.3-bookworm}" \
    --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct 2>/dev/null || date +%s)" .
fi

for image in "${images[@]}"; do
  "${build[@]}" "${options[@]}" --tag "$registry/sonde/$image:$version" --file "Dockerfiles/$image" \
    --build-arg BUILDER="$builder" --build-arg BASE="$base" \
    --build-arg VERSION="$version" --build-arg REVISION="$revision" .
done

base_size=$(unpacked "$base")
failed=0
echo "image bytes above the base of $base_size"
for image in "${images[@]}"; do
  name=$registry/sonde/$image:$version
  # shellcheck disable=SC2016 # These are dpkg's variables.
  within "$name" /usr/bin/dpkg-query --show --showformat '${Package}\t${Version}\t${Architecture}\n' \
    >".build/images/$image.packages"
  python3 scripts/sbom.py "$image" "$version" "$revision" <".build/images/$image.packages" \
    >".build/images/$image.spdx.json"
  if [[ -n ${SAVE:-} ]]; then
    rm -f "$SAVE/$image.tar"
    case $tool in
      docker) docker save --output "$SAVE/$image.tar" "$name" ;;
      buildah) buildah push --quiet "$name" "docker-archive:$SAVE/$image.tar:$name" ;;
    esac
  fi
  size=$(($(unpacked "$name") - base_size))
  verdict=ok
  if ((size > largest)); then
    verdict="more than $largest"
    failed=1
  fi
  printf '%-14s %10d  %s\n' "$image" "$size" "$verdict"
done
exit "$failed"
