import { expect } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { TABLE } from '../../apps/postgresql/history.js';
import { isGood } from '../../apps/postgresql/check.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { describe as describeObject, readyOf } from '../lib/copies.js';
import { databaseReady, query, readRows, type Database } from '../lib/database.js';
import { get, kubectl } from '../lib/kubectl.js';
import type { LoadHistory } from '../lib/load.js';
import { watchUntil } from '../lib/watch.js';

/** A PostgreSQL, a copy of it, and what the writer was promised until then. */
export interface Scene {
  readonly namespace: string;
  readonly database: Database;
  readonly copy: AppSnapshot;
  readonly history: LoadHistory;
}

export const claims = ['data-pg-0', 'wal-pg-0'] as const;

/** Somebody empties the table, and writes something of his own. */
export async function accident({ database }: Pick<Scene, 'database'>): Promise<void> {
  await query(database, `truncate ${TABLE}`, 'create table if not exists accident (n int)', 'insert into accident values (1)', 'checkpoint');
}

/** What the running database has of it. */
export async function hasAccident({ database, namespace }: Pick<Scene, 'database' | 'namespace'>): Promise<boolean> {
  await databaseReady(namespace);
  const [row] = await query<{ there: string | null }>(database, "select to_regclass('accident')::text as there");
  return row?.there !== null;
}

/** The database has what the copy was promised, and nothing of the accident. */
export async function expectCopy(scene: Scene): Promise<void> {
  expect(await hasAccident(scene)).toBe(false);
  const result = compare(scene.history, windowOf(scene.copy), await readRows(scene.database));
  expect({ ...counts(result), good: isGood(result) }).toMatchObject({ lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0, good: true });
}

/** The database is as it was before the restore: emptied. */
export async function expectAccident(scene: Scene): Promise<void> {
  expect(await hasAccident(scene)).toBe(true);
  expect(await readRows(scene.database)).toEqual([]);
}

/** A claim and its volume, as far as they tell who has what. */
export interface Bound {
  readonly claim: string;
  readonly uid: string;
  readonly volume: string;
}

export async function boundClaims(namespace: string): Promise<Bound[]> {
  const read = async (claim: string): Promise<Bound> => {
    const found = await get<{ metadata: { uid: string }; spec: { volumeName: string }; status: { phase: string } }>('pvc', claim, namespace);
    expect(found?.status.phase).toBe('Bound');
    return { claim, uid: found!.metadata.uid, volume: found!.spec.volumeName };
  };
  return Promise.all(claims.map(read));
}

/** Reclaim policy, phase and mark of a volume; undefined when it is gone. */
export async function volumeOf(name: string): Promise<{ policy: string; phase: string; kept: boolean } | undefined> {
  const found = await get<{ metadata: { labels?: Record<string, string> }; spec: { persistentVolumeReclaimPolicy: string }; status: { phase: string } }>('pv', name);
  return found === undefined ? undefined : { policy: found.spec.persistentVolumeReclaimPolicy, phase: found.status.phase, kept: found.metadata.labels?.[labels.keptBy] !== undefined };
}

/** What `kubectl wait` and people look at: the condition about the old volumes. */
export const oldVolumesOf = (object: AppRestore | undefined) => object?.status?.conditions?.find((c) => c.type === 'PreviousVolumesKept');

export async function decide(namespace: string, name: string, previousVolumes: 'Keep' | 'Delete' | 'Restore'): Promise<void> {
  await kubectl(['-n', namespace, 'patch', 'arst', name, '--type=merge', '-p', JSON.stringify({ spec: { previousVolumes } })]);
}

/** The restore when it has ended so. Throws what a user sees when it ends otherwise. */
export async function untilEnded(namespace: string, name: string, reason: string, seconds = 180): Promise<AppRestore> {
  const ended = await watchUntil<AppRestore>('apprestores', name, namespace, `ends with ${reason}`, (o) => ['Ready', 'Failed'].includes(o.status?.phase ?? '') && readyOf(o.status)?.reason !== undefined && (readyOf(o.status)?.reason === reason || o.status?.phase === 'Failed'), seconds);
  if (readyOf(ended.status)?.reason !== reason) throw new Error(await describeObject('apprestore', namespace, name));
  return ended;
}
