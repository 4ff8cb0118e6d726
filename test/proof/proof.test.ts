import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clearFaults } from '../e2e/lib/csi-faults.js';
import { deleteAndWait, describe as describeObject } from '../e2e/lib/copies.js';
import { random } from '../e2e/lib/random.js';
import { applicationsNamed } from './applications.js';
import { isProven } from './check.js';
import { cutUnderLoad, restoreAndCheck } from './cuts.js';
import { databasesNamespace, leaveDatabases, startDatabases } from './databases.js';
import { rowOf, writeProof, type ProofRow } from './figures.js';
import { stopAllTokens } from './tokens.js';

const runs = Number(process.env['RUNS'] || 1);
const seed = Number(process.env['SEED'] || 1);
const apps = applicationsNamed(process.env['APPS'] ?? '');
const names = apps.map((app) => app.name).join(',');

/** One cut over all applications at once, under load, restored beside the original, and every token accounted for (3-stillness.md, 3.7). */
describe(`proof of ${names}, seed ${seed}`, () => {
  const namespace = databasesNamespace('proof');
  const next = random(seed);
  const rows: ProofRow[] = [];

  beforeAll(async () => {
    clearFaults();
    await startDatabases(namespace, apps);
  }, 900_000);
  afterAll(async () => {
    if (rows.length > 0) writeProof(seed, names, rows);
    await stopAllTokens();
    await leaveDatabases(namespace);
  }, 300_000);

  test.each(Array.from({ length: runs }, (_, i) => i + 1))('cut %i: a prefix of every lane, nothing lost, nothing from after the release', async (run) => {
    const plan = { namespace, name: `cut-${run}`, apps, rounds: 5 + Math.floor(next() * 40), spec: { consistency: { required: 'Frozen' } } };
    const cut = await cutUnderLoad(plan);
    const restored = await restoreAndCheck(cut);
    await deleteAndWait('appsnapshot', namespace, plan.name);
    rows.push(rowOf(run, cut, restored));
    expect(cut.copy.status).toMatchObject({ phase: 'Ready', grade: 'Frozen', window: { unbroken: true } });
    if (restored.result === undefined) throw new Error(JSON.stringify(restored.restore.status) + (await describeObject('appsnapshot', namespace, plan.name)));
    expect(restored.result).toMatchObject({ lost: [], gaps: [], extra: [], duplicates: [], unknown: [], silentLanes: [] });
    expect(isProven(restored.result)).toBe(true);
    expect(restored.restore.status).toMatchObject({ phase: 'Ready', verified: true, checksFailed: 0 });
    expect(cut.clientErrors).toBe(0);
    // Its members have the identity of the originals: a single packet could be the join of a cluster.
    expect(restored.contacts).toBe(0);
  }, 1_200_000);
});
