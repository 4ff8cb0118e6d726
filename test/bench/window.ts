/**
 * Windows of the operator against the bare cut, in pairs: what a hold costs beside what the storage takes (docs/design/0007-window-bench.md).
 * Usage: window.ts, with RUNS= pairs a row (100; a fifth of them above 16 volumes), SIZES= ("1 4 16 64" volumes), WRITERS= ("idle fsync"), and
 * RESUME=1 to go on where a run was stopped. Needs the test cluster with the operator on it. Writes bench-window.json and bench-window.svg
 * in test/.artifacts, after every row.
 */
import { writeFileSync } from 'node:fs';
import { makeTenant, removeNamespace } from '../e2e/lib/tenant.js';
import { connect, type Bed } from '../integration/snapshots/bed.js';
import { Eta } from './eta.js';
import { idleUsage } from './idle.js';
import { Pairs } from './pair.js';
import { plot } from './plot.js';
import { printRows, rowOf, writeRows, type Row } from './rows.js';
import { Samples } from './samples.js';
import { benchSettings, shapesOf, type Shape } from './shapes.js';
import { startWriters } from './writers.js';

const namespace = 'bench-window';
const settings = benchSettings(process.env);
const shapes = shapesOf(settings);
const samples = new Samples('window', settings);
const eta = new Eta(shapes);

const bed = await connect();
try {
  const idle = await idleUsage();
  const rows: Row[] = [];
  for (const [i, shape] of shapes.entries()) {
    await measure(bed, shape, `row ${i + 1} of ${shapes.length}, ${shape.name}`);
    rows.push(rowOf(shape, samples.of(shape.name)));
    writeRows('window', rows, { idle });
    writeFileSync('test/.artifacts/bench-window.svg', plot(rows));
  }
  printRows(shapes.map((shape) => shape.name), rows);
  console.table(idle);
} finally {
  bed.close();
}

/** Takes the pairs that a row lacks. */
async function measure(on: Bed, shape: Shape, title: string): Promise<void> {
  const done = Math.min(shape.runs, samples.of(shape.name).length);
  eta.skip(shape, done);
  if (done === shape.runs) return eta.setUp(shape);
  console.log(`${title}: starting; ${eta.text()}`);
  await makeTenant(namespace);
  const pairs = new Pairs(on, namespace, 'CrashConsistentSynced');
  try {
    await startWriters(namespace, shape);
    eta.setUp(shape);
    for (let run = done; run < shape.runs; run += 1) {
      samples.add(await pairs.take(shape.name, run));
      eta.pair(shape);
      if ((run + 1) % 10 === 0 || run + 1 === shape.runs) console.log(`${title}: pair ${run + 1} of ${shape.runs}; ${eta.text()}`);
    }
  } finally {
    pairs.close();
    await removeNamespace(namespace);
  }
}
