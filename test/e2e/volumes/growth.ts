import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventsOf } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl, waitFor } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { claimOf, conditionOf, mount, podOf, untilPolicy, volumesPolicy } from './scene.js';

/** A volume of a class that an admin has made fills up, and grows by itself. */
export function growth(namespace: string): void {
  describe('growth', () => {
    const name = 'logs';
    const fill = (file: string, mebibytes: number): Promise<string> => kubectl(['-n', namespace, 'exec', name, '--', 'dd', 'if=/dev/zero', `of=/data/${file}`, 'bs=1M', `count=${mebibytes}`]);
    const requested = async (): Promise<string> => (await claimOf(namespace, name)).spec.resources.requests.storage;
    /** Where a file system cannot grow while it is mounted it grows when it is mounted anew. */
    const mountAnew = async (): Promise<void> => {
      await kubectl(['-n', namespace, 'delete', 'pod', name, '--wait=true', '--timeout=60s']);
      await apply([podOf(namespace, name)]);
      await waitFor('condition=Ready', `pod/${name}`, namespace, 120);
    };

    beforeAll(async () => {
      await mount(namespace, name, name, 'bed');
      await apply([volumesPolicy(namespace, name, { growth: { whenUsedPercent: 70, by: '100%', max: '160Mi', cooldown: '1m' } })]);
    }, 180_000);

    test('how full it is is known, and nothing is done before it is full enough', async () => {
      const { status } = await untilPolicy(namespace, name, 'knows how full it is', (o) => o.status?.volumes?.[0]?.usedPercent !== undefined, 150);
      expect(status?.volumes?.[0]).toMatchObject({ pvc: name, compliant: true });
      expect(status?.volumes?.[0]?.usedPercent).toBeLessThan(70);
      expect(await requested()).toBe('64Mi');
    }, 180_000);

    test('it grows when it is, with an event', async () => {
      await fill('first', 44);
      const from = performance.now();
      await until('it grows', async () => (await requested()) === '128Mi', 180, 1000);
      recordFigures('volumes', { grown: { seconds: Math.round((performance.now() - from) / 1000) } });
      const { message } = await until('the event is there', async () => (await eventsOf(namespace, name)).find(({ reason }) => reason === 'VolumeGrown'), 15, 500);
      expect(message).toMatch(/^PersistentVolumeClaim logs grows from 64Mi to 128Mi: \d+ % of it are used\.$/);
      await mountAnew();
      await until('it has grown', async () => (await claimOf(namespace, name)).status.capacity.storage === '128Mi', 120, 1000);
      await untilPolicy(namespace, name, 'is compliant', (o) => conditionOf(o, 'Compliant')?.status === 'True' && (o.status?.volumes?.[0]?.usedPercent ?? 100) < 70, 180);
    }, 600_000);

    test('never beyond its end, which is said', async () => {
      await fill('second', 50);
      await until('it grows to its end', async () => (await requested()) === '160Mi', 240, 1000);
      await mountAnew();
      await fill('third', 20);
      const full = await untilPolicy(namespace, name, 'has reached its end', (o) => conditionOf(o, 'Compliant')?.reason === 'MaxReached', 240);
      expect(full.status?.volumes?.[0]?.drift?.[0]?.message).toMatch(/% of it are used, and it has reached spec\.growth\.max of 160Mi\. Raise that, or free space\.$/);
      expect(await requested()).toBe('160Mi');
    }, 900_000);

    test('how full it is is known of volumes in use only, and a policy that ceases to ask says nothing any more', async () => {
      await kubectl(['-n', namespace, 'delete', 'pod', name, '--wait=true', '--timeout=60s']);
      await untilPolicy(namespace, name, 'leaves it alone', (o) => conditionOf(o, 'Compliant')?.status === 'True', 150);
      await kubectl(['-n', namespace, 'delete', 'vpol', name, '--wait=true', '--timeout=30s']);
      await kubectl(['-n', namespace, 'delete', 'pvc', name, '--wait=false']);
    }, 240_000);
  });
}
