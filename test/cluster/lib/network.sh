# shellcheck shell=bash
# One network namespace per cluster, all on one bridge of the host. No namespace has a
# default route, so nothing leaves the machine; the host forwards nothing and keeps its
# own sysctls.

# link_address NUMBER prints a fixed link-layer address: a cluster that comes up again at once
# must not be looked for at the address that its neighbours remember.
link_address() {
  printf '02:53:50:00:00:%02x\n' "$1"
}

# connect_host makes the bridge that the clusters share. Run under the shared lock.
connect_host() {
  remember_new_paths
  if ! ip link show "$HOST_BRIDGE" >/dev/null 2>&1; then
    ip link add "$HOST_BRIDGE" address "$(link_address 0)" type bridge
    ip addr add "$HOST_ADDRESS/24" dev "$HOST_BRIDGE"
  fi
  ip link set "$HOST_BRIDGE" up
}

# connect_node makes the namespace of this cluster and joins it to the bridge.
connect_node() {
  [[ -e /run/netns/$NETNS ]] || ip netns add "$NETNS"
  in_node ip link set lo up
  if ! ip link show "$VETH" >/dev/null 2>&1; then
    ip link add "$VETH" type veth peer name eth0 address "$(link_address "$(number_of "$NAME")")" netns "$NETNS"
    in_node ip addr add "$NODE_ADDRESS/24" dev eth0
  fi
  ip link set "$VETH" master "$HOST_BRIDGE" up
  in_node ip link set eth0 up
  in_node sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' # of this namespace alone
  local other number
  for other in "${BED_NAMES[@]}"; do
    number=$(number_of "$other")
    [[ $other == "$NAME" ]] || in_node ip route replace "$(pod_network "$number")" via "10.244.0.$((10 + number))"
  done
  ip route replace "$POD_NETWORK" via "$NODE_ADDRESS" dev "$HOST_BRIDGE"
  ip route replace "$SERVICE_NETWORK" via "$NODE_ADDRESS" dev "$HOST_BRIDGE"
}

# pods_moved tells whether the pods of this cluster have addresses of another network than new
# ones would get: an earlier version has started it, and its bridge takes no second network.
pods_moved() {
  local file=$STATE/cni/net.d/10-stillpoint.conflist
  [[ -e $file ]] && ! grep -qF "\"$POD_NETWORK\"" "$file"
}

# disconnect_node takes the namespace and what leads to it away.
disconnect_node() {
  ip route del "$POD_NETWORK" dev "$HOST_BRIDGE" 2>/dev/null || true
  ip route del "$SERVICE_NETWORK" dev "$HOST_BRIDGE" 2>/dev/null || true
  ip link del "$VETH" 2>/dev/null || true
  if [[ -e /run/netns/$NETNS ]]; then ip netns del "$NETNS"; fi
}
