/**
 * The mover against restic alone: the same volume copied to the same server by both, in one run; then again with a hundredth of it new. Usage: mover.ts, with
 * GIB= the size (5). Needs the test cluster with the operator on it. Writes bench-mover.json in test/.artifacts.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { CopyStatus } from '../../src/api/appsnapshot.js';
import { applyIn, keyOf, snapshotTo, untilComplete, untilTarget, type ServerScene } from '../e2e/copies/scene.js';
import { bucketTarget, prefix, serverSecrets } from '../e2e/lib/bucket.js';
import { resticOutside, startServer } from '../e2e/lib/s3-server.js';
import { makeTenant, removeNamespace } from '../e2e/lib/tenant.js';
import { bareBackup, barePrefix, bareKey } from './mover/bare.js';
import { PeakMemory } from './mover/memory.js';
import { fill } from './mover/volume.js';

const namespace = 'bench-mover';
const store = `${namespace}-s3`;
const gibibytes = Number(process.env['GIB'] || 5);

/** One backup, as its snapshot in the repository says. */
interface Backup {
  readonly seconds: number;
  readonly bytes: number;
  readonly bytesAdded: number;
}

interface Round {
  readonly mover: Backup;
  readonly bare: Backup;
  /** Throughput of the mover in that of restic alone. */
  readonly ratio: number;
  /** From the begin of the copy to its end, without what restic took for the volume. */
  readonly overheadSeconds: number;
  readonly peakMebibytes: number;
  readonly load: number;
}

try {
  await Promise.all([makeTenant(namespace), makeTenant(store, { served: false })]);
  const server = await startServer(store, `${2 * gibibytes + 2}Gi`);
  await applyIn(namespace, [...serverSecrets(server, { login: 's3-login', ca: 's3-ca' }), bucketTarget(server, 's3', { encryptionKeySecretRef: undefined })]);
  await untilTarget(namespace, 's3', 'TargetReady');
  const scene: ServerScene = { namespace, server };
  await fill(namespace, 'first', gibibytes * 1024, gibibytes);
  const first = await round(scene, 'first');
  await fill(namespace, 'second', Math.ceil(gibibytes * 10.24), gibibytes);
  const second = await round(scene, 'second');
  const result = { gibibytes, first, second, incrementalRatio: second.mover.seconds / second.bare.seconds };
  writeFileSync('test/.artifacts/bench-mover.json', JSON.stringify(result, null, 2));
  console.log(JSON.stringify(result, null, 2));
} finally {
  await removeNamespace(namespace);
  await removeNamespace(store);
}

async function round(scene: ServerScene, name: string): Promise<Round> {
  const memory = new PeakMemory('restic');
  const snapshot = await snapshotTo(namespace, name, ['s3'], 'Retain');
  const copy = await untilComplete(namespace, name, 's3', 1800);
  const peakMebibytes = memory.stop();
  const mover = await ofRepository(scene, prefix, await keyOf(namespace), copy.volumes?.[0]?.snapshotId ?? '');
  const bare = await ofRepository(scene, barePrefix, bareKey, await bareBackup(scene, name, snapshot.status?.members?.[0]?.snapshot ?? ''));
  return { mover, bare, ratio: bare.seconds / mover.seconds, overheadSeconds: elapsed(copy) - mover.seconds, peakMebibytes, load: loadavg()[0] ?? NaN };
}

interface Listed {
  readonly id: string;
  readonly summary?: { readonly backup_start: string; readonly backup_end: string; readonly total_bytes_processed: number; readonly data_added_packed: number };
}

/** restic notes in each snapshot when it began and ended. */
async function ofRepository({ server }: ServerScene, folder: string, key: string, id: string): Promise<Backup> {
  const [found] = JSON.parse(await resticOutside(server, `${folder}/${namespace}`, key, ['snapshots', '--json', '--no-lock', id])) as Listed[];
  if (found?.summary === undefined) throw new Error(`snapshot ${id} has no summary`);
  const { backup_start: start, backup_end: end, total_bytes_processed: bytes, data_added_packed: bytesAdded } = found.summary;
  return { seconds: (Date.parse(end) - Date.parse(start)) / 1000, bytes, bytesAdded };
}

function elapsed({ startedAt = '', completedAt = '' }: CopyStatus): number {
  return (Date.parse(completedAt) - Date.parse(startedAt)) / 1000;
}
