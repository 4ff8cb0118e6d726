import { binaries, program } from './shell.js';

/**
 * Makes a copy ready for its first start; can be repeated until the server has started, never after.
 * Arguments: data directory, major version, `isolated` or `plain`, set id, timeline and position from which the WAL is
 * examined (empty: not examined), contents of backup_label and tablespace_map (empty: none), namespaces of the original and
 * of the copy, lines for postgresql.auto.conf each as an argument.
 */
export const prepareProgram = program(String.raw`
data=$1 major=$2 isolation=$3 set_id=$4 timeline=$5 position=$6 label=$7 tablespaces=$8 from=$9
shift 9
to=$1
shift
${binaries}
refuse() { printf 'stillpoint: %s\n' "$1" >&2; exit 1; }

[ "$(cat "$data/PG_VERSION" 2>/dev/null)" = "$major" ] || refuse "$data holds no data directory of PostgreSQL $major"
for link in "$data/pg_wal" "$data"/pg_tblspc/*; do
  [ -L "$link" ] && [ ! -d "$link" ] && refuse "$link points to $(readlink "$link"), which is not there: its volume is not mounted"
done
[ -d "$data/pg_wal" ] || refuse "$data/pg_wal is not there"
# Byte for byte: with another label, or none, the server would begin its recovery elsewhere (docs/postgresql.md).
write_file() { printf '%s' "$2" >"$data/$1.stillpoint" && chmod 0600 "$data/$1.stillpoint" && mv -f "$data/$1.stillpoint" "$data/$1"; }
if [ -n "$label" ]; then
  first=$(printf '%s' "$label" | sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\))$/\1/p')
  [ -e "$data/pg_wal/\${first:-none}" ] || refuse "$data/pg_wal lacks the segment $first, from which recovery must begin"
  missing=$(printf '%s\n' "$tablespaces" | while read -r _ directory; do [ -z "$directory" ] || [ -d "$directory" ] || echo "$directory"; done)
  [ -z "$missing" ] || refuse "the directory of a tablespace is not there, its volume is not mounted: $missing"
  write_file backup_label "$label" || refuse "$data/backup_label cannot be written"
  rm -f "$data/tablespace_map"
  [ -z "$tablespaces" ] || write_file tablespace_map "$tablespaces" || refuse "$data/tablespace_map cannot be written"
elif [ -e "$data/backup_label" ]; then
  refuse "$data/backup_label exists: a copy of one instant must start without it"
fi

# Whoever has that pid here is not the server that wrote the file, unless it is a PostgreSQL.
if [ -e "$data/postmaster.pid" ]; then
  pid=$(sed -n 1p "$data/postmaster.pid")
  case $(cat "/proc/$pid/comm" 2>/dev/null) in
    postgres | postmaster) refuse "a PostgreSQL with pid $pid may be running on $data" ;;
  esac
  rm -f "$data/postmaster.pid"
fi

# The server refuses a data directory that its group may write to, as fsGroup makes it.
case $(stat -c %a "$data") in 700 | 750) ;; *) chmod 0700 "$data" || refuse "the mode of $data cannot be set to 0700" ;; esac

configuration=$data/postgresql.auto.conf
write_configuration() {
  {
    [ ! -e "$configuration" ] || sed '/^# stillpoint .* begin$/,/^# stillpoint .* end$/d' "$configuration"
    printf '# stillpoint %s begin\n' "$set_id"
    [ "$#" -eq 0 ] || printf '%s\n' "$@"
    printf '# stillpoint %s end\n' "$set_id"
  } >"$configuration.stillpoint" && chmod 0600 "$configuration.stillpoint" && mv -f "$configuration.stillpoint" "$configuration"
}
# A standby of a clone may follow the primary of its clone only: by a name inside its own namespace. The original would let it in.
follow() {
  conninfo=$(sed -n "s/^ *primary_conninfo *=* *'\(.*\)'.*/\1/p" "$configuration" 2>/dev/null | tail -n 1)
  case " $conninfo" in *" host"*" host"* | *" hostaddr"* | *" service"*) return ;; esac
  host=$(printf ' %s\n' "$conninfo" | sed -n "s/.* host *= *'*\([A-Za-z0-9.-]*\)'*\( .*\)\{0,1\}$/\1/p")
  name=\${host%%.svc.*}
  name=\${name%.svc}
  own=\${name%".$from"}
  [ "$own" != "$name" ] || [ "$name" = "$host" ] || return
  case $own in *.*.* | '') return ;; *[!0-9.]*) ;; *) return ;; esac
  hosts=$own.$to.svc
  # NAME.NAMESPACE may as well be a pod of a Service that is called like its namespace: the server tries one after the other.
  if [ "$name" = "$host" ] && [ "$own" != "$name" ]; then case $own in *.*) ;; *) hosts=$name.$to.svc,$hosts ;; esac; fi
  printf ' %s\n' "$conninfo" | sed "s/ host *= *'*[A-Za-z0-9.-]*'*/ host=''$hosts''/; s/^ //"
}
# Once written it is whole; what the original followed cannot be told from it any more.
if [ "$isolation" = isolated ] && ! grep -qxF "# stillpoint $set_id begin" "$configuration" 2>/dev/null; then
  if [ -n "$to" ]; then
    followed=$(follow)
    if [ -n "$followed" ]; then set -- "$@" "primary_conninfo = '$followed'"; else set -- "$@" "primary_conninfo = ''" "primary_slot_name = ''"; fi
  fi
  write_configuration "$@" || refuse "$configuration cannot be written"
fi

# The first start recycles the WAL of the cut, so what it holds is written down now. WAL before the checkpoint that recovery
# begins at may be gone already: then it is read from there on.
redo=$(pg_controldata -D "$data" 2>/dev/null | sed -n "s/^Latest checkpoint's REDO location: *//p")
offset() { echo "$1" | { IFS=/ read -r high low && echo $((0x$high * 4294967296 + 0x$low)); }; }
if [ -n "$position" ] && [ -n "$redo" ] && [ "$(offset "$redo")" -gt "$(offset "$position")" ]; then position=$redo; fi
# pg_waldump takes the size of segments from whichever file the directory names first, and one that was made ahead of its use is
# all zeros: it is shown only segments that have a header.
segments=$data/stillpoint.wal
rm -rf "$segments"
mkdir "$segments" || refuse "$segments cannot be made"
for segment in "$data"/pg_wal/*; do
  case $(basename "$segment") in *[!0-9A-F]*) continue ;; esac
  [ "$(head -c 2 "$segment" | od -An -tx1 | tr -d ' ')" = 0000 ] || ln -s "$segment" "$segments/"
done
dump() { pg_waldump -p "$segments" -t "$timeline" -s "$position" "$@"; }
write_record() {
  {
    printf 'set=%s\n' "$set_id"
    printf 'redo=%s\n' "$redo"
    printf 'state=%s\n' "$(pg_controldata -D "$data" 2>&1 | sed -n 's/^Database cluster state: *//p')"
    if command -v pg_waldump >/dev/null; then
      dump --rmgr=LogicalMessage 2>/dev/null | grep -F 'prefix "stillpoint"' | tail -n 64 | sed 's/^/message=/'
      printf 'last=%s\n' "$(dump 2>/dev/null | tail -n 1)"
      printf 'stopped=%s\n' "$(dump --quiet 2>&1 | tail -n 1)"
    else
      echo 'missing=pg_waldump'
    fi
    echo 'end=1'
  } >"$data/stillpoint.recovery.new" && mv -f "$data/stillpoint.recovery.new" "$data/stillpoint.recovery"
}
if [ -n "$position" ]; then
  write_record || refuse "the record of the WAL cannot be written to $data"
fi
rm -rf "$segments"
sync -f "$data" 2>/dev/null || sync
`);
