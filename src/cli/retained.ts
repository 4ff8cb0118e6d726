import { labels } from '../api/common.js';
import { retainedPoint, retainedPointFile, type RetainedPoint } from '../api/retainedpoint.js';
import type { KubeObject } from '../runtime/object.js';
import { secrets } from '../runtime/resource.js';
import type { Connection } from './connection.js';
import { orNone, table } from './table.js';
import type { Flags } from './usage.js';

/** Where the chart's documentation installs the operator. */
const usualNamespace = 'stillpoint-system';

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** `retained`: the recovery points that outlive their AppSnapshots, newest cut first. `namespace`: the operator's, when it is not the usual one. */
export async function retained({ client }: Connection, namespace: string | undefined, flags: Flags): Promise<number> {
  const where = namespace ?? usualNamespace;
  const { items } = await client.list<Secret>(secrets, { namespace: where, labelSelector: `${labels.retained}=true` });
  const points = items.map((secret) => ({ secret, point: read(secret) })).sort((a, b) => ((a.point?.cutAt ?? '') < (b.point?.cutAt ?? '') ? 1 : -1));
  if (flags.output === 'json') console.log(JSON.stringify(points.map(({ point }) => point), null, 2));
  else if (points.length === 0) console.log(`No retained recovery points in namespace ${where}.`);
  else console.log(table(['UID', 'NAMESPACE', 'APPSNAPSHOT', 'CUT', 'GRADE', 'VOLUMES', 'APPLICATIONS', 'STATE'], points.map(({ secret, point }) => row(secret, point))));
  return 0;
}

function row({ metadata }: Secret, point: RetainedPoint | undefined): string[] {
  const state = metadata.deletionTimestamp !== undefined ? 'Removing' : point === undefined ? 'Unreadable' : 'Retained';
  const uid = metadata.labels?.[labels.appSnapshot];
  if (point === undefined) return [orNone(uid), orNone(metadata.labels?.[labels.sourceNamespace]), orNone(metadata.labels?.[labels.sourceName]), '-', '-', '-', '-', state];
  const { source, cutAt, grade, volumes, applications } = point;
  return [orNone(uid), source.namespace, source.appSnapshot.name, cutAt, grade, String(volumes.length), orNone(applications.map((a) => a.name).join(',') || undefined), state];
}

/** Undefined when it is not in a form that this version can read. */
function read({ data }: Secret): RetainedPoint | undefined {
  try {
    return retainedPoint.safeParse(JSON.parse(Buffer.from(data?.[retainedPointFile] ?? '', 'base64').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
