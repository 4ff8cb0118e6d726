# shellcheck shell=bash
# Host processes of a cluster, known by a pid file that also holds the start time: a pid
# that was given to another process in the meantime is not ours.

# start_time PID prints when a process started, in clock ticks since boot.
start_time() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s\n' "${fields[19]}"
}

# pid_of PROCESS prints the pid of a process of this cluster, or fails when it does not run.
pid_of() {
  local pid started
  read -r pid started 2>/dev/null <"$STATE/run/$1.pid" || return 1
  [[ $(start_time "$pid") == "$started" ]] || return 1
  printf '%s\n' "$pid"
}

is_running() {
  pid_of "$1" >/dev/null
}

# runs_as PROCESS PROGRAM ARGUMENT... tells whether it runs, from this file with these arguments.
runs_as() {
  local pid running
  pid=$(pid_of "$1") || return 1
  shift
  [[ $(readlink "/proc/$pid/exe") == "$(readlink -f "$1")" ]] || return 1
  mapfile -d '' -t running <"/proc/$pid/cmdline"
  [[ "${running[*]}" == "$*" ]]
}

# start PROCESS PROGRAM ARGUMENT... starts a program in the network namespace of the
# cluster, in a session of its own. One that runs already is left alone, unless its
# program file or its arguments have changed. Of the environment it gets PATH and HOME
# only: csi-provisioner would prefer the caller's KUBECONFIG to its own flag.
start() {
  local process=$1
  shift
  if runs_as "$process" "$@"; then return 0; fi
  stop "$process" 5
  printf -- '--- start %s\n' "$(date --iso-8601=seconds)" >>"$LOGS/$process.log"
  setsid env -i PATH="$PATH" HOME="$HOME" nsenter --net="/run/netns/$NETNS" "$@" </dev/null >>"$LOGS/$process.log" 2>&1 9>&- &
  local pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$STATE/run/$process.pid"
}

# stop PROCESS SECONDS ends a process by TERM, after SECONDS by KILL.
stop() {
  local pid tries
  if pid=$(pid_of "$1"); then
    kill -TERM "$pid" 2>/dev/null || true
    for ((tries = $2 * 20; tries > 0; tries--)); do
      is_running "$1" || break
      sleep 0.05
    done
    if is_running "$1"; then kill -KILL "$pid" 2>/dev/null || true; fi
    for ((tries = 100; tries > 0; tries--)); do
      is_running "$1" || break
      sleep 0.05
    done
  fi
  rm -f "$STATE/run/$1.pid"
}

# configure PROCESS CONFIG FILE renders a file of config/ for a process, and stops the process
# when that changes what it runs with; "start" comes next. An unchanged file is not written
# again: kube-proxy ends itself when its file is touched.
configure() {
  local text
  text=$(render "$2")
  if [[ -e $3 && $(<"$3") == "$text" ]]; then return 0; fi
  stop "$1" 5
  printf '%s\n' "$text" >"$3"
}

# process_names prints the processes that have a pid file, running or not.
process_names() {
  local file
  for file in "$STATE"/run/*.pid; do
    [[ -e $file ]] || continue
    file=${file##*/}
    printf '%s\n' "${file%.pid}"
  done
}

# any_running tells whether a single process of this cluster is alive.
any_running() {
  local process
  while read -r process; do
    is_running "$process" && return 0
  done < <(process_names)
  return 1
}

# wait_for SECONDS PROCESS COMMAND... waits until COMMAND succeeds. It gives up at once
# when PROCESS dies, and shows the end of its log.
wait_for() {
  local limit=$1 process=$2
  shift 2
  local end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    if ! is_running "$process"; then
      show_log "$LOGS/$process.log"
      fail "$process died"
    fi
    if ((SECONDS >= end)); then
      show_log "$LOGS/$process.log"
      fail "$process: not within $limit s: $*"
    fi
    sleep 0.1
  done
}

# in_node COMMAND... runs a command in the network namespace of the cluster. "ip netns
# exec" is not used: it mounts /sys anew and so hides the cgroups.
in_node() {
  nsenter --net="/run/netns/$NETNS" "$@"
}
