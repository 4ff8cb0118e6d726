# shellcheck shell=bash
# What clusters change or leave outside their own directory, and how it is given back.
# All of it runs under the shared lock.

# Paths that containerd, the kubelet, CNI, ip and Stillpoint's agent make; there is no setting
# to move them. Those that were not there before the first cluster go with the last one.
OUTSIDE_PATHS=(/var/lib/kubelet /var/lib/cni /var/log/containers /var/log/pods /run/containerd /run/netns)

# The kubelet sets these, globally, at each of its starts; it does not need them later.
declare -A KUBELET_SYSCTLS=([vm/overcommit_memory]=1 [kernel/panic]=10 [kernel/panic_on_oops]=1)

# remember_new_paths notes once which of OUTSIDE_PATHS do not exist yet.
remember_new_paths() {
  mkdir -p "$SHARED"
  [[ ! -e $SHARED/new-paths ]] || return 0
  local path
  for path in "${OUTSIDE_PATHS[@]}"; do
    [[ -e $path ]] || printf '%s\n' "$path"
  done >"$SHARED/new-paths.new"
  mv "$SHARED/new-paths.new" "$SHARED/new-paths"
}

# save_sysctls keeps the machine's own values, once per boot, before a kubelet starts.
save_sysctls() {
  local boot name
  boot=$(</proc/sys/kernel/random/boot_id)
  [[ ! -e $SHARED/sysctls-$boot ]] || return 0
  rm -f "$SHARED"/sysctls-*
  for name in "${!KUBELET_SYSCTLS[@]}"; do
    printf '%s %s\n' "$name" "$(<"/proc/sys/$name")"
  done >"$SHARED/sysctls.new"
  mv "$SHARED/sysctls.new" "$SHARED/sysctls-$boot"
}

# restore_sysctls gives the machine its values back where a kubelet has changed them, and
# leaves alone what somebody else has set in the meantime.
restore_sysctls() {
  local boot name value
  boot=$(</proc/sys/kernel/random/boot_id)
  [[ -e $SHARED/sysctls-$boot ]] || return 0
  while read -r name value; do
    [[ $(<"/proc/sys/$name") != "${KUBELET_SYSCTLS[$name]}" ]] || printf '%s\n' "$value" >"/proc/sys/$name"
  done <"$SHARED/sysctls-$boot"
}

# other_cluster_exists tells whether a cluster besides this one has state or a namespace.
other_cluster_exists() {
  local other
  for other in "${BED_NAMES[@]}"; do
    [[ $other != "$NAME" ]] || continue
    if [[ -d $BED/$other || -e /run/netns/stillpoint-$other ]]; then return 0; fi
  done
  return 1
}

# leave_machine takes away what the clusters shared, when the last of them goes.
leave_machine() {
  if other_cluster_exists; then return 0; fi
  restore_sysctls
  remove_cgroups stillpoint-guard # holds of pods that are gone by now
  # The agents' records. An agent that still runs belongs to another cluster than ours: then they stay.
  if ! pgrep -f '^/stillpoint/holder agent' >/dev/null; then rm -rf /run/stillpoint; fi
  ip link del "$HOST_BRIDGE" 2>/dev/null || true
  rm -f /var/lib/kubelet/device-plugins/{kubelet.sock,kubelet_internal_checkpoint}
  local path
  if [[ -e $SHARED/new-paths ]]; then
    while read -r path; do
      if mountpoint -q "$path"; then
        [[ -z $(ls -A "$path") ]] || continue
        umount "$path"
      fi
      rm -rf --one-file-system "$path"
    done <"$SHARED/new-paths"
  fi
  rm -rf "$SHARED"
}
