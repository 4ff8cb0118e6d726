import { expect } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { monotonicMs } from '../../apps/postgresql/history.js';
import type { Trigger } from '../../faults/moments.js';
import type { Stretch } from '../../proof/tokens.js';
import { windowOf } from '../lib/compare.js';
import { deleteAndWait, describe as describeObject, readyOf, snapshotObjects, takeCopy } from '../lib/copies.js';
import { clearFaults, setFaults, type Fault } from '../lib/csi-faults.js';
import { apply, get } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { containersOf } from './containers.js';
import { execsWhileHeld, heldBetween } from './execs.js';
import { leftovers, zombiesIn, type Before } from './leftovers.js';
import { breaches, gapsByStore, latestEnd, restartSeconds, type Harm } from './limits.js';
import { replaceOperator, type Scene } from './scene.js';

/** One way to die. */
export interface KillCase extends Harm {
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
  /** The copy stays, to be restored at the end of the suite. */
  readonly keep?: boolean;
}

/** Figures of a case. */
export interface Played {
  readonly longestGapMs: number;
  /** The same for each application, and for the ring over all. */
  readonly gapsMs: Readonly<Record<string, number>>;
  readonly phase: string | undefined;
  readonly attempts: number | undefined;
  readonly grade: string | undefined;
  readonly settledMs: number;
  readonly errors: number;
}

/** Longest time that a case may take, ms; `windowSeconds` as in the scene. */
export function caseMillis(windowSeconds: number, { restarts, silentSeconds = 0 }: Harm): number {
  return 1000 * (5 * windowSeconds + 4 * restartSeconds(restarts) + silentSeconds);
}

/** Plays a case and holds it against what must be true of each. */
export async function play(scene: Scene, test: KillCase): Promise<Played> {
  const { namespace } = scene;
  const name = test.name.replace(/[^a-z0-9]+/g, '-');
  await scene.proxy.clear();
  if (!scene.operator.alive) await replaceOperator(scene);
  await scene.operator.leads();
  await scene.load.untilWritesAgain(scene.windowSeconds);
  const before = await lookBefore(scene);
  const from = scene.load.mark();
  let copy: AppSnapshot;
  try {
    setFaults(test.csi ?? {});
    await scene.proxy.triggers(test.triggers?.(scene) ?? []);
    await apply([appSnapshot(namespace, name, specOf(scene, test))]);
    await test.act(scene, name);
    copy = await settled(namespace, name, 3 * scene.windowSeconds + restartSeconds(test.restarts));
    await scene.load.untilWritesAgain(10 + restartSeconds(test.restarts));
  } catch (error) {
    throw new Error(await evidence(scene, name), { cause: error });
  } finally {
    clearFaults();
  }
  const stretch = scene.load.since(from);
  const settledMs = Math.round(monotonicMs() - from.at);
  const moments = (await scene.proxy.moments()).filter((m) => m.name !== 'write');
  const held = heldBetween(moments);
  expect(execsWhileHeld(held, await scene.proxy.requests())).toEqual([]);
  copy = await judge(scene, test, name, { copy, stretch, before }).catch(async (cause: unknown) => Promise.reject(new Error(`${String(cause)}\n${await evidence(scene, name)}`, { cause })));
  const { attempts, grade, phase } = copy.status ?? {};
  const gapsMs = gapsByStore(scene.lanes, stretch.gaps);
  // The window of a copy that is there was watched to its end.
  expect(held.length).toBeGreaterThanOrEqual(phase === 'Ready' ? 1 : 0);
  const played: Played = { longestGapMs: Math.max(...Object.values(gapsMs)), gapsMs, phase, attempts, grade, settledMs, errors: stretch.failures.length };
  console.log(`${test.name}: ${JSON.stringify(played)}; ${moments.map((m) => `${m.name} ${m.when} ${Math.round(m.at - (moments[0]?.at ?? 0))}`).join(', ')}`);
  if (test.keep === true && phase === 'Ready') {
    scene.kept.push({ name, window: windowOf(copy) });
    return played;
  }
  await removed(scene, name, before);
  if (test.restarts !== undefined) await copiedAgain(scene, `${name}-after`, before, restartSeconds(test.restarts));
  return played;
}

function specOf(scene: Scene, test: Pick<KillCase, 'spec'> = {}): Record<string, unknown> {
  return { consistency: { required: 'Frozen' }, ...(scene.vantage === 'Pod' ? { quiesce: { vantage: 'Pod' } } : {}), ...test.spec };
}

/** What is there before a case, and ids of the containers as they run then. */
interface Start extends Before {
  readonly containers: ReadonlyMap<string, string>;
}

async function lookBefore({ namespace }: Scene): Promise<Start> {
  const containers = await containersOf(namespace);
  return { containers, zombies: zombiesIn([...containers.values()]), snapshots: await snapshotObjects(namespace) };
}

async function removed({ namespace }: Scene, name: string, before: Before): Promise<void> {
  await deleteAndWait('appsnapshot', namespace, name);
  await until('nothing is left of the copy', async () => (await snapshotObjects(namespace)).length === before.snapshots.length, 60, 500);
}

/** After a server was killed: the operator itself finds the databases whole, and the next copy is as good as any. */
async function copiedAgain(scene: Scene, name: string, before: Before, seconds: number): Promise<void> {
  const { status } = await takeCopy(scene.namespace, name, specOf(scene), 2 * scene.windowSeconds + seconds);
  expect(status).toMatchObject({ phase: 'Ready', grade: 'Frozen' });
  await removed(scene, name, before);
}

interface Outcome {
  readonly copy: AppSnapshot;
  readonly stretch: Stretch;
  readonly before: Start;
}

/** The object as it is when everything has come to rest. */
async function judge(scene: Scene, test: KillCase, name: string, { copy, stretch, before }: Outcome): Promise<AppSnapshot> {
  const { namespace } = scene;
  let last = copy;
  let left: string[] = [];
  await until('nothing is left over', async () => {
    last = (await get<AppSnapshot>('appsnapshot', name, namespace)) ?? copy;
    const containers = await containersOf(namespace);
    const restarted = [...containers].filter(([who, id]) => before.containers.get(who) !== id);
    // A server that starts anew may leave zombies by itself; at vantage Node nothing of a hold runs beside it.
    const own = scene.vantage === 'Node' ? zombiesIn(restarted.map(([, id]) => id)) : [];
    left = await leftovers(last, [...containers.values()], { ...before, zombies: [...before.zombies, ...own] });
    if (restarted.length !== (test.restarts === undefined ? 0 : 1)) left.push(`restarted: ${restarted.map(([who]) => who).join(', ') || 'none'}`);
    return left.length === 0;
  }, 60, 250).catch((error: unknown) => Promise.reject(new Error(`left over: ${left.join('; ')}\n${String(error)}`)));
  const told = { reason: readyOf(last.status)?.reason, message: readyOf(last.status)?.message };
  expect({ status: last.status, told }).toMatchObject({ status: test.status, told: { reason: expect.stringMatching(test.reason) } });
  expect(breaches(scene.lanes, stretch, latestEnd(last.status?.holds ?? []), test)).toEqual([]);
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
async function settled(namespace: string, name: string, seconds: number): Promise<AppSnapshot> {
  return until(`${name} is Ready or Failed`, async () => {
    const copy = await get<AppSnapshot>('appsnapshot', name, namespace).catch(() => undefined);
    return copy !== undefined && ['Ready', 'Failed'].includes(copy.status?.phase ?? '') ? copy : undefined;
  }, seconds, 250);
}

async function evidence(scene: Scene, name: string): Promise<string> {
  const object = await describeObject('appsnapshot', scene.namespace, name);
  return `${object}\n--- operator\n${scene.operator.log.slice(-60).join('\n')}\n--- moments\n${JSON.stringify(await scene.proxy.moments())}`;
}
