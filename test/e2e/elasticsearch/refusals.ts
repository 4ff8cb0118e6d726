import { describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, untilReason } from '../lib/copies.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { clientOf, name, namespace, nodes, ofRepository } from '../lib/elasticsearch.js';

/** What a copy says that is refused before its window; it is deleted then. */
export async function refused(snapshot: string, spec: Readonly<Record<string, unknown>>, reason: string): Promise<string> {
  await apply([appSnapshot(namespace, snapshot, spec)]);
  const failed = await untilReason<AppSnapshot>('appsnapshots', namespace, snapshot, [reason], 120);
  expect(failed.status?.window).toBeUndefined();
  await deleteAndWait('appsnapshot', namespace, snapshot);
  return readyOf(failed.status)?.message ?? '';
}

/** Plans that must be refused before anything is done, each in words that say what to do. */
export function refusals(): void {
  describe('a plan is refused', () => {
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

    test('while a shard moves to another node', async () => {
      const client = await clientOf(namespace);
      // So slow that it moves for half a minute, and ends by itself.
      const slow = (rate: string | null): Promise<unknown> => client.request('PUT', '/_cluster/settings', { transient: { 'indices.recovery.max_bytes_per_sec': rate } });
      await client.request('PUT', '/moving', { settings: { number_of_shards: 1, number_of_replicas: 0 } });
      try {
        await client.untilGreen(60);
        await client.request('PUT', '/moving/_doc/1?refresh=true', { text: Array.from({ length: 20_000 }, (_, i) => i * 7919).join(' ') });
        await client.request('POST', '/moving/_flush');
        const [shard] = (await client.request('GET', '/_cat/shards/moving?format=json')) as { node: string }[];
        const other = Array.from({ length: nodes }, (_, i) => `${name}-${i}`).find((node) => node !== shard?.node);
        await slow('10kb');
        await client.request('POST', '/_cluster/reroute', { commands: [{ move: { index: 'moving', shard: 0, from_node: shard?.node, to_node: other } }] });
        const message = await refused('moving', {}, 'ApplicationNotReady');
        expect(message).toContain(`The cluster of ${name} is green, with 0 unassigned, 0 initializing and 1 relocating`);
        expect(message).toContain('wait until the shards have come to rest');
      } finally {
        await slow(null);
        await client.request('DELETE', '/moving');
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
      // Nor is the claim of the repository, which its pod mounts, too.
      const without = ['part', ...Object.keys(ofRepository)].map((key) => ({ key, operator: 'DoesNotExist' }));
      const message = await refused('claim', { selector: { matchExpressions: without } }, 'DataOutsideSet');
      expect(message).toContain(`nodes that are not among its pods in the copy: ${name}-0 (master-data)`);
    }, 300_000);
  });
}
