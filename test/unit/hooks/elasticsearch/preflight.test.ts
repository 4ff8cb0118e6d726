import { describe, expect, test } from '@jest/globals';
import { preflight } from '../../../../src/hooks/elasticsearch/preflight.js';
import { bodies } from './captured.js';
import { contextOf, detected, green, pods, replaying, type Bodies } from './server.js';

const look = (answers: Bodies = green, part: Parameters<typeof contextOf>[1] = {}, app = detected()) => preflight(app, contextOf(replaying(answers).exec, part));
const openSearch = (version: string) => bodies.nodes.replaceAll('"build_flavor":"default",', '').replaceAll('"master"', '"cluster_manager"').replaceAll('8.19.21', version);

describe('what a plan knows of a cluster', () => {
  test('a green one of three nodes', async () => {
    expect(await look()).toEqual({
      version: '8.19.21',
      roles: { 'es-0': 'master-data', 'es-1': 'master-data', 'es-2': 'master-data' },
      blockers: [],
      caps: [],
      processName: 'java',
      settleMillis: 0,
      gatePorts: [],
      softLimitMillis: 10_000,
      hardLimitMillis: 30_000,
      facts: {
        distribution: 'Elasticsearch',
        clusterName: 't',
        clusterUuid: '13n7S3ybQYi5k2EmPcewHg',
        nodes: '3',
        dataPath: '/srv/n1/data',
        'dataPath.0': 'es-1 /srv/n2/data',
        'dataPath.1': 'es-2 /srv/n3/data',
        claims: 'data-es-0, data-es-1, data-es-2',
        vendorSupported: 'false',
      },
    });
  });

  test('one that is not green: which shards, and the way out', async () => {
    const { blockers } = await look({ ...green, '/_cluster/health': [200, bodies.yellow], '/_cat/shards': [200, bodies.yellowShards] });
    expect(blockers).toEqual([
      {
        code: 'ApplicationNotReady',
        message:
          'The cluster of search is yellow, with 1 unassigned, 2 initializing and 0 relocating copies of shards (homeless[0] replica initializing, homeless[0] replica initializing, homeless[0] replica unassigned); it must be green and at rest: GET _cluster/allocation/explain says why a shard has no node: add one, or lower index.number_of_replicas.',
      },
    ]);
  });

  test('green with shards under way is not at rest', async () => {
    const { blockers } = await look({ ...green, '/_cluster/health': [200, bodies.health.replace('"relocating_shards":0', '"relocating_shards":2')] });
    expect(blockers).toMatchObject([{ code: 'ApplicationNotReady', message: expect.stringContaining('wait until the shards have come to rest') as unknown as string }]);
  });

  test('a node that is not among the pods of the copy', async () => {
    const { blockers } = await look(green, {}, detected(['es-0', 'es-1']));
    expect(blockers).toMatchObject([{ code: 'DataOutsideSet', message: expect.stringContaining('not among its pods in the copy: n3 (master-data). ') as unknown as string }]);
  });

  test('one that neither votes nor holds data may be missing', async () => {
    const third = bodies.nodes.replace(/("name":"n3".*?"roles":)\[.*?\]/, '$1["ingest","ml"]');
    expect((await look({ ...green, '/_nodes/jvm': [200, third] }, {}, detected(['es-0', 'es-1']))).blockers).toEqual([]);
  });

  test('a pod that is no node of the cluster', async () => {
    const two = bodies.nodes.replace(/,"zSKV-agsQzGYSeo-ETii6w":.*/, '}}');
    expect((await look({ ...green, '/_nodes/jvm': [200, two] })).blockers).toMatchObject([{ code: 'ApplicationNotReady', message: expect.stringContaining('no node of its cluster: es-2. ') as unknown as string }]);
  });

  test('data on a claim that is left out', async () => {
    const { blockers } = await look(green, { claims: new Set(['data-es-0', 'data-es-1']) });
    expect(blockers).toMatchObject([{ code: 'DataOutsideSet', message: expect.stringMatching(/^Pod es-2, container elasticsearch: the data path 0 \(\/srv\/n3\/data\) lies on the claim data-es-2/) as unknown as string }]);
  });

  test('durability async caps the grade and names the indices', async () => {
    expect((await look({ ...green, '/_all/_settings': [200, bodies.durability] })).caps).toEqual([
      { grade: 'CrashConsistentSynced', reason: 'index.translog.durability is async on indices of search (lazy): their acknowledged documents may be in memory only.' },
    ]);
  });

  test.each([
    ['2.19.1', [], 'OpenSearch 2 is known but was not run against by our tests'],
    ['4.0.0', [{ code: 'HoldNotPossible', message: 'search runs OpenSearch 4.0.0; 1 to 3 are known. Name it in spec.applications with kind Generic to copy it without what this adapter proves.' }], expect.anything()],
  ])('OpenSearch %s', async (version, blockers, untested) => {
    const found = await look({ ...green, '/_nodes/jvm': [200, openSearch(version)] });
    expect(found).toMatchObject({ version, blockers, roles: { 'es-0': 'master-data' }, facts: { distribution: 'OpenSearch' } });
    expect(found.facts['untested']).toEqual(untested);
  });

  test('a server that refuses the account: the field of the spec is named, the rest is not guessed', async () => {
    const refused = await look({ ...green, '/_cluster/health': [401, '{}'] });
    expect(refused).toMatchObject({ version: undefined, facts: {}, blockers: [{ code: 'ApplicationNotReady', message: expect.stringContaining('spec.applications[].credentialsSecretRef') as unknown as string }] });
  });

  test('user and password go by stdin and are in no argument', async () => {
    const { exec, runs } = replaying(green);
    await preflight({ ...detected(), credentialsSecret: 'login' }, contextOf(exec));
    expect(runs[0]?.stdin).toBe('elastic\nonly-for-tests\n');
    expect(runs.flatMap((run) => run.target.command).filter((word) => word.includes('only-for-tests'))).toEqual([]);
    expect(runs.every((run) => pods.some((p) => p.metadata.name === run.target.pod) && run.target.container === 'elasticsearch')).toBe(true);
  });
});
