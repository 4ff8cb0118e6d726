/**
 * Windows over databases against the bare cut of the same volumes, in pairs: three Kafka, two Cassandra, three Elasticsearch and one
 * PostgreSQL in one window (docs/design/0007-window-bench.md). Usage: databases.ts, with RUNS= pairs a row (20), APPS= (all) and RESUME=1.
 * Needs the test cluster with the operator on it. Writes bench-databases.json in test/.artifacts, after every row.
 */
import { kubectl } from '../e2e/lib/kubectl.js';
import { makeTenant, removeNamespace } from '../e2e/lib/tenant.js';
import { connect } from '../integration/snapshots/bed.js';
import { applicationsNamed } from '../proof/applications.js';
import { lanesOf } from '../proof/cuts.js';
import { startTokens, type Tokens } from '../proof/tokens.js';
import { Pairs } from './pair.js';
import { printRows, rowOf, writeRows, type Row } from './rows.js';
import { Samples } from './samples.js';
import { benchLabel } from './writers.js';

const namespace = 'bench-databases';
const runs = Number(process.env['RUNS'] || 20);
const apps = applicationsNamed(process.env['APPS'] ?? '');
const names = apps.map((app) => app.name).join(',');
const samples = new Samples('databases', { resume: process.env['RESUME'] === '1' });
/** Nobody writes; and the ring and the lanes of the proof do. */
const loads = ['idle', 'tokens'] as const;

const bed = await connect();
try {
  await makeTenant(namespace);
  // One after the other: each start takes both cores.
  for (const app of apps) {
    await app.start(namespace);
    console.log(`${app.name} runs`);
  }
  await kubectl(['-n', namespace, 'label', 'pvc', '--all', ...Object.entries(benchLabel).map(([key, value]) => `${key}=${value}`)]);
  const [pods, volumes] = await Promise.all(['pods', 'pvc'].map(count));
  const rows: Row[] = [];
  for (const load of loads) {
    await measure(load);
    rows.push(rowOf({ name: load, pods: pods ?? NaN, volumes: volumes ?? NaN, load, runs }, samples.of(load)));
    writeRows('databases', rows, { applications: names });
  }
  printRows(loads, rows);
} finally {
  await removeNamespace(namespace);
  bed.close();
}

async function count(resource: string): Promise<number> {
  return (await kubectl(['-n', namespace, 'get', resource, '-o', 'name'])).split('\n').filter((line) => line !== '').length;
}

/** Takes the pairs that a row lacks. */
async function measure(load: (typeof loads)[number]): Promise<void> {
  const writers: Tokens | undefined = load === 'idle' ? undefined : await startTokens(namespace, names, await lanesOf(apps, namespace));
  const pairs = new Pairs(bed, namespace, 'Frozen');
  try {
    for (let run = samples.of(load).length; run < runs; run += 1) {
      samples.add(await pairs.take(load, run));
      console.log(`${load}: pair ${run + 1} of ${runs}`);
    }
  } finally {
    pairs.close();
    await writers?.stop();
  }
}
