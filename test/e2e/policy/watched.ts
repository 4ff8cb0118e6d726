import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import type { Retention } from '../../../src/schedule/retention.js';
import { keyOf } from '../copies/scene.js';
import type { BucketScene } from '../lib/bucket-scene.js';
import { prefix } from '../lib/bucket.js';
import { get } from '../lib/kubectl.js';
import { resticOutside } from '../lib/s3-server.js';
import { until } from '../lib/until.js';
import { expectAge, wideRows } from './columns.js';
import { tickBefore } from './expected.js';
import { copiesThere, type CopyHistory, type DrillHistory, type SeenCopy } from './history.js';
import { modelOf, type ModelState } from './model.js';

/** A policy whose every copy and drill was seen. */
export interface Watched {
  readonly namespace: string;
  readonly policy: string;
  readonly uid: string;
  /** The one target of its copies. */
  readonly target: string;
  readonly copies: CopyHistory;
  readonly drills: DrillHistory;
}

const copyIn = ({ status }: AppSnapshot, target: string) => status?.copies?.find((copy) => copy.target === target);

/** Waits until those copies are there that the model keeps of all that ever were, in each place; resolves with them. */
export async function untilAsModelled(watched: Watched, { snapshots, target }: { readonly snapshots: Retention; readonly target: Retention }): Promise<ModelState> {
  const wanted = (): ModelState => {
    const { drilled } = watched.drills;
    const seen = watched.copies.all.map(({ name, due, wasReady, wasIn, object }) => ({ name, due, cut: wasReady, copied: wasIn.has(watched.target), verified: object.status?.verified !== undefined, inUse: name === drilled }));
    return modelOf(seen, snapshots, target);
  };
  let there: ModelState = { snapshots: [], target: [], objects: [] };
  await until('there is what the model keeps', async () => {
    const objects = await copiesThere(watched.namespace, watched.uid);
    const names = (which: readonly AppSnapshot[]): string[] => which.map(({ metadata }) => metadata.name).sort();
    there = {
      snapshots: names(objects.filter(({ status }) => status?.phase === 'Ready')),
      target: names(objects.filter((object) => copyIn(object, watched.target)?.phase === 'Complete')),
      objects: names(objects),
    };
    return JSON.stringify(there) === JSON.stringify(wanted());
  }, 150, 500).catch((error: unknown) => Promise.reject(new Error(`${String(error)}: ${JSON.stringify(there)} instead of ${JSON.stringify(wanted())}`, { cause: error })));
  return there;
}

/** Ids of the recovery points of the namespace in the bucket, asked by restic from outside of the cluster. */
export async function idsInBucket({ server, namespace }: BucketScene): Promise<string[]> {
  const points = JSON.parse(await resticOutside(server, `${prefix}/${namespace}`, await keyOf(namespace), ['snapshots', '--json', '--no-lock', '--tag=kind=recoverypoint'])) as { tags: string[] }[];
  return points.flatMap(({ tags }) => tags.flatMap((tag) => /^set=(.*)$/.exec(tag)?.[1] ?? [])).sort();
}

const cutOf = (copy: SeenCopy | undefined): number => Date.parse(copy?.object.status?.window?.heldFrom ?? '');

/** What `kubectl get` shows of the policy and of its copies is what was seen of the copies and drills themselves. Read in the moment in which something happens, it is read once more. */
export async function expectTrue(watched: Watched, schedule: { readonly cron: string; readonly period: number; readonly suspended?: boolean }): Promise<void> {
  const { namespace, policy, target, copies } = watched;
  // Status follows a copy by a moment.
  const inTarget = (): string | undefined => copies.all.filter((copy) => copy.wasIn.has(target)).at(-1)?.name;
  await until('the policy has told of its newest copy', async () => (await get<VolumePolicy>('volumepolicy', policy, namespace))?.status?.lastOffsite?.name === inTarget(), 30, 500);
  try {
    await look(watched, schedule);
  } catch {
    await pause(3000);
    await look(watched, schedule);
  }
}

async function look(watched: Watched, { cron, period, suspended = false }: Parameters<typeof expectTrue>[1]): Promise<void> {
  const { namespace, policy, target, copies, drills } = watched;
  const [[row], rows] = await Promise.all([wideRows('vpol', namespace, policy), wideRows('asnap', namespace)]);
  const now = Date.now();
  const newest = (holds: (copy: SeenCopy) => boolean): SeenCopy | undefined => copies.all.filter(holds).at(-1);
  const result = [...drills.results.values()].sort((a, b) => Date.parse(a.due) - Date.parse(b.due)).at(-1);
  expect(row).toMatchObject({ NAME: policy, SCHEDULE: cron, RPO: 'True', READY: 'True', GRADE: 'Frozen', COPIED: 'True', 'DRILL-COPY': result?.copy ?? '', 'DRILL-FROM': result?.from ?? '' });
  expectAge(row?.['LAST-COPY'], cutOf(newest(({ object }) => object.status?.phase === 'Ready')), now);
  expectAge(row?.['OFFSITE'], cutOf(newest(({ object }) => copyIn(object, target)?.phase === 'Complete')), now);
  const verified = newest(({ object: { status } }) => status?.verified !== undefined)?.object.status?.verified?.at;
  if (verified === undefined) expect(row?.['VERIFIED']).toBe('');
  else expectAge(row?.['VERIFIED'], Date.parse(verified), now);
  // Read a moment before or after a tick.
  if (suspended) expect(row?.['NEXT-COPY']).toBe('');
  else expect([tickBefore(now, period), tickBefore(now, period) + period]).toContain(Date.parse(row?.['NEXT-COPY'] ?? ''));
  if (result !== undefined && drills.drilled === undefined) expect(row?.['DRILL']).toBe(result.reason);
  for (const copy of rows) expectCopyTrue(copy, copies, target);
}

/** Its grade, whether it was verified, and whether the target has it. One that is under way says nothing yet. */
function expectCopyTrue(row: Readonly<Record<string, string>>, copies: CopyHistory, target: string): void {
  const { object } = copies.all.find(({ name }) => name === row['NAME']) ?? {};
  const { phase, grade, verified } = object?.status ?? {};
  if (object === undefined || (phase !== 'Ready' && phase !== 'Expired')) return;
  expect({ name: row['NAME'], grade: row['GRADE'], verified: row['VERIFIED'] !== '' }).toEqual({ name: row['NAME'], grade: grade ?? '', verified: verified !== undefined });
  if (copyIn(object, target)?.phase === 'Complete') expect(row['COPIES']).toBe('1/1');
}
