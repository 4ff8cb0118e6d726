import { describe, expect, test } from '@jest/globals';
import { locate } from '../../../src/hooks/data-paths.js';
import { container, pod } from './namespaces.js';

const mount = (volume: string, mountPath: string) => ({ volume, mountPath, subPath: undefined, readOnly: false });
const server = (...mounts: ReturnType<typeof mount>[]) => container('postgres', 'postgres:17', { mounts });
const of = (claims: Record<string, string>) => pod('db-0', { claims, containers: [] });
const data = { what: 'data directory', path: '/var/lib/postgresql/data/pgdata' };
const wal = { what: 'WAL directory', path: '/wal/pg' };

describe('paths of the data', () => {
  test('the longest mount path wins', () => {
    const db = of({ root: 'root-claim', data: 'data-claim', wal: 'wal-claim' });
    const mounts = server(mount('root', '/var/lib'), mount('data', '/var/lib/postgresql/data/'), mount('wal', '/wal'));
    expect(locate([data, wal], db, mounts, new Map(), new Set(['data-claim', 'wal-claim', 'root-claim']))).toEqual({
      claims: { 'data directory': 'data-claim', 'WAL directory': 'wal-claim' },
      blockers: [],
    });
  });

  test('a mount path is no prefix of a longer name', () => {
    const result = locate([{ what: 'data directory', path: '/database/pg' }], of({ data: 'data-claim' }), server(mount('data', '/data')), new Map(), new Set(['data-claim']));
    expect(result.blockers).toMatchObject([{ code: 'DataOutsideSet', message: expect.stringContaining("container's own file system") as unknown as string }]);
  });

  test('mount paths count as the container resolves them', () => {
    const resolved = new Map([['/var/run/pg', '/run/pg']]);
    const path = { what: 'data directory', path: '/run/pg/data' };
    expect(locate([path], of({ data: 'data-claim' }), server(mount('data', '/var/run/pg')), resolved, new Set(['data-claim'])).blockers).toEqual([]);
  });

  test.each([
    ['on no claim', {}, [], /volume wal mounted at \/wal, which is no claim: move it/],
    ['on a claim that is left out', { wal: 'wal-claim' }, [], /claim wal-claim mounted at \/wal, which is not part of the copy: let spec\.selector/],
  ] as const)('%s: a blocker with path, pod, mount and way out', (_, claims: Record<string, string>, included, message) => {
    const result = locate([wal], of(claims), server(mount('wal', '/wal')), new Map(), new Set(included));
    expect(result.claims).toEqual({});
    expect(result.blockers).toEqual([{ code: 'DataOutsideSet', message: expect.stringMatching(message) as unknown as string }]);
    expect(result.blockers[0]?.message).toMatch(/Pod db-0, container postgres: the WAL directory \(\/wal\/pg\)/);
  });

  test('a volume mounted inside the data directory must be copied too, but for temporary statistics', () => {
    const inside = server(mount('data', '/var/lib/postgresql/data'), mount('tmp', '/var/lib/postgresql/data/pgdata/pg_stat_tmp'), mount('slots', '/var/lib/postgresql/data/pgdata/pg_replslot'));
    const result = locate([data], of({ data: 'data-claim' }), inside, new Map(), new Set(['data-claim']));
    expect(result.blockers).toMatchObject([{ message: expect.stringContaining('/pg_replslot') as unknown as string }]);
    expect(result.blockers).toHaveLength(1);
  });
});
