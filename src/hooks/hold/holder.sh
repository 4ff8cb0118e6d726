#!/bin/sh
# Holder of vantage Pod, protocol version 1: docs/design/0002-holder-protocol.md.
#   sh -c "$PROGRAM" stillpoint-holder <id> hold <ttlMillis> <maxMillis> <comm> <mountPath>...
#   sh -c "$PROGRAM" stillpoint-holder <id> fence <ttlMillis> <maxMillis> <comm> <command>... volumes <mountPath>...
#   sh -c "$PROGRAM" stillpoint-holder <id> end takeover|sweep|abort
# hold stops the processes named <comm> and their descendants with SIGSTOP; fence lets them run and has
# the server itself refuse its clients, by commands that come as
#   engage|verify|release|position <limitMillis> <expected line> <number of words> <word>...
# It runs in a database's container, so it needs only sh, cat, kill, mkdir and sleep, and leaves nothing behind there:
# the guard ends with 0 by itself, since PostgreSQL as PID 1 restarts the whole server when an
# orphan that it adopted dies by a signal.
set -u
LC_ALL=C
export LC_ALL
umask 077
IDLE=6000         # centiseconds an armed hold may stay without a freeze
FREEZE_LIMIT=200  # centiseconds until everything must stand still
KEEP=360000       # centiseconds that the state of an ended hold stays

# Centiseconds since boot, into NOW; with the point as well, into UPTIME.
clock() {
  read -r UPTIME _ </proc/uptime
  NOW=${UPTIME%.*}${UPTIME#*.}
}

encode() {
  encoded='' rest=$1
  while [ -n "$rest" ]; do
    char=${rest%"${rest#?}"}
    rest=${rest#?}
    case $char in
      [A-Za-z0-9._~:/,+-]) encoded=$encoded$char ;;
      *) encoded=$encoded$(printf '%%%02X' "$(($(printf %d "'$char") & 255))") ;;
    esac
  done
}

emit() { echo "STILL1 $ID $*" 2>/dev/null || LISTENER=gone; }

# fail CODE FATAL MESSAGE
fail() {
  encode "$3"
  emit error "code=$1" "message=$encoded" "fatal=$2"
}

fatal() {
  fail "$1" true "$2"
  exit 1
}

# read_stat FILE: a line of /proc/PID/stat into COMM, STATE, PARENT, START; false when the
# process has ended, reaped or not.
read_stat() {
  { IFS= read -r stat <"$1"; } 2>/dev/null || return 1
  COMM=${stat#*\(}
  COMM=${COMM%\)*}
  # shellcheck disable=SC2086 # the fields after the name are plain numbers
  set -- ${stat##*\)}
  [ $# -ge 20 ] || return 1
  STATE=$1 PARENT=$2
  shift 19
  START=$1
  case $STATE in Z | X) return 1 ;; esac
}

# same PID START: is it still that process?
same() { read_stat "/proc/$1/stat" && [ "$START" = "$2" ]; }

# stopped PID: does every thread stand still?
stopped() {
  for task in "/proc/$1/task/"*/stat; do
    if read_stat "$task"; then
      case $STATE in T | t) ;; *) return 1 ;; esac
    fi
  done
}

# descend: adds to FOUND and PIDS what descends from them, out of "pid:start:parent" in $all.
descend() {
  grown=yes
  while [ -n "$grown" ]; do
    grown='' others=$all all=''
    for entry in $others; do
      case $PIDS in
        *" ${entry##*:} "*) FOUND="$FOUND ${entry%:*}" PIDS="$PIDS${entry%%:*} " grown=yes ;;
        *) all="$all $entry" ;;
      esac
    done
  done
}

# scan: FOUND = "pid:start" of the targets, parents before their children.
scan() {
  all='' FOUND='' PIDS=' '
  for entry in /proc/[0-9]*; do
    read_stat "$entry/stat" || continue
    if [ "$COMM" = "$TARGET" ]; then
      FOUND="$FOUND ${entry#/proc/}:$START" PIDS="$PIDS${entry#/proc/} "
    else
      all="$all ${entry#/proc/}:$START:$PARENT"
    fi
  done
  descend
}

# servers: FOUND = "pid:start" of the processes named TARGET whose parent is none of them. Behind a
# fence their children come and go, but a restart replaces them.
servers() {
  named='' PIDS=' ' FOUND=''
  for entry in /proc/[0-9]*; do
    read_stat "$entry/stat" || continue
    if [ "$COMM" = "$TARGET" ]; then
      named="$named ${entry#/proc/}:$START:$PARENT" PIDS="$PIDS${entry#/proc/} "
    fi
  done
  for entry in $named; do
    case $PIDS in *" ${entry##*:} "*) ;; *) FOUND="$FOUND ${entry%:*}" ;; esac
  done
}

# kill_family PID: ends it and what descends from it.
kill_family() {
  all='' FOUND='' PIDS=" $1 "
  for entry in /proc/[0-9]*; do
    if read_stat "$entry/stat"; then all="$all ${entry#/proc/}:$START:$PARENT"; fi
  done
  descend
  # shellcheck disable=SC2086 # a list of pids
  kill -KILL $PIDS 2>/dev/null
}

# check_targets: nothing has been touched yet when it refuses.
check_targets() {
  if [ -n "$ENGAGE" ]; then servers; else scan; fi
  [ -n "$FOUND" ] || fatal TargetNotFound "no process is named $TARGET"
  if [ -n "$ENGAGE" ]; then return; fi
  case $PIDS in
    *' 1 '*) fatal PidOne 'a target is PID 1, which cannot be stopped from inside' ;;
    *" $$ "*) fatal OwnProcess 'the holder is one of its targets' ;;
  esac
  for entry in $FOUND; do
    refusal=''
    if stopped "${entry%:*}"; then refusal="AlreadyFrozen process ${entry%:*} is stopped by somebody else"; fi
    kill -0 "${entry%:*}" 2>/dev/null || refusal="FreezeFailed process ${entry%:*} may not be signalled"
    # A child that has just ended fails both and is no reason.
    if [ -n "$refusal" ] && same "${entry%:*}" "${entry#*:}"; then fatal "${refusal%% *}" "${refusal#* }"; fi
  done
}

# mounted PATH: is it a mount point? Links are followed as the container sees them.
mounted() {
  place=$(cd -P "$1" 2>/dev/null && pwd -P) || return 1
  while read -r _ _ _ _ point _; do
    if [ "$point" = "$place" ]; then return 0; fi
  done </proc/self/mountinfo
  return 1
}

# in_memory DIR: is it on a tmpfs, and on none of the volumes that are held?
in_memory() {
  place=$(cd -P "$1" 2>/dev/null && pwd -P) || return 1
  best='' kind=''
  while read -r _ point type _; do
    case $place/ in
      "${point%/}"/*) [ ${#point} -lt ${#best} ] || best=$point kind=$type ;;
    esac
  done </proc/self/mounts
  [ "$kind" = tmpfs ] || return 1
  for volume in $VOLUMES_RESOLVED; do
    if [ "$volume" = "$best" ]; then return 1; fi
  done
}

# find_state: D = the state directory of this id, made by somebody before or to be made.
find_state() {
  D=''
  for base in /dev/shm /run /tmp; do
    if [ -d "$base/stillpoint/$ID" ]; then D=$base/stillpoint/$ID; fi
  done
  if [ -n "$D" ]; then return 0; fi
  for base in /dev/shm /run /tmp; do
    if in_memory "$base" && mkdir -p "$base/stillpoint" 2>/dev/null && [ -w "$base/stillpoint" ]; then
      D=$base/stillpoint/$ID
      return 0
    fi
  done
  fatal StateFailed 'no writable tmpfs in /dev/shm, /run or /tmp'
}

# get FILE: its first line into VALUE; false when it is missing or still being written.
get() {
  VALUE=''
  { IFS= read -r VALUE <"$D/$1"; } 2>/dev/null && [ -n "$VALUE" ]
}

# claim WHY: the race for the end. mkdir is atomic: one wins, ever.
claim() {
  mkdir "$D/end" 2>/dev/null || return 1
  clock
  echo "$NOW" >"$D/end/at"
  echo "$1" >"$D/end/why"
  return 0
}

# winner: who won, into WINNER. One that died right after its mkdir stays unknown.
winner() {
  for _ in 1 2 3; do
    if get end/why; then
      WINNER=$VALUE
      return
    fi
    sleep "$TICK"
  done
  WINNER=unknown
}

# perform NAME: runs a command of the fence as it is recorded, with its own limit and without our
# streams. False when it fails, is late, or prints something else than is expected. SAID is its first
# line, STATUS its exit code or late, OUTCOME the same for people.
perform() {
  SAID='' STATUS=missing OUTCOME='is not recorded' limit='' expected='' words=0
  [ -f "$D/$1" ] || return 1
  answer=$D/$1.$ROLE source=$D/$1
  set --
  while IFS= read -r word; do
    words=$((words + 1))
    case $words in
      1) limit=$word ;;
      2) expected=$word ;;
      *) set -- "$@" "$word" ;;
    esac
  done <"$source"
  clock
  since=$NOW
  # exec, since a word like the name of a builtin must be a program all the same.
  (
    trap - HUP INT TERM QUIT PIPE
    ulimit -f 128
    exec "$@" </dev/null >"$answer" 2>/dev/null
  ) &
  child=$!
  read_stat "/proc/$child/stat" || START=gone
  born=$START
  if [ "$ROLE" = holder ]; then echo "$child:$born" >"$D/running"; fi
  while same "$child" "$born"; do
    clock
    if [ $((NOW - since)) -ge "$limit" ]; then
      kill_family "$child"
      wait "$child" 2>/dev/null
      STATUS=late OUTCOME='was late and was killed'
      return 1
    fi
    sleep "$FINE"
  done
  wait "$child" 2>/dev/null
  STATUS=$? OUTCOME="ended with $STATUS"
  [ "$STATUS" = 0 ] || return 1
  more=''
  { IFS= read -r SAID && IFS= read -r more; } <"$answer"
  if [ -z "$expected" ]; then return 0; fi
  OUTCOME='did not print what it should'
  [ "$SAID" = "$expected" ] && [ -z "$more" ]
}

# serving: is a server left that the fence was put on? With the last one it is gone as well.
serving() {
  while read -r entry; do
    if same "${entry%:*}" "${entry#*:}"; then return 0; fi
  done <"$D/servers"
  return 1
}

# unfence: lets clients write again, and looks whether they can.
unfence() {
  get impact || return 0
  # What a holder that is gone, or hangs, has begun would put the fence on again.
  if [ "$ROLE" != holder ] && get running && same "${VALUE%:*}" "${VALUE#*:}"; then kill_family "${VALUE%:*}"; fi
  for _ in 1 2 3; do
    if ! serving; then return 0; fi
    if perform release && ! perform verify; then return 0; fi
    sleep "$TICK"
  done
  return 1
}

# thaw: lets everything go that was stopped, children first, and looks whether it runs; or lifts the
# fence.
thaw() {
  if [ -f "$D/release" ]; then
    unfence
    return
  fi
  for _ in 1 2 3 4 5; do
    reversed=''
    if [ -f "$D/stopped" ]; then
      while read -r entry; do reversed="$entry $reversed"; done <"$D/stopped"
    fi
    held=''
    for entry in $reversed; do
      if same "${entry%:*}" "${entry#*:}"; then kill -CONT "${entry%:*}" 2>/dev/null; fi
    done
    for entry in $reversed; do
      if same "${entry%:*}" "${entry#*:}" && stopped "${entry%:*}"; then held=yes; fi
    done
    if [ -z "$held" ]; then return 0; fi
    sleep "$TICK"
  done
  return 1
}

holder_gone() { ! same "$HOLDER" "$HOLDER_START"; }

# expired: WHY = the limit that has passed, or nothing. What cannot be read keeps its last
# value, since writing a file is not atomic here.
expired() {
  WHY=''
  clock
  if [ -z "$IMPACT" ] && get impact; then IMPACT=$VALUE; fi
  if get beat; then BEAT=$VALUE; fi
  if [ -z "$IMPACT" ]; then
    if [ $((NOW - ARMED)) -ge $IDLE ]; then WHY=ttl; fi
    return
  fi
  if [ "$BEAT" -lt "$IMPACT" ]; then BEAT=$IMPACT; fi
  if [ $((NOW - IMPACT)) -ge "$MAX" ]; then WHY=max; fi
  if [ $((NOW - BEAT)) -ge "$TTL" ] && [ $((BEAT + TTL)) -le $((IMPACT + MAX)) ]; then WHY=ttl; fi
}

# guard: the dead-man switch, a background process without standard streams. It stays until
# nothing is stopped and no holder is left that could stop anything.
guard() {
  trap '' HUP INT TERM QUIT PIPE
  ROLE=guard IMPACT='' BEAT=$ARMED own=''
  read_stat /proc/self/stat
  echo "${stat%% *}:$START" >"$D/guard"
  while [ ! -d "$D/end" ]; do
    expired
    if holder_gone; then WHY=eof; fi
    if [ -z "$WHY" ]; then
      sleep "$TICK"
      continue
    fi
    # A claim that fails for another reason than a lost race must not stop the thaw.
    if claim "$WHY" || [ ! -d "$D/end" ]; then own=yes; fi
    break
  done
  clock
  patience=$((NOW + 100)) # the winner's time to prove the hold and thaw: 1 s, on a busy node its look through /proc is slow
  until [ -f "$D/end/thawed" ]; do
    if [ -n "$own" ] || holder_gone; then
      if thaw && holder_gone; then
        echo yes >"$D/end/thawed"
        break
      fi
    fi
    clock
    if [ "$NOW" -ge "$patience" ]; then own=yes; fi
    sleep "$TICK"
  done
  exit 0
}

# clean: removes the state of holds that ended long ago.
clean() {
  command -v rm >/dev/null 2>&1 || return 0
  mine=$D
  clock
  for D in "${mine%/*}"/*; do
    if [ -f "$D/end/thawed" ] && get end/at && [ $((NOW - VALUE)) -gt $KEEP ]; then rm -rf "$D"; fi
  done
  D=$mine
}

# refuse CODE MESSAGE: nothing was engaged, and this id is used up.
refuse() {
  claim abort
  echo yes >"$D/end/thawed"
  fatal "$1" "$2"
}

# prepare: records the fence, so that whoever lifts it needs nothing from outside, and rehearses it:
# what lifts it must work before it is put on, and what cannot say that it is off proves nothing.
prepare() {
  servers
  [ -n "$FOUND" ] || refuse TargetNotFound "no process is named $TARGET"
  NOTED=$FOUND
  for entry in $FOUND; do echo "$entry"; done >"$D/servers"
  printf '%s\n' "$ENGAGE" >"$D/engage"
  printf '%s\n' "$VERIFY" >"$D/verify"
  if [ -n "$POSITION" ]; then printf '%s\n' "$POSITION" >"$D/position"; fi
  if perform verify; then
    refuse AlreadyFenced 'spec.fence.verify succeeds before anything was engaged: somebody else keeps clients from writing, or it cannot tell'
  fi
  case $STATUS in 0) ;; late | 126 | 127) refuse FenceFailed "spec.fence.verify $OUTCOME" ;; esac
  if [ -n "$expected" ] && [ "$STATUS" != 0 ]; then refuse FenceFailed "spec.fence.verify $OUTCOME"; fi
  printf '%s\n' "$RELEASE" >"$D/release"
  perform release || refuse FenceFailed "spec.fence.release $OUTCOME; nothing was engaged"
  if [ -n "$POSITION" ]; then
    perform position || refuse FenceFailed "spec.position $OUTCOME"
    [ -n "$SAID" ] || refuse FenceFailed 'spec.position printed nothing'
  fi
}

arm() {
  if [ -n "$GUARD" ]; then
    fail AlreadyArmed false 'this hold is armed'
    return
  fi
  find_state
  mkdir "$D" 2>/dev/null || fatal AlreadyArmed 'the id was used before'
  clean
  read_stat "/proc/$$/stat"
  clock
  HOLDER=$$ HOLDER_START=$START ARMED=$NOW
  echo "$HOLDER $HOLDER_START" >"$D/record"
  if [ -n "$ENGAGE" ]; then
    prepare
    clock
    ARMED=$NOW
  fi
  # With the redirections at the command a shell would keep copies of our streams in it.
  (
    exec </dev/null >/dev/null 2>&1
    guard
  ) &
  GUARD=$!
  until get guard; do
    clock
    if [ $((NOW - ARMED)) -gt 250 ]; then
      claim abort
      fatal GuardFailed 'no word from the guard'
    fi
    sleep "$TICK"
  done
  emit armed "guardPid=$GUARD"
}

# sync_all: all volumes in parallel; SYNC_NOTE says when this image cannot do it.
sync_all() {
  if [ -z "$SYNC" ]; then return 0; fi
  jobs='' status=0
  for volume in "$@"; do
    sync -f "$volume" </dev/null >/dev/null 2>&1 &
    jobs="$jobs $!"
  done
  for job in $jobs; do wait "$job" || status=1; done
  return $status
}

# stop_all: until two looks in a row find the same processes, all standing still. With one
# look a process forked during it could be missed.
stop_all() {
  previous='' recorded=' '
  while :; do
    if [ -d "$D/end" ]; then return 1; fi
    scan
    new='' moving=''
    for entry in $FOUND; do
      case $recorded in
        *" $entry "*) if ! stopped "${entry%:*}"; then moving="$moving ${entry%:*}"; fi ;;
        *) new="$new $entry" moving="$moving ${entry%:*}" ;;
      esac
    done
    if [ -n "$new" ]; then
      # Written before the signal: what is not there nobody would let go.
      for entry in $new; do echo "$entry"; done >>"$D/stopped" || return 1
      recorded="$recorded${new# } "
    fi
    if [ -z "$moving" ]; then
      if [ "$FOUND" = "$previous" ]; then return 0; fi
      previous=$FOUND
    else
      # shellcheck disable=SC2086 # a list of pids
      kill -STOP $moving 2>/dev/null
      previous=''
    fi
    clock
    if [ $((NOW - IMPACT)) -gt $FREEZE_LIMIT ]; then return 1; fi
  done
}

# engage: FAULT = why the fence is not on.
engage() {
  servers
  FAULT='the server was restarted'
  [ "$FOUND" = "$NOTED" ] || return 1
  perform engage || { FAULT="spec.fence.engage $OUTCOME" && return 1; }
  if [ -z "$POSITION" ]; then return 0; fi
  perform position || { FAULT="spec.position $OUTCOME" && return 1; }
  STOOD=$SAID
}

freeze() {
  if [ -z "$GUARD" ]; then
    fail NotArmed false 'freeze needs arm'
    return
  fi
  if [ -n "$IMPACT" ]; then
    fail Unsupported false 'freeze was asked for before'
    return
  fi
  if [ -d "$D/end" ]; then finish ''; fi
  clock
  IMPACT=$NOW
  # Written before the first impact: from here on the guard counts.
  echo "$IMPACT" >"$D/impact"
  if ! get impact; then give_up StateFailed 'the state directory takes no more'; fi
  if [ -n "$ENGAGE" ]; then
    engage || give_up FenceFailed "$FAULT"
    if [ -d "$D/end" ]; then give_up FenceFailed 'the hold was ended meanwhile'; fi
  else
    if ! stop_all || [ -d "$D/end" ]; then give_up FreezeFailed 'not everything stands still'; fi
    NOTED=$FOUND
  fi
  clock
  still=$NOW
  sync_all "$@" || give_up SyncFailed 'a volume could not be synced'
  clock
  note="freezeMicros=$(((still - IMPACT) * 10000)) syncMicros=$(((NOW - still) * 10000)) $SYNC_NOTE"
  if [ -n "$ENGAGE" ]; then
    perform verify || give_up FenceFailed "spec.fence.verify $OUTCOME after the fence was engaged"
    note="$note fenced=true"
  fi
  # shellcheck disable=SC2086 # words
  emit frozen $note "at=$UPTIME"
}

# prove: BROKEN = why the hold proves nothing, or nothing. Read before the thaw.
prove() {
  BROKEN=''
  if [ -n "$ENGAGE" ]; then
    servers
    if [ "$FOUND" != "$NOTED" ]; then
      BROKEN=restarted
    elif ! perform verify; then
      BROKEN=notfenced
    elif [ -n "$POSITION" ] && { ! perform position || [ "$SAID" != "$STOOD" ]; }; then
      BROKEN=moved
    fi
    return
  fi
  scan
  for entry in $NOTED; do
    if ! stopped "${entry%:*}"; then BROKEN=notfrozen; fi
  done
  if [ "$FOUND" != "$NOTED" ]; then BROKEN=restarted; fi
}

# let_go: thaws, settles the hold, and leaves its length in HELD.
let_go() {
  if ! thaw; then
    fail ThawFailed true "$STAYS"
    THAWED=no
  else
    echo yes >"$D/end/thawed"
  fi
  clock
  HELD=$(((NOW - IMPACT) * 10000))
}

give_up() {
  WINNER=abort
  claim abort || winner
  let_go
  fail "$1" true "$2"
  emit broken "why=$WINNER" "heldMicros=$HELD"
  leave 3
}

# finish WHY: ends the hold and the program. No WHY: somebody else has ended it.
finish() {
  trap '' HUP INT TERM
  why=$1 won='' BROKEN='' THAWED=yes
  if [ -z "$GUARD" ]; then
    emit ended "why=$why"
    exit 0
  fi
  if [ -n "$why" ] && claim "$why"; then won=yes; fi
  if [ -z "$won" ]; then
    winner
    why=$WINNER
  fi
  if [ -z "$IMPACT" ]; then
    echo yes >"$D/end/thawed"
    emit ended "why=$why"
    leave 0
  fi
  if [ "$won$why" = yesrelease ]; then prove; fi
  let_go
  if [ "$won$why$BROKEN$THAWED" = yesreleaseyes ]; then
    emit released why=release unbroken=true "heldMicros=$HELD"
    leave 0
  fi
  if [ -z "$won" ] && get end/at; then HELD=$(((VALUE - IMPACT) * 10000)); fi
  emit broken "why=${BROKEN:-$why}" "heldMicros=$HELD"
  leave 3
}

# leave CODE: waits for the guard, so that it ends as a child of ours and not as an orphan. It
# does not end before a hold is settled.
leave() {
  if [ -f "$D/end/thawed" ]; then wait "$GUARD"; fi
  exit "$1"
}

# number TEXT LEAST MOST: refuses what is none.
number() {
  case $1 in
    '' | 0* | *[!0-9]* | ??????*) fatal BadSpec "$1 is no number" ;;
  esac
  if [ "$1" -lt "$2" ] || [ "$1" -gt "$3" ]; then fatal BadSpec "$1 is not $2 to $3"; fi
}

# keep NAME LIMIT EXPECTED COUNT WORD...: one command of the fence, a word a line; TAKEN = how many
# words it had.
keep() {
  number "${2:-}" 100 5000
  number "${4:-}" 1 64
  TAKEN=$(($4 + 4))
  [ $# -ge "$TAKEN" ] || fatal BadSpec "$1 has less words than it says"
  name=$1 left=$4 text=$((($2 + 9) / 10))$NEWLINE$3
  case $3 in *"$NEWLINE"*) fatal BadSpec "$1 expects more than one line" ;; esac
  shift 4
  while [ "$left" -gt 0 ]; do
    case $1 in *"$NEWLINE"*) fatal BadSpec "a word of $name has a line break" ;; esac
    text=$text$NEWLINE$1 left=$((left - 1))
    shift
  done
  case $name in
    engage) ENGAGE=$text ;;
    verify) VERIFY=$text ;;
    release) RELEASE=$text ;;
    position) POSITION=$text ;;
    *) fatal BadSpec "$name is no command of a fence" ;;
  esac
}

# hold MODE TTL MAX COMM ...
hold() {
  [ $# -ge 4 ] || fatal BadSpec 'hold needs ttlMillis, maxMillis, comm and mount paths'
  number "$2" 100 60000
  number "$3" 100 60000
  mode=$1 TTL=$((($2 + 9) / 10)) MAX=$((($3 + 9) / 10)) TARGET=$4
  shift 4
  ENGAGE='' VERIFY='' RELEASE='' POSITION='' STOOD='' STAYS='a process stays stopped'
  if [ "$mode" = fence ]; then
    STAYS='the fence could not be lifted'
    while [ "${1:-}" != volumes ]; do
      [ $# -ge 5 ] || fatal BadSpec 'fence needs engage, verify, release and volumes'
      keep "$@"
      shift "$TAKEN"
    done
    shift
    if [ -z "$ENGAGE" ] || [ -z "$VERIFY" ] || [ -z "$RELEASE" ]; then fatal BadSpec 'fence needs engage, verify and release'; fi
  fi
  GUARD='' IMPACT='' NOTED='' LISTENER='' THAWED=yes
  for volume in "$@"; do
    mounted "$volume" || fatal VolumeNotFound "$volume is not a mount point"
    VOLUMES_RESOLVED="$VOLUMES_RESOLVED $place"
  done
  check_targets
  SYNC='' SYNC_NOTE='sync=none'
  case $(sync --help 2>&1) in *-f*) SYNC=yes SYNC_NOTE='' ;; esac
  trap '' PIPE
  trap 'finish eof' HUP INT TERM
  # shellcheck disable=SC2086 # a list of processes
  set -- "$(count $FOUND)" "$@"
  emit ready "targets=$1" "volumes=$(($# - 1))"
  shift
  obey "$@"
}

count() { echo $#; }

# obey VOLUMES...: one command a line until the hold ends.
obey() {
  while IFS= read -r command; do
    if [ -n "$GUARD" ] && [ -d "$D/end" ]; then finish ''; fi
    case $command in
      beat)
        clock
        if [ -n "$GUARD" ]; then echo "$NOW" >"$D/beat"; fi
        emit beat
        ;;
      sync)
        clock
        began=$NOW
        if sync_all "$@"; then
          clock
          # shellcheck disable=SC2086 # one word or none
          emit synced "micros=$(((NOW - began) * 10000))" $SYNC_NOTE
        else
          fail SyncFailed false 'a volume could not be synced'
        fi
        ;;
      arm) arm ;;
      freeze) freeze "$@" ;;
      release) finish release ;;
      abort) finish abort ;;
      '') ;;
      *) fail Unsupported false 'unknown command' ;;
    esac
    if [ -n "$LISTENER" ]; then finish eof; fi
  done
  finish eof
}

# end_hold WHY: from outside; may be repeated. An id that nobody armed is used up by it.
end_hold() {
  ROLE=end
  case $1 in takeover | sweep | abort) ;; *) fatal BadArguments 'end takeover, sweep or abort' ;; esac
  find_state
  if mkdir "$D" 2>/dev/null; then
    claim absent
    echo yes >"$D/end/thawed"
  fi
  won=''
  if claim "$1"; then won=yes; fi
  IMPACT=''
  if get impact; then IMPACT=$VALUE; fi
  if [ ! -f "$D/end/thawed" ]; then
    thaw || fatal ThawFailed 'a process stays stopped, or the fence could not be lifted'
    HOLDER=0 HOLDER_START=0
    if get record; then HOLDER=${VALUE% *} HOLDER_START=${VALUE#* }; fi
    if holder_gone; then echo yes >"$D/end/thawed"; fi
  fi
  if [ -n "$won" ] && [ -n "$IMPACT" ]; then
    clock
    emit released "why=$1" unbroken=false "heldMicros=$(((NOW - IMPACT) * 10000))"
  else
    winner
    emit ended "why=$WINNER"
  fi
}

ID=${1:-} VOLUMES_RESOLVED='' TICK=1 FINE=1 ROLE=holder
NEWLINE='
'
case $ID in '' | *[!a-z0-9-]*) ID='' ;; esac
if [ -z "$ID" ] || [ ${#ID} -gt 63 ]; then
  echo 'usage: stillpoint-holder <id> hold|fence <ttlMillis> <maxMillis> <comm> ... <mountPath>... | <id> end <why>' >&2
  exit 2
fi
if sleep 0.01 2>/dev/null; then TICK=0.1 FINE=0.01; fi
case ${2:-} in
  hold | fence)
    shift
    hold "$@"
    ;;
  end) end_hold "${3:-}" ;;
  *) fatal BadArguments 'hold, fence or end' ;;
esac
