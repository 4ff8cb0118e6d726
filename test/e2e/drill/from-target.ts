import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import type { DrillStatus } from '../../../src/api/volumepolicy.js';
import { untilTarget, writeMegabytes } from '../copies/scene.js';
import { leaderMetrics } from '../install/operator.js';
import { bucketTarget, serverSecrets } from '../lib/bucket.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { startServer } from '../lib/s3-server.js';
import { makeTenant, volumePolicy } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { beginDrill, conditionOf, readPolicy, untilNothingLeft, untilOver, untilPolicy, type Scene } from './scene.js';

const verify = { cron: '*/1 * * * *', timeout: '10m', from: 'Target', suspend: true };

/** The newest copy in a bucket, restored from there: read in the namespace of the policy, so that its drill gets no Secret of the target. */
export function fromTarget(scene: () => Scene): void {
  describe('a copy in a bucket', () => {
    const store = (): string => `${scene().namespace}-s3`;
    const patch = (kind: string, name: string, spec: object): Promise<string> => kubectl(['-n', scene().namespace, 'patch', kind, name, '--type=merge', '-p', JSON.stringify({ spec })]);
    const here = async (namespace: string, resources: string, selector: string): Promise<string> => kubectl(['-n', namespace, 'get', resources, '-l', selector, '-o', 'name']);
    const copyOf = async (name: string): Promise<AppSnapshot> => (await get<AppSnapshot>('appsnapshot', name, scene().namespace))!;
    let drill: DrillStatus;

    beforeAll(async () => {
      const { namespace, policy, database } = scene();
      await makeTenant(store(), { served: false });
      const server = await startServer(store());
      await apply([...serverSecrets(server, { login: 's3-login', ca: 's3-ca' }), bucketTarget(server, 's3', { encryptionKeySecretRef: undefined })], namespace);
      await untilTarget(namespace, 's3', 'TargetReady');
      await writeMegabytes(database, 10);
      await apply([volumePolicy(namespace, policy, { retention: { last: 2 }, copies: [{ targetRef: { name: 's3' }, retention: { last: 3 } }], verify })]);
      await untilPolicy(scene(), 'has a copy in the bucket', (o) => o.status?.targets?.[0]?.lastCopy !== undefined, 300);
      // The newest there stays the newest.
      await patch('vpol', policy, { protection: { schedule: { suspend: true } } });
      await until('no copy is on its way', async () => {
        const { items } = JSON.parse(await kubectl(['-n', namespace, 'get', 'asnap', '-o', 'json'])) as { items: AppSnapshot[] };
        return items.every(({ spec, status }) => status?.phase === 'Failed' || (['Ready', 'Expired'].includes(status?.phase ?? '') && (spec.copies ?? []).every((wanted) => hasEnded(status?.copies?.find((c) => c.target === wanted.targetRef.name)?.phase))));
      }, 240, 1000);
    }, 900_000);
    afterAll(() => dropNamespace(store()), 60_000);

    test('is read where it was written from, and nothing of the target gets into the drill', async () => {
      const { namespace } = scene();
      drill = await beginDrill(scene());
      const copy = await copyOf(drill.copy);
      expect(drill).toMatchObject({ target: 's3', recoveryPoint: copy.status?.copies?.[0]?.id });
      expect((await readPolicy(scene())).status?.targets?.[0]?.lastCopy?.name).toBe(drill.copy);
      const restore = await watchUntil<AppRestore>('apprestores', drill.namespace, namespace, 'fills its volumes', (o) => o.status?.staged?.some(({ phase }) => phase === 'Restoring') === true, 240);
      expect(restore.spec.from).toEqual({ targetRef: { name: 's3' }, recoveryPoint: drill.recoveryPoint, staged: true });
      const mine = `stillpoint.dev/apprestore=${restore.metadata.uid}`;
      await until('its movers are there', async () => (await here(namespace, 'jobs', mine)) !== '', 20, 200);
      expect(await kubectl(['-n', drill.namespace, 'get', 'jobs,backuptargets', '-o', 'name'])).toBe('');
      expect(await here(drill.namespace, 'secrets', 'stillpoint.dev/internal')).toBe('');
    }, 420_000);

    test('is verified: on the policy, on the copy, as a metric; and leaves nothing, here or there', async () => {
      const { namespace, policy } = scene();
      const result = await untilOver(scene(), drill, 480);
      expect(result).toMatchObject({ verified: true, reason: 'DrillPassed', from: 'Target', target: 's3', copy: drill.copy, checksFailed: 0 });
      const told = await untilPolicy(scene(), 'says where it was read', (o) => conditionOf(o, 'Verified')?.message.includes('from BackupTarget s3') === true, 30);
      expect(conditionOf(told, 'Verified')).toMatchObject({ status: 'True', reason: 'DrillPassed' });
      expect(told.status?.lastVerified?.name).toBe(drill.copy);
      expect((await copyOf(drill.copy)).status?.verified).toMatchObject({ target: 's3', by: `${namespace}/${drill.namespace}`, checks: result.checksPassed });
      await until('the metric says it', async () => (await leaderMetrics()).includes(`stillpoint_policy_drill_from_target{namespace="${namespace}",policy="${policy}"} 1`), 30, 1000);
      await untilNothingLeft(namespace);
      recordFigures('drill', { fromTarget: { rtoSeconds: result.rtoSeconds, checksPassed: result.checksPassed, secondsToResult: (Date.parse(result.at) - Date.parse(drill.begun)) / 1000 } });
    }, 600_000);

    test('is drilled also when its snapshots are gone', async () => {
      const { namespace } = scene();
      await patch('asnap', drill.copy, { expiresAfter: '1m' });
      await watchUntil<AppSnapshot>('appsnapshots', drill.copy, namespace, 'has expired', (o) => o.status?.phase === 'Expired', 180);
      const again = await beginDrill(scene());
      expect(again.copy).toBe(drill.copy);
      expect(await untilOver(scene(), again, 480)).toMatchObject({ verified: true, from: 'Target', copy: drill.copy });
      await untilNothingLeft(namespace);
    }, 900_000);

    test('in a target that cannot be read is not drilled, and nothing is said against it', async () => {
      const { policy } = scene();
      await patch('btgt', 's3', { suspend: true });
      const before = (await readPolicy(scene())).status?.lastDrill;
      await patch('vpol', policy, { protection: { verify: { suspend: false } } });
      const told = await untilPolicy(scene(), 'says what is in the way', (o) => conditionOf(o, 'Verified')?.reason === 'BackupTargetNotReady', 120);
      expect(conditionOf(told, 'Verified')).toMatchObject({ status: 'Unknown', message: expect.stringContaining('BackupTarget s3') as unknown });
      expect([told.status?.drill, told.status?.lastDrill]).toEqual([undefined, before]);
      await patch('vpol', policy, { protection: { verify: { suspend: true } } });
      await patch('btgt', 's3', { suspend: false });
      await untilNothingLeft(scene().namespace, 5);
    }, 240_000);
  });
}

function hasEnded(phase: string | undefined): boolean {
  return phase !== undefined && ['Complete', 'Forgotten', 'Failed'].includes(phase);
}
