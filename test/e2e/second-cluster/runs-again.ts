import { describe, expect, test } from '@jest/globals';
import { bucketTarget } from '../lib/bucket.js';
import { recordFigures } from '../lib/figures.js';
import { goodRows, restoreFrom, rowsOf } from '../restore-remote/scene.js';
import type { Loss } from './loss.js';

/** With the key the namespace runs again, with every row that was acknowledged before the copy was cut, and its database is checked. */
export function runsAgain(loss: () => Loss): void {
  describe('from bucket and key', () => {
    test('the namespace runs again: every acknowledged row, checked, and in how long', async () => {
      const { site, namespace, server, key, keyFile, copy, history, lostAt } = loss();
      const begun = Date.now();
      await site.kubectl(['-n', namespace, 'create', 'secret', 'generic', 'kept-key', `--from-file=password=${keyFile}`]);
      await site.apply([bucketTarget(server, 's3', { encryptionKeySecretRef: { name: 'kept-key' } })], namespace);
      await site.untilTarget(namespace, 's3', 'TargetReady', 180);
      await site.apply([restoreFrom('back', { targetRef: { name: 's3' }, namespace, recoveryPoint: 'latest', encryptionKeySecretRef: { name: 'kept-key' } })], namespace);
      const { status } = await site.untilRestored(namespace, 'back', 600);
      const runs = Date.now();
      expect(status).toMatchObject({ verified: true, checksFailed: 0, source: { target: 's3', namespace, setId: copy.status?.setId, grade: copy.status?.grade } });
      const rows = await rowsOf(loss(), namespace);
      expect(rows).toMatchObject(goodRows);
      expect(rows['acknowledgedBeforeCut']).toBeGreaterThanOrEqual(500);
      await site.untilNoMovers(namespace);
      recordFigures('second-cluster', {
        rtoSeconds: status?.rtoSeconds,
        // From the Secret with the key to the checked database, and from the last row that was written: with the installation of the operator and all that was refused.
        secondsFromKey: Math.round((runs - begun) / 1000),
        secondsFromLoss: Math.round((runs - lostAt) / 1000),
        rows: rows['acknowledgedBeforeCut'],
        // Acknowledged after the copy was cut: what its age costs.
        rowsAfterCopy: history.acks.length - (rows['acknowledgedBeforeCut'] as number),
        checks: status?.checksPassed,
        bytes: status?.volumes?.reduce((sum, volume) => sum + (volume.bytesTotal ?? 0), 0),
      });
      expect(await site.kubectl(['-n', namespace, 'get', 'arst,btgt,events,jobs', '-o', 'json'])).not.toContain(key);
    }, 900_000);
  });
}
