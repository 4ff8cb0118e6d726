import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { VolumePolicy } from '../../../src/api/kinds.js';
import { describe as describeObject, restoreCopy } from '../lib/copies.js';
import { startDatabase } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { apply } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant, volumePolicy } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';
import { expectColumns, expectOnTime, minute, tickBefore, untilRetained, untilScheduled } from './expected.js';
import { CopyHistory } from './history.js';

const name = 'often';
const cron = '*/2 * * * *';
const period = 2 * minute;
const ticks = 15;
/** After these of them the newest copy is restored and checked. */
const drills = [2, 9];
const retention = { last: 3, hourly: 2, daily: 0, weekly: 0, monthly: 0, yearly: 0, minVerified: 1 };

/** A PostgreSQL with a copy every other minute, for half an hour in which nothing happens but that: none is missed, and all that is told is true after each. */
export function halfHour(namespace: string): void {
  describe('a copy every other minute for half an hour', () => {
    let policy: VolumePolicy;
    let history: CopyHistory;
    let first: number;
    const kept: number[] = [];

    beforeAll(async () => {
      await makeTenant(namespace);
      await startDatabase(namespace, '15');
      await apply([volumePolicy(namespace, name, { schedule: { cron }, retention: { last: retention.last, hourly: retention.hourly }, rpo: '6m', consistency: { required: 'Frozen' } })]);
      policy = await untilScheduled(namespace, name);
      history = new CopyHistory(namespace, policy.metadata.uid);
      first = tickBefore(Date.parse(policy.metadata.creationTimestamp), period) + period;
    }, 180_000);
    afterAll(async () => {
      history?.stop();
      await dropNamespace(namespace);
    }, 60_000);

    for (let n = 0; n < ticks; n += 1) {
      test(`tick ${n + 1} of ${ticks}: its copy comes on time, and what is kept and told is as it should be`, async () => {
        const due = first + n * period;
        const copy = await history.untilReady(due - 1, (due - Date.now()) / 1000 + 100);
        expect(copy.due).toBe(due);
        expectOnTime(copy);
        expect(copy.object.status?.grade).toBe('Frozen');
        const told = await watchUntil<VolumePolicy>('volumepolicies', name, namespace, 'knows the copy', (o) => Date.parse(o.status?.lastTick?.at ?? '') > due || o.status?.lastCopy?.name === copy.name, 30);
        expect(told.status?.conditions?.find((c) => c.type === 'RPOMet')?.status).toBe('True');
        kept.push((await untilRetained(namespace, policy.metadata.uid, history, retention)).length);
        if (drills.includes(n)) await drill(`${namespace}-drill-${n}`);
        if (n >= (drills[0] ?? 0)) await expectColumns(namespace, name, { cron, period });
      }, 480_000);
    }

    /** Restores the newest copy into a namespace of its own; the policy must come to know that it was verified. */
    async function drill(target: string): Promise<void> {
      const [source] = history.ready.slice(-1);
      await makeTenant(target);
      const restore = await restoreCopy(namespace, target, source?.name ?? '', { into: { namespace: target, serviceAccountName: 'stillpoint' } });
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, target));
      await watchUntil<VolumePolicy>('volumepolicies', name, namespace, 'knows the verified copy', (o) => o.status?.lastVerified?.name === source?.name, 30);
      await dropNamespace(target);
    }

    test('no tick was missed, none had two copies, and none failed', () => {
      const until = first + ticks * period;
      expect(history.all.map((copy) => copy.due).filter((due) => due < until)).toEqual(Array.from({ length: ticks }, (_, n) => first + n * period));
      expect(history.all.filter((copy) => copy.object.status?.phase === 'Failed' || (copy.object.status?.attempts ?? 0) > 1).map(({ object }) => object.status)).toEqual([]);
      const copies = history.all.map(({ due, created, object: { status } }) => ({ due: new Date(due).toISOString(), lateSeconds: (created - due) / 1000, heldMillis: status?.window?.heldMillis, verified: status?.verified !== undefined }));
      recordFigures('policy', { halfHour: { copies, kept } });
    });
  });
}
