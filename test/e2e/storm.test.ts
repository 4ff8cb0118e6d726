import { describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { AppSnapshot } from '../../src/api/kinds.js';
import { errorCatalogue } from '../../src/api/errors.js';
import { play } from './kill/case.js';
import { replaceOperator, useScene, type Scene } from './kill/scene.js';
import { readyOf } from './lib/copies.js';
import { percentile, recordFigures } from './lib/figures.js';
import { residentOf } from './lib/host.js';
import { get } from './lib/kubectl.js';
import { random } from './lib/random.js';
import { told, weather, type Weather } from './storm/faults.js';
import { groups, memoryTrend } from './storm/memory.js';
import { Progress } from './storm/progress.js';

const runs = Number(process.env['RUNS'] || 20);
const seed = Number(process.env['SEED'] || 1);
/** After this long the weather clears, so that every object comes to an end. */
const stormMillis = 20_000;
/** Of all windows, at most this share may cost the operator its lease. */
const lostShare = 0.05;
/** Growth of the operator's memory that counts as a leak, MiB in 100 windows, beyond what chance explains. */
const leakMiB = 10;

/** Windows in a row with faults by chance between operator and API server. RUNS, SEED and RESUME=1 choose. */
describe('storm', () => {
  const progress = new Progress(seed, process.env['RESUME'] === '1');
  const scene = useScene('e2e-storm', { seed });

  for (let run = progress.runs.length + 1; run <= runs; run += 1) {
    test(`window ${run} of seed ${seed}`, async () => {
      const begin = performance.now();
      let seen: Seen = { leasesLost: 0, reason: undefined };
      const faults = weather(random(seed * 100_003 + run));
      const played = await play(scene(), {
        name: `storm ${run}`,
        triggers: () => faults.triggers,
        act: async (s, name) => void (seen = await weatherIt(s, name, faults)),
        status: { phase: expect.stringMatching(/^(Ready|Failed)$/) },
        reason: new RegExp(`^(SnapshotReady|${Object.keys(errorCatalogue).join('|')})$`),
      });
      const { pid, startedAt } = scene().operator;
      const seconds = Math.round((performance.now() - begin) / 100) / 10;
      progress.add({ run, ...played, ...seen, operator: `${pid}@${startedAt}`, residentMiB: Math.round(residentOf(pid) / 2 ** 20), faults: told(faults), seconds });
    }, 240_000);
  }

  test('few windows cost the lease, most copies are ready, and memory is flat', () => {
    const all = progress.runs;
    const lost = all.filter((r) => r.leasesLost > 0).length;
    const memory = memoryTrend(all);
    const figures = {
      runs: all.length,
      seed,
      ready: all.filter((r) => r.phase === 'Ready').length,
      leasesLost: lost,
      longestGapMs: Math.max(...all.map((r) => r.longestGapMs)),
      reasons: Object.fromEntries([...groups(all, (r) => r.reason ?? '')].map(([reason, own]) => [reason, own.length])),
      residentMiB: [all[0]?.residentMiB, all.at(-1)?.residentMiB],
      memory: memory ?? 'no process led long enough',
      secondsP50: percentile(all.map((r) => r.seconds), 0.5),
      seconds: Math.round(all.reduce((sum, r) => sum + r.seconds, 0)),
    };
    recordFigures('storm', figures);
    console.log(JSON.stringify(figures));
    expect(all).toHaveLength(runs);
    expect(lost).toBeLessThanOrEqual(Math.ceil(runs * lostShare));
    expect(figures.ready).toBeGreaterThan(runs / 2);
    if (memory !== undefined) expect((memory.mibPerWindow - 2 * memory.error) * 100).toBeLessThan(leakMiB);
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
  const begin = performance.now();
  for (;;) {
    if (!scene.operator.alive) {
      leasesLost += 1;
      await replaceOperator(scene);
    }
    if (performance.now() - begin > stormMillis) await scene.proxy.rules([]);
    const copy = await get<AppSnapshot>('appsnapshot', name, scene.namespace);
    if (['Ready', 'Failed'].includes(copy?.status?.phase ?? '')) {
      // Its end is seen in fair weather: what is left to do is done.
      await scene.proxy.clear();
      return { leasesLost, reason: readyOf(copy?.status)?.reason };
    }
    if (performance.now() - begin > 6 * stormMillis) throw new Error(`${name} is not settled: ${JSON.stringify(copy?.status)}`);
    await pause(200);
  }
}
