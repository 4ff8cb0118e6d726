import { binaries, program } from './shell.js';

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

/** Prints the record that the prepare step left in the data directory. */
export const recordProgram = program(String.raw`exec cat -- "$1/stillpoint.recovery"`);
