import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import { leaderMetrics } from '../install/operator.js';
import { prefix } from '../lib/bucket.js';
import { deleteAndWait } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { resticOutside } from '../lib/s3-server.js';
import { volumePolicy } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { wideRows } from '../policy/columns.js';
import { untilScheduled } from '../policy/expected.js';
import { copiesThere, CopyHistory, type SeenCopy } from '../policy/history.js';
import { keyOf, untilNoMovers, type Scene } from './scene.js';

const name = 'off-site';
/** What stays as snapshots, and in the target. */
const kept = { snapshots: 1, target: 2 };

/** A policy every minute whose copies go to S3, are pruned there by a retention of their own, and wait for a target that is away. */
export function byPolicy(scene: () => Scene): void {
  describe('by a policy', () => {
    let policy: VolumePolicy;
    let history: CopyHistory;
    const copyIn = (copy: SeenCopy) => copy.object.status?.copies?.find(({ target }) => target === 's3');
    const complete = (): SeenCopy[] => history.all.filter((copy) => copyIn(copy)?.phase === 'Complete');
    const untilPolicy = (what: string, holds: (object: VolumePolicy) => boolean, seconds: number): Promise<VolumePolicy> => watchUntil<VolumePolicy>('volumepolicies', name, scene().namespace, what, holds, seconds);
    const copiedOf = (object: VolumePolicy) => object.status?.conditions?.find((c) => c.type === 'Copied');
    const patch = (kind: string, object: string, spec: object): Promise<string> => kubectl(['-n', scene().namespace, 'patch', kind, object, '--type=merge', '-p', JSON.stringify({ spec })]);
    const suspendPolicy = (value: boolean): Promise<string> => patch('vpol', name, { protection: { schedule: { suspend: value } } });

    /** Set ids of recovery points of this policy in the bucket, asked from outside. */
    const inBucket = async (): Promise<string[]> => {
      const { server, namespace } = scene();
      const points = JSON.parse(await resticOutside(server, `${prefix}/${namespace}`, await keyOf(namespace), ['snapshots', '--json', '--no-lock', '--tag=kind=recoverypoint'])) as { tags: string[] }[];
      const own = new Set(history.all.map((copy) => copyIn(copy)?.id).filter((id) => id !== undefined));
      return points.flatMap(({ tags }) => tags.flatMap((tag) => /^set=(.*)$/.exec(tag)?.[1] ?? [])).filter((id) => own.has(id)).sort();
    };

    beforeAll(async () => {
      const { namespace } = scene();
      await apply([volumePolicy(namespace, name, { retention: { last: kept.snapshots }, rpo: '5m', copies: [{ targetRef: { name: 's3' }, retention: { last: kept.target } }] })]);
      policy = await untilScheduled(namespace, name);
      history = new CopyHistory(namespace, policy.metadata.uid);
    }, 60_000);
    afterAll(() => history?.stop());

    test('every copy goes to the target, and the policy says what is there', async () => {
      const first = await history.untilReady(0, 120);
      expect(first.object.spec.copies).toEqual([{ targetRef: { name: 's3' }, deletionPolicy: 'Retain' }]);
      await until('a copy is complete', () => complete()[0], 180, 500);
      const told = await untilPolicy('knows it', (o) => copiedOf(o)?.status === 'True', 30);
      expect(told.status?.targets?.[0]).toMatchObject({ target: 's3' });
      expect(told.status?.lastOffsite).toMatchObject({ target: 's3', name: told.status?.targets?.[0]?.lastCopy?.name });
      expect(told.status?.rpoSeconds).toBe(300);
      const [columns] = await wideRows('vpol', scene().namespace, name);
      expect(columns).toMatchObject({ RPO: 'True', OBJECTIVE: '5m', COPIED: 'True', READY: 'True' });
      expect(columns?.['OFFSITE']).toMatch(/^(\d+m)?(\d+s)?$/);
    }, 360_000);

    test('snapshots go and copies stay in the target, then those go as well, and their objects last', async () => {
      await until('five copies were complete', () => history.all.filter((copy) => ['Complete', 'Forgotten'].includes(copyIn(copy)?.phase ?? '')).length >= 5, 600, 500);
      await suspendPolicy(true);
      const newest = (): SeenCopy[] => complete().filter((copy) => copy.object.spec.forgetCopies === undefined).slice(-kept.target);
      const there = async (): Promise<AppSnapshot[]> => copiesThere(scene().namespace, policy.metadata.uid);
      await until('only what is wanted is left', async () => {
        const objects = await there();
        return objects.length === kept.target && objects.every((o) => o.status?.copies?.[0]?.phase === 'Complete') && objects.filter((o) => o.status?.phase === 'Ready').length === kept.snapshots && objects.filter((o) => o.status?.phase === 'Expired' && o.status.setId === undefined).length === kept.target - kept.snapshots;
      }, 300, 1000).catch(async (error: unknown) => Promise.reject(new Error(`${String(error)}: ${JSON.stringify((await there()).map((o) => [o.metadata.name, o.status?.phase, o.spec.forgetCopies, o.status?.copies?.[0]?.phase, o.status?.copies?.[0]?.message]))}`, { cause: error })));
      expect(await inBucket()).toEqual(newest().map((copy) => copyIn(copy)?.id).sort());
      // Every object that is gone was forgotten before: nothing is in the bucket that nobody knows of.
      const names = new Set((await there()).map((o) => o.metadata.name));
      expect(history.all.filter((copy) => !names.has(copy.name) && copyIn(copy)?.id !== undefined).map((copy) => copyIn(copy)?.phase)).not.toContain('Complete');
      const cuts = await kubectl(['-n', scene().namespace, 'get', 'volumesnapshots', '-l', `stillpoint.dev/appsnapshot in (${history.all.map((copy) => copy.uid).join(',')})`, '-o', 'name']);
      const members = (await there()).filter((o) => o.status?.phase === 'Ready').flatMap((o) => o.status?.members ?? []);
      expect(cuts.split('\n').filter((line) => line !== '')).toHaveLength(members.length);
      await untilNoMovers(scene().namespace);
      recordFigures('copies', { policy: history.all.map((copy) => ({ due: new Date(copy.due).toISOString(), phase: copy.object.status?.phase, copy: copyIn(copy)?.phase, added: copyIn(copy)?.bytesAdded })) });
    }, 1_000_000);

    test('a target that is away is told by condition and metric, holds two snapshots back at most, and copies go on when it is there', async () => {
      const { namespace } = scene();
      await patch('btgt', 's3', { suspend: true });
      await suspendPolicy(false);
      const failing = await untilPolicy('is in trouble', (o) => copiedOf(o)?.reason === 'BackupTargetNotReady', 180);
      expect(failing.status?.targets?.[0]?.lastCopy).toBeDefined();
      const series = `stillpoint_policy_target_failing{namespace="${namespace}",policy="${name}",target="s3"}`;
      await until('the metric says it', async () => (await leaderMetrics()).includes(`${series} 1`), 30, 1000);
      const since = history.all.length;
      await until('three more copies were made', () => history.ready.length > 0 && history.all.length >= since + 3, 300, 1000);
      await until('snapshots of two at most wait', async () => (await copiesThere(namespace, policy.metadata.uid)).filter((o) => o.status?.phase === 'Ready').length <= kept.snapshots + 2, 120, 1000);
      await suspendPolicy(true);
      await patch('btgt', 's3', { suspend: false });
      await untilPolicy('is well again', (o) => copiedOf(o)?.status === 'True', 400);
      await until('the metric says it', async () => (await leaderMetrics()).includes(`${series} 0`), 30, 1000);
    }, 1_200_000);

    test('what is deleted by hand stays in the target, and the series of a policy go with it', async () => {
      const { namespace } = scene();
      const before = await until('the target has what it keeps', async () => {
        const ids = await inBucket();
        return ids.length === kept.target ? ids : undefined;
      }, 300, 3000);
      await kubectl(['-n', namespace, 'delete', 'vpol', name, '--wait=true', '--timeout=30s']);
      for (const { metadata } of await copiesThere(namespace, policy.metadata.uid)) await deleteAndWait('asnap', namespace, metadata.name, 120);
      expect(await inBucket()).toEqual(before);
      await until('no series of it', async () => !(await leaderMetrics()).includes(`policy="${name}"`), 30, 1000);
      await untilNoMovers(namespace);
    }, 600_000);
  });
}
