/**
 * Shell programs that run inside the server's container (POSIX sh: dash, bash, busybox). They are constants: whatever
 * varies is an argument of its own. Each prints `begin` first and `end` last, so that output that is not whole shows.
 */

/** `options`: the words of the command line of the server, one on each line; exits with 69 when no server runs. */
const server = String.raw`
export LC_ALL=C
process=
for candidate in /proc/[0-9]*; do
  tr '\0' '\n' 2>/dev/null <"$candidate/cmdline" | grep -qxF org.apache.cassandra.service.CassandraDaemon && process=$candidate
done
[ -n "$process" ] || { echo 'no Cassandra runs in this container' >&2; exit 69; }
words() { tr '\0' '\n' <"$process/cmdline"; }
option() { words | sed -n "s/^-D$1=//p" | tail -n 1; }
`;

/** Runs the container's own nodetool as its own user; a password comes from the file that the server itself reads. */
const nodetool = String.raw`${server}
for directory in /opt/cassandra/bin /opt/bitnami/cassandra/bin /opt/dse/resources/cassandra/bin /usr/share/cassandra/bin; do PATH=$PATH:$directory; done
command -v nodetool >/dev/null || { echo 'there is no nodetool in this container' >&2; exit 68; }
port=
for name in cassandra.jmx.local.port cassandra.jmx.remote.port com.sun.management.jmxremote.port; do
  [ -n "$port" ] || port=$(option "$name")
done
passwords=$(option com.sun.management.jmxremote.password.file)
user=
[ ! -r "$passwords" ] || user=$(sed -n 's/^ *\([^# ][^ ]*\) .*/\1/p' "$passwords" | head -n 1)
run_nodetool() {
  if [ -n "$user" ]; then nodetool -p "$port" -u "$user" -pwf "$passwords" "$@"; else nodetool -p "$port" "$@"; fi
}
[ -n "$port" ] || port=7199
`;

/** Runs nodetool with the arguments and prints what it prints. */
export const nodetoolProgram = String.raw`${nodetool}
echo begin
run_nodetool "$@" || exit
echo end
`.trim();

/**
 * What the running server is configured by: `option NAME=VALUE` for the properties that decide it, `file PATH`, then
 * the file without its comments, each line after `|`. Exits with 66 when the file is not found.
 */
export const configurationProgram = String.raw`${server}
find_file() {
  given=$(option cassandra.config)
  case $given in
    file://*) given=/$(printf '%s' "$given" | sed 's|^file:/*||') ;;
    /*) ;;
    *)
      # A name: from the class path, as the server finds it.
      name=$given
      [ -n "$name" ] || name=cassandra.yaml
      given=
      classes=$(words | sed -n '/^\(-cp\|-classpath\|--class-path\)$/{n;p;q;}')
      [ -n "$classes" ] || classes=$(tr '\0' '\n' 2>/dev/null <"$process/environ" | sed -n 's/^CLASSPATH=//p')
      for directory in $(printf '%s' "$classes" | tr ':' ' '); do
        [ -n "$given" ] || [ ! -f "$directory/$name" ] || given=$directory/$name
      done
      ;;
  esac
  printf '%s' "$given"
}
file=$(find_file)
[ -r "$file" ] || { echo "the configuration of the server is not found or cannot be read: $file" >&2; exit 66; }
echo begin
for name in cassandra.storagedir cassandra.logdir cassandra.config.allow_system_properties; do
  printf 'option %s=%s\n' "$name" "$(option "$name")"
done
printf 'file %s\n' "$file"
sed -e '/^ *#/d' -e '/^ *$/d' -e 's/^/|/' "$file"
echo end
`.trim();

/**
 * Resolves paths: `path N RESOLVED` for every argument after the first, which says how many of them are directories of
 * data; `link PATH RESOLVED` for every symbolic link in these where a keyspace or a table may be one.
 */
export const pathsProgram = String.raw`
directories=$1
shift
echo begin
n=0
for path in "$@"; do
  printf 'path %s %s\n' "$n" "$(readlink -f -- "$path")"
  n=$((n + 1))
  [ "$n" -le "$directories" ] || continue
  for entry in "$path"/* "$path"/*/*; do
    [ ! -L "$entry" ] || printf 'link %s %s\n' "$entry" "$(readlink -f -- "$entry")"
  done
done
echo end
`.trim();

/**
 * Errors of the replay of the commit log in the log of the server; `unknown` when there is no file. Its name is the one of
 * the logback.xml that comes with Cassandra.
 */
export const replayProgram = String.raw`${server}
directory=$(option cassandra.logdir)
echo begin
if [ -r "$directory/system.log" ]; then
  grep -E 'CommitLogReplayException|commit log replay error|Log replay complete|No commitlog files found' "$directory/system.log" | tail -n 20
else
  echo unknown
fi
echo end
`.trim();

/**
 * Refuses a start when a node of the original answers: it would take the copy for its own member that has moved. Arguments:
 * seconds to wait for each, then `ADDRESS PORT` of each in one argument.
 */
export const apartProgram = String.raw`
command -v bash >/dev/null || { echo 'stillpoint: there is no bash in this image, so that it is not known whether the nodes of the original can be reached' >&2; exit 1; }
patience=$1
shift
for node in "$@"; do
  # shellcheck disable=SC2016 # read by bash, with the address as its arguments
  if timeout "$patience" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$(printf '%s' "$node" | sed 's/ .*//')" "$(printf '%s' "$node" | sed 's/.* //')" 2>/dev/null; then
    printf 'stillpoint: the node %s of the original can be reached from here: this copy has its cluster name and its host ids, and would take its place in the ring. Keep the two namespaces apart by a NetworkPolicy that the network enforces, then restore again\n' "$node" >&2
    exit 1
  fi
done
`.trim();
