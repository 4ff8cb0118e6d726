import { setTimeout as pause } from 'node:timers/promises';
import { usage } from '../e2e/lib/host.js';
import { kubectl } from '../e2e/lib/kubectl.js';

/** Over how long idle processor time is measured, ms. */
const idleMillis = 20_000;

export interface Idle {
  readonly residentMiB: number;
  readonly cpuPercent: number;
}

/** Memory and processor time of operator and agent while nothing is asked of them. */
export async function idleUsage(): Promise<Record<string, Idle>> {
  const ids = Object.fromEntries(await Promise.all([
    ...(await podsOf('stillpoint-system')).map(async (pod, i) => [`operator ${i}`, await idOf('stillpoint-system', pod)] as const),
    ...(await podsOf('stillpoint-agent')).map(async (pod, i) => [`agent ${i}`, await idOf('stillpoint-agent', pod)] as const),
  ]));
  const before = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, usage(id)]));
  const begin = performance.now();
  await pause(idleMillis);
  const seconds = (performance.now() - begin) / 1000;
  return Object.fromEntries(Object.entries(ids).map(([name, id]) => {
    const now = usage(id);
    const cpu = (now.cpuSeconds - (before[name]?.cpuSeconds ?? NaN)) / seconds;
    return [name, { residentMiB: Math.round(now.residentBytes / 2 ** 20), cpuPercent: Math.round(cpu * 1000) / 10 }];
  }));
}

async function podsOf(of: string): Promise<string[]> {
  return (await kubectl(['-n', of, 'get', 'pods', '--field-selector=status.phase=Running', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ').filter((name) => name !== '');
}

async function idOf(of: string, pod: string): Promise<string> {
  return (await kubectl(['-n', of, 'get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].containerID}'])).replace(/^containerd:\/\//, '');
}
