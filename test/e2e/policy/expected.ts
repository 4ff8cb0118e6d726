import { expect } from '@jest/globals';
import type { VolumePolicy } from '../../../src/api/kinds.js';
import { superfluous, type Retention } from '../../../src/schedule/retention.js';
import { readyOf } from '../lib/copies.js';
import { kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { copiesThere, type CopyHistory, type SeenCopy } from './history.js';

export const minute = 60_000;
/** How long after a tick its copy must be there, ms: the API server writes whole seconds. */
const prompt = 3000;

/** The last tick until then of a schedule that has one every period. */
export const tickBefore = (at: number, period = minute): number => Math.floor(at / period) * period;

/** Waits until a new policy is in force. */
export function untilScheduled(namespace: string, name: string): Promise<VolumePolicy> {
  return watchUntil<VolumePolicy>('volumepolicies', name, namespace, 'is scheduled', (o) => readyOf(o.status)?.reason === 'Scheduled', 30);
}

export function expectOnTime({ due, created }: SeenCopy): void {
  expect(due % minute).toBe(0);
  expect(created - due).toBeGreaterThanOrEqual(0);
  expect(created - due).toBeLessThanOrEqual(prompt);
}

/** What `kubectl get vpol` shows against what is so, of a policy with a copy every period and a verified one. */
export async function expectColumns(namespace: string, name: string, { cron, period }: { readonly cron: string; readonly period: number }): Promise<void> {
  const [head = '', row = ''] = (await kubectl(['-n', namespace, 'get', 'vpol', name])).split('\n').map((line) => line.trim());
  const at = Date.now();
  expect(head.split(/\s{2,}/)).toEqual(['NAME', 'SCHEDULE', 'LAST-COPY', 'NEXT-COPY', 'VERIFIED', 'RPO', 'VOLUMES', 'COMPLIANT', 'READY', 'AGE']);
  // It asks nothing of volumes: that column is empty.
  const [shown, schedule, lastCopy = '', nextCopy = '', verified = '', rpo, compliant, ready] = row.split(/\s{2,}/);
  expect({ shown, schedule, rpo, compliant, ready }).toEqual({ shown: name, schedule: cron, rpo: 'True', compliant: 'Unknown', ready: 'True' });
  for (const age of [lastCopy, verified]) expect(age).toMatch(/^(\d+m)?(\d+s)?$/);
  // Read a moment before or after a tick.
  expect([tickBefore(at, period), tickBefore(at, period) + period]).toContain(Date.parse(nextCopy));
}

/** Waits until exactly those copies are there that the model keeps of all that were ever ready; resolves with their names. */
export async function untilRetained(namespace: string, policyUid: string, history: CopyHistory, retention: Retention): Promise<string[]> {
  const kept = (): string[] => {
    const ready = history.ready.map(({ name, due: at, object }) => ({ name, at, verified: object.status?.verified !== undefined, inUse: false }));
    const gone = new Set(superfluous(ready, retention, 'UTC').map((copy) => copy.name));
    return ready.map((copy) => copy.name).filter((name) => !gone.has(name)).sort();
  };
  let there: string[] = [];
  await until('the retention has caught up', async () => {
    there = (await copiesThere(namespace, policyUid)).filter((copy) => copy.status?.phase === 'Ready').map((copy) => copy.metadata.name).sort();
    return there.join() === kept().join();
  }, 45, 500).catch((error: unknown) => Promise.reject(new Error(`${String(error)}: ${there.join(', ')} instead of ${kept().join(', ')}`, { cause: error })));
  return there;
}
