/**
 * Shell programs that run inside the server's container (POSIX sh: dash, bash, busybox). They are constants: whatever
 * varies is an argument of its own or comes by stdin, so nothing of a tenant's is ever read as a program.
 */

/** Puts the server's own binaries first: `$major` chooses among several installed versions. */
const binaries = String.raw`
for directory in /usr/local/pgsql/bin /opt/bitnami/postgresql/bin /usr/pgsql-*/bin /usr/lib/postgresql/*/bin \
  "/usr/pgsql-$major/bin" "/usr/lib/postgresql/$major/bin"; do
  [ -x "$directory/psql" ] && PATH=$directory:$PATH
done
export PATH LC_ALL=C
`;

/**
 * Arguments: credentials (`secret` or `local`), seconds to wait for an answer, major version or empty.
 * With `secret` the first two lines of stdin are user and password. Leaves PGUSER, PGHOST and PGPORT of the first
 * combination that answers in the environment; exits with 68 without psql and with 69 when none answers.
 */
const connect = String.raw`
credentials=$1 patience=$2 major=$3
shift 3
${binaries}
command -v psql >/dev/null || { echo 'there is no psql in this container' >&2; exit 68; }
unset PGSERVICE PGSERVICEFILE PGDATABASE PGOPTIONS PGHOSTADDR PGREQUIREAUTH
export PGCONNECT_TIMEOUT=5 PGAPPNAME=stillpoint
read_file() { [ -n "$1" ] && [ -r "$1" ] && cat "$1"; }
if [ "$credentials" = secret ]; then
  IFS= read -r users && IFS= read -r PGPASSWORD || exit 65
else
  # Bitnami's chart: the superuser has a password of its own when the named user is another.
  superuser=\${POSTGRESQL_POSTGRES_PASSWORD:-\${POSTGRES_POSTGRES_PASSWORD:-$(read_file "\${POSTGRES_POSTGRES_PASSWORD_FILE:-}")}}
  PGPASSWORD=\${superuser:-\${PGPASSWORD:-\${POSTGRES_PASSWORD:-\${POSTGRESQL_PASSWORD:-$(read_file "\${POSTGRES_PASSWORD_FILE:-\${POSTGRESQL_PASSWORD_FILE:-}}")}}}}
  users="\${superuser:+postgres }\${POSTGRES_USER:-} \${PGUSER:-} postgres $(id -un 2>/dev/null)"
fi
if [ -n "$PGPASSWORD" ]; then export PGPASSWORD; else unset PGPASSWORD; fi
# PGHOST may name another server; only a directory can be this one's.
case \${PGHOST:-} in /*) own=$PGHOST ;; *) own= ;; esac
pid_file=\${PGDATA:-/nonexistent}/postmaster.pid
port=$(sed -n 4p "$pid_file" 2>/dev/null)
noted=$(sed -n 5p "$pid_file" 2>/dev/null)
port=\${port:-\${PGPORT:-5432}}
try() {
  PGHOST=$1 PGPORT=$2
  export PGUSER PGHOST PGPORT
  said=$(psql -XAtqw -v ON_ERROR_STOP=1 -d postgres -c 'SELECT 1' 2>&1 >/dev/null </dev/null) && return 0
  # The first refusal tells most: the last is always that of a port where nobody listens.
  refusal=\${refusal:-$said}
  return 1
}
try_user() {
  PGUSER=$1
  for directory in "$noted" "$own" /var/run/postgresql /tmp /controller/run /tmp/postgres; do
    for socket in "$directory"/.s.PGSQL.*; do
      [ -S "$socket" ] || continue
      try "$directory" "\${socket##*.}" && return 0
    done
  done
  try localhost "$port"
}
try_all() {
  refusal=
  if [ "$credentials" = secret ]; then try_user "$users"; return; fi
  for candidate in $users; do
    try_user "$candidate" && return 0
  done
  return 1
}
until try_all; do
  [ "$patience" -gt 0 ] || { printf '%s\n' "$refusal" >&2; exit 69; }
  patience=$((patience - 1))
  sleep 1
done
`;

/** The text of a program. String.raw keeps the backslashes that protect shell expansions from the template; they go here. */
function program(text: string): string {
  return text.replaceAll('\\${', '${').trim();
}

/** Feeds the rest of stdin to psql; one more argument: statement time-out in ms. */
export const psqlProgram = program(String.raw`${connect}
export PGOPTIONS="-c search_path=pg_catalog -c lock_timeout=5000 -c statement_timeout=$1"
exec psql -XAtqw -v ON_ERROR_STOP=1 -d postgres
`);

/** pg_amcheck over every database that allows connections; further arguments are options. */
export const amcheckProgram = program(String.raw`${connect}
command -v pg_amcheck >/dev/null || { echo 'there is no pg_amcheck in this container' >&2; exit 68; }
exec pg_amcheck --all --install-missing --heapallindexed --parent-check --jobs=2 --no-password "$@"
`);

/** Reads every data file through the server's base backup, which verifies checksums, and throws the bytes away. */
export const readAllProgram = program(String.raw`${connect}
command -v pg_basebackup >/dev/null || { echo 'there is no pg_basebackup in this container' >&2; exit 68; }
if [ "$major" -ge 15 ]; then
  exec pg_basebackup --target=blackhole --wal-method=none --checkpoint=fast --no-manifest --no-password
fi
exec pg_basebackup --pgdata=- --format=tar --wal-method=none --checkpoint=fast --no-manifest --no-password >/dev/null
`);

/**
 * Resolves paths: `path <n> <resolved>` for every argument after the first, `link <name> <resolved>` for every
 * symbolic link directly in the data directory (the first argument), `end` last.
 */
export const pathsProgram = program(String.raw`
data=$1
shift
n=0
for path in "$@"; do
  printf 'path %s %s\n' "$n" "$(readlink -f -- "$path")"
  n=$((n + 1))
done
for entry in "$data"/*; do
  [ -L "$entry" ] && printf 'link %s %s\n' "\${entry##*/}" "$(readlink -f -- "$entry")"
done
echo end
`);

/** Lists the processes that the container can see: `process PID PARENT NAME`, `end` last. */
export const processesProgram = program(String.raw`
sed -n 's/^\([0-9]*\) (\(.*\)) [^ZX] \([0-9]*\) .*/process \1 \3 \2/p' /proc/[0-9]*/stat 2>/dev/null
echo end
`);

/** Prints the record that {@link prepareProgram} left in the data directory. */
export const recordProgram = program(String.raw`exec cat -- "$1/stillpoint.recovery"`);

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
  conninfo=$(sed -e '/^# stillpoint .* begin$/,/^# stillpoint .* end$/d' -e "s/^ *primary_conninfo *=* *'\(.*\)'.*/\1/p" -e d "$configuration" 2>/dev/null | tail -n 1)
  case " $conninfo" in *" host"*" host"* | *" hostaddr"* | *" service"*) return ;; esac
  host=$(printf ' %s\n' "$conninfo" | sed -n "s/.* host *= *'*\([A-Za-z0-9.-]*\)'*\( .*\)\{0,1\}$/\1/p")
  name=\${host%%.svc.*}
  name=\${name%.svc}
  own=\${name%".$from"}
  [ "$own" != "$name" ] || [ "$name" = "$host" ] || return
  case $own in *.*.* | '') return ;; *[!0-9.]*) ;; *) return ;; esac
  printf ' %s\n' "$conninfo" | sed "s/ host *= *'*[A-Za-z0-9.-]*'*/ host=''$own.$to.svc''/; s/^ //"
}
if [ "$isolation" = isolated ]; then
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
