import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore } from '../../../src/api/kinds.js';
import { applyIn, snapshotTo, untilComplete, untilNoMovers, untilTarget } from '../copies/scene.js';
import { bucketTarget, serverSecrets } from '../lib/bucket.js';
import { deleteAndWait } from '../lib/copies.js';
import { query } from '../lib/database.js';
import { dropNamespace } from '../lib/namespaces.js';
import { startServer } from '../lib/s3-server.js';
import { makeTenant } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';
import { restoreFrom } from '../restore-remote/scene.js';
import { accident, boundClaims, decide, hasAccident, untilEnded, volumeOf, type Scene } from './scene.js';

/** The same from a bucket; movers fill the claims, and are in the way of the way back. */
export function fromTarget(scene: () => Scene): void {
  describe('from a BackupTarget', () => {
    const store = (): string => `${scene().namespace}-s3`;

    beforeAll(async () => {
      const { namespace, database } = scene();
      await makeTenant(store(), { served: false });
      const server = await startServer(store());
      await applyIn(namespace, [...serverSecrets(server, { login: 's3-login', ca: 's3-ca' }), bucketTarget(server, 's3', { encryptionKeySecretRef: undefined })]);
      await untilTarget(namespace, 's3', 'TargetReady');
      await query(database, 'drop table if exists accident', 'create table if not exists precious as select generate_series(1, 1000) as n');
      await snapshotTo(namespace, 'remote', ['s3']);
      await untilComplete(namespace, 'remote', 's3', 300);
      await accident(scene());
      await query(database, 'drop table precious');
    }, 600_000);
    afterAll(() => dropNamespace(store()), 60_000);

    const precious = async (): Promise<number> => Number((await query<{ n: string }>(scene().database, 'select count(*) as n from precious'))[0]?.n);
    const inPlace = (name: string): unknown => restoreFrom(name, { targetRef: { name: 's3' } }, { inPlace: true, existing: 'Fail' });

    test('taken back while movers fill the new volumes', async () => {
      const { namespace } = scene();
      const before = await boundClaims(namespace);
      await applyIn(namespace, [inPlace('taken-back')]);
      await watchUntil<AppRestore>('apprestores', 'taken-back', namespace, 'is filled', (o) => o.status?.volumes?.some(({ phase }) => phase === 'Restoring') === true, 240);
      await decide(namespace, 'taken-back', 'Restore');
      await untilEnded(namespace, 'taken-back', 'RolledBack', 180);
      expect((await boundClaims(namespace)).map(({ volume }) => volume)).toEqual(before.map(({ volume }) => volume));
      expect(await hasAccident(scene())).toBe(true);
      await untilNoMovers(namespace);
      await deleteAndWait('apprestore', namespace, 'taken-back');
    }, 600_000);

    test('restored and confirmed', async () => {
      const { namespace } = scene();
      const before = await boundClaims(namespace);
      await applyIn(namespace, [inPlace('from-bucket')]);
      await untilEnded(namespace, 'from-bucket', 'Restored', 400);
      expect(await hasAccident(scene())).toBe(false);
      expect(await precious()).toBe(1000);
      for (const { volume } of before) expect(await volumeOf(volume)).toEqual({ policy: 'Retain', phase: 'Released', kept: true });
      await decide(namespace, 'from-bucket', 'Delete');
      await watchUntil<AppRestore>('apprestores', 'from-bucket', namespace, 'has let the old volumes go', (o) => o.status?.previousVolumes?.every(({ state }) => state === 'Removed') === true, 60);
      await deleteAndWait('apprestore', namespace, 'from-bucket');
    }, 600_000);
  });
}
