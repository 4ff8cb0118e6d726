import type { AppSnapshot } from '../../../src/api/kinds.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { waitFor } from '../lib/kubectl.js';
import { claim, container, pod } from './objects.js';
import type { Ack } from './pods.js';

/** Where the records of a writer are in the copy: a file of a claim, or a claim that is a device. */
export interface Place {
  readonly claim: string;
  readonly file?: string;
}

/** How many records each place has in the copy: new volumes are made from its snapshots and read by one pod, then removed. */
export async function recordsIn(copy: AppSnapshot, places: readonly Place[]): Promise<ReadonlyMap<string, number>> {
  const { namespace, name } = copy.metadata;
  const members = (copy.status?.members ?? []).filter((m) => places.some((p) => p.claim === m.claim));
  const restored = (of: string): string => `copy-${of}`;
  // bed for the first driver of the test cluster, bed2 for csi2.
  const classOf = (driver: string): string => `bed${/^csi(\d*)\./.exec(driver)?.[1] ?? ''}`;
  const devices = new Set(places.filter((p) => p.file === undefined).map((p) => p.claim));
  const claims = members.map((m) => claim(restored(m.claim), 'none', {
    storageClassName: classOf(m.driver),
    volumeMode: devices.has(m.claim) ? 'Block' : 'Filesystem',
    dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: m.snapshot },
  }));
  const reader = container('read', ['read', ...places.map(pathOf)], {
    securityContext: { runAsUser: 0 },
    volumeMounts: members.filter((m) => !devices.has(m.claim)).map((m) => ({ name: restored(m.claim), mountPath: `/copy/${m.claim}` })),
    volumeDevices: members.filter((m) => devices.has(m.claim)).map((m) => ({ name: restored(m.claim), devicePath: `/dev/copy-${m.claim}` })),
  });
  const target = `read-${name}`;
  await apply([...claims, pod(target, members.map((m) => restored(m.claim)), [reader], { restartPolicy: 'Never' })], namespace);
  try {
    await waitFor('jsonpath={.status.phase}=Succeeded', `pod/${target}`, namespace, 60);
    const lines = (await kubectl(['-n', namespace, 'logs', target])).trim().split('\n');
    return new Map(lines.map((line) => JSON.parse(line) as { path: string; records: number }).map(({ path, records }) => [path, records]));
  } finally {
    await kubectl(['-n', namespace, 'delete', `pod/${target}`, ...members.map((m) => `pvc/${restored(m.claim)}`), '--wait=true', '--timeout=60s']);
  }
}

/** Path of a place in the pod that reads the copy. */
export function pathOf(place: Place): string {
  return place.file === undefined ? `/dev/copy-${place.claim}` : `/copy/${place.claim}/${place.file}`;
}

/** Operator and writers have one clock; status has whole milliseconds. */
const grainMillis = 2;

/**
 * What a copy must have of a writer that was held: all that was acknowledged before everything stood still, nothing that was sent later; and
 * between `heldFrom` and `heldUntil` nothing was acknowledged at all. Empty when all is well.
 */
export function violations(copy: AppSnapshot, acks: readonly Ack[], records: number): string[] {
  const { heldFrom = '', heldUntil = '' } = copy.status?.window ?? {};
  const [from, until] = [Date.parse(heldFrom), Date.parse(heldUntil)];
  const least = Math.max(0, ...acks.filter((a) => a.acked < from - grainMillis).map((a) => a.n));
  const most = Math.max(0, ...acks.filter((a) => a.sent < from + grainMillis).map((a) => a.n));
  const within = acks.filter((a) => a.acked > from + grainMillis && a.acked < until - grainMillis).length;
  return [
    ...(least > 0 ? [] : ['nothing was acknowledged before the hold: this proves nothing']),
    ...(records >= least ? [] : [`${least - records} acknowledged records are lost`]),
    ...(records <= most ? [] : [`${records - most} records were written while everything stood still`]),
    ...(within === 0 ? [] : [`${within} records were acknowledged during the hold`]),
  ];
}
