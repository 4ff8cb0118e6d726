import { beforeAll, describe, expect, test } from '@jest/globals';
import { recoveryPoint } from '../../../src/api/recoverypoint.js';
import { bucketTarget, prefix } from '../lib/bucket.js';
import { eventsOf } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { kubectl } from '../lib/kubectl.js';
import { resticOutside } from '../lib/s3-server.js';
import { applyIn, keyOf, moverObjects, snapshotTo, untilComplete, untilCopy, untilNoMovers, untilTarget, writeMegabytes, type Scene } from './scene.js';

interface ListedSnapshot {
  readonly id: string;
  readonly tags: readonly string[];
}

/** A PostgreSQL copied to S3, and again; unless `small`, through a killed mover and a killed operator. */
export function toBucket(scene: () => Scene, small: boolean): void {
  describe('to S3', () => {
    const folder = (): string => `${prefix}/${scene().namespace}`;
    const outside = async (...args: string[]): Promise<string> => resticOutside(scene().server, folder(), await keyOf(scene().namespace), args);
    const listed = async (tag: string): Promise<ListedSnapshot[]> => JSON.parse(await outside('snapshots', '--json', `--tag=${tag}`)) as ListedSnapshot[];

    beforeAll(async () => {
      const { namespace, server } = scene();
      // A key that is not named is made; the others of the suite name this one.
      await applyIn(namespace, [bucketTarget(server, 's3', { encryptionKeySecretRef: undefined })]);
      await untilTarget(namespace, 's3', 'TargetReady');
    }, 240_000);

    test('the key is made, and said', async () => {
      const { namespace } = scene();
      expect((await keyOf(namespace)).length).toBeGreaterThanOrEqual(40);
      expect((await eventsOf(namespace, 's3')).map((event) => event.reason)).toContain('KeyMade');
    }, 30_000);

    test('a copy is complete with every volume and the recovery point, and leaves nothing behind', async () => {
      const { namespace } = scene();
      await writeMegabytes(scene().database, 20);
      const snapshot = await snapshotTo(namespace, 'first', ['s3'], 'Retain');
      const copy = await untilComplete(namespace, 'first', 's3');
      expect(copy.volumes?.map((volume) => volume.claim).sort()).toEqual(['data-pg-0', 'wal-pg-0']);
      expect(copy).toMatchObject({ id: snapshot.status?.setId, percent: 100 });
      await untilNoMovers(namespace);
      const [point, ...others] = await listed(`kind=recoverypoint,set=${copy.id ?? ''}`);
      expect(others).toEqual([]);
      expect(point?.id).toBe(copy.recoveryPoint);
      const document = recoveryPoint.parse(JSON.parse(await outside('dump', point?.id ?? '', '/recoverypoint/recoverypoint.json')));
      expect(document.volumes.map((volume) => volume.snapshotId).sort()).toEqual(copy.volumes?.map((volume) => volume.snapshotId).sort());
      expect(document.grade).toBe(snapshot.status?.grade);
      const data = document.volumes.find((volume) => volume.claim === 'data-pg-0');
      expect(await outside('dump', data?.snapshotId ?? '', `${data?.path ?? ''}/pg/PG_VERSION`)).toBe('15\n');
      expect(await outside('check', '--no-lock')).toContain('no errors were found');
    }, 300_000);

    test('the second copy sends what is new', async () => {
      const { namespace, database } = scene();
      const before = await untilComplete(namespace, 'first', 's3', 10);
      await writeMegabytes(database, 1);
      await snapshotTo(namespace, 'second', ['s3']);
      const copy = await untilComplete(namespace, 'second', 's3');
      const added = (c: typeof copy): number => c.volumes?.find((volume) => volume.claim === 'data-pg-0')?.bytesAdded ?? 0;
      expect(added(before)).toBeGreaterThan(8 * 1024 * 1024);
      expect(added(copy)).toBeGreaterThan(0);
      expect(added(copy)).toBeLessThan(added(before) / 2);
      recordFigures('copies', { incremental: { first: before.volumes, second: copy.volumes } });
    }, 240_000);

    if (small) return;

    test('a mover that is killed is followed by another, which goes on', async () => {
      const { namespace, server, database } = scene();
      await applyIn(namespace, [bucketTarget(server, 's3-slow', { bandwidth: { upload: '1Mi' } })]);
      await untilTarget(namespace, 's3-slow', 'TargetReady');
      await writeMegabytes(database, 30);
      await snapshotTo(namespace, 'killed', ['s3-slow']);
      const isRead = (bytes: number | undefined): boolean => (bytes ?? 0) > 0;
      const seen = await untilCopy(namespace, 'killed', 's3-slow', 'has read something', (c) => c.volumes?.some((v) => v.claim === 'data-pg-0' && v.phase === 'Copying' && isRead(v.bytesDone)) === true, 120);
      expect(seen.status?.phase).toBe('Ready');
      const pods = (await moverObjects(namespace)).filter((name) => name.startsWith('pod/'));
      await kubectl(['-n', namespace, 'delete', ...pods, '--grace-period=0', '--force']);
      const lost = await untilCopy(namespace, 'killed', 's3-slow', 'was lost', (c) => c.reason === 'MoverFailed', 60);
      expect(lost.status?.conditions?.find((c) => c.type === 'Ready')?.status).toBe('True');
      const copy = await untilComplete(namespace, 'killed', 's3-slow', 300);
      expect(Math.max(...(copy.volumes ?? []).map((volume) => volume.attempt))).toBe(2);
      await untilNoMovers(namespace);
      expect(await listed(`kind=recoverypoint,set=${copy.id ?? ''}`)).toHaveLength(1);
      // What was killed may have left a lock, which a check would wait for.
      expect(await outside('check', '--no-lock', '--read-data')).toContain('no errors were found');
    }, 600_000);

    test('a new operator finds the movers of the old one, and none is made twice', async () => {
      const { namespace, database } = scene();
      await writeMegabytes(database, 30);
      await snapshotTo(namespace, 'orphaned', ['s3-slow']);
      await untilCopy(namespace, 'orphaned', 's3-slow', 'copies', (c) => c.volumes?.some((v) => v.phase === 'Copying') === true, 60);
      await kubectl(['-n', 'stillpoint-system', 'delete', 'pods', '-l', 'app.kubernetes.io/component=operator', '--grace-period=0', '--force']);
      const copy = await untilComplete(namespace, 'orphaned', 's3-slow', 400);
      expect(copy.volumes?.map((volume) => volume.attempt)).toEqual([1, 1]);
      await untilNoMovers(namespace);
    }, 600_000);
  });
}
