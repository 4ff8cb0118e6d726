# shellcheck shell=bash
# Servers that run on Java: a root with OpenJDK 17 of Debian, and jars from Maven's repository.

# java_root ROOT [PACKAGE...] unpacks the Java runtime, what a shell hook may expect, and the packages named.
java_root() {
  local root=$1
  shift
  debian_unpack bookworm "$root" "$NOT_IN_AN_IMAGE" "${BASE[@]}" openjdk-17-jre-headless "$@"
  trim "$root"
  ln -sf mawk "$root/usr/bin/awk"
  ln -sf dash "$root/usr/bin/sh"
  ln -sfn java-17-openjdk-amd64 "$root/usr/lib/jvm/default"
  chmod 1777 "$root/tmp"
}

# maven_artifacts POM DIRECTORY copies all that a pom depends on into the directory; what was fetched stays in our cache.
maven_artifacts() {
  command -v mvn >/dev/null || {
    echo "no Maven: apt-get install maven" >&2
    return 1
  }
  mvn -q -B -f "$1" "-Dmaven.repo.local=$CACHE/maven" "-DoutputDirectory=$2" dependency:copy-dependencies >&2
}
