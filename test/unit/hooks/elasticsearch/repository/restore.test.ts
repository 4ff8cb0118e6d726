import { describe, expect, test } from '@jest/globals';
import type { CopiedApplication } from '../../../../../src/hooks/adapter.js';
import { isServers, restoreExpressions, streamOf, usersIndices } from '../../../../../src/hooks/elasticsearch/repository/indices.js';
import { afterStart, waitingFor } from '../../../../../src/hooks/elasticsearch/repository/restore.js';
import { verify } from '../../../../../src/hooks/elasticsearch/verify.js';
import { pods } from '../server.js';
import { contextWith, name, RepositoryServer, setId, taken, uuid } from './server.js';

const app: CopiedApplication = {
  name: 'search',
  kind: 'Elasticsearch',
  version: '8.19.21',
  members: pods.map((p) => ({ pod: p.metadata.name, role: 'master-data', container: 'elasticsearch' })),
  positions: { snapshotUuid: uuid, shards: '3', 'shards.0': 'ledger[0]=12 ledger[1]=13 ledger[2]=12', documents: '2', 'documents.0': 'lazy=0 ledger=40' },
  facts: { clusterUuid: 'original', distribution: 'Elasticsearch', repository: 'backup', repositoryLocation: '/repository', snapshot: name },
  startFiles: [],
  setId,
};
const own = `stillpoint-${setId}`;
const readOnly = { type: 'fs', settings: { location: '/repository', readonly: true } };
const copy = (index: string, state = 'STARTED', reason?: string) => ({ index, prirep: 'p', state, ...(reason !== undefined && { 'unassigned.reason': reason }) });

function emptyCluster(): RepositoryServer {
  const server = new RepositoryServer();
  server.registered = {};
  server.snapshots = [taken()];
  server.copies = [copy('.geoip_databases')];
  return server;
}

const contextOfRestore = (server: RepositoryServer) => ({ ...contextWith(server), namespace: 'drill', pods: new Map(pods.map((p) => [p.metadata.name, p])) });
const advance = (server: RepositoryServer, part: Partial<CopiedApplication> = {}) => afterStart({ ...app, ...part }, contextOfRestore(server));

describe('after the start on empty volumes', () => {
  test('the repository is registered read-only and everything in the snapshot restored', async () => {
    const server = emptyCluster();
    expect(await advance(server)).toBe('Indices of search are restored from its repository: 2');
    expect(server.registered).toEqual({ [own]: readOnly });
    expect(server.requests.at(-1)).toEqual({
      method: 'POST',
      path: `/_snapshot/${own}/${name}/_restore?wait_for_completion=false`,
      body: { indices: ['*'], ignore_unavailable: true, include_global_state: true },
    });
  });

  test('repeated, it waits for every copy of every shard and begins nothing anew', async () => {
    const server = emptyCluster();
    await advance(server);
    const changed = server.changes.length;
    server.copies = [copy('ledger', 'INITIALIZING'), copy('lazy', 'UNASSIGNED', 'NEW_INDEX_RESTORED'), copy('.geoip_databases')];
    expect(await advance(server)).toBe('Indices are restored from the repository: 1 of 3 copies of shards are there');
    server.copies = [copy('ledger'), copy('lazy')];
    expect(await advance(server)).toBeUndefined();
    expect(server.changes).toHaveLength(changed);
  });

  test('a crash after the registration: the restore is begun', async () => {
    const server = emptyCluster();
    server.registered = { [own]: readOnly };
    await advance(server);
    expect(server.changes).toEqual([`POST /_snapshot/${own}/${name}/_restore`]);
  });

  test('a cluster with data of its own is left alone', async () => {
    const server = emptyCluster();
    server.copies = [copy('.ds-ilm-history-7-2026.11.28-000001'), copy('orders'), copy('.ds-logs-app-2026.11.28-000001')];
    await expect(advance(server)).rejects.toMatchObject({ code: 'RestoreFailed', retry: 'never', publicMessage: expect.stringContaining('in drill has indices already (.ds-logs-app-2026.11.28-000001, orders)') });
    expect(server.changes).toEqual([]);
  });

  test.each([
    ['no snapshot of the copy', []],
    ['another snapshot', [taken({ uuid: 'other' })]],
    ['one that is not whole', [taken({ state: 'PARTIAL' })]],
  ])('%s is restored', async (_, snapshots) => {
    const server = emptyCluster();
    server.snapshots = snapshots;
    await expect(advance(server)).rejects.toMatchObject({ code: 'RestoreFailed', retry: 'never' });
    expect(server.changes.filter((c) => c.startsWith('POST'))).toEqual([]);
  });

  test('a snapshot without an index of a user: only the state is restored, and waited for', async () => {
    const server = emptyCluster();
    server.snapshots = [taken({ indices: ['.geoip_databases'] })];
    expect(await advance(server)).toBeUndefined();
    expect(server.requests.at(-1)).toMatchObject({ path: expect.stringContaining('wait_for_completion=true'), body: { indices: ['*', '-.geoip_databases'] } });
  });

  test('OpenSearch: without the state of the cluster', async () => {
    const server = emptyCluster();
    await advance(server, { facts: { ...app.facts, distribution: 'OpenSearch' } });
    expect(server.requests.at(-1)?.body).toMatchObject({ include_global_state: false });
  });

  test.each([
    [500, 'RestoreFailed', /does not restore the snapshot .*: \{"error":"an open index with same name already exists"\}/],
    [503, 'ApplicationNotReady', /answers 503/],
  ])('an answer of %i', async (status, code, message) => {
    const server = emptyCluster();
    server.answers = [status, '{"error":"an open index with same name already exists"}'];
    await expect(advance(server)).rejects.toMatchObject({ code, publicMessage: expect.stringMatching(message) });
  });

  test('a copy of data volumes needs nothing', async () => {
    const server = new RepositoryServer();
    expect(await advance(server, { facts: { dataPath: '/data' } })).toBeUndefined();
    expect(server.requests).toEqual([]);
  });

  test('what has failed is not waited for', () => {
    expect(waitingFor([{ index: 'a', prirep: 'p', state: 'UNASSIGNED', 'unassigned.reason': 'ALLOCATION_FAILED' }])).toBeUndefined();
    expect(waitingFor([{ index: 'a', prirep: 'r', state: 'UNASSIGNED', 'unassigned.reason': 'REPLICA_ADDED' }])).toMatch(/0 of 1/);
  });
});

describe('checks of a restore from a repository', () => {
  async function checks(change: (server: RepositoryServer) => void = () => undefined, part: Partial<CopiedApplication> = {}): Promise<Record<string, string>> {
    const server = new RepositoryServer();
    server.registered = { [own]: readOnly };
    server.snapshots = [taken()];
    change(server);
    const found = await verify({ ...app, ...part }, contextOfRestore(server));
    return Object.fromEntries(found.map((check) => [check.name, `${check.outcome} ${check.message ?? ''}`.trim()]));
  }

  test('a good one passes them all', async () => {
    expect(await checks()).toEqual({
      'the cluster is green': 'Passed 8 copies of shards are started on 3 nodes.',
      'a cluster of its own': 'Passed Cluster UUID 13n7S3ybQYi5k2EmPcewHg; the copy is of original.',
      'the restored nodes are one cluster, and alone': 'Passed Nodes: n1, n2, n3.',
      'no dangling indices': 'Passed',
      'every index of the snapshot is there': `Passed 2 indices of the snapshot ${name}, without those that the server makes for itself.`,
      'primaries and replicas agree': 'Passed 4 replicas have the documents and the last sequence number of their primaries.',
      'nothing before the snapshot is missing': 'Passed The global checkpoints of 3 of 3 shards are not behind those before the snapshot.',
      'as many documents as in the snapshot': 'Passed 40 documents in 2 of 2 indices that nobody wrote to while the snapshot was taken.',
    });
  });

  test.each<[string, string, Parameters<typeof checks>[0], Partial<CopiedApplication>, RegExp]>([
    ['nodes that joined the original', 'a cluster of its own', undefined, { facts: { ...app.facts, clusterUuid: '13n7S3ybQYi5k2EmPcewHg' } }, /^Failed .*joined the original/],
    ['an index that is missing', 'every index of the snapshot is there', (s) => (s.snapshots = [taken({ indices: ['ledger', 'gone', '.own'] })]), {}, /^Failed Not there: gone\.$/],
    ['a document that is missing', 'as many documents as in the snapshot', undefined, { positions: { ...app.positions, 'documents.0': 'ledger=41 gone=2' } }, /^Failed .*ledger has 40, and had 41, gone has no, and had 2\.$/],
    ['no numbers', 'as many documents as in the snapshot', undefined, { positions: { snapshotUuid: uuid } }, /^Unknown /],
    ['every index written to', 'as many documents as in the snapshot', undefined, { positions: { snapshotUuid: uuid, documents: '0' } }, /^Skipped /],
    ['what was acknowledged before', 'nothing before the snapshot is missing', undefined, { positions: { ...app.positions, 'shards.0': 'ledger[1]=14' } }, /^Failed .*ledger\[1\] is at 13, and was at 14\.$/],
  ])('%s', async (_, check, change, part, expected) => {
    expect((await checks(change, part))[check]).toMatch(expected);
  });
});

describe('names of indices', () => {
  test.each([
    ['orders', undefined, false],
    ['.kibana_8.19.2_001', undefined, true],
    ['security-auditlog-2026.11.28', undefined, true],
    ['.ds-logs-app-default-2026.11.28-000012', 'logs-app-default', false],
    ['.ds-logs-app-000001', 'logs-app', false],
    ['.ds-ilm-history-7-2026.11.28-000001', 'ilm-history-7', true],
    ['.ds-.logs-deprecation.elasticsearch-default-2026.11.28-000001', '.logs-deprecation.elasticsearch-default', true],
  ])('%s', (index, stream, servers) => {
    expect([streamOf(index), isServers(index)]).toEqual([stream, servers]);
  });

  test('users and their streams, each once', () => {
    expect(usersIndices(['b', '.x', 'a', 'b'])).toEqual(['a', 'b']);
  });

  test('what the cluster has made for itself is left out of the restore, when the snapshot has the like', () => {
    const snapshot = { indices: ['orders', '.tasks', '.ds-ilm-history-7-2026.01.01-000001'], streams: ['ilm-history-7'] };
    expect(restoreExpressions(snapshot, ['.tasks', '.new', '.ds-ilm-history-7-2026.11.28-000001', '.ds-ilm-history-7-2026.11.28-000002'])).toEqual(['*', '-.tasks', '-ilm-history-7', '-.ds-ilm-history-7-*']);
    expect(restoreExpressions({ indices: ['.ds-slm-history-5-2026.01.01-000001'], streams: [] }, [])).toEqual(['*']);
  });
});
