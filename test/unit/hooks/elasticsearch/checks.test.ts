import { describe, expect, test } from '@jest/globals';
import type { CopiedApplication, Positions } from '../../../../src/hooks/adapter.js';
import { verify } from '../../../../src/hooks/elasticsearch/verify.js';
import type { PodView } from '../../../../src/hooks/view.js';
import { bodies } from './captured.js';
import { contextOf, green, pods, replaying, type Bodies } from './server.js';

const app: CopiedApplication = {
  name: 'search',
  kind: 'Elasticsearch',
  version: '8.19.21',
  members: pods.map((p) => ({ pod: p.metadata.name, role: 'master-data', container: 'elasticsearch' })),
  positions: { shards: '3', 'shards.0': 'ledger[0]=12 ledger[1]=11 ledger[2]=0' },
  facts: { clusterUuid: '13n7S3ybQYi5k2EmPcewHg' },
  startFiles: [],
  setId: 'set-1',
};

async function checks(answers: Bodies = green, part: { readonly positions?: Positions; readonly facts?: Record<string, string>; readonly restored?: readonly PodView[] } = {}): Promise<Record<string, string>> {
  const { restored = pods, ...of } = part;
  const context = { ...contextOf(replaying(answers).exec), namespace: 'drill', pods: new Map(restored.map((p) => [p.metadata.name, p])) };
  const found = await verify({ ...app, ...of }, context);
  return Object.fromEntries(found.map((check) => [check.name, `${check.outcome} ${check.message ?? ''}`.trim()]));
}

const alone = 'the restored nodes are one cluster, and alone';
const missing = 'nothing before the hold is missing';

describe('checks of a restore', () => {
  test('a good one passes them all', async () => {
    expect(await checks()).toEqual({
      'the cluster is green': 'Passed 8 copies of shards are started on 3 nodes.',
      'same cluster UUID': 'Passed Cluster UUID 13n7S3ybQYi5k2EmPcewHg.',
      [alone]: 'Passed Nodes: n1, n2, n3.',
      'no dangling indices': 'Passed',
      'primaries and replicas agree': 'Passed 4 replicas have the documents and the last sequence number of their primaries.',
      [missing]: 'Passed The global checkpoints of 3 of 3 shards are not behind those before the hold.',
    });
  });

  test('one that does not become green: nothing more is claimed', async () => {
    const found = await checks({ ...green, '/_cluster/health': [408, bodies.late], '/_cat/shards': [200, bodies.yellowShards] });
    expect(found['the cluster is green']).toMatch(/^Failed It is yellow: homeless\[0\] replica initializing, /);
    expect(found[missing]).toBeUndefined();
  });

  test('a clone that joined the original, whose nodes have the names of its pods', async () => {
    const elsewhere = pods.map((p, n) => ({ ...p, podIP: `10.0.0.${n + 1}` }));
    const named = bodies.nodes.replace(/"name":"n(\d)"/g, (_, n) => `"name":"es-${Number(n) - 1}"`);
    const found = await checks({ ...green, '/_nodes/jvm': [200, named] }, { restored: elsewhere });
    expect(found[alone]).toMatch(/^Failed Nodes that are none of the restored pods: es-0, es-1, es-2\. They may be those of the original/);
  });

  test('a node that only serves clients may come from anywhere', async () => {
    const client = bodies.nodes.replace(/\}\}\}\}$/, '}},"front":{"name":"front","ip":"10.0.0.9","version":"8.19.21","build_flavor":"default","roles":["ingest"],"jvm":{"start_time_in_millis":1}}}}');
    expect((await checks({ ...green, '/_nodes/jvm': [200, client] }))[alone]).toBe('Passed Nodes: front, n1, n2, n3.');
  });

  test('a restored pod that is not in the cluster', async () => {
    const two = bodies.nodes.replace(/,"zSKV-agsQzGYSeo-ETii6w":.*/, '}}');
    expect((await checks({ ...green, '/_nodes/jvm': [200, two] }))[alone]).toBe('Failed Restored pods that are no node of the cluster: es-2.');
  });

  test.each<[string, string, Bodies, Parameters<typeof checks>[1], RegExp]>([
    ['other data', 'same cluster UUID', green, { facts: { clusterUuid: 'other' } }, /^Failed The cluster is 13n7S3ybQYi5k2EmPcewHg, the copy is of other/],
    ['a dangling index', 'no dangling indices', { ...green, '/_dangling': [200, bodies.dangling.replace('[]', '[{"index_name":"lost"}]')] }, {}, /^Failed .*: lost\.$/],
    ['a list that may not be read', 'no dangling indices', { ...green, '/_dangling': [403, '{}'] }, {}, /^Unknown GET _dangling answers 403/],
    ['a replica that lacks a document', 'primaries and replicas agree', { ...green, '/_cat/shards': [200, bodies.shards.replace('"node":"n3","docs":"14"', '"node":"n3","docs":"13"')] }, {}, /^Failed ledger\[1\] on n3: 13 documents up to 13, its primary 14 documents up to 13\.$/],
    ['a shard that lacks what was acknowledged', missing, green, { positions: { shards: '1', 'shards.0': 'ledger[1]=20' } }, /^Failed .* ledger\[1\] is at 13, and was at 20\.$/],
    ['an index that is not there', missing, green, { positions: { shards: '1', 'shards.0': 'gone[0]=3' } }, /^Unknown .*gone\[0\]\. Their indices may have been deleted/],
    ['a copy without positions', missing, green, { positions: {} }, /^Unknown The copy carries no positions/],
    ['positions of some shards only', missing, green, { positions: { shards: '9', 'shards.0': 'ledger[1]=13' } }, /^Passed .* 1 of 9 shards .* 8 were not compared\.$/],
    ['nothing ever written', missing, green, { positions: { shards: '0' } }, /^Skipped /],
  ])('%s', async (_, name, answers, part, expected) => {
    expect((await checks(answers, part))[name]).toMatch(expected);
  });

  test('no pod was restored', async () => {
    expect(await checks(green, { restored: [] })).toEqual({ 'the cluster answers': 'Failed There is no node to ask.' });
  });
});
