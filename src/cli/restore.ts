import { appRestores, type AppRestore } from '../api/kinds.js';
import type { Connection } from './connection.js';
import { table } from './table.js';
import { required, timeoutMillis, type Flags } from './usage.js';
import { follow } from './wait.js';

/** `restore NAME`: creates the AppRestore and follows it. Exit code 1 when it fails or a check fails. */
export async function restore(connection: Connection, name: string, flags: Flags): Promise<number> {
  const { client, namespace } = connection;
  await client.create(appRestores, {
    metadata: { name, namespace },
    spec: {
      serviceAccountName: required(flags['service-account'], '--service-account'),
      from: { appSnapshotRef: { name: required(flags.from, '--from') } },
      ...(flags.into === undefined ? {} : { into: { namespace: flags.into, ...(flags['into-service-account'] === undefined ? {} : { serviceAccountName: flags['into-service-account'] }) } }),
      ...(flags.existing === undefined ? {} : { existing: flags.existing }),
      ...(flags['in-place'] ? { inPlace: true } : {}),
      dryRun: flags['dry-run'],
    },
  });
  console.log(`apprestore.stillpoint.dev/${name} created`);
  if (flags.wait === 'false') return 0;
  const done = await follow<AppRestore>(connection, appRestores, { namespace, name }, (line) => console.log(line), timeoutMillis(flags));
  report(done);
  return done.status?.phase === 'Ready' ? 0 : 1;
}

function report({ metadata, status: s, spec }: AppRestore): void {
  if (spec.dryRun) {
    for (const list of ['create', 'change', 'skip', 'refuse'] as const) for (const entry of s?.plan?.[list] ?? []) console.log(`${list.padEnd(7)} ${entry}`);
    if (s?.plan?.diffRef !== undefined) console.log(`\nThe objects themselves: kubectl stillpoint -n ${metadata.namespace} diff ${metadata.name}`);
    return;
  }
  const rows = (s?.applications ?? []).flatMap((a) => (a.checks ?? []).map((c) => [a.name, c.name, c.outcome, c.message ?? '']));
  if (rows.length > 0) console.log(`\n${table(['APPLICATION', 'CHECK', 'OUTCOME', 'MESSAGE'], rows)}`);
}
