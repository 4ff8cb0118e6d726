/**
 * Shell programs that run inside a server's container (POSIX sh: dash, bash, busybox). They are constants: whatever varies is
 * an argument of its own or comes by stdin.
 */

/** Every answer ends with this and the status of HTTP, on a line of its own. */
export const endOfAnswer = 'stillpoint-answer';

/**
 * Sends requests to the server in this pod. Arguments: credentials (`secret` or `container`), seconds to wait for a server that does
 * not answer yet, seconds that a request may take, address of the pod, method, body of JSON (empty: none), paths. With `secret` the first two lines of stdin are
 * user and password; they reach curl by its stdin, as the body of nothing. Certificates are not checked: the connection never leaves the pod, and names in them are
 * those of Services (ECK's own probe does the same). Exits with 68 without curl and with 69 when nobody answers.
 */
export const requestProgram = String.raw`
credentials=$1 patience=$2 limit=$3 address=$4 method=$5 body=$6
shift 6
export LC_ALL=C
command -v curl >/dev/null || { echo 'there is no curl in this container' >&2; exit 68; }
read_file() { [ -n "$1" ] && [ -r "$1" ] && cat "$1"; }
user='' password=''
if [ "$credentials" = secret ]; then
  IFS= read -r user && IFS= read -r password || exit 65
elif [ -n "$ELASTIC_PASSWORD$ELASTIC_PASSWORD_FILE$ELASTICSEARCH_PASSWORD$ELASTICSEARCH_PASSWORD_FILE" ]; then
  user='elastic'
  password=$ELASTIC_PASSWORD$ELASTICSEARCH_PASSWORD
  [ -n "$password" ] || password=$(read_file "$ELASTIC_PASSWORD_FILE$ELASTICSEARCH_PASSWORD_FILE")
elif [ -n "$OPENSEARCH_INITIAL_ADMIN_PASSWORD$OPENSEARCH_PASSWORD" ]; then
  user='admin'
  password=$OPENSEARCH_PASSWORD
  [ -n "$password" ] || password=$OPENSEARCH_INITIAL_ADMIN_PASSWORD
elif [ -n "$PROBE_USERNAME" ]; then
  user=$PROBE_USERNAME
  password=$(read_file "$PROBE_PASSWORD_PATH")
fi
curl_() { curl -q -g -sS -k --noproxy '*' "$@"; }
find_server() {
  for host in 127.0.0.1 "$address"; do
    for scheme in http https; do
      refusal=$(curl_ -o /dev/null --max-time 5 "$scheme://$host:9200/" 2>&1) && base=$scheme://$host:9200 && return 0
      said=$said$refusal' '
    done
  done
  return 1
}
said=''
until find_server; do
  [ "$patience" -gt 0 ] || { printf '%s\n' "$said" >&2; exit 69; }
  patience=$((patience - 1)) said=''
  sleep 1
done
for path in "$@"; do
  shift
  set -- "$@" "$base$path"
done
[ -z "$body" ] || set -- -H 'content-type: application/json' --data-binary "$body" "$@"
quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
configuration() { if [ -n "$password" ]; then printf 'user = "%s:%s"\n' "$(quoted "$user")" "$(quoted "$password")"; fi; }
configuration | curl_ -K - --max-time "$limit" -X "$method" -w '\nstillpoint-answer %{http_code}\n' "$@"
`.trim();

/** Prints where the paths lead, one a line. Arguments: paths. */
export const pathsProgram = String.raw`
for path in "$@"; do printf '%s\n' "$(readlink -f -- "$path")"; done
`.trim();

/**
 * Looks at a copy before its first start. Arguments: directory, name or pattern of what must be in it, what that makes of it in words, `isolated` or `plain`, namespace of
 * the original. An isolated copy whose seeds are names of the
 * original's namespace would find the original's nodes, and has the same identity as they.
 */
export const prepareProgram = String.raw`
directory=$1 entry=$2 what=$3 isolation=$4 from=$5
refuse() { printf 'stillpoint: %s\n' "$1" >&2; exit 1; }
holds() {
  # shellcheck disable=SC2231 # a pattern
  for found in "$directory"/$entry; do [ -e "$found" ] && return 0; done
  return 1
}
holds || refuse "$directory holds no $what"
[ "$isolation" = isolated ] || exit 0
seeds() {
  # Not env: a shell may drop variables whose names have dots.
  tr '\0' '\n' <"/proc/$$/environ" | grep -E '^[A-Za-z0-9_.]*(seed_hosts|SEED_HOSTS|CLUSTER_HOSTS)[A-Za-z0-9_]*='
  for file in "$ES_PATH_CONF" "$OPENSEARCH_PATH_CONF" /usr/share/elasticsearch/config /usr/share/opensearch/config /opt/bitnami/elasticsearch/config /opt/bitnami/opensearch/config; do
    [ -n "$file" ] || continue
    cat "$file/elasticsearch.yml" "$file/opensearch.yml" "$file/unicast_hosts.txt" 2>/dev/null
  done
}
original=$(seeds | grep -F ".$from.svc" | head -n 1)
[ -z "$original" ] || refuse "the seeds are names of the namespace $from, where the original may run, and this copy would join it: $original. Restore what: Volumes, and start a cluster of its own names with them"
`.trim();
