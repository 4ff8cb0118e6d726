# shellcheck shell=bash
# Taking a cluster away by its names alone: works as well when its processes were killed
# and its pid files are gone.

# processes_in_node prints the pids of all processes in the namespace of this cluster:
# ours, and the shims of containerd. Pods have namespaces of their own.
processes_in_node() {
  [[ -e /run/netns/$NETNS ]] || return 0
  local namespace entry
  namespace="net:[$(stat -L -c %i "/run/netns/$NETNS")]"
  for entry in /proc/[0-9]*; do
    [[ $(readlink "$entry/ns/net" 2>/dev/null) != "$namespace" ]] || printf '%s\n' "${entry##*/}"
  done
}

kill_processes() {
  local pid tries
  for ((tries = 50; tries > 0; tries--)); do
    local left=()
    mapfile -t left < <(processes_in_node)
    ((${#left[@]})) || return 0
    for pid in "${left[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    sleep 0.1
  done
  fail "processes in $NETNS do not die: ${left[*]}"
}

# unmount_below DIRECTORY unmounts everything below it, the deepest first.
unmount_below() {
  local mountpoint
  while read -r mountpoint; do
    umount "$mountpoint" 2>/dev/null || umount -l "$mountpoint" 2>/dev/null || true
  done < <(awk -v directory="$1/" 'index($5, directory) == 1 {print $5}' /proc/self/mountinfo | tac)
}

# free_loops DIRECTORY frees the loop devices whose file lies below it.
free_loops() {
  local device
  while read -r device; do
    losetup -d "$device" 2>/dev/null || true
  done < <(losetup -n -O NAME,BACK-FILE -l --raw | awk -v directory="$1/" 'index($2, directory) == 1 {print $1}')
}

remove_links() {
  find /var/log/containers -maxdepth 1 -type l -lname "$STATE/*" -delete 2>/dev/null || true
  rm -f "/var/lib/cni/results/stillpoint-$NAME-"*
}

# remove_node takes all of a cluster away, whatever of it is still there.
remove_node() {
  kill_processes
  remove_cgroups "$CGROUP"
  detach_volumes
  unmount_below "$STATE"
  free_loops "$STATE"
  disconnect_node
  remove_links
  rm -rf --one-file-system "$STATE"
}
