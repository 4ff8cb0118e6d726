import { expect } from '@jest/globals';
import { isGood, type CheckResult } from '../../apps/postgresql/check.js';
import { compare, counts } from '../lib/compare.js';
import { deleteAndWait, describe as describeObject, restoreCopy } from '../lib/copies.js';
import { readRows } from '../lib/database.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import type { Promises } from '../lib/load.js';
import type { KeptCopy, Scene } from './scene.js';

/** So many restores at once: each is a server that starts. */
const atOnce = 4;

/** What a copy holds, against what the writers outside were promised. */
export interface Evidence {
  readonly copy: string;
  readonly acknowledged: number;
  readonly lost: number;
  readonly extra: number;
}

/** Restores every copy that was kept, each into a namespace of its own, and compares: nothing that was acknowledged before the hold is lost, nothing that was sent after the release is there. */
export async function restoreKept(scene: Scene): Promise<Evidence[]> {
  await scene.load.untilMore(50);
  const promises = scene.load.promises();
  const queue = [...scene.kept.splice(0)];
  const results: Evidence[] = [];
  const work = async (): Promise<void> => {
    for (let copy = queue.shift(); copy !== undefined; copy = queue.shift()) results.push(await restoreOne(scene, copy, promises));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

async function restoreOne(scene: Scene, { name, window }: KeptCopy, promises: Promises): Promise<Evidence> {
  const { namespace } = scene.database;
  const target = `${namespace}-${name}`.slice(0, 63);
  await makeTenant(target);
  const restore = await restoreCopy(namespace, name, name, { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { enabled: false } }, 240);
  if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, name));
  const result = compare(promises, window, await readRows({ ...scene.database, namespace: target }));
  expectGood(name, result);
  await deleteAndWait('apprestore', namespace, name);
  await Promise.all([deleteAndWait('appsnapshot', namespace, name), dropNamespace(target)]);
  return { copy: name, acknowledged: result.acknowledgedBeforeCut, lost: result.lost.length, extra: result.extra.length };
}

function expectGood(copy: string, result: CheckResult): void {
  expect({ copy, ...counts(result), acknowledgedBeforeCut: 0 }).toEqual({ copy, acknowledgedBeforeCut: 0, lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0 });
  expect(isGood(result)).toBe(true);
}
