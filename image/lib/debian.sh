# shellcheck shell=bash
# Files out of Debian packages, unpacked and never installed: no root directory is entered, no script of a package runs, and the lists of
# the machine's own apt stay as they are.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# debian_mirror prints the mirror to use: STILLPOINT_DEBIAN_MIRROR, else the one that this machine's own apt is configured with.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016 # the format belongs to apt-get
  mirror=${STILLPOINT_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 == "main" && $1 !~ /security/ { print $1; exit }')}
  if [[ -z $mirror ]]; then
    echo "no Debian mirror is configured: set STILLPOINT_DEBIAN_MIRROR" >&2
    return 1
  fi
  printf '%s\n' "$mirror"
}

# debian_unpack SUITE ROOT WITHOUT PACKAGE... unpacks packages and all that they depend on into ROOT, but for packages whose names match the
# extended regular expression WITHOUT. Callers set errexit and inherit_errexit.
debian_unpack() (
  suite=$1 root=$2 without=$3
  shift 3
  work=$(mktemp -d "${TMPDIR:-/tmp}/stillpoint-debian.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  debian_apt_state "$suite" "$work"
  cd "$work/debs" || exit
  export APT_CONFIG=$work/apt.conf
  apt-get -qq update
  apt-get -qq --simulate --no-install-recommends install "$@" | awk '$1 == "Inst" { print $2 }' | grep -Evx -- "$without" >"$work/names"
  xargs apt-get -qq download <"$work/names"
  mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
  for package in bin sbin lib lib64; do ln -sfn "usr/$package" "$root/$package"; done
  for package in "$work"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -C "$root" --keep-directory-symlink -xf -
  done
)

# debian_apt_state SUITE DIRECTORY makes a private state of apt in which nothing is installed.
debian_apt_state() {
  local suite=$1 dir=$2 mirror
  mirror=$(debian_mirror)
  mkdir -p "$dir"/{preferences,state/lists/partial,cache/archives/partial,debs}
  : >"$dir/status"
  printf 'deb [signed-by=%s] %s %s main\n' "$DEBIAN_KEYRING" "$mirror" "$suite" >"$dir/sources.list"
  cat >"$dir/apt.conf" <<CONF
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferencesparts "$dir/preferences";
Dir::State "$dir/state";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
}
