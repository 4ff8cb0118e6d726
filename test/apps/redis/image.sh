# shellcheck shell=bash

make_redis() { # REFERENCE OUT ROOT
  debian_unpack bookworm "$3" "$NOT_IN_AN_IMAGE" "${BASE[@]}" redis-server
  trim "$3"
  people "$3" redis:999
  ln -sf dash "$3/usr/bin/sh"
  chmod 1777 "$3/tmp"
  mkimage "$2" "$1" "$3" '{"User":"999:999","Env":["PATH=/usr/bin:/bin","LANG=C.UTF-8"],"Entrypoint":["/usr/bin/redis-server"],"WorkingDir":"/data"}'
}

build_redis() { # TAG
  local key
  key=$(content_key "${COMMON[@]}" "$APPS/redis/image.sh" </dev/null)
  cached "redis-$1" "$key" make_redis "localhost/stillpoint-test/redis:$1"
}
