/**
 * Shell programs that run inside the server's container (POSIX sh: dash, bash, busybox). They are constants: whatever varies is
 * an argument of its own or comes by stdin, so nothing of a tenant's is ever read as a program.
 */

/** The text of a program. String.raw keeps the backslashes that protect shell expansions from the template; they go here. */
function program(text: string): string {
  return text.replaceAll('\\${', '${').trim();
}

/** Settings that are read; all others may be secrets and stay in the container. */
const settings = [
  'process.roles', 'node.id', 'broker.id', 'zookeeper.connect', 'log.dirs', 'log.dir', 'metadata.log.dir', 'listeners', 'advertised.listeners', 'listener.security.protocol.map',
  'inter.broker.listener.name', 'security.inter.broker.protocol', 'controller.listener.names', 'controller.quorum.voters', 'controller.quorum.bootstrap.servers',
  'controller.quorum.fetch.timeout.ms', 'broker.heartbeat.interval.ms', 'broker.session.timeout.ms', 'remote.log.storage.system.enable',
];

/**
 * Looks at the node without a JVM: its process, its configuration, the tools next to it, where its directories are and what their meta.properties say.
 * Arguments: mount paths of the container. Prints `WORD VALUE` lines, `end` last; exits with 69 when no server runs and with 70 when its configuration cannot be read.
 *
 * The tools are /opt/kafka/bin/kafka-*.sh in the images of Apache and Strimzi, /opt/bitnami/kafka/bin in Bitnami's, /usr/bin/kafka-* in Confluent's.
 */
export const lookProgram = program(String.raw`
export LC_ALL=C
class='kafka\.Kafka|io\.confluent\.support\.metrics\.SupportedKafka'
process=
for candidate in /proc/[0-9]*; do
  words=$(tr '\0' '\n' <"$candidate/cmdline" 2>/dev/null) || continue
  printf '%s\n' "$words" | grep -Eqx "$class" && { process=$candidate; break; }
done
[ -n "$process" ] || { echo 'no process of this container is a Kafka server (a Java process with the class kafka.Kafka)' >&2; exit 69; }
echo "process \${process#/proc/}"
printf '%s\n' "$words" | sed -n '1s/.*/command &/p'
arguments=$(printf '%s\n' "$words" | sed -E "1,/^($class)\$/d")
configuration=$(printf '%s\n' "$arguments" | sed -n 1p)
case $configuration in /*) ;; *) configuration=$process/cwd/$configuration ;; esac
[ -r "$configuration" ] || { echo "the configuration of the server, $configuration, cannot be read" >&2; exit 70; }
overrides=$(printf '%s\n' "$arguments" | sed '1d; /^--override$/d')
properties=$({ cat "$configuration"; echo; printf '%s\n' "$overrides"; } |
  sed -nE 's/^[[:space:]]*(${settings.map((name) => name.replaceAll('.', '\\.')).join('|')})[[:space:]]*[=:][[:space:]]*(.*)$/\1=\2/p')
printf '%s\n' "$properties" | sed '/./!d; s/^/property /'
value() { printf '%s\n' "$properties" | sed -n "s/^$1=//p" | tail -n 1; }
logs=$(value log\\.dirs)
logs=\${logs:-$(value log\\.dir)}
printf '%s\n' "\${logs:-/tmp/kafka-logs},$(value metadata\\.log\\.dir)" | tr ',' '\n' | sed 's/^[[:space:]]*//; s/[[:space:]]*$//; /./!d' | sort -u |
  while read -r directory; do
    echo "directory $(readlink -f -- "$directory")"
    sed -nE 's/^(cluster\.id|node\.id|broker\.id|version)=/meta &/p' "$directory/meta.properties" 2>/dev/null
  done
for mount in "$@"; do
  printf 'mount %s %s\n' "$(readlink -f -- "$mount")" "$mount"
done
for directory in /opt/kafka/bin /opt/bitnami/kafka/bin /usr/local/kafka/bin /kafka/bin /usr/bin; do
  for suffix in .sh ''; do
    [ -x "$directory/kafka-topics$suffix" ] || continue
    echo "tools $directory/ $suffix"
    for jar in "$directory"/../libs/kafka-clients-*.jar "$directory"/../share/java/kafka/kafka-clients-*.jar; do
      [ -e "$jar" ] && printf '%s\n' "$jar" | sed 's/.*kafka-clients-\(.*\)\.jar$/version \1/'
    done
    break 2
  done
done
echo end
`);

/**
 * Runs tools of Kafka one after the other; each is a JVM of its own and takes a second or more. Arguments: directory of the tools with its slash, suffix of their
 * names, bootstrap server, then reports: quorum, problems, ends, groups, hanging:NODE. Stdin: client configuration, which reaches the tools by stdin as
 * well, or nothing. Prints `stillpoint-report NAME`, what the tool printed, and `stillpoint-ended CODE`; after a failure the tool's last words are on stderr.
 *
 * The server's own variables (agents, JMX ports, heaps) would start a second exporter or take the server's memory: they are unset.
 */
export const reportProgram = program(String.raw`
directory=$1 suffix=$2 server=$3
shift 3
configuration=$(cat)
unset KAFKA_OPTS KAFKA_JMX_OPTS KAFKA_JMX_PORT JMX_PORT KAFKA_DEBUG KAFKA_GC_LOG_OPTS KAFKA_LOG4J_OPTS KAFKA_LOG4J_CMD_OPTS EXTRA_ARGS JAVA_TOOL_OPTIONS CLASSPATH
export LC_ALL=C KAFKA_HEAP_OPTS=-Xmx128m KAFKA_JVM_PERFORMANCE_OPTS='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' LOG_DIR=/tmp
tool() {
  name=$directory$1$suffix
  shift
  if [ -n "$configuration" ]; then
    printf '%s\n' "$configuration" | "$name" --bootstrap-server "$server" --command-config /dev/stdin "$@"
  else
    "$name" --bootstrap-server "$server" "$@" </dev/null
  fi
}
run() {
  case $1 in
    quorum) tool kafka-metadata-quorum describe --status ;;
    problems) tool kafka-topics --describe --under-replicated-partitions ;;
    ends) tool kafka-get-offsets --time -1 --exclude-internal-topics ;;
    groups) tool kafka-consumer-groups --describe --offsets --all-groups ;;
    # Zero minutes: every transaction that is open, which its coordinator must know.
    hanging:*) tool kafka-transactions find-hanging --max-transaction-timeout 0 --broker-id "\${1#hanging:}" ;;
    *) echo "no report is called $1" >&2; return 64 ;;
  esac
}
for report; do
  echo "stillpoint-report $report"
  { said=$(run "$report" 2>&1 1>&3 3>&-); code=$?; } 3>&1
  printf '\nstillpoint-ended %s\n' "$code"
  [ "$code" = 0 ] || printf '%s\n' "$said" | tail -n 5 >&2
done
`);

/**
 * Looks at the volumes of a copy before the first start; changes nothing. Arguments: id of the cluster, id of the node, directories.
 */
export const prepareProgram = program(String.raw`
cluster=$1 node=$2
shift 2
refuse() { printf 'stillpoint: %s\n' "$1" >&2; exit 1; }
for directory; do
  meta=$directory/meta.properties
  [ -r "$meta" ] || refuse "$meta is not there: the volume of the node is not mounted"
  grep -qx "cluster\.id=$cluster" "$meta" || refuse "$meta is of another cluster than $cluster"
  grep -qxE "(node|broker)\.id=$node" "$meta" || refuse "$meta is of another node than $node: its claim belongs to another pod"
done
`);
