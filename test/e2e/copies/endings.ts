import { describe, expect, test } from '@jest/globals';
import { prefix } from '../lib/bucket.js';
import { deleteAndWait, eventsOf } from '../lib/copies.js';
import { get, kubectl } from '../lib/kubectl.js';
import { resticOutside } from '../lib/s3-server.js';
import { keyOf, snapshotTo, untilComplete, untilNoMovers, type Scene } from './scene.js';

/** What stays of a copy when its AppSnapshot goes; unless `small`, also when its target has gone. */
export function endings(scene: () => Scene, small: boolean): void {
  describe('endings', () => {
    const countOf = async (setId: string): Promise<number> => {
      const { server, namespace } = scene();
      return (JSON.parse(await resticOutside(server, `${prefix}/${namespace}`, await keyOf(namespace), ['snapshots', '--json', '--no-lock', `--tag=set=${setId}`])) as unknown[]).length;
    };

    test('with deletionPolicy Delete the copy goes with its AppSnapshot, over locks of movers that are dead; with Retain it stays', async () => {
      const { namespace } = scene();
      const ids = await Promise.all(
        (['Delete', 'Retain'] as const).map(async (policy) => {
          const name = `ends-${policy.toLowerCase()}`;
          await snapshotTo(namespace, name, ['s3'], policy);
          return (await untilComplete(namespace, name, 's3', 300)).id ?? '';
        }),
      );
      for (const id of ids) expect(await countOf(id)).toBe(3);
      await Promise.all(['ends-delete', 'ends-retain'].map((name) => deleteAndWait('asnap', namespace, name, 500)));
      expect(await Promise.all(ids.map(countOf))).toEqual([0, 3]);
      await untilNoMovers(namespace);
    }, 900_000);

    if (small) return;

    test('a target that is gone does not hold the AppSnapshot', async () => {
      const { namespace } = scene();
      await snapshotTo(namespace, 'left-alone', ['nas']);
      await untilComplete(namespace, 'left-alone', 'nas', 240);
      await kubectl(['-n', namespace, 'delete', 'btgt', 'nas', '--wait=true', '--timeout=30s']);
      await deleteAndWait('asnap', namespace, 'left-alone', 120);
      expect((await eventsOf(namespace, 'left-alone')).map((event) => event.reason)).toContain('CopyKept');
      expect(await get('secret', 'nas-encryption-key', namespace)).toBeDefined();
    }, 500_000);
  });
}
