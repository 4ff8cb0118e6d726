import { appSnapshots, type AppSnapshot } from '../api/kinds.js';
import type { Connection } from './connection.js';
import { orNone, table } from './table.js';
import { timeline } from './timeline.js';
import { required, timeoutMillis, type Flags } from './usage.js';
import { follow } from './wait.js';

/** `snapshot NAME`: creates the AppSnapshot and follows it. Exit code 1 when it does not become ready. */
export async function snapshot(connection: Connection, name: string, flags: Flags): Promise<number> {
  const { client, namespace } = connection;
  await client.create(appSnapshots, {
    metadata: { name, namespace },
    spec: {
      serviceAccountName: required(flags['service-account'], '--service-account'),
      ...(flags.required === undefined ? {} : { consistency: { required: flags.required } }),
    },
  });
  console.log(`appsnapshot.stillpoint.dev/${name} created`);
  if (flags.wait === 'false') return 0;
  const done = await follow<AppSnapshot>(connection, appSnapshots, { namespace, name }, (line) => console.log(line), timeoutMillis(flags));
  if (done.status?.phase !== 'Ready') return 1;
  console.log(`\n${timeline(done)}`);
  return 0;
}

/** `status [NAME]`: what copies there are and what they are proven to be. */
export async function status(connection: Connection, name: string | undefined, flags: Flags): Promise<number> {
  const { client, namespace } = connection;
  const items = name === undefined ? (await client.list<AppSnapshot>(appSnapshots, { namespace })).items : [await client.get<AppSnapshot>(appSnapshots, { namespace, name })];
  if (flags.output === 'json') {
    console.log(JSON.stringify(name === undefined ? items : items[0], null, 2));
    return 0;
  }
  if (items.length === 0) console.log(`No copies in namespace ${namespace}.`);
  else console.log(table(['NAME', 'PHASE', 'GRADE', 'HELD', 'OVERHEAD', 'MEMBERS', 'VERIFIED'], items.map(row)));
  if (name !== undefined) for (const line of details(items[0])) console.log(line);
  return 0;
}

function row({ metadata, status: s }: AppSnapshot): string[] {
  return [
    metadata.name,
    s?.phase ?? 'Pending',
    orNone(s?.grade),
    orNone(s?.window?.heldMillis, 'ms'),
    orNone(s?.window?.overheadMillis, 'ms'),
    orNone(s?.members?.length),
    orNone(s?.verified?.at),
  ];
}

function details(object: AppSnapshot | undefined): string[] {
  const s = object?.status;
  const applications = (s?.applications ?? []).map((a) => `  ${a.name} (${a.kind} ${a.version ?? '?'}): ${a.grade ?? 'not graded'}${(a.caps ?? []).map((c) => `\n    ${c}`).join('')}`);
  const reasons = (s?.reasons ?? []).map((r) => `  ${r}`);
  return [...(applications.length > 0 ? ['', 'Applications:', ...applications] : []), ...(reasons.length > 0 ? ['', 'Reasons:', ...reasons] : [])];
}

/** `timeline NAME`: the window as a picture. */
export async function showTimeline(connection: Connection, name: string): Promise<number> {
  const object = await connection.client.get<AppSnapshot>(appSnapshots, { namespace: connection.namespace, name });
  console.log(timeline(object));
  return 0;
}
