import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, VolumePolicy } from '../../../src/api/kinds.js';
import { copyName } from '../../../src/controllers/volumepolicy/copies.js';
import { pauseOperator } from '../kill/cluster.js';
import { describe as describeObject, readyOf, restoreCopy } from '../lib/copies.js';
import { startDatabase } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant, volumePolicy } from '../lib/tenant.js';
import { until, untilInstant } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { expectColumns, expectOnTime, minute, tickBefore, untilRetained, untilScheduled } from './expected.js';
import { copiesThere, CopyHistory } from './history.js';

const name = 'minutely';
const retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minVerified: 1 };

/** A PostgreSQL with a copy every minute, over a restart of the operator and a pause, for some minutes; `meanwhile` is tried until the first has come. */
export function everyMinute(namespace: string, meanwhile: () => void): void {
  describe('a copy every minute', () => {
    const target = `${namespace}-verified`;
    let policy: VolumePolicy;
    let history: CopyHistory;
    const read = async (): Promise<VolumePolicy> => (await get<VolumePolicy>('volumepolicy', name, namespace))!;
    const untilPolicy = (what: string, holds: (object: VolumePolicy) => boolean, seconds: number): Promise<VolumePolicy> => watchUntil<VolumePolicy>('volumepolicies', name, namespace, what, holds, seconds);

    beforeAll(async () => {
      await Promise.all([makeTenant(namespace), makeTenant(target)]);
      await startDatabase(namespace, '15');
      await apply([volumePolicy(namespace, name, { retention: { last: 1 }, rpo: '3m', consistency: { required: 'Frozen' } })]);
      policy = await untilScheduled(namespace, name);
      history = new CopyHistory(namespace, policy.metadata.uid);
    }, 180_000);
    afterAll(async () => {
      history?.stop();
      await dropNamespace(target);
    }, 60_000);

    meanwhile();

    test('the first comes on the minute, under the name of its tick, as the account, without an owner', async () => {
      const first = await history.untilReady(0, 100);
      expectOnTime(first);
      expect(first.name).toBe(copyName(policy.metadata, first.due));
      expect(first.object.metadata).toMatchObject({ annotations: { 'stillpoint.dev/policy-name': name } });
      expect(first.object.metadata['ownerReferences']).toBeUndefined();
      expect(first.object.status?.grade).toBe('Frozen');
    }, 120_000);

    test('what a restore has verified is in the columns', async () => {
      const [source] = history.ready.slice(-1);
      const restore: AppRestore = await restoreCopy(namespace, 'drill', source?.name ?? '', { into: { namespace: target, serviceAccountName: 'stillpoint' } });
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, 'drill'));
      const told = await untilPolicy('knows the verified copy', (o) => o.status?.lastVerified?.name === source?.name, 30);
      expect(told.status?.lastCopy?.grade).toBe('Frozen');
      expect(history.ready.slice(-2).map((copy) => copy.name)).toContain(told.status?.lastCopy?.name);
      await expectColumns(namespace, name, { cron: '*/1 * * * *', period: minute });
    }, 180_000);

    test('a restart of the operator makes no copy twice, and makes up for one of those that it missed', async () => {
      // Not in the middle of a window: a copy that is lost and repeated belongs to the suite kill.
      const before = await history.untilReady(tickBefore(Date.now()) - minute, 90);
      const putBack = await pauseOperator();
      const back = before.due + 2 * minute + 5000;
      await untilInstant(back);
      await putBack();
      const missed = [before.due + minute, before.due + 2 * minute];
      const madeUp = await history.untilReady(before.due, 60);
      // The new leader may need longer than the rest of the minute.
      expect(madeUp.due).toBe(tickBefore(madeUp.created));
      expect(madeUp.due).toBeGreaterThanOrEqual(missed[1] ?? 0);
      expect(history.all.filter((copy) => copy.due > before.due && copy.due < madeUp.due)).toEqual([]);
      recordFigures('policy', { restart: { awaySeconds: Math.round((madeUp.created - before.due) / 1000), missed: (madeUp.due - before.due) / minute - 1 } });
    }, 360_000);

    test('suspend stops, nothing is made up for afterwards, and what waits is said', async () => {
      const suspend = async (value: boolean): Promise<number> => {
        await kubectl(['-n', namespace, 'patch', 'vpol', name, '--type=merge', '-p', JSON.stringify({ spec: { protection: { schedule: { suspend: value } } } })]);
        return Date.now();
      };
      // Not while a tick comes: it may be seen before or after.
      if (Date.now() % minute > 45_000) await untilInstant(tickBefore(Date.now()) + minute + 15_000);
      const stopped = await suspend(true);
      const said = await untilPolicy('is suspended', (o) => readyOf(o.status)?.reason === 'Suspended', 15);
      expect(said.status?.nextCopy).toBeUndefined();
      await untilInstant(tickBefore(stopped) + minute + 10_000);
      expect(history.all.filter((copy) => copy.created > stopped)).toEqual([]);
      const resumed = await suspend(false);
      const next = await history.untilReady(tickBefore(stopped), 100);
      expect(next.due).toBe(tickBefore(resumed) + minute);
      expectOnTime(next);
    }, 240_000);

    test('what is there is what the model keeps; the verified copy stays', async () => {
      const verified = (await read()).status?.lastVerified?.name ?? '';
      expect(await untilRetained(namespace, policy.metadata.uid, history, retention)).toContain(verified);
      await until('an event Pruned', async () => (await kubectl(['-n', namespace, 'get', 'events', '--field-selector', `involvedObject.name=${name}`, '-o', 'jsonpath={.items[*].reason}'])).includes('Pruned'), 20, 500);
    }, 90_000);

    test('no tick had two copies, and copies outlive their policy', async () => {
      expect(new Set(history.all.map((copy) => copy.due)).size).toBe(history.all.length);
      expect(history.all.filter((copy) => copy.object.status?.phase === 'Failed')).toEqual([]);
      await kubectl(['-n', namespace, 'delete', 'vpol', name, '--wait=true', '--timeout=30s']);
      const left = await copiesThere(namespace, policy.metadata.uid);
      expect(left.length).toBeGreaterThanOrEqual(retention.last);
      await pause(5000);
      expect((await copiesThere(namespace, policy.metadata.uid)).map((copy) => copy.metadata.uid).sort()).toEqual(left.map((copy) => copy.metadata.uid).sort());
      recordFigures('policy', { copies: history.all.map((copy) => ({ due: new Date(copy.due).toISOString(), lateSeconds: (copy.created - copy.due) / 1000, heldMillis: copy.object.status?.window?.heldMillis, grade: copy.object.status?.grade })) });
    }, 60_000);
  });
}
