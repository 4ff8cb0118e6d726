import { describe, expect, test } from '@jest/globals';
import { backupProblems, lastClaims } from '../../../src/hooks/postgresql/backup-offer.js';
import { contentOf } from '../../../src/hooks/postgresql/backup.js';
import { operatorOf } from '../../../src/hooks/postgresql/detect.js';
import type { Instance } from '../../../src/hooks/postgresql/facts.js';
import { container, namespace, pod } from './namespaces.js';

const setting = (value: string) => ({ setting: value, source: 'default' });

function instance(name: string, claims: Record<string, string>, more: Partial<Instance['inspection']> = {}, settings: Record<string, string> = {}): Instance {
  const values = { fsync: 'on', wal_level: 'replica', ...settings };
  return {
    pod: name,
    container: 'postgres',
    inspection: {
      version: 150_018, serverVersion: '15.18', standby: false, role: 'app', mayCheckpoint: true, systemIdentifier: '1', tablespaces: [], asynchronous: [], localClients: 0, replicas: 0, walBytes: 0, mayBackUp: true, freeSlots: 10, keptSlots: [], commandLine: [],
      settings: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, setting(value)])),
      ...more,
    },
    data: { dataDirectory: '/data/pg', walDirectory: '/wal/pg', claims, configurationOutside: [], socketDirectories: [], blockers: [] },
    ungated: [],
  };
}

const own = { 'data directory': 'data', 'WAL directory': 'wal', 'tablespace quick': 'fast' };
const app = { name: 'orders', kind: 'PostgreSQL', pods: ['pg-0'], container: {}, rank: 60, by: 'image', mode: 'BackupAPI', credentialsSecret: undefined } as const;
const view = (...mounted: string[]) => namespace(pod('pg-0', { claims: Object.fromEntries(mounted.map((c) => [c, c])), containers: [container('postgres', 'postgres:15')] }));

describe('a copy by the backup API', () => {
  test('is possible with the WAL on a claim of its own, which is cut last', () => {
    const primary = instance('pg-0', own);
    expect(backupProblems(app, primary, [primary], view('data', 'wal', 'fast'))).toEqual([]);
    expect(lastClaims(primary)).toEqual(['wal']);
  });

  test.each<[string, Instance, RegExp]>([
    ['WAL beside the data', instance('pg-0', { ...own, 'WAL directory': 'data' }), /shares the claim data with data.*mode None/],
    ['WAL beside a tablespace', instance('pg-0', { ...own, 'WAL directory': 'fast' }), /shares the claim fast/],
    ['fsync off', instance('pg-0', own, {}, { fsync: 'off' }), /fsync is off/],
    ['wal_level minimal', instance('pg-0', own, {}, { wal_level: 'minimal' }), /wal_level in pod pg-0 is minimal/],
    ['a role without the right', instance('pg-0', own, { mayBackUp: false }), /role app may not begin a backup.*credentialsSecretRef/],
    ['no free slot', instance('pg-0', own, { freeSlots: 0 }), /max_replication_slots/],
  ])('is refused with %s', (_, primary, message) => {
    const problems = backupProblems(app, primary, [primary], view(...new Set(Object.values(primary.data.claims))));
    expect(problems).toEqual([{ code: 'HoldNotPossible', message: expect.stringMatching(message) as unknown as string }]);
    expect(problems[0]?.message).toMatch(/^spec\.applications\[\]\.mode BackupAPI is not possible for orders: /);
  });

  test('is refused beside a claim in which the server keeps nothing', () => {
    const primary = instance('pg-0', { 'data directory': 'data', 'WAL directory': 'wal' });
    expect(backupProblems(app, primary, [primary], view('data', 'wal', 'logs'))).toEqual([{ code: 'HoldNotPossible', message: expect.stringMatching(/pg-0 has logs.*spec\.selector/) as unknown as string }]);
  });

  test('takes standbys along that have all their data on one volume', () => {
    const primary = instance('pg-0', own);
    const standby = (claims: Record<string, string>) => instance('pg-1', claims, { standby: true });
    const problems = (other: Instance) => backupProblems(app, primary, [primary, other], view('data', 'wal', 'fast')).map((b) => b.message);
    expect(problems(standby({ 'data directory': 'data-1', 'WAL directory': 'data-1' }))).toEqual([]);
    expect(problems(standby({ 'data directory': 'data-1', 'WAL directory': 'wal-1' }))).toEqual([expect.stringContaining('standby pg-1 has its data on several volumes')]);
  });

  test('a label that somebody changed is not written', () => {
    const label = { name: 'backup_label', content: 'x', sha256: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' };
    expect(contentOf([label], 'backup_label')).toBe('x');
    expect(contentOf([label], 'tablespace_map')).toBeUndefined();
    expect(() => contentOf([{ ...label, content: 'y' }], 'backup_label')).toThrow(/does not have its digest/);
  });
});

describe('who manages a server', () => {
  const server = container('postgres', 'ghcr.io/cloudnative-pg/postgresql:17.2', { ports: [5432] });

  test.each([
    ['CloudNativePG', pod('orders-1', { labels: { 'cnpg.io/cluster': 'orders', 'cnpg.io/podRole': 'instance' }, containers: [server] })],
    ['CloudNativePG', pod('orders-1', { owner: { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'orders' }, containers: [server] })],
    ['Zalando Postgres Operator (Spilo)', pod('orders-0', { labels: { application: 'spilo', 'cluster-name': 'orders' }, containers: [container('postgres', 'ghcr.io/zalando/spilo-17:4.0-p2')] })],
    [undefined, pod('orders-0', { labels: { 'app.kubernetes.io/name': 'postgresql', 'app.kubernetes.io/instance': 'orders' }, containers: [container('postgresql', 'bitnami/postgresql:17')] })],
    [undefined, pod('orders-0', { containers: [server] })],
  ])('%s', (operator, found) => {
    expect(operatorOf(found)).toBe(operator);
  });
});
