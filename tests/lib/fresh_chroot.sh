#!/usr/bin/env bash
# tests/lib/fresh_chroot.sh [--suite NAME] [--keep] COMMAND...
# Run COMMAND in a fresh clone of this checkout's HEAD, on a Debian that has git, Python and nothing
# else: a root made by mmdebstrap, entered in mount and process namespaces of its own, so that
# nothing stays mounted or running. Needs root, git and mmdebstrap. The suite is bookworm unless named.
# How this machine reaches its package registries is copied in from where it lies, never spelled out.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
suite=bookworm keep=""

while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=${2:?--suite needs a name}; shift 2 ;;
    --keep) keep=1; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "fresh_chroot: only root can make one" >&2; exit 1; }
umask 022

here_suite=$(sed -n "s/^VERSION_CODENAME=//p" /etc/os-release)
sources=/etc/apt/sources.list.d/debian.sources

work=$(mktemp -d "${TMPDIR:-/var/tmp}/fresh-chroot.XXXXXX")
root=$work/root
clean() {
  if [ -n "$keep" ]; then echo "fresh_chroot: kept $work" >&2; else rm -rf --one-file-system "$work"; fi
}
trap clean EXIT

build_root() { # the machine's own sources, moved to the wanted suite
  sed "s/\b$here_suite\b/$suite/g" "$sources" |
    mmdebstrap --quiet --variant=minbase --include=git,python3,ca-certificates \
      --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
      --aptopt='Acquire::Check-Date "false"' \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      "$suite" "$root" -
}

copy_machine_settings() { # apt, certificates, pip: what the machine itself uses
  local file
  rm -f "$root"/etc/apt/sources.list.d/* "$root/etc/apt/sources.list"
  sed "s/\b$here_suite\b/$suite/g" "$sources" >"$root$sources"
  grep -lE '^(Acquire|APT::Sandbox)' /etc/apt/apt.conf.d/* | grep -v docker- |
    while read -r file; do cp "$file" "$root$file"; done
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  if [ -e /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/pip.conf"; fi
}

registry_environment() { # the machine's variables for certificates, proxies and registries
  local entry value
  while IFS= read -r -d '' entry; do
    value=${entry#*=}
    case ${entry%%=*} in
      SSL_CERT_* | *_CA_BUNDLE | PIP_* | UV_* | GIT_SSL_* | *_proxy | *_PROXY) ;;
      *) continue ;;
    esac
    # A file or folder named there must exist inside as well; else the variable stays out.
    if [ "${value#/}" = "$value" ] || [ -e "$root$value" ]; then printf '%s\0' "$entry"; fi
  done </proc/self/environ
}

build_root
copy_machine_settings
git clone --quiet --no-hardlinks "file://$repository" "$root/srv/dubbing-pipeline"
git -C "$root/srv/dubbing-pipeline" checkout --quiet --detach "$(git -C "$repository" rev-parse HEAD)"

mapfile -d '' -t variables < <(registry_environment)
# shellcheck disable=SC2016  # the inner shell expands these
unshare --mount --pid --fork --kill-child --propagation private sh -c '
  root=$1; shift
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  exec chroot "$root" "$@"' sh "$root" \
  /usr/bin/env -i "${variables[@]}" HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" ${CI:+CI="$CI"} \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  sh -c 'cd /srv/dubbing-pipeline && exec "$@"' sh "$@" </dev/null
