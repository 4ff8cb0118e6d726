# shellcheck shell=bash
# What the person at the screen sees: one line per step with the time it took, and the
# end of the right log when a step fails.

STARTED=${EPOCHREALTIME/[.,]/}
STEP=

# seconds_since MICROSECONDS prints the seconds since then, with two decimals.
seconds_since() {
  local hundredths=$(((${EPOCHREALTIME/[.,]/} - $1) / 10000))
  printf '%d.%02d' $((hundredths / 100)) $((hundredths % 100))
}

say() {
  printf '[%s %7s s] %s\n' "${NAME:--}" "$(seconds_since "$STARTED")" "$*" >&2
}

# fail TEXT ends the program with a message that says what to do.
fail() {
  say "FAILED: $*"
  STEP=
  exit 1
}

# step TEXT COMMAND... runs COMMAND in this shell, so that set -e keeps its meaning in it.
step() {
  STEP=$1
  shift
  local began=${EPOCHREALTIME/[.,]/}
  "$@"
  say "$STEP ($(seconds_since "$began") s)"
  STEP=
}

# show_log FILE prints where a log is, and its end.
show_log() {
  [[ -s $1 ]] || return 0
  printf -- '--- %s\n' "$1" >&2
  tail -n 15 "$1" >&2
}

# report_failure is the EXIT trap: it names the step that set -e ended.
report_failure() {
  local status=$?
  if ((status != 0)) && [[ -n $STEP ]]; then
    say "FAILED: $STEP (exit status $status); logs: ${LOGS:-}"
  fi
}
