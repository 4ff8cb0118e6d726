# shellcheck shell=bash

make_postgresql() { # SUITE VERSION INIT REFERENCE OUT ROOT
  local suite=$1 version=$2 init=$3 reference=$4 out=$5 root=$6 entrypoint='"/usr/local/bin/entrypoint"'
  local packages=("${BASE[@]}" "postgresql-$version")
  if [[ $init == init ]]; then
    packages+=(tini)
    entrypoint="\"/usr/bin/tini\",\"--\",$entrypoint"
  fi
  debian_unpack "$suite" "$root" "$NOT_IN_AN_IMAGE" "${packages[@]}"
  trim "$root"
  rm -rf "$root/usr/lib/postgresql/$version/lib"/{bitcode,llvmjit*} "$root/usr/share/postgresql/$version/man"
  people "$root" postgres:999
  ln -sf mawk "$root/usr/bin/awk"
  ln -sf dash "$root/usr/bin/sh"
  mkdir -p "$root/run/postgresql" "$root/usr/local/bin"
  chmod 1777 "$root/run/postgresql" "$root/tmp"
  install -m 755 "$APPS/postgresql/entrypoint" "$root/usr/local/bin/entrypoint"
  mkimage "$out" "$reference" "$root" "{\"User\":\"999:999\",\"Env\":[\"PATH=/usr/lib/postgresql/$version/bin:/usr/local/bin:/usr/bin:/bin\",\"LANG=C.UTF-8\",\"PGDATA=/data/pg\",\"PGUSER=postgres\"],\"Entrypoint\":[$entrypoint],\"StopSignal\":\"SIGINT\"}"
}

build_postgresql() { # TAG
  local key tag=$1 suite=bookworm
  [[ $tag != 17 ]] || suite=trixie
  key=$(printf '%s\n' "$tag" | content_key "${COMMON[@]}" "$APPS"/postgresql/{image.sh,entrypoint})
  cached "postgresql-$tag" "$key" make_postgresql "$suite" "${tag%-init}" "$([[ $tag == *-init ]] && echo init || echo none)" "localhost/stillpoint-test/postgresql:$tag"
}
