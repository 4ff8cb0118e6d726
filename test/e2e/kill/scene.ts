import { performance } from 'node:perf_hooks';
import { expect } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import type { Trigger } from '../../faults/moments.js';
import { ProxyProgram } from '../../faults/program.js';
import { deleteAndWait, describe as describeObject, readyOf, snapshotObjects } from '../lib/copies.js';
import { clearFaults, setFaults, type Fault } from '../lib/csi-faults.js';
import { containerId, type Database } from '../lib/database.js';
import { Freezers } from '../lib/host.js';
import { apply, get } from '../lib/kubectl.js';
import { startLoad, type LoadHistory } from '../lib/load.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { bedPki } from '../../faults/certificate.js';
import { apiServerUrl } from './cluster.js';
import { leftovers } from './leftovers.js';
import { OperatorProcess, operatorHome, type OperatorHome } from './operator-process.js';

/** Beyond MAX, for the guard to notice and to thaw. */
const graceMillis = 1000;

/** What every case works with. */
export interface Scene {
  readonly database: Database;
  readonly proxy: ProxyProgram;
  readonly home: OperatorHome;
  /** The operator that leads, through the proxy. */
  operator: OperatorProcess;
  count: number;
}

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

/** `seed` is the proxy's. */
export async function openScene(database: Database, seed = 1): Promise<Scene> {
  const proxy = await ProxyProgram.start({ target: await apiServerUrl(), pki: bedPki(), seed });
  const home = await operatorHome(proxy.url);
  const operator = await OperatorProcess.start(home, 'kill-0');
  await operator.leads();
  return { database, proxy, home, operator, count: 0 };
}

/** Starts another operator after the one that died; it leads when the lease of the dead one is over. */
export async function replaceOperator(scene: Scene): Promise<OperatorProcess> {
  scene.count += 1;
  scene.operator = await OperatorProcess.start(scene.home, `kill-${scene.count}`);
  return scene.operator;
}

/** Plays a case and holds it against what must be true of each. */
export async function play(scene: Scene, test: KillCase): Promise<Played> {
  const { namespace } = scene.database;
  const name = test.name.replace(/[^a-z0-9]+/g, '-');
  await scene.proxy.clear();
  if (!scene.operator.alive) await replaceOperator(scene);
  await scene.operator.leads();
  const id = await containerId(namespace);
  const load = await startLoad(scene.database);
  let copy: AppSnapshot;
  let history: LoadHistory;
  const begin = performance.now();
  try {
    setFaults(test.csi ?? {});
    await scene.proxy.triggers(test.triggers?.(scene) ?? []);
    await apply([appSnapshot(namespace, name, { consistency: { required: 'Frozen' }, ...test.spec })]);
    await test.act(scene, name);
    copy = await settled(namespace, name);
    await load.untilWritesAgain(10);
  } catch (error) {
    throw new Error(await evidence(scene, name), { cause: error });
  } finally {
    clearFaults();
    history = await load.stop();
  }
  const settledMillis = performance.now() - begin;
  const moments = await scene.proxy.moments();
  await judge(scene, test, name, { copy, history, containerId: test.restarts === true ? await containerId(namespace) : id });
  const { attempts, grade } = copy.status ?? {};
  const played: Played = { longestGapMs: Math.round(history.longestGapMs), phase: copy.status?.phase, attempts, grade, settledMs: Math.round(settledMillis), errors: history.errors };
  console.log(`${test.name}: ${JSON.stringify(played)}; ${moments.map((m) => `${m.name} ${m.when} ${Math.round(m.at - (moments[0]?.at ?? 0))}`).join(', ')}`);
  await deleteAndWait('appsnapshot', namespace, name);
  await until('nothing is left of the copy', async () => (await snapshotObjects(namespace)).length === 0, 60, 500);
  return played;
}

interface Outcome {
  readonly copy: AppSnapshot;
  readonly history: LoadHistory;
  readonly containerId: string;
}

async function judge(scene: Scene, test: KillCase, name: string, { copy, history, containerId: id }: Outcome): Promise<void> {
  const { namespace } = scene.database;
  const freezers = new Freezers(id);
  let last = copy;
  let left: string[] = [];
  await until('nothing is left over', async () => {
    last = (await get<AppSnapshot>('appsnapshot', name, namespace)) ?? copy;
    left = await leftovers(last, freezers, id);
    return left.length === 0;
  }, 60, 500).catch((error: unknown) => Promise.reject(new Error(`left over: ${left.join('; ')}\n${String(error)}`)));
  const maxHoldMillis = Math.max(0, ...(last.status?.holds ?? []).map((h) => h.maxHoldMillis));
  const told = { reason: readyOf(last.status)?.reason, message: readyOf(last.status)?.message };
  expect({ status: last.status, told }).toMatchObject({ status: test.status, told: { reason: expect.stringMatching(test.reason) } });
  expect(history.longestGapMs).toBeLessThanOrEqual(maxHoldMillis + graceMillis);
  if (test.restarts !== true) expect(history.failures).toEqual([]);
  gradeHasEvidence(last);
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
