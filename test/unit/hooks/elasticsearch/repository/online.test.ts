import { describe, expect, test } from '@jest/globals';
import type { OnlineSession, Preflight } from '../../../../../src/hooks/adapter.js';
import { contradictions, evidence, warmUp } from '../../../../../src/hooks/elasticsearch/positions.js';
import { beginSnapshot, forgetSnapshots } from '../../../../../src/hooks/elasticsearch/repository/online.js';
import { contextWith, copyId, inMode, name, RepositoryServer, setId, taken, uuid } from './server.js';

const begin = (server: RepositoryServer): Promise<OnlineSession> => beginSnapshot(inMode(), { facts: { repository: 'backup' } } as unknown as Preflight, contextWith(server));
const putOf = (server: RepositoryServer) => server.requests.find((r) => r.method === 'PUT');
const path = `/_snapshot/backup/${name}`;

describe("the server's own snapshot", () => {
  test('is taken before the window, of everything, and whose it is and where shards stood is noted with it', async () => {
    const server = new RepositoryServer();
    const session = await begin(server);
    expect(putOf(server)).toEqual({
      method: 'PUT',
      path: `${path}?wait_for_completion=true`,
      body: { indices: '*', expand_wildcards: 'all', include_global_state: true, partial: false, metadata: { stillpoint: setId, shards: '3', 'shards.0': 'ledger[0]=12 ledger[1]=13 ledger[2]=12' } },
    });
    await session.stop();
    expect(await session.evidence()).toEqual({
      positions: {
        snapshotUuid: uuid,
        snapshotTaken: '2026-11-24T20:26:40.000Z 2026-11-24T20:26:42.000Z',
        shards: '3',
        'shards.0': 'ledger[0]=12 ledger[1]=13 ledger[2]=12',
        documents: '2',
        'documents.0': 'lazy=0 ledger=40',
      },
      startFiles: [],
    });
    session.close();
  });

  test('one that an interrupted attempt has left is found, with what was noted then', async () => {
    const server = new RepositoryServer();
    server.snapshots = [taken({ metadata: { stillpoint: setId, shards: '1', 'shards.0': 'ledger[0]=11' } })];
    const { positions } = await (await begin(server)).evidence();
    expect(putOf(server)).toBeUndefined();
    // The index went on since, so that nobody knows how many documents the snapshot has.
    expect(positions).toMatchObject({ shards: '1', 'shards.0': 'ledger[0]=11', documents: '1', 'documents.0': 'lazy=0' });
  });

  test('one that was complete for long is taken anew: a copy is no older than it looks', async () => {
    const server = new RepositoryServer();
    server.snapshots = [taken({ uuid: 'old' })];
    server.seconds += 900;
    await begin(server);
    expect(server.changes.slice(0, 2)).toEqual([`DELETE ${path}`, `PUT ${path}`]);
  });

  test('one that takes longer than an attempt waits: a later one will find it', async () => {
    const server = new RepositoryServer();
    server.makes = { state: 'IN_PROGRESS', shards: { total: 0, failed: 0, successful: 0 } };
    server.answers = undefined;
    await expect(begin(server)).rejects.toMatchObject({ code: 'RepositorySnapshotRunning', retry: 'after' });
    expect(server.changes).toEqual([`PUT ${path}`]);
  });

  test.each([
    ['partial', { state: 'PARTIAL', failures: [{ index: 'ledger', shard_id: 1, reason: 'node left' }], shards: { total: 4, failed: 1, successful: 3 } }, /ended as PARTIAL, with 1 of 4 shards failed: ledger\[1\]: node left\. It is removed/],
    ['failed', { state: 'FAILED', reason: 'Indices do not have primary shards', shards: { total: 4, failed: 4, successful: 0 } }, /ended as FAILED, .*: Indices do not have primary shards\./],
    ['a success of which a shard is missing', { failures: [{ index: 'ledger', shard_id: 0, reason: 'gone' }] }, /ended as SUCCESS/],
    ['a state that nobody knows', { state: 'ODD' }, /ended as ODD/],
  ])('%s is never success, and goes', async (_, makes, message) => {
    const server = new RepositoryServer();
    server.makes = makes;
    await expect(begin(server)).rejects.toMatchObject({ code: 'RepositorySnapshotFailed', publicMessage: expect.stringMatching(message) });
    expect(server.snapshots).toEqual([]);
  });

  test('a failed one of before does not stand in the way', async () => {
    const server = new RepositoryServer();
    server.snapshots = [taken({ state: 'FAILED', failures: [{ reason: 'x' }] })];
    await begin(server);
    expect(server.snapshots).toMatchObject([{ state: 'SUCCESS' }]);
  });

  test('what the server refuses is said in its words', async () => {
    const server = new RepositoryServer();
    server.makes = undefined;
    server.answers = [500, '{"error":"repository is not writable"}'];
    await expect(begin(server)).rejects.toMatchObject({ code: 'RepositorySnapshotFailed', publicMessage: expect.stringContaining('500 {"error":"repository is not writable"}') });
    server.answers = [403, '{}'];
    await expect(begin(server)).rejects.toMatchObject({ code: 'ApplicationNotReady', publicMessage: expect.stringContaining('cluster:admin/snapshot') });
  });

  test("somebody else's of that name is left alone", async () => {
    const server = new RepositoryServer();
    server.snapshots = [taken({ metadata: null })];
    await expect(begin(server)).rejects.toMatchObject({ code: 'RepositoryNotUsable' });
    expect(server.changes).toEqual([]);
  });

  test.each([
    ['gone', []],
    ['another', [taken({ uuid: 'other' })]],
  ])('that is %s after the cut proves nothing', async (_, after) => {
    const server = new RepositoryServer();
    const session = await begin(server);
    server.snapshots = after;
    await expect(session.evidence()).rejects.toMatchObject({ code: 'RepositorySnapshotFailed' });
  });
});

describe('the live repository', () => {
  const forget = (server: RepositoryServer, positions: Record<string, string> = {}) => forgetSnapshots(inMode(), { facts: { repository: 'backup' }, positions, copyId }, contextWith(server));

  test('loses the snapshots of all attempts of the copy, and nothing of anybody else', async () => {
    const server = new RepositoryServer();
    const other = '99999999-0000-4000-8000-000000000001-1';
    const foreign = [taken({ snapshot: `${name}1`, metadata: { stillpoint: 'of somebody' } }), taken({ snapshot: 'nightly' }), taken({ snapshot: `stillpoint-${other}`, metadata: { stillpoint: other } })];
    server.snapshots = [taken(), taken({ snapshot: `stillpoint-${copyId}-2`, metadata: { stillpoint: `${copyId}-2` }, state: 'IN_PROGRESS' }), ...foreign];
    expect(await forget(server)).toEqual({ liveSnapshot: 'removed' });
    expect(server.snapshots).toEqual(foreign);
  });

  test('is not asked again once it has', async () => {
    const server = new RepositoryServer();
    expect(await forget(server, { liveSnapshot: 'removed' })).toEqual({});
    expect(server.requests).toEqual([]);
  });

  test('that is registered no more has nothing', async () => {
    const server = new RepositoryServer();
    server.registered = {};
    expect(await forget(server)).toEqual({ liveSnapshot: 'removed' });
  });
});

test('nothing is asked of a server that nobody holds, and a node that was restarted says nothing against the copy', async () => {
  const server = new RepositoryServer();
  expect(await warmUp(inMode(), contextWith(server))).toEqual({});
  expect(await evidence(inMode(), contextWith(server))).toEqual({});
  expect(contradictions({ snapshotUuid: uuid }, {})).toEqual([]);
  expect(server.requests).toEqual([]);
});
