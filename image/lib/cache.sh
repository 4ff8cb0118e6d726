# shellcheck shell=bash
# Built images are kept by content: $CACHE/images/<name>-<key>.tar, where the key is made from everything that the image is made of.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/stillpoint
# Archives of one image that stay.
KEPT=3
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# content_key FILE... prints twelve hex digits of the names and contents of the files, and of what comes on standard input. Names count
# from the top of the checkout: another clone finds the same images.
content_key() {
  local sum
  sum=$({ cat; sha256sum -- "$@" | sed "s,  $CHECKOUT/,  ,"; } | sha256sum)
  printf '%s\n' "${sum:0:12}"
}

# cached NAME KEY MAKER [ARGUMENT...] prints the archive of an image. If it is not there, "MAKER ARGUMENT... OUT ROOT" makes the file OUT;
# ROOT is an empty directory to fill. Only one build of an image runs at a time. Callers set errexit and inherit_errexit.
cached() (
  name=$1 out=$CACHE/images/$1-$2.tar
  shift 2
  if [[ ! -e $out ]]; then
    mkdir -p "$CACHE/images"
    exec 9>"$CACHE/images/$name.lock"
    flock 9
  fi
  if [[ ! -e $out ]]; then
    root=$(mktemp -d "$CACHE/images/$name.XXXXXX")
    trap 'rm -rf "$root"' EXIT
    chmod 755 "$root"
    "$@" "$out" "$root" >&2
  fi
  touch "$out"
  # The newest for this checkout and a few for others: each is hundreds of megabytes.
  find "$CACHE/images" -name "$name-????????????.tar" -printf '%T@ %p\n' | sort -rn | sed "1,${KEPT}d; s/^[^ ]* //" | xargs -r rm -f --
  printf '%s\n' "$out"
)

# archive_reference ARCHIVE prints the name that an image has inside its archive.
archive_reference() {
  local manifest
  manifest=$(tar -xOf "$1" manifest.json)
  [[ $manifest =~ \"RepoTags\":\[\"([^\"]*)\"\] ]]
  printf '%s\n' "${BASH_REMATCH[1]}"
}
