# shellcheck shell=bash
# The commands of "bed".

bed_up() {
  export PATH=$BIN:$PATH
  check_prerequisites
  lock_cluster
  if ! any_running && [[ -e $STATE || -e /run/netns/$NETNS ]]; then
    step "cleared what a dead cluster had left" remove_node
  fi
  if pods_moved; then fail "cluster $NAME runs with pods outside $POD_NETWORK: NAME=$NAME $HERE/bed down, then up again"; fi
  mkdir -p "$STATE/run" "$LOGS"
  step "Debian packages" unpack_packages
  step "programs" build_programs
  step "certificates" make_certificates
  with_shared_lock connect_host
  step "network" connect_node
  start_containerd
  step "etcd" start_etcd
  start_api_server
  step "sandbox image" load_pause_image
  step "API server" wait_for_api_server
  start_controllers
  start_services
  start_kubelet
  if ((${#DRIVERS[@]})); then
    step "disk" mount_disk
    step "CRDs" apply_crds
    start_storage
  fi
  step "node" wait_for_node
  step "Services and DNS" wait_for_services
  step "storage" wait_for_storage
  say "up: eval \"\$(NAME=$NAME $HERE/bed env)\""
}

bed_down() {
  local name
  if [[ $NAME != all ]]; then
    take_down
    return
  fi
  for name in "${BED_NAMES[@]}"; do
    use_cluster "$name"
    take_down
  done
}

# take_down ends what creates first, then the pods, then what they stand on.
take_down() {
  local process
  lock_cluster
  if any_running; then
    while read -r process; do
      case $process in
        containerd | etcd | kube-apiserver | *-driver) ;;
        *) stop "$process" 0 & ;;
      esac
    done < <(process_names)
    wait
    thaw_cgroups "$CGROUP"
    if is_running containerd; then
      "$BIN/kube" remove-pods "$CRI_SOCKET" >>"$LOGS/remove-pods.log" 2>&1 || show_log "$LOGS/remove-pods.log"
    fi
    stop kube-apiserver 0 & stop etcd 0 & stop containerd 10 &
    wait
    while read -r process; do stop "$process" 10; done < <(process_names)
  fi
  remove_node
  with_shared_lock leave_machine
  rm -f "$BED/$NAME.lock"
  if [[ ! -e $SHARED ]]; then rm -f "$BED/shared.lock"; fi
  rmdir "$BED" 2>/dev/null || true
  say "down"
}

bed_status() {
  local process pid
  while read -r process; do
    if pid=$(pid_of "$process"); then
      printf '%-24s pid %-8s %5d MiB\n' "$process" "$pid" "$(awk '$1 == "VmRSS:" {print int($2 / 1024)}' "/proc/$pid/status")"
    else
      printf '%-24s dead\n' "$process"
    fi
  done < <(process_names)
  any_running || { say "not running"; return 1; }
  "$BIN/kubectl" get nodes
}

bed_env() {
  # shellcheck disable=SC2016 # the caller's shell fills in PATH
  printf 'export KUBECONFIG=%q\nexport PATH=%q:"$PATH"\n' "$KUBECONFIG" "$BIN"
}

bed_load() {
  (($#)) || usage
  export PATH=$BIN:$PATH
  is_running containerd || fail "cluster $NAME does not run: NAME=$NAME bed up"
  local archive
  for archive in "$@"; do
    [[ -r $archive ]] || fail "no such archive: $archive"
    step "loaded $archive" load_image "$archive"
  done
}
