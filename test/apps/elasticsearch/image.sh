# shellcheck shell=bash

make_elasticsearch() { # INIT REFERENCE OUT ROOT
  local init=$1 reference=$2 out=$3 root=$4 entrypoint='"/usr/local/bin/entrypoint"' zips home
  local packages=(curl)
  if [[ $init == init ]]; then
    packages+=(tini)
    entrypoint="\"/usr/bin/tini\",\"--\",$entrypoint"
  fi
  java_root "$root" "${packages[@]}"
  people "$root" elasticsearch:1000
  zips=$(mktemp -d "$root.zips.XXXXXX")
  maven_artifacts "$APPS/elasticsearch/pom.xml" "$zips"
  unzip -q "$zips"/elasticsearch-*.zip -d "$zips"
  home=$root/usr/share/elasticsearch
  mv "$zips"/elasticsearch-*/ "$home"
  rm -rf "$zips" "$home"/lib/platform/{darwin,windows}-* "$home"/bin/*.{bat,exe}
  chmod -R a+rX "$home"
  ln -s /usr/lib/jvm/default "$home/jdk"
  mkdir -p "$home"/{data,logs} "$root/run/elasticsearch" "$root/usr/local/bin"
  chmod 1777 "$home"/{data,logs} "$root/run/elasticsearch"
  install -m 755 "$APPS/elasticsearch/entrypoint" "$root/usr/local/bin/entrypoint"
  install -D -m 755 "$APPS/elasticsearch/recorder" "$root/usr/local/lib/recorder/bin/java"
  ln -s "$(readlink "$root/usr/lib/jvm/default" | sed 's|^|/usr/lib/jvm/|')"/{lib,conf} "$root/usr/local/lib/recorder/"
  mkimage "$out" "$reference" "$root" "{\"User\":\"1000:1000\",\"Env\":[\"PATH=/usr/share/elasticsearch/bin:/usr/local/bin:/usr/bin:/bin\",\"LANG=C.UTF-8\"],\"Entrypoint\":[$entrypoint],\"WorkingDir\":\"/usr/share/elasticsearch\"}"
}

build_elasticsearch() { # TAG
  local key tag=$1
  key=$(printf '%s\n' "$tag" | content_key "${COMMON[@]}" "$APPS"/elasticsearch/{image.sh,pom.xml,entrypoint,recorder})
  cached "elasticsearch-$tag" "$key" make_elasticsearch "$([[ $tag == *-init ]] && echo init || echo none)" "localhost/stillpoint-test/elasticsearch:$tag"
}
