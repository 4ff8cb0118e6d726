import type { CopyStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot, BackupTarget } from '../../../src/api/kinds.js';
import type { BucketScene } from '../lib/bucket-scene.js';
import { takeCopy } from '../lib/copies.js';
import { query, type Database } from '../lib/database.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';

/** A namespace, and where its copies go. */
export type ServerScene = Pick<BucketScene, 'namespace' | 'server'>;

/** What the parts of the suite share. */
export type Scene = BucketScene;

const conditionOf = (object: AppSnapshot | BackupTarget, type: string) => object.status?.conditions?.find((c) => c.type === type);
export const readyOf = (object: AppSnapshot | BackupTarget) => conditionOf(object, 'Ready');
export const copiedOf = (object: AppSnapshot) => conditionOf(object, 'Copied');

/** Applies objects and waits until the target has a reason. */
export async function untilTarget(namespace: string, name: string, reason: string, seconds = 90): Promise<BackupTarget> {
  return watchUntil<BackupTarget>('backuptargets', name, namespace, `has reason ${reason}`, (o) => readyOf(o)?.reason === reason, seconds);
}

/** Has the target checked now: a changed spec is. */
export async function checkNow(namespace: string, name: string): Promise<void> {
  const every = (await get<BackupTarget>('backuptarget', name, namespace))?.spec.checkEvery === '2h' ? '1h' : '2h';
  await kubectl(['-n', namespace, 'patch', 'btgt', name, '--type=merge', '-p', JSON.stringify({ spec: { checkEvery: every } })]);
}

/** An AppSnapshot with copies in these targets, as soon as it is ready itself; copies come later. */
export async function snapshotTo(namespace: string, name: string, targets: readonly string[], deletionPolicy = 'Delete'): Promise<AppSnapshot> {
  const snapshot = await takeCopy(namespace, name, { copies: targets.map((target) => ({ targetRef: { name: target }, deletionPolicy })) });
  if (snapshot.status?.phase !== 'Ready') throw new Error(`${name}: ${readyOf(snapshot)?.message ?? ''}`);
  return snapshot;
}

/** The AppSnapshot when its copy in the target fulfils a condition. */
export function untilCopy(namespace: string, name: string, target: string, what: string, holds: (copy: CopyStatus) => boolean, seconds: number): Promise<AppSnapshot> {
  return watchUntil<AppSnapshot>('appsnapshots', name, namespace, `${target}: ${what}`, (o) => o.status?.copies?.some((copy) => copy.target === target && holds(copy)) === true, seconds);
}

export async function untilComplete(namespace: string, name: string, target: string, seconds = 180): Promise<CopyStatus> {
  const snapshot = await untilCopy(namespace, name, target, 'is complete', (copy) => copy.phase === 'Complete', seconds);
  return snapshot.status!.copies!.find((copy) => copy.target === target)!;
}

/** So many megabytes that no deduplication and little compression make smaller. */
export async function writeMegabytes(database: Database, megabytes: number): Promise<void> {
  await query(database, 'create table if not exists ballast (content text)', `insert into ballast select (select string_agg(md5(random()::text || i || j), '') from generate_series(1, 1024) j) from generate_series(1, ${megabytes * 32}) i`, 'checkpoint');
}

/** Jobs, claims and Secrets of movers in the namespace, by name. */
export async function moverObjects(namespace: string): Promise<string[]> {
  const all = await kubectl(['-n', namespace, 'get', 'jobs,pods,persistentvolumeclaims,secrets', '-l', 'stillpoint.dev/internal=mover', '-o', 'name']);
  return all.split('\n').filter((line) => line !== '');
}

export async function untilNoMovers(namespace: string): Promise<void> {
  await until(`no mover is left in ${namespace}`, async () => (await moverObjects(namespace)).length === 0, 60, 500);
}

/** The key of the repository, as a user keeps it. */
export async function keyOf(namespace: string): Promise<string> {
  return Buffer.from(await kubectl(['-n', namespace, 'get', 'secret', 's3-encryption-key', '-o', 'jsonpath={.data.password}']), 'base64').toString('utf8');
}

export async function applyIn(namespace: string, objects: readonly unknown[]): Promise<void> {
  await apply(objects, namespace);
}
