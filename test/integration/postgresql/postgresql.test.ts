import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Check } from '../../../src/api/common.js';
import type { CopiedApplication, Detected, Positions, Preflight } from '../../../src/hooks/adapter.js';
import { detectApplications } from '../../../src/hooks/adapters.js';
import { postgresqlAdapter } from '../../../src/hooks/postgresql/adapter.js';
import { parseRecord } from '../../../src/hooks/postgresql/record.js';
import { walChecks } from '../../../src/hooks/postgresql/wal-checks.js';
import { postgresqlObjects } from '../../apps/postgresql/manifests.js';
import { claimsFrom, copied, cut, runBeside, runSteps } from './copies.js';
import { until } from '../api/kubectl.js';
import { loadImages, makeNamespace, type TestNamespace } from './namespace.js';
import { withStandby } from './standby.js';

const adapter = postgresqlAdapter();
const size = '512Mi';
const claims = ['data-pg-0', 'wal-pg-0'];

const isolated = { isolated: true, from: 'it-from', to: 'it-to' };

const outcomes = (checks: readonly Check[]): Record<string, string> => Object.fromEntries(checks.map((c) => [c.name, c.outcome]));
const failed = (checks: readonly Check[]): string[] => checks.filter((c) => c.outcome === 'Failed').map((c) => c.name);

describe.each(['15', '17'])('PostgreSQL %s in a pod', (version) => {
  const image = `localhost/stillpoint-test/postgresql:${version}`;
  let namespace: TestNamespace;
  let app: Detected;
  let looked: Preflight;

  beforeAll(async () => {
    await loadImages(`postgresql:${version}`);
    namespace = await makeNamespace(`pg${version}`);
    await namespace.apply(postgresqlObjects({ name: 'pg', image, password: 'not-a-secret', size }));
    await namespace.ready('pg-0');
    await namespace.sql('pg-0', 'CREATE TABLE entries AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 20000) g; CREATE INDEX ON entries (text)');
  }, 900_000);

  afterAll(async () => {
    await namespace.remove();
  }, 60_000);

  async function look(setId = 'set-0'): Promise<Preflight> {
    const context = await namespace.context(setId, claims);
    [app] = detectApplications(context.view, [], context.claims) as [Detected];
    return adapter.preflight(app, context);
  }

  test('is detected by its image, and its preflight finds every path on a claim', async () => {
    looked = await look();
    expect(app).toMatchObject({ kind: 'PostgreSQL', name: 'pg', pods: ['pg-0'], container: { 'pg-0': 'postgres' }, rank: 60 });
    expect(looked.blockers).toEqual([]);
    expect(looked.caps).toEqual([]);
    expect(looked.version).toMatch(new RegExp(`^${version}\\.`));
    expect(looked.roles).toEqual({ 'pg-0': 'primary' });
    expect(looked.facts).toMatchObject({ major: version, dataDirectory: '/data/pg', walDirectory: '/wal/pg', checksums: 'on', claims: 'data directory: data-pg-0; WAL directory: wal-pg-0' });
    expect(JSON.stringify(looked)).not.toContain('not-a-secret');
  });

  test('names a claim that the copy leaves out', async () => {
    const context = await namespace.context('set-0', ['data-pg-0']);
    const { blockers } = await adapter.preflight(app, context);
    expect(blockers).toEqual([expect.objectContaining({ code: 'DataOutsideSet', message: expect.stringMatching(/pg-0.*WAL directory \(\/wal\/pg\).*wal-pg-0.*spec\.selector/) as unknown as string })]);
  });

  test('refuses a tablespace on an emptyDir', async () => {
    await namespace.kubectl('exec', 'pg-0', '--', 'mkdir', '-p', '/tmp/fast');
    await namespace.sql('pg-0', "CREATE TABLESPACE fast LOCATION '/tmp/fast'");
    const { blockers } = await look();
    expect(blockers).toEqual([expect.objectContaining({ code: 'DataOutsideSet', message: expect.stringMatching(/tablespace fast \(\/tmp\/fast\) lies on the volume tmp mounted at \/tmp, which is no claim/) as unknown as string })]);
    await namespace.sql('pg-0', 'DROP TABLESPACE fast');
    expect((await look()).blockers).toEqual([]);
  });

  test('synchronous_commit off asks for a gate, for the server and for one role, and caps with a client on the unix socket; fsync off caps', async () => {
    const asked = (because: string): object => ({ caps: [], settleMillis: 700, gatePorts: [5432], settleBecause: because });
    expect(await look()).toMatchObject({ caps: [], settleMillis: 0, gatePorts: [] });
    await namespace.sql('pg-0', "CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET synchronous_commit = 'off'");
    expect(await look()).toMatchObject(asked('synchronous_commit is off on pg for role hasty'));
    await namespace.sql('pg-0', 'DROP ROLE hasty');
    await namespace.sql('pg-0', "ALTER SYSTEM SET synchronous_commit = 'off'");
    await namespace.sql('pg-0', 'SELECT pg_reload_conf()');
    expect(await look()).toMatchObject(asked('synchronous_commit is off on pg'));
    const context = await namespace.context('set-async', claims);
    const before = await adapter.warmUp(app, context);
    expect(before).toMatchObject({ commits: 'asynchronous, local clients: 0' });
    expect(adapter.contradictions(before, await adapter.evidence(app, context))).toEqual([]);
    const local = "FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()";
    const sleeping = namespace.sql('pg-0', 'SELECT pg_sleep(300)').then(() => undefined, () => undefined);
    await until('a client is on the unix socket', () => namespace.sql('pg-0', `SELECT count(*) ${local}`), (count) => count.trim() === '1');
    expect(await look()).toMatchObject({ settleMillis: 0, gatePorts: [], caps: [{ grade: 'CrashConsistentSynced', reason: expect.stringContaining('1 of its sessions is on a unix socket') as unknown as string }] });
    expect(adapter.contradictions(before, await adapter.evidence(app, context))).toMatchObject([{ grade: 'CrashConsistentSynced', reason: expect.stringContaining('local clients: 1 after') as unknown as string }]);
    await namespace.sql('pg-0', `SELECT pg_terminate_backend(pid) ${local}`);
    await sleeping;
    await namespace.sql('pg-0', 'ALTER SYSTEM RESET synchronous_commit');
    await namespace.sql('pg-0', 'ALTER SYSTEM SET fsync = off');
    await namespace.sql('pg-0', 'SELECT pg_reload_conf()');
    expect((await look()).caps).toMatchObject([{ grade: 'CrashConsistent' }]);
    await namespace.sql('pg-0', 'ALTER SYSTEM RESET fsync');
    await namespace.sql('pg-0', 'SELECT pg_reload_conf()');
    expect((await look()).caps).toEqual([]);
  });

  test('logs in with a Secret, and says so when the password is wrong', async () => {
    const secret = (name: string, password: string): object => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { username: 'keeper', password } });
    await namespace.sql('pg-0', "CREATE ROLE keeper LOGIN PASSWORD 'right-password' IN ROLE pg_monitor");
    await namespace.kubectl('exec', 'pg-0', '--', 'sh', '-c', "sed -i '1i local all keeper scram-sha-256' /data/pg/pg_hba.conf");
    await namespace.sql('pg-0', 'SELECT pg_reload_conf()');
    await namespace.apply([secret('right', 'right-password'), secret('wrong', 'wrong-password')]);
    const context = await namespace.context('set-0', claims);
    const right = await adapter.preflight({ ...app, credentialsSecret: 'right' }, context);
    expect(right.blockers).toEqual([]);
    expect(right.facts['warmUp']).toContain('keeper');
    const wrong = await adapter.preflight({ ...app, credentialsSecret: 'wrong' }, context);
    expect(wrong.blockers).toEqual([{ code: 'ApplicationNotReady', message: expect.stringContaining('password authentication failed') as unknown as string }]);
    expect(JSON.stringify([right, wrong])).not.toMatch(/(right|wrong)-password/);
    await namespace.kubectl('exec', 'pg-0', '--', 'sh', '-c', "sed -i '1d' /data/pg/pg_hba.conf");
    await namespace.sql('pg-0', 'DROP ROLE keeper');
    await namespace.sql('pg-0', 'SELECT pg_reload_conf()');
  });

  test('without the right to exec: AccountNotAllowed', async () => {
    const context = await namespace.context('set-0', claims);
    const account = { namespace: namespace.name, name: 'default' };
    await expect(adapter.preflight(app, { ...context, account })).rejects.toMatchObject({ code: 'AccountNotAllowed' });
  });

  withStandby({ adapter, image, size, claims }, () => namespace);

  describe('copies', () => {
    let first: CopiedApplication;
    let second: CopiedApplication;

    async function window(setId: string, inside: () => Promise<unknown>): Promise<{ before: Positions; after: Positions; copy: CopiedApplication }> {
      const context = await namespace.context(setId, claims);
      const before = await adapter.warmUp(app, context);
      await inside();
      const after = await adapter.evidence(app, context);
      return { before, after, copy: copied(app, looked, setId, { ...before, ...after }) };
    }

    const restoreContext = async (copy: string) => {
      const context = await namespace.context('unused', []);
      const pod = context.view.pods.find((p) => p.metadata.name === `${copy}-0`);
      return { ...context, namespace: namespace.name, pods: new Map(pod === undefined ? [] : [['pg-0', pod] as const]) };
    };

    const record = async (copy: string) => parseRecord((await runBeside(namespace, image, copy, ['cat', '/data/pg/stillpoint.recovery'])).output);

    beforeAll(async () => {
      const early = await cut(namespace, 'early', claims);
      const write = (): Promise<string> => namespace.sql('pg-0', 'INSERT INTO entries SELECT g, md5(g::text) FROM generate_series(1, 500) g');
      first = (await window('set-1', write)).copy;
      await write();
      let snapshots: Record<string, string> = {};
      const later = await window('set-2', async () => {
        await write();
        snapshots = await cut(namespace, 'later', claims);
      });
      second = later.copy;
      expect(adapter.contradictions(later.before, later.after)).toEqual([]);
      expect(adapter.contradictions(first.positions, { ...later.after, releasedStarted: '0' })).toHaveLength(1);
      await claimsFrom(namespace, early, 'pg', 'early', size);
      await claimsFrom(namespace, snapshots, 'pg', 'copy', size);
    }, 240_000);

    test('control: a cut made before the marker lacks it', async () => {
      await runSteps(namespace, image, 'early', adapter.fixups(second, isolated));
      const found = await record('early');
      expect(outcomes(walChecks('set-2', second.positions, found, 'F/0'))).toMatchObject({ 'marker present': 'Failed' });
    }, 120_000);

    test('control: a cut made after the release shows what was written since', async () => {
      await runSteps(namespace, image, 'copy', adapter.fixups(first, isolated));
      const found = await record('copy');
      expect(outcomes(walChecks('set-1', first.positions, found, 'F/0'))).toMatchObject({ 'marker present': 'Passed', 'nothing after the release': 'Failed' });
      const withoutMarkers = found === undefined ? undefined : { ...found, markers: found.markers.filter((m) => m.setId === 'set-1') };
      expect(outcomes(walChecks('set-1', first.positions, withoutMarkers, 'F/0'))).toMatchObject({ 'nothing after the release': 'Failed' });
    }, 120_000);

    test('a copy starts, holds what was written before the cut, and passes every check', async () => {
      await runSteps(namespace, image, 'copy', adapter.fixups(second, isolated));
      await namespace.apply(postgresqlObjects({ name: 'copy', image, password: 'not-a-secret', size }));
      await namespace.ready('copy-0');
      expect((await namespace.sql('copy-0', 'SELECT count(*) FROM entries')).trim()).toBe('21500');
      expect((await namespace.sql('copy-0', "SELECT current_setting('archive_mode') || current_setting('max_logical_replication_workers')")).trim()).toBe('off0');
      const checks = await adapter.verify(second, await restoreContext('copy'));
      expect(outcomes(checks)).toEqual({
        'primary pg-0 answers': 'Passed',
        'same system identifier (pg-0)': 'Passed',
        'marker present': 'Passed',
        'nothing after the release': 'Passed',
        'WAL replayed to its end': 'Passed',
        pg_amcheck: 'Passed',
        'data checksums': 'Passed',
      });
    }, 180_000);

    test('another database in its place fails, and one without superuser is Skipped, not Passed', async () => {
      const context = await restoreContext('copy');
      const other = await adapter.verify({ ...second, facts: { ...second.facts, systemIdentifier: '1' } }, context);
      expect(failed(other)).toEqual(['same system identifier (pg-0)']);
      const gone = await adapter.verify(second, { ...context, pods: new Map() });
      expect(failed(gone)).toEqual(['primary pg-0 answers']);
      await namespace.sql('copy-0', 'CREATE ROLE plain LOGIN IN ROLE pg_monitor');
      await namespace.apply([{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'plain' }, stringData: { username: 'plain', password: 'unused' } }]);
      const lesser = await adapter.verify({ ...second, facts: { ...second.facts, credentialsSecret: 'plain' } }, context);
      expect(outcomes(lesser)).toMatchObject({ 'marker present': 'Passed', pg_amcheck: 'Skipped', 'data checksums': 'Skipped' });
    }, 120_000);

    test('control: a damaged heap page is found', async () => {
      const file = (await namespace.sql('copy-0', "SELECT pg_relation_filepath('entries')")).trim();
      await namespace.kubectl('scale', 'statefulset', 'copy', '--replicas=0');
      await namespace.kubectl('wait', '--for=delete', '--timeout=50s', 'pod/copy-0');
      const damage = await runBeside(namespace, image, 'copy', ['sh', '-c', 'head -c 300 /dev/urandom | dd of="$1" bs=1 seek=16500 conv=notrunc', 'damage', `/data/pg/${file}`]);
      expect(damage.code).toBe(0);
      await namespace.kubectl('scale', 'statefulset', 'copy', '--replicas=1');
      await namespace.ready('copy-0');
      expect(failed(await adapter.verify(second, await restoreContext('copy')))).toEqual(['pg_amcheck', 'data checksums']);
    }, 240_000);
  });
});
