# shellcheck shell=bash

CASSANDRA_FILES=("$APPS"/cassandra/{image.sh,pom.xml,entrypoint,cassandra,nodetool,jvm.options,logback.xml,logback-tools.xml})

# As in the official image: /opt/cassandra/bin, /etc/cassandra, /var/lib/cassandra, user 999.
make_cassandra() { # INIT REFERENCE OUT ROOT
  local init=$1 reference=$2 out=$3 root=$4 entrypoint='"/usr/local/bin/entrypoint"' home=$4/opt/cassandra packages=(bash)
  if [[ $init == init ]]; then
    packages+=(tini)
    entrypoint="\"/usr/bin/tini\",\"--\",$entrypoint"
  fi
  java_root "$root" "${packages[@]}"
  people "$root" cassandra:999
  mkdir -p "$home"/{bin,conf,lib} "$root"/etc/cassandra "$root"/var/lib/cassandra "$root"/usr/local/bin
  chmod 1777 "$root/etc/cassandra" "$root/var/lib/cassandra"
  maven_artifacts "$APPS/cassandra/pom.xml" "$home/lib"
  install -m 755 "$APPS"/cassandra/{cassandra,nodetool} "$home/bin"
  install -m 755 "$APPS/cassandra/entrypoint" "$root/usr/local/bin/entrypoint"
  install -m 644 "$APPS"/cassandra/logback*.xml "$home/conf"
  install -m 644 "$APPS/cassandra/jvm.options" "$home/conf/jvm17-server.options"
  mkimage "$out" "$reference" "$root" "{\"User\":\"999:999\",\"Env\":[\"PATH=/opt/cassandra/bin:/usr/lib/jvm/default/bin:/usr/local/bin:/usr/bin:/bin\",\"LANG=C.UTF-8\",\"CASSANDRA_HOME=/opt/cassandra\",\"CASSANDRA_CONF=/etc/cassandra\"],\"Entrypoint\":[$entrypoint]}"
}

build_cassandra() { # TAG
  local key
  key=$(printf '%s\n' "$1" | content_key "${COMMON[@]}" "$APPS/lib/jvm.sh" "${CASSANDRA_FILES[@]}")
  cached "cassandra-$1" "$key" make_cassandra "$([[ $1 == *-init ]] && echo init || echo none)" "localhost/stillpoint-test/cassandra:$1"
}
