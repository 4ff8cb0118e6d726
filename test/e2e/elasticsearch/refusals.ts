import { describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, untilReason } from '../lib/copies.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { clientOf, name, namespace, nodes } from '../lib/elasticsearch.js';

/** Plans that must be refused before anything is done, each in words that say what to do. */
export function refusals(): void {
  describe('a plan is refused', () => {
    async function refused(snapshot: string, spec: Readonly<Record<string, unknown>>, reason: string): Promise<string> {
      await apply([appSnapshot(namespace, snapshot, spec)]);
      const failed = await untilReason<AppSnapshot>('appsnapshots', namespace, snapshot, [reason], 120);
      expect(failed.status?.window).toBeUndefined();
      await deleteAndWait('appsnapshot', namespace, snapshot);
      return readyOf(failed.status)?.message ?? '';
    }

    test('while a shard has no node: the message names it and the way out', async () => {
      const client = await clientOf(namespace);
      await client.request('PUT', '/homeless', { settings: { number_of_shards: 1, number_of_replicas: nodes } });
      try {
        const message = await refused('yellow', {}, 'ApplicationNotReady');
        expect(message).toContain(`The cluster of ${name} is yellow, with 1 unassigned`);
        expect(message).toContain('homeless[0] replica unassigned');
        expect(message).toContain('lower index.number_of_replicas');
      } finally {
        await client.request('DELETE', '/homeless');
      }
      await client.untilGreen(60);
    }, 300_000);

    test('while a node is not among the pods of the copy', async () => {
      const last = `${name}-${nodes - 1}`;
      const others = { matchExpressions: [{ key: 'statefulset.kubernetes.io/pod-name', operator: 'NotIn', values: [last] }] };
      const message = await refused('part', { applications: [{ name, kind: 'Elasticsearch', selector: others }] }, 'DataOutsideSet');
      expect(message).toContain(`nodes that are not among its pods in the copy: ${last} (master-data)`);
    }, 300_000);

    test('while a claim is not part of the copy', async () => {
      await kubectl(['-n', namespace, 'label', 'pvc', `data-${name}-0`, 'part=no', '--overwrite']);
      const message = await refused('claim', { selector: { matchExpressions: [{ key: 'part', operator: 'DoesNotExist' }] } }, 'DataOutsideSet');
      expect(message).toContain(`nodes that are not among its pods in the copy: ${name}-0 (master-data)`);
    }, 300_000);
  });
}
