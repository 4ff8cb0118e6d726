# shellcheck shell=bash

make_mariadb() { # REFERENCE OUT ROOT
  debian_unpack bookworm "$3" "$NOT_IN_AN_IMAGE" "${BASE[@]}" mariadb-server-core mariadb-client-core
  trim "$3"
  people "$3" mysql:999
  ln -sf mawk "$3/usr/bin/awk"
  ln -sf dash "$3/usr/bin/sh"
  mkdir -p "$3/run/mysqld" "$3/usr/local/bin"
  chmod 1777 "$3/run/mysqld" "$3/tmp"
  install -m 755 "$APPS/mariadb/entrypoint" "$3/usr/local/bin/entrypoint"
  mkimage "$2" "$1" "$3" '{"User":"999:999","Env":["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin","LANG=C.UTF-8"],"Entrypoint":["/usr/local/bin/entrypoint"]}'
}

build_mariadb() { # TAG
  local key
  key=$(content_key "${COMMON[@]}" "$APPS"/mariadb/{image.sh,entrypoint} </dev/null)
  cached "mariadb-$1" "$key" make_mariadb "localhost/stillpoint-test/mariadb:$1"
}
