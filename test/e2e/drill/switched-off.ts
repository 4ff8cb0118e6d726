import { expect, test } from '@jest/globals';
import { as, clusterAdmin } from '../admission/identities.js';
import { recordFigures } from '../lib/figures.js';
import { kubectl } from '../lib/kubectl.js';
import { conditionOf, untilNothingLeft, untilPolicy, type Scene } from './scene.js';

/** Without the right to make namespaces nothing is begun, and the value that is to be set is said. */
export function switchedOff(scene: () => Scene): void {
  test('switched off: the condition names the chart value, and copies are made all the same', async () => {
    const told = await untilPolicy(scene(), 'says that drills are off', (o) => conditionOf(o, 'Verified')?.reason === 'DrillsDisabled', 60);
    expect(conditionOf(told, 'Verified')).toMatchObject({ status: 'Unknown', message: expect.stringContaining('drills.enabled=true') as unknown });
    expect(conditionOf(told, 'Ready')).toMatchObject({ status: 'True', reason: 'Scheduled' });
    recordFigures('drill', { switchedOff: conditionOf(told, 'Verified')?.message });
    await untilNothingLeft(scene().namespace, 5);
  }, 90_000);

  test('switched off: nobody can prepare a namespace that would pass for one of a drill later', async () => {
    for (const value of ['', '0badcafe-0000-4000-8000-000000000000']) {
      const { code, stderr } = await as(clusterAdmin, ['label', '--dry-run=server', 'namespace', scene().namespace, `stillpoint.dev/drill=${value}`]);
      expect({ value, code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('stillpoint-drill-namespace') as unknown });
    }
  }, 15_000);

  test('switched off: there is no role that makes namespaces', async () => {
    expect(await kubectl(['get', 'clusterroles', 'stillpoint-drills', 'stillpoint-drill', '--ignore-not-found', '-o', 'name'])).toBe('');
  }, 15_000);
}
