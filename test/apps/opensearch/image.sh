# shellcheck shell=bash

make_opensearch() { # REFERENCE OUT ROOT
  local reference=$1 out=$2 root=$3 zips home
  java_root "$root" curl
  people "$root" opensearch:1000
  zips=$(mktemp -d "$root.zips.XXXXXX")
  maven_artifacts "$APPS/opensearch/pom.xml" "$zips"
  unzip -q "$zips"/opensearch-*.zip -d "$zips"
  home=$root/usr/share/opensearch
  mv "$zips"/opensearch-*/ "$home"
  rm -rf "$zips" "$home"/bin/*.{bat,exe}
  chmod -R a+rX "$home"
  ln -s /usr/lib/jvm/default "$home/jdk"
  mkdir -p "$home"/{data,logs} "$root/run/opensearch" "$root/usr/local/bin"
  chmod 1777 "$home"/{data,logs} "$root/run/opensearch"
  install -m 755 "$APPS/opensearch/entrypoint" "$root/usr/local/bin/entrypoint"
  mkimage "$out" "$reference" "$root" '{"User":"1000:1000","Env":["PATH=/usr/share/opensearch/bin:/usr/local/bin:/usr/bin:/bin","LANG=C.UTF-8"],"Entrypoint":["/usr/local/bin/entrypoint"],"WorkingDir":"/usr/share/opensearch"}'
}

build_opensearch() { # TAG
  local key tag=$1
  key=$(printf '%s\n' "$tag" | content_key "${COMMON[@]}" "$APPS"/opensearch/{image.sh,pom.xml,entrypoint})
  cached "opensearch-$tag" "$key" make_opensearch "localhost/stillpoint-test/opensearch:$tag"
}
