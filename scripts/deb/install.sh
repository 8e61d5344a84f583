#!/bin/sh
# Makes this host an agent of a Sonde installation: installs the package that the gateway has, and enrols.
# A gateway serves it as /install.sh, with the digests of its packages in it.
set -eu

usage() {
  cat <<'USAGE'
usage: install.sh --url URL [--token TOKEN] [--authorities FILE]

  --url URL            the gateway, such as https://sonde.example.org
  --token TOKEN        what `sonde agent enrol` has printed; it may be in SONDE_ENROLMENT_TOKEN instead
  --authorities FILE   who vouches for the gateway, in PEM, when this host does not know

Installs Debian packages, so it is for root on Debian and what descends from it. A host that is enrolled already gets
the new program and keeps its identity; to enrol it anew, remove /etc/sonde/identity first. Exit codes: 64 the command
line is wrong, 65 the package is not the one meant, 69 the gateway cannot be reached or this host is not supported,
70 the agent ends when it is started, 73 the identity cannot be written, 77 not root or the token is refused.
USAGE
}

# SHA-256, two spaces, and the package's name; one line for each architecture.
packages='PACKAGES'

fail() {
  code=$1
  shift
  echo "install.sh: $*" >&2
  exit "$code"
}

# Bytes that a package may have.
largest=100000000

# Downloads $1 to $2.
fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto "=${url%%:*}" --proto-redir "=${url%%:*}" \
      --connect-timeout 10 --max-time 600 --max-filesize "$largest" ${authorities:+--cacert "$authorities"} \
      --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --timeout 10 --tries 1 --max-redirect 0 ${authorities:+--ca-certificate "$authorities"} --output-document "$2" "$1"
  else
    fail 69 'there is neither curl nor wget; install one of them: apt-get install curl'
  fi
}

enrol() {
  if [ "$enrolled" = yes ]; then
    echo 'enrolled already; the identity stays as it is'
    return
  fi
  if [ -n "$authorities" ]; then
    # The agent's user need not be able to read theirs.
    install --mode 0644 "$authorities" "$work/authorities.crt"
    authorities=$work/authorities.crt
  fi
  code=0
  SONDE_ENROLMENT_TOKEN=$token runuser --user sonde-agent -- probe-agent enrol --url "$url" --identity "$identity" \
    ${authorities:+--authorities "$authorities"} >"$settings.new" || code=$?
  if [ "$code" != 0 ]; then
    rm -f "$settings.new"
    exit "$code"
  fi
  mv "$settings.new" "$settings"
}

# All of it is read before any of it runs: a download that ends early does nothing.
main() {
  url=
  token=${SONDE_ENROLMENT_TOKEN:-}
  authorities=
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h)
        usage
        exit 0
        ;;
      --url | --token | --authorities)
        [ $# -gt 1 ] || fail 64 "$1 is without its value; try --help"
        case $1 in
          --url) url=${2%/} ;;
          --token) token=$2 ;;
          --authorities) authorities=$2 ;;
        esac
        shift 2
        ;;
      *) fail 64 "takes no $1; try --help" ;;
    esac
  done
  case $url in
    '') fail 64 '--url is missing; try --help' ;;
    *@* | *[[:space:]]*) fail 64 "--url must be a scheme, a host and perhaps a port, got \"$url\"" ;;
    https://?* | http://localhost | http://localhost:* | http://127.0.0.1 | http://127.0.0.1:* | http://'[::1]'*) ;;
    *) fail 64 "--url must begin with https:// but to this machine itself, got \"$url\"" ;;
  esac
  [ "$(id -u)" = 0 ] || fail 77 'must be run as root, since it installs a package'
  identity=/etc/sonde/identity
  settings=/etc/sonde/agent.env
  enrolled=no
  [ ! -e "$identity/tls.crt" ] || [ ! -e "$settings" ] || enrolled=yes
  [ "$enrolled" = yes ] || [ -n "$token" ] || fail 64 '--token is missing; sonde agent enrol prints one'
  [ -z "$authorities" ] || [ -r "$authorities" ] || fail 64 "--authorities: $authorities cannot be read"
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    fail 69 "this host has no apt-get; copy the program probe-agent here and run: probe-agent enrol --url $url"
  fi

  architecture=$(dpkg --print-architecture)
  line=$(printf '%s\n' "$packages" | grep "_$architecture\\.deb\$") ||
    fail 69 "this gateway has no package for $architecture; it has: $(echo "$packages" | sed 's/^[^ ]*  //')"
  package=${line##* }
  work=$(mktemp --directory)
  trap 'rm -rf "$work"' EXIT
  # Whom apt runs downloads as looks into it.
  chmod 0755 "$work"
  fetch "$url/packages/$package" "$work/$package" || fail 69 "$url/packages/$package cannot be had"
  (cd "$work" && echo "$line" | sha256sum --check --status) ||
    fail 65 "$package has another SHA-256 than ${line%% *}; nothing was installed"
  echo "$package has the SHA-256 ${line%% *}"
  # Also an older one, or one of the same version: what the gateway has is what it works with.
  DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes --option Dpkg::Use-Pty=0 \
    --option Dpkg::Options::=--force-confold --allow-downgrades --reinstall install "$work/$package" ||
    fail 69 "apt-get could not install $package; on a new host run apt-get update first"
  enrol
  if [ -d /run/systemd/system ]; then
    if ! systemctl --quiet is-enabled sonde-agent.service; then
      echo 'sonde-agent.service is disabled, so it was not started'
      return
    fi
    systemctl start sonde-agent.service ||
      fail 70 'sonde-agent.service does not run; see: journalctl --unit sonde-agent'
    echo 'sonde-agent.service runs; see: systemctl status sonde-agent'
  else
    echo 'there is no systemd here; start probe-agent as the user sonde-agent with /etc/default/sonde-agent and' \
      '/etc/sonde/agent.env'
  fi
}

main "$@"
