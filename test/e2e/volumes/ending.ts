import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { leaderMetrics } from '../install/operator.js';
import { kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { classesOf, policyName } from './scene.js';

/** What is left when a policy goes. */
export function ending(namespace: string): void {
  describe('a policy that is deleted', () => {
    const series = `namespace="${namespace}",policy="${policyName}"`;
    const ofPolicy = (): Promise<string[]> => classesOf(`${namespace}-${policyName}`);

    test('leaves volumes and, as long as one has them, their classes', async () => {
      expect(await leaderMetrics()).toContain(`stillpoint_policy_volumes{${series}} 1`);
      const before = await ofPolicy();
      expect(before).toHaveLength(2);
      await kubectl(['-n', namespace, 'delete', 'vpol', policyName, '--wait=true', '--timeout=30s']);
      await until('no series of it', async () => !(await leaderMetrics()).includes(series), 30, 1000);
      // Longer than the search for classes waits.
      await pause(70_000);
      expect(await ofPolicy()).toEqual(before);
      expect(await kubectl(['-n', namespace, 'get', 'pod', 'data', '-o', 'jsonpath={.status.phase}'])).toBe('Running');
    }, 180_000);

    test('and its classes go with the last volume', async () => {
      await kubectl(['-n', namespace, 'delete', 'pod/data', 'pvc/data', '--wait=true', '--timeout=90s']);
      await until('its classes are gone', async () => (await ofPolicy()).length === 0, 180, 1000);
    }, 300_000);
  });
}
