# shellcheck shell=bash
# The cgroup roots of a cluster, in every hierarchy (v1) or in the only one (v2).

# hierarchies prints the mount points of the cgroup hierarchies that hold pods.
hierarchies() {
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    printf '%s\n' /sys/fs/cgroup
    return
  fi
  awk '$3 == "cgroup" && $2 ~ "^/sys/fs/cgroup/" {print $2}' /proc/mounts
}

make_cgroups() {
  local hierarchy file
  while read -r hierarchy; do
    mkdir -p "$hierarchy/$CGROUP"
    # A new v1 cpuset has no processor and no memory node, and refuses every task.
    for file in cpuset.cpus cpuset.mems; do
      [[ -e $hierarchy/$CGROUP/$file && -e $hierarchy/notify_on_release ]] || continue
      [[ -n $(<"$hierarchy/$CGROUP/$file") ]] || cat "$hierarchy/$file" >"$hierarchy/$CGROUP/$file"
    done
  done < <(hierarchies)
}

# thaw_cgroups GROUP thaws all below a group: a v1 task that is frozen does not even die.
thaw_cgroups() {
  local hierarchy file
  while read -r hierarchy; do
    [[ -d $hierarchy/$1 ]] || continue
    while read -r file; do
      case $file in
        */freezer.state) echo THAWED ;;
        */cgroup.freeze) echo 0 ;;
      esac 2>/dev/null >"$file" || true
    done < <(find "$hierarchy/$1" -mindepth 1 \( -name freezer.state -o -name cgroup.freeze \))
  done < <(hierarchies)
}

# remove_cgroups GROUP thaws, kills what is still inside and removes the group everywhere.
remove_cgroups() {
  local hierarchy pid tries
  thaw_cgroups "$1"
  while read -r hierarchy; do
    for ((tries = 50; tries > 0; tries--)); do
      [[ -d $hierarchy/$1 ]] || break
      while read -r pid; do
        ((pid > 1)) && kill -KILL "$pid" 2>/dev/null
      done < <(find "$hierarchy/$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
      find "$hierarchy/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [[ ! -d $hierarchy/$1 ]] || sleep 0.1
    done
  done < <(hierarchies)
}
