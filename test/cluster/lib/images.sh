# shellcheck shell=bash
# Container images without a registry: archives that are imported into containerd.

# pause_archive prints the archive of the sandbox image: a static busybox with all its
# applets, so that it is also the smallest useful pod.
pause_archive() {
  local key archive root
  key=$( (debian_root; cat "$HERE/lib/images.sh") | sha256sum)
  archive=$CACHE/images/pause-${key:0:16}.tar
  if [[ ! -e $archive ]]; then
    mkdir -p "$CACHE/images"
    root=$(mktemp -d "$CACHE/images/pause.XXXXXX")
    pause_root "$root"
    mkimage "$archive" "$PAUSE_IMAGE" "$root" '{"Env":["PATH=/bin"],"Entrypoint":["/bin/pause"]}'
    rm -rf "$root"
  fi
  printf '%s\n' "$archive"
}

pause_root() { # DIRECTORY
  local applet
  mkdir -p "$1"/{bin,etc,tmp,proc,sys,dev}
  chmod 755 "$1"
  chmod 1777 "$1/tmp"
  cp "$(debian_root)/bin/busybox" "$1/bin/busybox"
  while read -r applet; do
    [[ -e $1/bin/$applet ]] || ln -s busybox "$1/bin/$applet"
  done < <("$1/bin/busybox" --list)
  printf 'root:x:0:0:root:/:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\n' >"$1/etc/group"
  cat >"$1/bin/pause" <<'SCRIPT'
#!/bin/sh
trap 'exit 0' TERM INT
while :; do sleep 86400 & wait $!; done
SCRIPT
  chmod 755 "$1/bin/pause"
}

# load_image ARCHIVE imports a docker-archive into the namespace of the kubelet.
load_image() {
  ctr --address "$CRI_SOCKET" --namespace k8s.io images import --local "$1" >>"$LOGS/images.log" 2>&1 || {
    show_log "$LOGS/images.log"
    fail "could not import $1"
  }
}

load_pause_image() {
  wait_for 30 containerd ctr --address "$CRI_SOCKET" version
  if ctr --address "$CRI_SOCKET" --namespace k8s.io images list -q name=="$PAUSE_IMAGE" | grep -q .; then return 0; fi
  load_image "$(pause_archive)"
}
