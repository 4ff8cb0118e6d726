# shellcheck shell=bash

make_tools() { # REFERENCE OUT ROOT
  local all=$3.debian applet
  debian_unpack bookworm "$all" 'libc.*|gcc-.*' busybox-static
  mkdir -p "$3"/{bin,etc,proc,sys,dev} && mkdir -m 1777 "$3/tmp"
  cp "$all/bin/busybox" "$3/bin/busybox"
  rm -rf "$all"
  while read -r applet; do
    [[ -e $3/bin/$applet ]] || ln -s busybox "$3/bin/$applet"
  done < <("$3/bin/busybox" --list)
  people "$3"
  mkimage "$2" "$1" "$3" '{"Env":["PATH=/bin"],"Cmd":["sh"]}'
}

build_tools() { # TAG
  local key
  key=$(content_key "${COMMON[@]}" "$APPS/tools/image.sh" </dev/null)
  cached tools "$key" make_tools "localhost/stillpoint-test/tools:$1"
}
