import { describe, expect, test } from '@jest/globals';
import { Pair } from './crash/pair.js';
import { spread, writes } from './crash/points.js';
import { restoreLife } from './crash/restore-life.js';
import { snapshotLife } from './crash/snapshot-life.js';
import { useScene } from './kill/scene.js';
import { deleteAndWait, takeCopy } from './lib/copies.js';
import { recordFigures } from './lib/figures.js';

/** Points of each life at which the operator is killed. */
const runs = Number(process.env['RUNS'] || 8);

/** The operator is killed before and after each of its writes in the lives of an AppSnapshot and an AppRestore; the next one brings each to its end. */
describe('crash', () => {
  const scene = useScene('e2e-crash');
  let pair: Pair | undefined;
  const both = (): Pair => (pair ??= new Pair(scene()));

  test(`an AppSnapshot, at ${runs} points of its life`, async () => {
    await snapshotLife(scene(), both(), 'undisturbed');
    const count = await writes(scene().proxy);
    const figures: Record<string, unknown> = { writes: count };
    for (const point of spread(count, runs)) {
      const title = `killed ${point.when} write ${point.n} of ${count}`;
      figures[title] = await snapshotLife(scene(), both(), title, point);
    }
    recordFigures('crash', { appSnapshot: figures });
    expect(count).toBeGreaterThan(10);
  }, 3_000_000);

  test(`an AppRestore, at ${Math.ceil(runs / 2)} points of its life`, async () => {
    const { namespace } = scene();
    await both().ready();
    await scene().proxy.clear();
    const copy = await takeCopy(namespace, 'source', { consistency: { required: 'Frozen' } });
    expect(copy.status?.phase).toBe('Ready');
    const { rows } = await restoreLife(scene(), both(), 'source', 'undisturbed');
    const count = await writes(scene().proxy);
    const figures: Record<string, unknown> = { writes: count };
    for (const point of spread(count, Math.ceil(runs / 2))) {
      const life = await restoreLife(scene(), both(), 'source', `${point.when}-${point.n}`, point);
      expect(life['rows']).toBe(rows);
      figures[`killed ${point.when} write ${point.n} of ${count}`] = life;
      console.log(`killed ${point.when} write ${point.n} of ${count}: ${JSON.stringify(life)}`);
    }
    recordFigures('crash', { appRestore: figures });
    await deleteAndWait('appsnapshot', namespace, 'source');
  }, 3_000_000);
});
