# shellcheck shell=bash
# Locks: one bed command at a time per cluster, and a shared one for what clusters share.

# lock_cluster holds the lock of one cluster until the program ends or locks another. Its
# descriptor is 9; "start" closes it in what it starts.
lock_cluster() {
  while :; do
    mkdir -p "$BED"
    exec 9>"$BED/$NAME.lock"
    flock --nonblock 9 || {
      say "waiting for another bed command on cluster $NAME"
      flock 9
    }
    # "down" removes the file: what was waited for may be the lock of a file that is gone.
    if [[ /proc/self/fd/9 -ef $BED/$NAME.lock ]]; then return 0; fi
  done
}

# with_shared_lock COMMAND... runs a function while no other cluster changes shared things.
with_shared_lock() {
  local descriptor
  while :; do
    mkdir -p "$BED"
    exec {descriptor}>"$BED/shared.lock"
    flock "$descriptor"
    if [[ /proc/self/fd/$descriptor -ef $BED/shared.lock ]]; then break; fi
    exec {descriptor}>&-
  done
  "$@"
  exec {descriptor}>&-
}
