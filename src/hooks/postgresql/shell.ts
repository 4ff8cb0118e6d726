/**
 * Shell programs that run inside the server's container (POSIX sh: dash, bash, busybox). They are constants: whatever
 * varies is an argument of its own or comes by stdin, so nothing of a tenant's is ever read as a program.
 */

/** Puts the server's own binaries first: `$major` chooses among several installed versions. */
export const binaries = String.raw`
for directory in /usr/local/pgsql/bin /opt/bitnami/postgresql/bin /usr/pgsql-*/bin /usr/lib/postgresql/*/bin \
  "/usr/pgsql-$major/bin" "/usr/lib/postgresql/$major/bin"; do
  [ -x "$directory/psql" ] && PATH=$directory:$PATH
done
export PATH LC_ALL=C
`;

/** The text of a program. String.raw keeps the backslashes that protect shell expansions from the template; they go here. */
export function program(text: string): string {
  return text.replaceAll('\\${', '${').trim();
}
