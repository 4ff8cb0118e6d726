# shellcheck shell=bash
# Programs built from pinned Go modules. A built program is kept under a name that holds
# the digest of all it was made from: a second run builds nothing.

GO_TAGS=notest,grpcnotrace
KUBERNETES_VERSION=v1.36.4

# kubernetes_ldflags prints the linker flags that Kubernetes' own build sets; without them
# the API server calls itself v0.0.0 and clients stumble over its version.
kubernetes_ldflags() {
  local package flags="-s -w" minor=${KUBERNETES_VERSION#v1.}
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$KUBERNETES_VERSION -X $package.gitMajor=1 -X $package.gitMinor=${minor%.*}"
    flags+=" -X $package.gitTreeState=clean -X $package.buildDate=2026-01-01T00:00:00Z"
  done
  printf '%s\n' "$flags"
}

# build_programs builds what is missing and links all of it into $BIN; the CNI plugins get
# a directory of their own, as one of them has the name of a program of iproute2.
build_programs() {
  mkdir -p "$BIN" "$STATE/cni/bin"
  local csi=github.com/kubernetes-csi containerd=github.com/containerd/containerd/v2
  local cni=github.com/containernetworking/plugins/plugins kubernetes
  kubernetes=$(kubernetes_ldflags)
  program go/kube "$BIN/kube" . "$kubernetes"
  program go/kube "$BIN/kubectl" k8s.io/kubernetes/cmd/kubectl "$kubernetes"
  program go/etcd "$BIN/etcd" go.etcd.io/etcd/server/v3
  program go/node "$BIN/containerd" $containerd/cmd/containerd "-s -w -X $containerd/version.Version=2.1.9"
  program go/node "$BIN/containerd-shim-runc-v2" $containerd/cmd/containerd-shim-runc-v2
  program go/node "$BIN/ctr" $containerd/cmd/ctr
  program go/node "$STATE/cni/bin/bridge" $cni/main/bridge
  program go/node "$STATE/cni/bin/host-local" $cni/ipam/host-local
  program go/dns "$BIN/coredns" .
  program go/helm "$BIN/helm" helm.sh/helm/v3/cmd/helm
  program go/helm "$BIN/crane" github.com/google/go-containerregistry/cmd/crane
  ((${#DRIVERS[@]})) || return 0
  program go/csi "$BIN/snapshot-controller" $csi/external-snapshotter/v8/cmd/snapshot-controller "-s -w -X main.version=v8.6.0"
  program go/csi "$BIN/csi-snapshotter" $csi/external-snapshotter/v8/cmd/csi-snapshotter "-s -w -X main.version=v8.6.0"
  program go/csi "$BIN/csi-provisioner" $csi/external-provisioner/v6/cmd/csi-provisioner "-s -w -X main.version=v6.3.0"
  program go/csi "$BIN/csi-resizer" $csi/external-resizer/v2/cmd/csi-resizer "-s -w -X main.version=v2.2.0"
  program csi-driver "$BIN/csi-driver" .
}

# program MODULE_DIRECTORY LINK PACKAGE [LDFLAGS] builds one program if need be and links it.
program() {
  local module=$HERE/$1 link=$2 package=$3 ldflags=${4:--s -w} name=${2##*/} key built
  key=$(program_key "$module" "$package" "$ldflags")
  built=$CACHE/bin/$name-$key
  [[ -x $built ]] || build "$module" "$built" "$package" "$ldflags"
  [[ $(readlink "$link") == "$built" ]] || ln -sfn "$built" "$link"
}

program_key() {
  local key
  key=$({
    cd "$1" || exit
    find . -type f ! -name '*_test.go' ! -name '*.md' -print0 | sort -z | xargs -0 sha256sum
    printf '%s\n' "$2" "$3" "$GO_TAGS" "$(GOTOOLCHAIN=local go env GOVERSION)"
  } | sha256sum)
  printf '%s\n' "${key:0:16}"
}

# build MODULE_DIRECTORY FILE PACKAGE LDFLAGS builds one program; two beds wait for each other.
build() {
  local name=${2##*/} began=${EPOCHREALTIME/[.,]/}
  local log=$CACHE/log/build-$name.log
  mkdir -p "$CACHE/bin" "$CACHE/log"
  exec {building}>"$CACHE/build.lock"
  flock "$building"
  if [[ ! -x $2 ]]; then
    say "building ${name%-*} (log: $log)"
    (
      cd "$1"
      export GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0
      go build -buildvcs=false -trimpath -tags "$GO_TAGS" -ldflags "$4" -o "$2.new" "$3"
    ) >"$log" 2>&1 </dev/null || {
      show_log "$log"
      fail "go build of ${name%-*}"
    }
    mv "$2.new" "$2"
    say "built ${name%-*} ($(seconds_since "$began") s)"
    drop_old_builds "${name%-*}"
  fi
  exec {building}>&-
}

# drop_old_builds NAME keeps the three newest builds of a program.
drop_old_builds() {
  local old
  while read -r old; do
    [[ ${old##*/} == "$1"-???????????????? ]] && rm -f "$old"
  done < <(find "$CACHE/bin" -maxdepth 1 -type f -name "$1-*" -printf '%T@ %p\n' | sort -rn | tail -n +4 | cut -d' ' -f2-)
  return 0
}
