import { expect } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, describe as describeObject, readyOf } from './copies.js';
import { signalContainer } from './host.js';
import { apply, kubectl } from './kubectl.js';
import { appSnapshot } from './tenant.js';
import { until } from './until.js';
import { watchUntil } from './watch.js';

/**
 * Stops a member of a cluster in the middle of its life and asks for a copy: it must not be made while the others miss the member, for a
 * reason that says so, and must come by itself once the member is back.
 * @param missed whether the others miss it already
 * @param says what the condition Ready must say meanwhile
 */
export async function refusedWhileStopped(namespace: string, pod: string, container: string, missed: () => Promise<boolean>, says: RegExp): Promise<string> {
  const path = `{.status.containerStatuses[?(@.name=="${container}")].containerID}`;
  const id = (await kubectl(['-n', namespace, 'get', 'pod', pod, '-o', `jsonpath=${path}`])).replace(/^containerd:\/\//, '');
  const name = 'unhealthy';
  const untilCopy = (what: string, holds: (copy: AppSnapshot) => boolean, seconds: number): Promise<AppSnapshot> => watchUntil<AppSnapshot>('appsnapshots', name, namespace, what, holds, seconds);
  signalContainer(id, 'SIGSTOP');
  let refused: AppSnapshot;
  try {
    await until(`${pod} is missed`, missed, 60, 500);
    await apply([appSnapshot(namespace, name, { consistency: { required: 'Frozen' } })]);
    refused = await untilCopy(`is refused since ${says.source}`, (copy) => says.test(readyOf(copy.status)?.message ?? ''), 120);
  } finally {
    signalContainer(id, 'SIGCONT');
  }
  expect(readyOf(refused.status)).toMatchObject({ status: 'False', reason: 'ApplicationNotReady' });
  expect(refused.status?.window).toBeUndefined();
  const copy = await untilCopy('is Ready or Failed', ({ status }) => status?.phase === 'Ready' || status?.phase === 'Failed', 300);
  if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, name));
  expect(copy.status.grade).toBe('Frozen');
  await deleteAndWait('appsnapshot', namespace, name);
  return readyOf(refused.status)?.message ?? '';
}
