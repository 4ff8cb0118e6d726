import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AdapterContext, ApplicationAdapter, Detected } from '../../../src/hooks/adapter.js';
import { detectApplications } from '../../../src/hooks/adapters.js';
import { Server } from '../../../src/hooks/postgresql/connection.js';
import { followCheck } from '../../../src/hooks/postgresql/follow-check.js';
import type { TestNamespace } from './namespace.js';
import { replicaObjects } from './replica.js';

interface Given {
  readonly adapter: ApplicationAdapter;
  readonly image: string;
  readonly size: string;
  /** Of the primary, `pg-0`. */
  readonly claims: readonly string[];
}

/** What the adapter says of a real standby: pod `replica`, which follows `pg-0` without a slot and keeps its data and WAL on one volume. */
export function withStandby({ adapter, image, size, claims }: Given, namespace: () => TestNamespace): void {
  describe('with a standby', () => {
    let context: AdapterContext;
    let pair: Detected;
    const behind = async () => (await adapter.preflight(pair, context)).caps.filter((cap) => cap.reason.includes('Standby replica'));

    beforeAll(async () => {
      await namespace().sql('pg-0', 'ALTER SYSTEM SET wal_sender_timeout = 20000');
      await namespace().sql('pg-0', 'SELECT pg_reload_conf()');
      await namespace().apply(replicaObjects('pg', image, size));
      await namespace().ready('replica');
      context = await namespace().context('set-standby', [...claims, 'data-replica']);
      const selector = { matchLabels: { 'app.kubernetes.io/instance': 'pg' } };
      const [found] = detectApplications(context.view, [{ name: 'pair', kind: 'PostgreSQL', mode: 'Auto', selector }], context.claims);
      if (found === undefined) throw new Error('no application was detected');
      pair = found;
    }, 120_000);
    afterAll(async () => {
      await namespace().kubectl('delete', 'pod', 'replica', '--ignore-not-found');
      await namespace().sql('pg-0', 'ALTER SYSTEM RESET wal_sender_timeout');
      await namespace().sql('pg-0', 'SELECT pg_reload_conf()');
    }, 60_000);

    test('it is a member with its own role, positions and limits', async () => {
      expect(pair).toMatchObject({ name: 'pair', pods: ['pg-0', 'replica'] });
      const found = await adapter.preflight(pair, context);
      expect(found).toMatchObject({ blockers: [], roles: { 'pg-0': 'primary', replica: 'standby' }, softLimitMillis: 20_000, hardLimitMillis: 20_000 });
      expect(found.facts).toMatchObject({ primary: 'pg-0', dataDirectory: '/data/pg', commandLine: 'max_logical_replication_workers in pod replica' });
      const before = await adapter.warmUp(pair, context);
      expect(Object.keys(before).sort()).toEqual(['commits', 'flushed', 'marker', 'markerFrom', 'replayed', 'standbys', 'started', 'timeline']);
      expect(adapter.contradictions(before, await adapter.evidence(pair, context))).toEqual([]);
      expect(await behind()).toEqual([]);
    });

    test('whether it follows is said by both servers, and a primary that does not know it is not the one that it follows', async () => {
      const { account, exec, signal } = context;
      const server = (pod: string): Server => new Server({ exec, account, namespace: namespace().name, pod, container: 'postgres', credentials: undefined, patienceSeconds: 0, signal });
      const address = context.view.pods.find((pod) => pod.metadata.name === 'replica')?.podIP;
      const check = (primary: Server | undefined) => followCheck(server('replica'), address, primary);
      expect(await check(server('pg-0'))).toEqual({ name: 'standby replica follows', outcome: 'Passed', message: 'It streams from the restored primary pg-0.' });
      // Any other server stands for a restored primary that the standby passes by.
      expect(await check(server('replica'))).toMatchObject({ outcome: 'Failed', message: expect.stringContaining('it may follow the original') as unknown as string });
      expect(await check(undefined)).toMatchObject({ outcome: 'Unknown' });
      await namespace().sql('replica', "ALTER SYSTEM SET primary_conninfo = ''");
      await namespace().sql('replica', 'SELECT pg_reload_conf()');
      expect(await check(server('pg-0'))).toMatchObject({ outcome: 'Skipped', message: expect.stringMatching(/^It follows nobody, and stays at [0-9A-F]+\/[0-9A-F]+: clone it anew/) as unknown as string });
    }, 60_000);

    test('far behind, so that the primary need not keep what it lacks, it caps the grade; a slot that keeps it lifts the cap', async () => {
      // It follows nobody any more. Each begins another file of 16 MiB, of which the image lets the server keep 128.
      for (let files = 0; files < 10; files += 1) await namespace().sql('pg-0', `SELECT pg_logical_emit_message(false, 'behind', '${files}'), pg_switch_wal()`);
      expect(await behind()).toMatchObject([{ grade: 'Quiesced', reason: expect.stringMatching(/lacks \d+ MiB .* more than max_wal_size \(128 MiB\)/) as unknown as string }]);
      await namespace().sql('pg-0', "SELECT pg_create_physical_replication_slot('kept', true)");
      await namespace().sql('replica', "ALTER SYSTEM SET primary_slot_name = 'kept'");
      await namespace().sql('replica', 'SELECT pg_reload_conf()');
      expect(await behind()).toEqual([]);
      await namespace().sql('pg-0', "SELECT pg_drop_replication_slot('kept')");
    }, 60_000);

    test('without its primary it is refused, and the primary without it', async () => {
      const alone = { ...pair, pods: ['replica'] };
      expect((await adapter.preflight(alone, context)).blockers).toMatchObject([{ code: 'ApplicationNotReady', message: expect.stringContaining('No pod of pair is a primary') as unknown as string }]);
      await expect(adapter.warmUp(alone, context)).rejects.toMatchObject({ code: 'ApplicationNotReady' });
      await namespace().kubectl('delete', 'pod', 'replica');
      expect((await adapter.preflight(pair, context)).blockers).toMatchObject([{ code: 'ApplicationNotReady', message: expect.stringContaining('replica') as unknown as string }]);
    }, 60_000);
  });
}
