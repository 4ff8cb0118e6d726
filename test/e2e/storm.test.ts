import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { AppSnapshot } from '../../src/api/kinds.js';
import { errorCatalogue } from '../../src/api/errors.js';
import { pauseOperator } from './kill/cluster.js';
import { stopAllOperators } from './kill/operator-process.js';
import { openScene, play, replaceOperator, type Scene } from './kill/scene.js';
import { readyOf } from './lib/copies.js';
import { clearFaults } from './lib/csi-faults.js';
import { startDatabase } from './lib/database.js';
import { recordFigures } from './lib/figures.js';
import { get } from './lib/kubectl.js';
import { stopAllLoads } from './lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { random } from './lib/random.js';
import { makeTenant } from './lib/tenant.js';
import { weather, type Weather } from './storm/faults.js';
import { Progress } from './storm/progress.js';

const runs = Number(process.env['RUNS'] ?? '20');
const seed = Number(process.env['SEED'] ?? '1');
/** After this long the weather clears, so that every object comes to an end. */
const stormMillis = 40_000;
/** Of all windows, at most this share may cost the operator its lease. */
const lostShare = 0.05;
/** Growth of the operator's memory from its first tenth to its last, after which it counts as a leak. */
const growthMiB = 60;

/** Windows in a row with faults by chance between operator and API server. RUNS, SEED and RESUME=1 choose. */
describe('storm', () => {
  const namespace = 'e2e-storm';
  const progress = new Progress(seed, process.env['RESUME'] === '1');
  let scene: Scene;
  let putBack: () => Promise<void>;

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    const database = await startDatabase(namespace, '15');
    putBack = await pauseOperator();
    scene = await openScene(database, seed);
  }, 240_000);
  afterAll(async () => {
    await stopAllLoads();
    await dropNamespace(namespace);
    await stopAllOperators();
    scene?.home.remove();
    await scene?.proxy.stop();
    await putBack?.();
    await untilDropped();
  }, 300_000);

  for (let run = progress.runs.length + 1; run <= runs; run += 1) {
    test(`window ${run} of seed ${seed}`, async () => {
      let seen: Seen = { leasesLost: 0, reason: undefined };
      const faults = weather(random(seed * 100_003 + run));
      const played = await play(scene, {
        name: `storm ${run}`,
        triggers: () => faults.triggers,
        act: async (s, name) => void (seen = await weatherIt(s, name, faults)),
        status: { phase: expect.stringMatching(/^(Ready|Failed)$/) },
        reason: new RegExp(`^(SnapshotReady|${Object.keys(errorCatalogue).join('|')})$`),
      });
      progress.add({ run, ...played, ...seen, residentMiB: residentMiB(scene.operator.pid) });
    }, 240_000);
  }

  test('few windows cost the lease, most copies are ready, and memory is flat', () => {
    const all = progress.runs;
    const lost = all.filter((r) => r.leasesLost > 0).length;
    const figures = {
      runs: all.length,
      seed,
      ready: all.filter((r) => r.phase === 'Ready').length,
      leasesLost: lost,
      longestGapMs: Math.max(...all.map((r) => r.longestGapMs)),
      reasons: Object.fromEntries([...new Set(all.map((r) => r.reason ?? ''))].map((reason) => [reason, all.filter((r) => r.reason === reason).length])),
      residentMiB: [all[0]?.residentMiB, all.at(-1)?.residentMiB],
    };
    recordFigures('storm', figures);
    console.log(JSON.stringify(figures));
    expect(all).toHaveLength(runs);
    expect(lost).toBeLessThanOrEqual(Math.ceil(runs * lostShare));
    expect(figures.ready).toBeGreaterThan(runs / 2);
    const tenth = Math.max(1, Math.floor(runs / 10));
    expect(mean(all.slice(-tenth).map((r) => r.residentMiB)) - mean(all.slice(0, tenth).map((r) => r.residentMiB))).toBeLessThan(growthMiB);
  });
});

interface Seen {
  readonly leasesLost: number;
  readonly reason: string | undefined;
}

/** Plays the weather until the object is settled; an operator that gives up is replaced, as the kubelet would. */
async function weatherIt(scene: Scene, name: string, faults: Weather): Promise<Seen> {
  let leasesLost = 0;
  await scene.proxy.rules(faults.rules);
  const breathe = faults.silence === undefined ? Promise.resolve() : silenceEnds(scene, faults.silence);
  const begin = performance.now();
  for (;;) {
    if (!scene.operator.alive) {
      leasesLost += 1;
      await replaceOperator(scene);
    }
    if (performance.now() - begin > stormMillis) await scene.proxy.rules([]);
    const copy = await get<AppSnapshot>('appsnapshot', name, scene.database.namespace);
    if (['Ready', 'Failed'].includes(copy?.status?.phase ?? '')) {
      await breathe;
      // Its end is seen in fair weather too: what is left to do is done.
      await scene.proxy.rules([]);
      return { leasesLost, reason: readyOf(copy?.status)?.reason };
    }
    if (performance.now() - begin > 3 * stormMillis) throw new Error(`${name} is not settled: ${JSON.stringify(copy?.status)}`);
    await pause(200);
  }
}

/** The half-open network heals; when its moment never came, nothing was silent. */
async function silenceEnds(scene: Scene, { after, millis }: NonNullable<Weather['silence']>): Promise<void> {
  const moment = await scene.proxy.reached(after, 'after', stormMillis / 1000).catch(() => undefined);
  if (moment === undefined) return;
  await pause(Math.max(0, moment.at + millis - Number(process.hrtime.bigint()) / 1e6));
  await scene.proxy.silence(false);
}

function residentMiB(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) / 1024);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
