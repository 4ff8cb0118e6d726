import { describe, expect, test } from '@jest/globals';
import { preflight } from '../../../../../src/hooks/elasticsearch/preflight.js';
import { candidatesOf, chooseRepository } from '../../../../../src/hooks/elasticsearch/repository/choice.js';
import { contextWith, inMode, mounting, name, RepositoryServer, taken } from './server.js';

const look = (server = new RepositoryServer(), app = inMode(), part: Parameters<typeof contextWith>[1] = {}) => preflight(app, contextWith(server, part));
const fs = (location: string, readonly = false) => ({ type: 'fs', settings: { location, readonly } });

async function refusal(registered: Record<string, unknown>, app = inMode(), part: Parameters<typeof contextWith>[1] = {}): Promise<string> {
  const server = new RepositoryServer();
  server.registered = registered;
  const { blockers, online } = await look(server, app, part);
  expect(online).toBeUndefined();
  return `${blockers[0]?.code ?? 'none'}: ${blockers[0]?.message ?? ''}`;
}

describe('what a plan of mode Repository knows', () => {
  test('the repository on the claim of the copy, and nothing of the data', async () => {
    const { blockers, caps, facts, online } = await look();
    expect({ blockers, caps, online }).toEqual({ blockers: [], caps: [], online: { mode: 'Repository', lastClaims: [] } });
    expect(facts).toEqual({
      distribution: 'Elasticsearch',
      clusterName: 't',
      clusterUuid: '13n7S3ybQYi5k2EmPcewHg',
      nodes: '3',
      vendorSupported: 'true',
      repository: 'backup',
      repositoryLocation: '/repository',
      repositoryClaim: 'es-repository',
      snapshot: name,
    });
  });

  test('it only reads', async () => {
    const server = new RepositoryServer();
    await look(server);
    expect(server.changes).toEqual([]);
  });

  test('settings come as text or as they are, a location relative to path.repo, a readonly repository beside it', async () => {
    const server = new RepositoryServer();
    server.registered = { nightly: { type: 'fs', settings: { location: 'night', compress: 'true' } }, old: { type: 'fs', settings: { location: '/repository', readonly: 'true' } }, s3: { type: 's3', settings: { bucket: 'b' } } };
    const elsewhere = mounting.map((p) => ({ ...p, containers: p.containers.map((c) => ({ ...c, mounts: c.mounts.map((m) => ({ ...m, mountPath: m.mountPath.replace('/repository', '/repositories') })) })) }));
    expect((await look(server, inMode(), { view: { namespace: 'shop', pods: elsewhere, claims: [] } })).facts).toMatchObject({ repository: 'nightly', repositoryLocation: '/repositories/night' });
  });

  test('a snapshot of the attempt that is under way: the copy waits for it', async () => {
    const server = new RepositoryServer();
    server.snapshots = [taken({ state: 'IN_PROGRESS', shards: { total: 9, failed: 0, successful: 4 } })];
    expect((await look(server)).blockers).toEqual([{ code: 'RepositorySnapshotRunning', message: `The server is taking the snapshot ${name} in its repository backup: 4 of 9 shards are done.` }]);
  });
});

describe('a plan of mode Repository is refused', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['without a repository', {}, /^RepositoryNotUsable: No snapshot repository is registered in the cluster of search, .* path\.repo, and register it with PUT _snapshot\/NAME\.$/],
    ['with one elsewhere', { cloud: { type: 's3', settings: {} } }, /^RepositoryNotUsable: In the cluster of search repository cloud is of type s3; mode Repository needs one of type fs/],
    ['with a readonly one', { old: fs('/repository', true) }, /^RepositoryNotUsable: .*repository old is registered as readonly.*register it without readonly/],
    ['with one on no claim', { local: fs('/tmp/snapshots') }, /^DataOutsideSet: Pod es-0, container elasticsearch: the location of the repository local \(\/tmp\/snapshots\) lies in the container's own file system/],
    ['with one on a claim that is not in the copy', { beside: fs('/srv/snapshots') }, /^DataOutsideSet: .*the repository beside \(\/srv\/snapshots\) lies on the claim data-es-0 .*let spec\.selector match that claim/],
    ['with two', { a: fs('/repository/a'), b: fs('/repository/b') }, /^RepositoryNotUsable: Several repositories of search lie on claims of the copy \(a, b\): name the one to use in spec\.applications\[\]\.repository\.$/],
  ])('%s', async (_, registered, expected) => {
    expect(await refusal(registered)).toMatch(expected);
  });

  test('the one that is named is taken, and nothing in its place', async () => {
    const server = new RepositoryServer();
    server.registered = { a: fs('/repository/a'), b: fs('/repository/b'), cloud: { type: 's3', settings: {} } };
    expect((await look(server, inMode({ repository: 'b' }))).facts).toMatchObject({ repository: 'b', repositoryLocation: '/repository/b' });
    expect(await refusal(server.registered, inMode({ repository: 'c' }))).toBe('RepositoryNotUsable: spec.applications[].repository: no repository c is registered in the cluster of search; there are a, b, cloud.');
    expect(await refusal(server.registered, inMode({ repository: 'cloud' }))).toMatch(/^RepositoryNotUsable: spec\.applications\[\]\.repository: In the cluster of search repository cloud is of type s3/);
  });

  test('while claims of the data are in the copy', async () => {
    const claims = new Set(['es-repository', 'data-es-0', 'data-es-2']);
    expect(await refusal({ backup: fs('/repository') }, inMode(), { claims })).toMatch(/^HoldNotPossible: spec\.applications\[\]\.mode Repository is not possible for search .*\(data-es-0, data-es-2\), because a restore begins on empty ones: leave them out with spec\.selector/);
  });

  test('while a node that needs the repository does not mount its claim', async () => {
    const without = mounting.map((p, n) => (n === 1 ? { ...p, containers: p.containers.map((c) => ({ ...c, mounts: c.mounts.slice(0, 1) })) } : p));
    expect(await refusal({ backup: fs('/repository') }, inMode(), { view: { namespace: 'shop', pods: without, claims: [] } })).toMatch(/^DataOutsideSet: Pod es-1, container elasticsearch: the location of the repository backup/);
  });

  test('while a node is not among the pods', async () => {
    const { blockers } = await look(new RepositoryServer(), inMode({ pods: ['es-0', 'es-1'] }));
    expect(blockers[0]).toMatchObject({ code: 'DataOutsideSet', message: expect.stringContaining('let each of them mount the claim of the repository') as unknown as string });
  });
});

describe('the choice of a repository', () => {
  test('a relative location without path.repo leads nowhere', () => {
    expect(candidatesOf({ name: 'search' }, { a: fs('backups') }, [])).toMatchObject({ code: 'RepositoryNotUsable', message: expect.stringContaining('is relative') as unknown as string });
    expect(candidatesOf({ name: 'search' }, { a: fs('backups') }, ['/one/', '/two'])).toEqual([{ name: 'a', location: '/one/backups' }]);
  });

  test('nodes that have it on claims of their own do not share it', () => {
    const located = { name: 'a', location: '/repository', claims: ['r-0', 'r-1'], blockers: [] };
    expect(chooseRepository({ name: 'search' }, [located])).toMatchObject({ message: expect.stringContaining('on different claims (r-0, r-1): mount one claim into all of them') as unknown as string });
    expect(chooseRepository({ name: 'search' }, [])).toMatchObject({ code: 'RepositoryNotUsable' });
  });
});
