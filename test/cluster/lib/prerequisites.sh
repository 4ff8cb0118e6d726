# shellcheck shell=bash
# What the machine must have, and how to get it.

# command:Debian package
NEEDED_COMMANDS=(
  btrfs:btrfs-progs mkfs.ext4:e2fsprogs openssl:openssl curl:curl ip:iproute2 nft:nftables mvn:maven unzip:unzip
  jq:jq nsenter:util-linux flock:util-linux dpkg-deb:dpkg
)

check_prerequisites() {
  ((EUID == 0)) || fail "the bed needs root: network namespaces, mounts, loop devices, cgroups"
  ((${#BED} <= 40)) || fail "STILLPOINT_BED=$BED is too long for unix sockets: 40 characters at most"
  "$HERE/../../tools/need" "${NEEDED_COMMANDS[@]}" || fail "the machine lacks what the bed needs"
  check_go
  check_kernel
}

check_go() {
  command -v go >/dev/null || fail "no Go: install Go 1.26 or newer (go.dev/dl) and put it into PATH"
  local version
  version=$(GOTOOLCHAIN=local go env GOVERSION)
  [[ $(printf '%s\n' go1.26 "$version" | sort -V | head -n 1) == go1.26 ]] ||
    fail "Go 1.26 or newer is needed, here is $version: see go.dev/dl"
}

check_kernel() {
  local filesystem
  for filesystem in btrfs overlay ext4; do
    grep -qw "$filesystem" /proc/filesystems || modprobe "$filesystem" 2>/dev/null ||
      fail "this kernel has no $filesystem (module linux-modules or CONFIG_*_FS missing)"
  done
  [[ -e /dev/loop-control ]] || modprobe loop 2>/dev/null || fail "this kernel has no loop devices (/dev/loop-control)"
  [[ -d /sys/fs/cgroup ]] || fail "no cgroups are mounted below /sys/fs/cgroup"
}
