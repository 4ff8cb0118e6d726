import { describe, expect, test } from '@jest/globals';
import { operatorNamespace } from '../install/operator.js';
import { deleteAndWait, takeCopy } from '../lib/copies.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { conditionOf, contentsOf, deletePoint, expectWhole, pointOf, readSnapshot, secretsOf, setPolicy, untilNothingOf, untilSnapshot, type Scene } from './scene.js';

async function secretUid(uid: string): Promise<string | undefined> {
  return (await get<{ metadata: { uid: string } }>('secret', pointOf(uid), operatorNamespace))?.metadata.uid;
}

/** While the AppSnapshot is there: it says where it lies, and a change of the field redoes and undoes it; if not `small`, also what is in the way. */
export function field(scene: () => Scene, small: boolean): void {
  describe('while the AppSnapshot is there', () => {
    test('it was ready only with all of it; a table and the plugin list it', async () => {
      const { copy, namespace } = scene();
      const { uid } = copy.metadata;
      expect(copy.status).toMatchObject({ phase: 'Ready', retained: { namespace: operatorNamespace, secret: pointOf(uid), complete: true } });
      expect(conditionOf(copy, 'Retained')).toMatchObject({ status: 'True', reason: 'Retained' });
      await expectWhole(uid);
      const columns = ['source-namespace', 'source-name', 'cut-at', 'grade'].map((name) => `stillpoint.dev/${name}`).join(',');
      const rows = (await kubectl(['-n', operatorNamespace, 'get', 'secrets', '-l', 'stillpoint.dev/retained=true', '-L', columns])).split('\n');
      expect(rows.find((row) => row.startsWith(pointOf(uid)))).toMatch(new RegExp(`\\s${namespace}\\s+copy\\s+\\d{4}-\\d\\d-\\d\\dT[\\d-]+Z\\s+Frozen\\s*$`));
      expect(await kubectl(['-n', namespace, 'get', 'asnap', 'copy', '-o', 'wide'])).toContain('RETAINED');
    }, 60_000);

    test('changed to Delete it goes with its object again, and back it stays', async () => {
      const { namespace } = scene();
      const second = await takeCopy(namespace, 'second', { consistency: { required: 'Frozen' }, deletionPolicy: 'Retain' });
      const { uid } = second.metadata;
      await expectWhole(uid);
      await setPolicy(namespace, 'second', 'Delete');
      await untilSnapshot(namespace, 'second', 'is not retained', (o) => o.status?.retained === undefined && conditionOf(o, 'Retained')?.reason === 'NotRetained');
      expect(await secretsOf(uid)).toEqual([]);
      expect(new Set((await contentsOf(uid)).map(({ spec }) => spec.deletionPolicy))).toEqual(new Set(['Delete']));
      await setPolicy(namespace, 'second', 'Retain');
      const again = await untilSnapshot(namespace, 'second', 'is retained', (o) => o.status?.retained?.complete === true);
      expect(conditionOf(again, 'Ready')).toMatchObject({ status: 'True', reason: 'SnapshotReady' });
      await expectWhole(uid);

      // The Secret alone is not the data of an AppSnapshot that is there: it is written anew.
      const before = await secretUid(uid);
      await deletePoint(uid);
      await until('the Secret is another one', async () => ![undefined, before].includes(await secretUid(uid)), 60, 200);
      await untilSnapshot(namespace, 'second', 'is retained', (o) => o.status?.retained?.complete === true);
      await expectWhole(uid);

      await setPolicy(namespace, 'second', 'Delete');
      await deleteAndWait('appsnapshot', namespace, 'second', 90);
      await untilNothingOf(uid);
    }, 240_000);

    if (small) return;

    test('a quota that is full keeps it from being ready, in words; then it goes on', async () => {
      const { namespace } = scene();
      const names = (await kubectl(['-n', operatorNamespace, 'get', 'secrets', '-o', 'name'])).trim().split('\n');
      await apply([{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'e2e-retained', namespace: operatorNamespace }, spec: { hard: { 'count/secrets': String(names.length) } } }]);
      try {
        await kubectl(['-n', operatorNamespace, 'wait', '--for=jsonpath={.status.hard}', 'resourcequota/e2e-retained', '--timeout=30s']);
        await apply([appSnapshot(namespace, 'full', { consistency: { required: 'Frozen' }, deletionPolicy: 'Retain' })]);
        const refused = await untilSnapshot(namespace, 'full', 'is refused', (o) => conditionOf(o, 'Ready')?.reason === 'RetainRefused', 90);
        expect(refused.status?.phase).toBe('Graded');
        expect(conditionOf(refused, 'Ready')).toMatchObject({ status: 'False', message: expect.stringMatching(new RegExp(`could not be written in namespace ${operatorNamespace}.*exceeded quota: e2e-retained`)) as unknown });
      } finally {
        await kubectl(['-n', operatorNamespace, 'delete', 'resourcequota', 'e2e-retained', '--ignore-not-found']);
      }
      const ready = await untilSnapshot(namespace, 'full', 'is ready', (o) => o.status?.phase === 'Ready', 90);
      await expectWhole(ready.metadata.uid);
      await setPolicy(namespace, 'full', 'Delete');
      await deleteAndWait('appsnapshot', namespace, 'full', 90);
      await untilNothingOf(ready.metadata.uid);
    }, 240_000);

    test('expired it is gone, and the object says so', async () => {
      const { namespace } = scene();
      const short = await takeCopy(namespace, 'short', { consistency: { required: 'Frozen' }, deletionPolicy: 'Retain', expiresAfter: '1m' });
      await expectWhole(short.metadata.uid);
      await untilSnapshot(namespace, 'short', 'is expired', (o) => o.status?.phase === 'Expired' && o.status.setId === undefined, 150);
      await untilNothingOf(short.metadata.uid);
      expect((await readSnapshot(namespace, 'short')).status?.retained).toBeUndefined();
      await deleteAndWait('appsnapshot', namespace, 'short');
    }, 240_000);
  });
}
