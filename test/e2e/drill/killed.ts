import { describe, expect, test } from '@jest/globals';
import type { VolumePolicy } from '../../../src/api/kinds.js';
import { useSuccessors } from '../kill/successors.js';
import { operatorNamespace } from '../install/operator.js';
import { eventsOf } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { get, kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { beginDrill, drillSettings, readPolicy, untilNothingLeft, untilOver, untilPolicy, type Scene } from './scene.js';

/** Where an operator dies in a drill. */
const points: readonly { readonly what: string; readonly holds: (o: VolumePolicy) => boolean }[] = [
  { what: 'it has announced the drill', holds: (o) => o.status?.drill !== undefined },
  { what: 'it has tried the isolation', holds: (o) => o.status?.drill?.isolated !== undefined },
  { what: 'the restore is there', holds: (o) => o.status?.drill?.restore !== undefined },
  { what: 'the result is noted', holds: (o) => o.status?.drill?.phase === 'Removing' },
];

/** Operators die by SIGKILL, one after the other, in one drill; and a policy is deleted in the middle of another. */
export function killed(scene: () => Scene): void {
  describe('operators that are killed', () => {
    const { next, kill } = useSuccessors('drill', async () => {
      const image = await kubectl(['-n', operatorNamespace, 'get', 'deployment', 'stillpoint', '-o', 'jsonpath={.spec.template.spec.containers[0].image}']);
      return { ...drillSettings, MOVER_IMAGE: image };
    });

    test('at four points of one drill: it has one result, and leaves nothing', async () => {
      let operator = await next();
      const drill = await beginDrill(scene());
      const begin = Date.now();
      for (const { what, holds } of points) {
        await untilPolicy(scene(), what, (o) => o.status?.drill?.due !== drill.due || holds(o), 240);
        await kill(operator);
        operator = await next();
      }
      const result = await untilOver(scene(), drill);
      expect(result).toMatchObject({ due: drill.due, verified: true, reason: 'DrillPassed' });
      await untilNothingLeft(scene().namespace);
      const restores = (await eventsOf(scene().namespace, drill.namespace)).filter((e) => e.reason === 'Planned');
      // One that dies may take the event with it.
      expect(restores.length).toBeLessThanOrEqual(1);
      recordFigures('drill', { killed: { points: points.length, seconds: Math.round((Date.now() - begin) / 1000) } });
      await operator.kill('SIGTERM');
    }, 720_000);

    test('a policy that is deleted in the middle, with nobody there: what its drill made is gone soon after somebody is', async () => {
      const operator = await next();
      const drill = await beginDrill(scene());
      await untilPolicy(scene(), 'has made the restore', (o) => o.status?.drill?.restore !== undefined, 120);
      await kill(operator);
      const { spec } = await readPolicy(scene());
      // Nothing holds its deletion up.
      await kubectl(['-n', scene().namespace, 'delete', 'vpol', scene().policy, '--wait=true', '--timeout=30s']);
      expect(await get('namespace', drill.namespace)).toBeDefined();
      const successor = await next();
      await until('the namespace is gone', async () => (await get('namespace', drill.namespace)) === undefined, 180, 1000);
      await untilNothingLeft(scene().namespace);
      await successor.kill('SIGTERM');
      await kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'stillpoint.dev/v1alpha1', kind: 'VolumePolicy', metadata: { name: scene().policy, namespace: scene().namespace }, spec }));
    }, 480_000);
  });
}
