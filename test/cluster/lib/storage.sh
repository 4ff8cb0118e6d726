# shellcheck shell=bash
# Volumes and snapshots: our CSI driver on a btrfs file, the stock sidecars, their CRDs.

DISK_SIZE=${BED_DISK:-30G} # sparse: only what is written takes space

# driver_name DRIVER, driver_socket DRIVER, class_name DRIVER: csi -> csi.bed.stillpoint.dev, bed.
driver_name() { printf '%s\n' "$1.$DRIVER_DOMAIN"; }
driver_socket() { printf '%s\n' "$STATE/kubelet/plugins/$1.$DRIVER_DOMAIN/csi.sock"; }
class_name() { printf '%s\n' "bed${1#csi}"; }

# crd_directory prints where the CRDs of the snapshot API are. They come from the client's
# module and are kept in the cache, so that a warm run needs no Go module at all.
crd_directory() {
  local module=github.com/kubernetes-csi/external-snapshotter/client/v8 key directory source
  key=$(grep -F "$module " "$HERE/go/csi/go.sum" | sha256sum)
  directory=$CACHE/crds/${key:0:16}
  if [[ ! -d $directory ]]; then
    source=$(cd "$HERE/go/csi" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly go mod download -json "$module" | jq -r .Dir)
    rm -rf "$directory.new"
    mkdir -p "$directory.new"
    cp --no-preserve=mode "$source"/config/crd/{snapshot,groupsnapshot}.storage.k8s.io_*.yaml "$directory.new"
    mv "$directory.new" "$directory"
  fi
  printf '%s\n' "$directory"
}

apply_crds() {
  local directory names
  directory=$(crd_directory)
  cat "$directory"/*.yaml | apply_once crds
  names=("$directory"/*.yaml)
  kubectl wait --for=condition=Established --timeout=30s "${names[@]/#/--filename=}" >>"$LOGS/apply.log"
}

mount_disk() {
  mkdir -p "$DISK"
  if [[ ! -e $DISK.img ]]; then
    truncate -s "$DISK_SIZE" "$DISK.img.new"
    mkfs.btrfs -q -m single "$DISK.img.new" >"$LOGS/mkfs.log" 2>&1
    mv "$DISK.img.new" "$DISK.img"
  fi
  mountpoint -q "$DISK" || mount -o loop,noatime,nobarrier "$DISK.img" "$DISK"
}

start_driver() { # DRIVER
  mkdir -p "$DISK/$1" "$(dirname "$(driver_socket "$1")")"
  start "$1-driver" "$BIN/csi-driver" --driver-name "$(driver_name "$1")" --node-id "$NODE" --state-dir "$DISK/$1" \
    --endpoint "$(driver_socket "$1")" --registration-dir "$STATE/kubelet/plugins_registry"
}

# start_storage starts the drivers and, for each, its sidecars. The rates are those of
# a cluster in use: the sidecars' own defaults (5 and 10) would be what a test measures.
start_storage() {
  local driver socket
  local common=(--kubeconfig="$STATE/storage.kubeconfig" --kube-api-qps=100 --kube-api-burst=200)
  local groups=--feature-gates=CSIVolumeGroupSnapshot=true
  for driver in "${DRIVERS[@]}"; do start_driver "$driver"; done
  start snapshot-controller "$BIN/snapshot-controller" "${common[@]}" $groups --leader-election=false \
    --retry-interval-max=10s --http-endpoint=
  for driver in "${DRIVERS[@]}"; do
    socket=$(driver_socket "$driver")
    wait_for 20 "$driver-driver" test -S "$socket"
    start "$driver-snapshotter" "$BIN/csi-snapshotter" "${common[@]}" $groups --csi-address="$socket" --timeout=5m \
      --extra-create-metadata --retry-interval-max=10s
    start "$driver-provisioner" "$BIN/csi-provisioner" "${common[@]}" --csi-address="$socket" --timeout=5m \
      --extra-create-metadata --default-fstype=ext4
    # Resynced often: it does not look again by itself for a class of attributes that it has not heard of yet.
    start "$driver-resizer" "$BIN/csi-resizer" "${common[@]}" --csi-address="$socket" --timeout=5m --retry-interval-max=10s \
      --resync-period=30s
    DRIVER_NAME=$(driver_name "$driver") CLASS=$(class_name "$driver") IS_DEFAULT=$([[ $driver == csi ]] && echo true || echo false) \
      render classes.yaml | apply_once "$driver-classes"
  done
}

wait_for_storage() {
  local driver
  for driver in "${DRIVERS[@]}"; do
    wait_for 60 "$driver-driver" node_has_driver "$(driver_name "$driver")"
    is_running "$driver-snapshotter" || { show_log "$LOGS/$driver-snapshotter.log"; fail "$driver-snapshotter died"; }
    is_running "$driver-provisioner" || { show_log "$LOGS/$driver-provisioner.log"; fail "$driver-provisioner died"; }
    is_running "$driver-resizer" || { show_log "$LOGS/$driver-resizer.log"; fail "$driver-resizer died"; }
  done
  is_running snapshot-controller || { show_log "$LOGS/snapshot-controller.log"; fail "snapshot-controller died"; }
}

node_has_driver() {
  kubectl get csinode "$NODE" -o jsonpath='{.spec.drivers[*].name}' | grep -qw "$1"
}

# detach_volumes unmounts the drivers' volumes and frees their loop devices.
detach_volumes() {
  local directory
  [[ -x $BIN/csi-driver ]] || return 0
  for directory in "$DISK"/*/; do
    [[ -d $directory ]] || continue
    "$BIN/csi-driver" --state-dir "${directory%/}" --cleanup >>"$LOGS/cleanup.log" 2>&1 || say "csi-driver --cleanup left something: $LOGS/cleanup.log"
  done
}
