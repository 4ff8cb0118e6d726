import { expect } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { monotonicMs } from '../../apps/postgresql/history.js';
import type { Trigger } from '../../faults/moments.js';
import { windowOf } from '../lib/compare.js';
import { deleteAndWait, describe as describeObject, readyOf, snapshotObjects } from '../lib/copies.js';
import { clearFaults, setFaults, type Fault } from '../lib/csi-faults.js';
import { containerId } from '../lib/database.js';
import { apply, get } from '../lib/kubectl.js';
import type { Stretch } from '../lib/load.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { leftovers } from './leftovers.js';
import { replaceOperator, type Scene } from './scene.js';

/** Beyond MAX, for the guard to notice and to thaw. */
const graceMillis = 1000;

/** One way to die. */
export interface KillCase {
  /** Of the test, and of the object with its blanks as dashes. */
  readonly name: string;
  readonly csi?: Readonly<Record<string, Fault>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly triggers?: (scene: Scene) => readonly Trigger[];
  /** What the test does while the window runs, from the moment on at which the object exists. */
  readonly act: (scene: Scene, name: string) => Promise<void>;
  /** How it must end. */
  readonly status: Readonly<Record<string, unknown>>;
  /** Reason of the condition Ready. */
  readonly reason: RegExp;
  /** The container of the database is another one afterwards, and clients see errors. */
  readonly restarts?: boolean;
  /** The copy stays, to be restored at the end of the suite. */
  readonly keep?: boolean;
}

/** Figures of a case. */
export interface Played {
  readonly longestGapMs: number;
  readonly phase: string | undefined;
  readonly attempts: number | undefined;
  readonly grade: string | undefined;
  readonly settledMs: number;
  readonly errors: number;
}

/** Plays a case and holds it against what must be true of each. */
export async function play(scene: Scene, test: KillCase): Promise<Played> {
  const { namespace } = scene.database;
  const name = test.name.replace(/[^a-z0-9]+/g, '-');
  await scene.proxy.clear();
  if (!scene.operator.alive) await replaceOperator(scene);
  await scene.operator.leads();
  const before = await containerId(namespace);
  const others = await snapshotObjects(namespace);
  await scene.load.untilWritesAgain(30);
  const from = monotonicMs();
  let copy: AppSnapshot;
  try {
    setFaults(test.csi ?? {});
    await scene.proxy.triggers(test.triggers?.(scene) ?? []);
    await apply([appSnapshot(namespace, name, specOf(scene, test))]);
    await test.act(scene, name);
    copy = await settled(namespace, name);
    await scene.load.untilWritesAgain(10);
  } catch (error) {
    throw new Error(await evidence(scene, name), { cause: error });
  } finally {
    clearFaults();
  }
  const stretch = scene.load.since(from);
  const settledMs = Math.round(monotonicMs() - from);
  const moments = (await scene.proxy.moments()).filter((m) => m.name !== 'write');
  const id = test.restarts === true ? await containerId(namespace) : before;
  copy = await judge(scene, test, name, { copy, stretch, containerId: id, others }).catch(async (cause: unknown) => Promise.reject(new Error(`${String(cause)}\n${await evidence(scene, name)}`, { cause })));
  const { attempts, grade, phase } = copy.status ?? {};
  const played: Played = { longestGapMs: Math.round(stretch.longestGapMs), phase, attempts, grade, settledMs, errors: stretch.failures.length };
  console.log(`${test.name}: ${JSON.stringify(played)}; ${moments.map((m) => `${m.name} ${m.when} ${Math.round(m.at - (moments[0]?.at ?? 0))}`).join(', ')}`);
  if (test.keep === true && phase === 'Ready') {
    scene.kept.push({ name, window: windowOf(copy) });
    return played;
  }
  await deleteAndWait('appsnapshot', namespace, name);
  await until('nothing is left of the copy', async () => (await snapshotObjects(namespace)).length === others.length, 60, 500);
  return played;
}

function specOf(scene: Scene, test: KillCase): Record<string, unknown> {
  return { consistency: { required: 'Frozen' }, ...(scene.vantage === 'Pod' ? { quiesce: { vantage: 'Pod' } } : {}), ...test.spec };
}

interface Outcome {
  readonly copy: AppSnapshot;
  readonly stretch: Stretch;
  readonly containerId: string;
  /** Snapshot objects that were there before. */
  readonly others: readonly string[];
}

/** The object as it is when everything has come to rest. */
async function judge(scene: Scene, test: KillCase, name: string, { copy, stretch, containerId: id, others }: Outcome): Promise<AppSnapshot> {
  const { namespace } = scene.database;
  let last = copy;
  let left: string[] = [];
  await until('nothing is left over', async () => {
    last = (await get<AppSnapshot>('appsnapshot', name, namespace)) ?? copy;
    left = await leftovers(last, id, others);
    return left.length === 0;
  }, 60, 250).catch((error: unknown) => Promise.reject(new Error(`left over: ${left.join('; ')}\n${String(error)}`)));
  const maxHoldMillis = Math.max(0, ...(last.status?.holds ?? []).map((h) => h.maxHoldMillis));
  const told = { reason: readyOf(last.status)?.reason, message: readyOf(last.status)?.message };
  expect({ status: last.status, told }).toMatchObject({ status: test.status, told: { reason: expect.stringMatching(test.reason) } });
  expect(stretch.longestGapMs).toBeLessThanOrEqual(maxHoldMillis + graceMillis);
  if (test.restarts !== true) expect(stretch.failures).toEqual([]);
  gradeHasEvidence(last);
  return last;
}

/** A copy that claims to have been frozen shows, of its own window, that every hold was ended by its release, unbroken. */
function gradeHasEvidence({ status }: AppSnapshot): void {
  if (status?.grade === undefined || status.phase !== 'Ready') return;
  expect(status.grade).toBe('Frozen');
  expect(status.window).toMatchObject({ unbroken: true, attempt: status.attempts, id: status.setId });
  for (const hold of status.holds ?? []) expect(hold).toMatchObject({ state: 'Released', endedBy: 'release' });
}

/** Ready, or Failed. Asked for again and again: the API server is stopped in some cases. */
async function settled(namespace: string, name: string): Promise<AppSnapshot> {
  return until(`${name} is Ready or Failed`, async () => {
    const copy = await get<AppSnapshot>('appsnapshot', name, namespace).catch(() => undefined);
    return copy !== undefined && ['Ready', 'Failed'].includes(copy.status?.phase ?? '') ? copy : undefined;
  }, 90, 250);
}

async function evidence(scene: Scene, name: string): Promise<string> {
  const object = await describeObject('appsnapshot', scene.database.namespace, name);
  return `${object}\n--- operator\n${scene.operator.log.slice(-60).join('\n')}\n--- moments\n${JSON.stringify(await scene.proxy.moments())}`;
}
