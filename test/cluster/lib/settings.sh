# shellcheck shell=bash
# Names, addresses and paths. What a cluster owns lies below $STATE; what clusters share
# below $SHARED; what outlives them below $CACHE.

BED_NAMES=(a b c d e f)
BED=${STILLPOINT_BED:-/var/tmp/stillpoint-bed}
SHARED=$BED/shared
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/stillpoint

HOST_BRIDGE=stillpoint0
HOST_ADDRESS=10.244.0.1
# shellcheck disable=SC2034 # config/kubelet.yaml
MAX_PODS=250
PAUSE_IMAGE=localhost/stillpoint-test/pause:1
DRIVER_DOMAIN=bed.stillpoint.dev
# One instance of the CSI driver per word; empty: a cluster without storage.
read -ra DRIVERS <<<"${BED_DRIVERS-csi}"

# number_of NAME prints the number that every address of a cluster is made from (a = 1).
number_of() {
  printf '%d\n' "$(($(printf '%d' "'$1") - 96))"
}

# pod_network NUMBER prints the addresses of a cluster's pods: room for MAX_PODS, each with a
# new address before the one of the pod that it replaces is free.
pod_network() {
  printf '10.244.%d.0/23\n' $((10 * $1))
}

# use_cluster NAME points every variable below at one cluster.
# shellcheck disable=SC2034 # read by the other files
use_cluster() {
  NAME=$1
  local number
  number=$(number_of "$NAME")

  STATE=$BED/$NAME
  LOGS=$STATE/log
  BIN=$STATE/bin
  PKI=$STATE/pki
  DISK=$STATE/disk
  CRI_SOCKET=$STATE/containerd.sock
  export KUBECONFIG=$STATE/admin.kubeconfig

  NODE=node-$NAME
  CGROUP=stillpoint-$NAME
  NETNS=stillpoint-$NAME
  VETH=sp-$NAME
  NODE_ADDRESS=10.244.0.$((10 + number))
  POD_NETWORK=$(pod_network "$number")
  POD_GATEWAY=10.244.$((10 * number)).1
  SERVICE_NETWORK=10.$((100 + number)).0.0/16
  API_SERVICE_ADDRESS=10.$((100 + number)).0.1
  DNS_ADDRESS=10.$((100 + number)).0.10
}

# render FILE prints a file of config/ with every @NAME@ replaced by that variable.
render() {
  local text name
  text=$(<"$HERE/config/$1")
  while [[ $text =~ @([A-Z_]+)@ ]]; do
    name=${BASH_REMATCH[1]}
    text=${text//"@$name@"/"${!name}"}
  done
  printf '%s\n' "$text"
}
