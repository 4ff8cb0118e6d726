import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { openElasticsearch } from '../../apps/elasticsearch/tokens.js';
import { isGood } from '../../apps/postgresql/check.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { describe as describeObject, restoreCopy, takeCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import type { TokenStore } from '../../proof/token-store.js';
import { Writers } from '../profile/writers.js';
import { clientOf, index, name, namespace, nodes, rowClient, shards } from '../lib/elasticsearch.js';

interface ClusterState {
  readonly cluster_uuid: string;
  readonly nodes: Readonly<Record<string, { readonly name: string; readonly transport_address: string }>>;
}

/** A copy under load, restored beside the running original, and compared with what clients were promised. */
export function copyAndRestore(): void {
  describe('a copy under load', () => {
    const target = `${namespace}-there`;
    let copy: AppSnapshot;

    beforeAll(async () => {
      await makeTenant(target);
      await (await clientOf(namespace)).createIndex(index, { shards, replicas: 1 });
    }, 300_000);
    afterAll(() => dropNamespace(target), 60_000);

    test('is Frozen, and its restore is a cluster of its own with everything that was promised', async () => {
      const documents = await (await clientOf(namespace)).openIndex(index, shards);
      const ring = new Ring(await openElasticsearch(namespace));
      const writers = new Writers(() => Promise.resolve(rowClient(documents)), 1);
      await writers.untilMore(200, 300);
      copy = await takeCopy(namespace, 'copy', { consistency: { required: 'Frozen' } }, 180);
      await writers.untilMore(50, 300);
      const history = await writers.stop();
      const acknowledged = await ring.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'copy'));
      expectStatus(copy);
      expect(history.failures).toEqual([]);

      const restore = await restoreCopy(namespace, 'copy', 'copy', { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { timeout: '10m' } }, 900);
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, 'copy'));
      const checks = restore.status.applications?.flatMap((a) => a.checks ?? []) ?? [];
      expect(checks.map((c) => `${c.outcome} ${c.name}`)).toEqual([
        'Passed the cluster is green',
        'Passed same cluster UUID',
        'Passed the restored nodes are one cluster, and alone',
        'Passed no dangling indices',
        'Passed primaries and replicas agree',
        'Passed nothing before the hold is missing',
      ]);
      expect(restore.status).toMatchObject({ verified: true, checksFailed: 0 });
      await expectTwoClusters(target);

      const restored = await (await clientOf(target)).openIndex(index, shards);
      const result = compare(history, windowOf(copy), await restored.documents());
      const { heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis } = copy.status.window ?? {};
      recordFigures('elasticsearch', { copy: { grade: copy.status.grade, heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis, longestGapMs: Math.round(history.longestGapMs), refused: history.failures.length, ...counts(result) } });
      expect({ ...counts(result), acknowledgedBeforeCut: 0 }).toEqual({ acknowledgedBeforeCut: 0, lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0 });
      expect(isGood(result)).toBe(true);
      const tokens = (await (await openElasticsearch(target)).tokens()).sort((a, b) => a - b);
      expect(tokens).toEqual(Array.from({ length: tokens.length }, (_, i) => i + 1));
      expect(tokens.length).toBeGreaterThan(0);
      expect(tokens.length).toBeLessThan(acknowledged);
      const copies = await restored.copies();
      expect(copies).toHaveLength(2 * shards);
      for (const primary of copies.filter((c) => c.primary)) expect(copies.filter((c) => c.shard === primary.shard && c.documents === primary.documents)).toHaveLength(2);
    }, 1_500_000);
  });
}

/** Tokens 1, 2, 3, … from member to member, each sent when the one before is acknowledged: a consistent cut holds a beginning of them without a gap. */
class Ring {
  readonly #done: Promise<number>;
  #stopped = false;

  constructor(store: TokenStore) {
    this.#done = this.#turn(store);
    // Heard of by stop; a failed test may never ask.
    this.#done.catch(() => undefined);
  }

  async #turn(store: TokenStore): Promise<number> {
    let token = 0;
    while (!this.#stopped) {
      token += 1;
      await store.put(token, token % store.members);
    }
    await store.close();
    return token;
  }

  /** The last token that was acknowledged. Throws when one was refused. */
  stop(): Promise<number> {
    this.#stopped = true;
    return this.#done;
  }
}

function expectStatus(copy: AppSnapshot): void {
  expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'Frozen', membersReady: `${nodes + 1}/${nodes + 1}`, window: { unbroken: true } });
  const [application] = copy.status?.applications ?? [];
  expect(application).toMatchObject({ name, kind: 'Elasticsearch', version: expect.stringMatching(/^8\.19\./), grade: 'Frozen' });
  expect(application?.members).toEqual(Array.from({ length: nodes }, (_, i) => ({ pod: `${name}-${i}`, role: 'master-data', container: 'elasticsearch' })));
  expect(application?.facts).toMatchObject({ distribution: 'Elasticsearch', vendorSupported: 'false', nodes: String(nodes), dataPath: '/usr/share/elasticsearch/data' });
  expect(application?.positions).toMatchObject({ 'shards.0': expect.stringMatching(/^ledger\[0\]=\d+ ledger\[1\]=\d+ ledger\[2\]=\d+ tokens\[0\]=\d+/), clusterUuid: application?.facts?.['clusterUuid'], flushed: expect.stringMatching(/^(\d+) of \1 copies of shards$/) });
}

/** Both have the same identity and the same nodes by name, and know only their own. */
async function expectTwoClusters(target: string): Promise<void> {
  const [original, clone] = await Promise.all([namespace, target].map(async (where) => (await (await clientOf(where)).request('GET', '/_cluster/state/nodes')) as ClusterState));
  expect(clone?.cluster_uuid).toBe(original?.cluster_uuid);
  const addresses = (state: ClusterState | undefined): string[] => Object.values(state?.nodes ?? {}).map((node) => node.transport_address);
  expect(addresses(original)).toHaveLength(nodes);
  expect(addresses(clone)).toHaveLength(nodes);
  expect(addresses(clone).filter((address) => addresses(original).includes(address))).toEqual([]);
}
