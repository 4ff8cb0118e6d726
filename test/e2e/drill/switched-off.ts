import { expect, test } from '@jest/globals';
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

  test('switched off: there is no role that makes namespaces', async () => {
    expect(await kubectl(['get', 'clusterroles', 'stillpoint-drills', 'stillpoint-drill', '--ignore-not-found', '-o', 'name'])).toBe('');
  }, 15_000);
}
