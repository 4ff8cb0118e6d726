# shellcheck shell=bash
# Programs that exist as no Go module of ours, from Debian packages that are unpacked into
# the cache and never installed: runc (needs cgo) and a static busybox.

# Of bookworm whatever this machine runs: later ones need a newer libc.
DEBIAN_SUITE=bookworm
DEBIAN_PACKAGES=(runc busybox-static)
# What these depend on and every Debian machine has.
DEBIAN_WITHOUT='libc6|libcrypt1|libgcc-s1|gcc-[0-9]+-base|libseccomp2'

# debian_root prints the directory of the unpacked packages.
debian_root() {
  local key
  key=$(printf '%s\n' "$DEBIAN_SUITE" "$DEBIAN_WITHOUT" "${DEBIAN_PACKAGES[@]}" | sha256sum)
  printf '%s\n' "$CACHE/debian/${key:0:16}"
}

# unpack_packages fetches and unpacks the packages, once.
unpack_packages() {
  local root log=$CACHE/log/debian.log
  root=$(debian_root)
  [[ ! -d $root ]] || return 0
  mkdir -p "$CACHE/log"
  rm -rf "$root.new"
  mkdir -p "$root.new"
  if ! bash -c "set -euo pipefail; shopt -s inherit_errexit; . '$IMAGE_LIB/debian.sh'; debian_unpack \"\$@\"" - \
    "$DEBIAN_SUITE" "$root.new" "$DEBIAN_WITHOUT" "${DEBIAN_PACKAGES[@]}" >"$log" 2>&1 </dev/null; then
    show_log "$log"
    fail "could not fetch ${DEBIAN_PACKAGES[*]} from a Debian mirror"
  fi
  mv "$root.new" "$root"
}
