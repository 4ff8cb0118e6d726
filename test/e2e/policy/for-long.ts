import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { VolumePolicy } from '../../../src/api/kinds.js';
import type { Retention } from '../../../src/schedule/retention.js';
import { untilTarget, writeMegabytes } from '../copies/scene.js';
import { switchDrills, untilNothingLeft } from '../drill/scene.js';
import { makeBucketScene, type BucketScene } from '../lib/bucket-scene.js';
import { bucketTarget } from '../lib/bucket.js';
import { recordFigures } from '../lib/figures.js';
import { commitRows, makeRows, rowClient, startKafka } from '../lib/kafka.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { dropNamespace, untilDropped } from '../lib/namespaces.js';
import { volumePolicy } from '../lib/tenant.js';
import { until, untilInstant } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { minute, tickBefore, untilScheduled } from './expected.js';
import { CopyHistory, DrillHistory } from './history.js';
import { expectTrue, idsInBucket, untilAsModelled, type Watched } from './watched.js';

const name = 'long';
const cron = '*/2 * * * *';
const period = 2 * minute;
/** Drills and movers share the machine with the copies: the operator may be so late. */
const promptMillis = 20_000;

/** For how long a policy is watched, and over what. */
export interface Span {
  /** Beside PostgreSQL. */
  readonly kafka: boolean;
  readonly ticks: number;
  /** When drills are begun, by when the first copy is due, ms since the epoch; and how many there must be. */
  readonly drills: { readonly cron: (first: number) => string; readonly count: number };
  readonly snapshots: Retention;
  readonly target: Retention;
}

const none: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minVerified: 1 };

/** Half an hour over two databases, with a drill every ten minutes. */
export const halfHour: Span = {
  kafka: true,
  ticks: 15,
  drills: { cron: () => '*/10 * * * *', count: 3 },
  snapshots: { ...none, last: 2, hourly: 2, daily: 1, weekly: 1 },
  target: { ...none, last: 4, hourly: 2, daily: 2, monthly: 1 },
};

/** Some minutes over one, with a drill three minutes after the first copy. */
export const someMinutes: Span = {
  kafka: false,
  ticks: 3,
  drills: { cron: (first) => `${new Date(first + 3 * minute).getUTCMinutes()} * * * *`, count: 1 },
  snapshots: { ...none, last: 1 },
  target: { ...none, last: 2, hourly: 1 },
};

/**
 * A policy with a copy every other minute, to S3 as well, and drills: every copy comes, what is kept anywhere is what a model keeps that shares no code with the policy, drills verify,
 * and whatever kubectl shows of it is so.
 */
export function forLong(namespace: string, { kafka, ticks, drills, snapshots, target }: Span): void {
  describe(`a copy every other minute, ${ticks} times, to a bucket too, with drills`, () => {
    const kept: { readonly due: string; readonly snapshots: number; readonly target: number }[] = [];
    let scene: BucketScene;
    let begin = 0;
    let watched: Watched;
    const patch = (protection: object): Promise<string> => kubectl(['-n', namespace, 'patch', 'vpol', name, '--type=merge', '-p', JSON.stringify({ spec: { protection } })]);

    beforeAll(async () => {
      await switchDrills(true);
      scene = await makeBucketScene(namespace);
      if (kafka) await kafkaWithRecords(namespace);
      await apply([bucketTarget(scene.server, 's3', { encryptionKeySecretRef: undefined })], namespace);
      await untilTarget(namespace, 's3', 'TargetReady');
      const next = tickBefore(Date.now(), period) + period;
      // Not while a tick comes: it may be seen before or after.
      if (next - Date.now() < 10_000) await untilInstant(next + 2000);
      begin = tickBefore(Date.now(), period) + period;
      const verify = { cron: drills.cron(begin), timeout: '9m' };
      await apply([volumePolicy(namespace, name, { schedule: { cron }, retention: snapshots, copies: [{ targetRef: { name: 's3' }, retention: target }], verify, rpo: '8m', consistency: { required: 'Frozen' } })]);
      const policy = await untilScheduled(namespace, name);
      watched = { namespace, policy: name, uid: policy.metadata.uid, target: 's3', copies: new CopyHistory(namespace, policy.metadata.uid), drills: new DrillHistory(namespace, name) };
    }, 1_200_000);
    afterAll(async () => {
      watched?.copies.stop();
      watched?.drills.stop();
      try {
        for (const one of [namespace, `${namespace}-s3`]) await dropNamespace(one);
        // While they are on: what a failed test has left is swept.
        await untilDropped();
        await untilNothingLeft(namespace, 180);
      } finally {
        await switchDrills(false);
      }
    }, 600_000);

    for (let n = 0; n < ticks; n += 1) {
      test(`tick ${n + 1} of ${ticks}: its copy comes, and what is kept and told is as it should be`, async () => {
        const due = begin + n * period;
        await writeMegabytes(scene.database, 1);
        const copy = await watched.copies.untilReady(due - 1, (due - Date.now()) / 1000 + 110);
        expect(copy.due).toBe(due);
        expect(copy.created - due).toBeLessThanOrEqual(promptMillis);
        expect(copy.object.status?.grade).toBe('Frozen');
        await until(`the copy of ${new Date(due).toISOString()} is in the bucket`, () => copy.wasIn.has('s3'), 200, 200);
        const state = await untilAsModelled(watched, { snapshots, target });
        kept.push({ due: new Date(due).toISOString(), snapshots: state.snapshots.length, target: state.target.length });
        await expectTrue(watched, { cron, period });
      }, 600_000);
    }

    test('every drill has verified its copy, and leaves nothing', async () => {
      await patch({ schedule: { suspend: true } });
      const last = begin + (ticks - 1) * period;
      await until(`${drills.count} drills`, () => watched.drills.results.size >= drills.count && (watched.drills.drilled === undefined || Date.now() > last + 10 * minute), 900, 1000);
      await patch({ verify: { suspend: true } });
      await watchUntil<VolumePolicy>('volumepolicies', name, namespace, 'has no drill under way', (o) => o.status?.drill === undefined, 600);
      const results = [...watched.drills.results.values()];
      for (const result of results) expect(result).toMatchObject({ verified: true, reason: 'DrillPassed', checksFailed: 0, from: 'Snapshot' });
      expect(new Set(results.map(({ copy }) => copy)).size).toBe(results.length);
      await untilNothingLeft(namespace);
    }, 1_600_000);

    test('in the end there is what the model keeps, asked of the bucket from outside as well', async () => {
      const state = await untilAsModelled(watched, { snapshots, target });
      const ids = watched.copies.all.filter((copy) => state.target.includes(copy.name)).map(({ object }) => object.status?.copies?.find((c) => c.target === 's3')?.id);
      expect(await idsInBucket(scene)).toEqual(ids.sort());
      await expectTrue(watched, { cron, period, suspended: true });
    }, 300_000);

    test('no tick was missed, none had two copies, and none failed', () => {
      const end = begin + ticks * period;
      const { all } = watched.copies;
      expect(all.map((copy) => copy.due).filter((due) => due < end)).toEqual(Array.from({ length: ticks }, (_, n) => begin + n * period));
      expect(all.filter((copy) => !copy.wasReady || !copy.wasIn.has('s3')).map(({ name: own, object }) => [own, object.status?.phase, object.status?.copies?.[0]?.phase])).toEqual([]);
      const copies = all.map(({ due, created, object: { status } }) => ({ due: new Date(due).toISOString(), lateSeconds: (created - due) / 1000, heldMillis: status?.window?.heldMillis, attempts: status?.attempts, verified: status?.verified !== undefined }));
      const results = [...watched.drills.results.values()].map(({ due, at, copy, checksPassed, rtoSeconds }) => ({ due, copy, checksPassed, rtoSeconds, secondsToResult: (Date.parse(at) - Date.parse(due)) / 1000 }));
      recordFigures('policy', { [kafka ? 'halfHour' : 'someMinutes']: { copies, kept, drills: results } });
    });
  });
}

/** Three brokers, with something to be checked in a copy of them. */
async function kafkaWithRecords(namespace: string): Promise<void> {
  await startKafka(namespace, 'plain');
  await makeRows(namespace);
  const client = await rowClient(namespace);
  try {
    for (let n = 1; n <= 30; n += 1) await client.insert(1 + (n % 3), Math.ceil(n / 3));
  } finally {
    client.close();
  }
  await commitRows(namespace, 'readers');
}
