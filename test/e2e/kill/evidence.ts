import { expect } from '@jest/globals';
import { isProven } from '../../proof/check.js';
import { restoreAndCheck } from '../../proof/cuts.js';
import type { Sent } from '../../proof/history.js';
import { deleteAndWait } from '../lib/copies.js';
import { untilDropped } from '../lib/namespaces.js';
import type { KeptCopy, Scene } from './scene.js';

/** What a copy holds, against what the writers outside were promised. */
export interface Evidence {
  readonly copy: string;
  readonly acknowledged: number;
  readonly lost: number;
  readonly extra: number;
}

/** How copies are restored. */
export interface RestorePlan {
  /** So many at once: each is a set of servers that start. */
  readonly atOnce: number;
  /** Whether the adapters' own checks are made as well. */
  readonly verify: boolean;
}

/** Restores every copy that was kept, each into a namespace of its own, and compares: nothing that was acknowledged before the hold is lost, nothing that was sent after the release is there. */
export async function restoreKept(scene: Scene, { atOnce, verify }: RestorePlan): Promise<Evidence[]> {
  // So that the fate of every token is known that a copy could hold.
  await scene.load.untilWritesAgain(scene.windowSeconds);
  const history = scene.load.history();
  const queue = [...scene.kept.splice(0)];
  const results: Evidence[] = [];
  const work = async (): Promise<void> => {
    for (let copy = queue.shift(); copy !== undefined; copy = queue.shift()) {
      results.push(await restoreOne(scene, copy, history, verify));
      // Where only one may be there at a time, its servers have ended before those of the next one start.
      if (atOnce === 1) await untilDropped();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

async function restoreOne({ namespace, apps, lanes }: Scene, { name, window }: KeptCopy, history: readonly Sent[], verify: boolean): Promise<Evidence> {
  const { restore, result } = await restoreAndCheck({ plan: { namespace, name, apps }, lanes, history, window }, { verify: { enabled: verify } });
  if (result === undefined) throw new Error(`${name}: ${JSON.stringify(restore.status)}`);
  const { acknowledged, silentLanes, ...found } = result;
  // Numbers, and not the lists, which can be as long as the history.
  const counts = Object.fromEntries(Object.entries(found).map(([what, findings]) => [what, findings.length]));
  expect({ copy: name, silentLanes, ...counts }).toEqual({ copy: name, silentLanes: [], lost: 0, gaps: 0, extra: 0, duplicates: 0, unknown: 0 });
  expect(isProven(result)).toBe(true);
  if (verify) expect(restore.status).toMatchObject({ verified: true, checksFailed: 0 });
  await deleteAndWait('appsnapshot', namespace, name);
  return { copy: name, acknowledged, lost: found.lost.length, extra: found.extra.length };
}
