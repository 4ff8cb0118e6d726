# shellcheck shell=bash
# Container images without a container engine.

# mkimage OUT REFERENCE ROOT CONFIG packs the directory ROOT as a docker-archive of one layer. CONFIG is the JSON of the image's "config"
# (Entrypoint, Env, User ...). Names are sorted, times are 0 and every file belongs to root, so the same content gives the same digests
# whoever builds it, and when.
mkimage() {
  local out=$1 reference=$2 root=$3 config=$4 work layer image
  work=$(mktemp -d "$out.XXXXXX")
  tar --format=gnu --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -C "$root" -cf "$work/layer.tar" .
  layer=$(sha256sum <"$work/layer.tar")
  printf '{"architecture":"amd64","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created_by":"mkimage"}]}' \
    "$config" "${layer%% *}" >"$work/image.json"
  image=$(sha256sum <"$work/image.json")
  mv "$work/image.json" "$work/${image%% *}.json"
  printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "${image%% *}" "$reference" >"$work/manifest.json"
  tar --format=gnu --mtime=@0 --numeric-owner --owner=0 --group=0 -C "$work" -cf "$work/archive.tar" manifest.json "${image%% *}.json" layer.tar
  mv "$work/archive.tar" "$out"
  rm -rf "$work"
}
