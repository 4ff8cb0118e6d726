import { describe, expect, test } from '@jest/globals';
import type { AppRestore } from '../../../src/api/kinds.js';
import { deleteAndWait, eventsOf, readyOf } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { appRestore } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { accident, boundClaims, decide, expectAccident, expectCopy, hasAccident, oldVolumesOf, untilEnded, volumeOf, type Bound, type Scene } from './scene.js';

/** An accident is taken back by the copy, the copy by the accident, and the accident for good. */
export function replaced(scene: () => Scene): void {
  describe('replaced', () => {
    let before: Bound[] = [];
    const inPlace = (name: string): Promise<void> => apply([appRestore(scene().namespace, name, 'copy', { inPlace: true })]);

    test('the copy takes the place of what is there; the old volumes are kept', async () => {
      const { namespace } = scene();
      await accident(scene());
      before = await boundClaims(namespace);
      await inPlace('back');
      const restore = await untilEnded(namespace, 'back', 'Restored');
      expect(restore.status).toMatchObject({ verified: true, checksFailed: 0, stopped: [{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }] });
      await expectCopy(scene());
      const now = await boundClaims(namespace);
      for (const [i, { claim, uid, volume }] of before.entries()) {
        expect(now[i]).toMatchObject({ claim });
        expect(now[i]?.uid).not.toBe(uid);
        expect(await volumeOf(volume)).toEqual({ policy: 'Retain', phase: 'Released', kept: true });
        expect(restore.status?.plan?.change?.join('\n')).toContain(`persistentvolumeclaims/${claim}: is replaced; volume ${volume}`);
      }
      expect(oldVolumesOf(restore)).toMatchObject({ status: 'True', reason: 'Kept', message: expect.stringContaining('set spec.previousVolumes to Delete') });
      expect(readyOf(restore.status)?.message).toContain('or to Restore to go back to them');
      expect((await kubectl(['-n', namespace, 'get', 'arst', 'back'])).split('\n')[1]).toMatch(/\bKept\b/);
      recordFigures('inplace', { replaced: { rtoSeconds: restore.status?.rtoSeconds } });
    }, 240_000);

    test('rolled back: the same volumes under the same names, as they were', async () => {
      const { namespace } = scene();
      const between = await boundClaims(namespace);
      await decide(namespace, 'back', 'Restore');
      const restore = await untilEnded(namespace, 'back', 'RolledBack');
      expect(restore.status?.previousVolumes?.map(({ state }) => state)).toEqual(['Returned', 'Returned']);
      expect((await boundClaims(namespace)).map(({ volume }) => volume)).toEqual(before.map(({ volume }) => volume));
      for (const { volume } of before) expect(await volumeOf(volume)).toEqual({ policy: 'Delete', phase: 'Bound', kept: false });
      await expectAccident(scene());
      // What the restore had made goes, in the storage too.
      for (const { volume } of between) await until(`volume ${volume} is gone`, async () => (await volumeOf(volume)) === undefined, 60, 500);
      const statefulSet = await get<{ spec: { replicas: number } }>('statefulset', 'pg', namespace);
      expect(statefulSet?.spec.replicas).toBe(1);
      await deleteAndWait('apprestore', namespace, 'back');
      expect(await hasAccident(scene())).toBe(true);
    }, 240_000);

    test('once more, and confirmed: the old volumes go', async () => {
      const { namespace } = scene();
      await inPlace('again');
      await untilEnded(namespace, 'again', 'Restored');
      await expectCopy(scene());
      await decide(namespace, 'again', 'Delete');
      const confirmed = await watchUntil<AppRestore>('apprestores', 'again', namespace, 'has let the old volumes go', (o) => oldVolumesOf(o)?.reason === 'Removed', 60);
      expect(confirmed.status?.phase).toBe('Ready');
      for (const { volume } of before) await until(`volume ${volume} is gone`, async () => (await volumeOf(volume)) === undefined, 60, 500);
      await expectCopy(scene());
      await deleteAndWait('apprestore', namespace, 'again');
      await expectCopy(scene());
    }, 300_000);
  });
}

/** Nobody decides, and the AppRestore goes: the volumes stay, and are brought back by hand as docs/apprestore.md says. */
export function left(scene: () => Scene): void {
  test('left behind, old volumes are named and can be bound by hand', async () => {
    const { namespace } = scene();
    const before = await boundClaims(namespace);
    await apply([appRestore(namespace, 'left', 'copy', { inPlace: true })]);
    await untilEnded(namespace, 'left', 'Restored');
    const uid = (await get<AppRestore>('apprestore', 'left', namespace))!.metadata.uid;
    await deleteAndWait('apprestore', namespace, 'left');
    await until('the event names them', async () => (await eventsOf(namespace, 'left')).some(({ reason, message }) => reason === 'PreviousVolumesLeft' && before.every(({ volume }) => message.includes(volume))), 15, 500);
    const found = await kubectl(['get', 'pv', '-l', `stillpoint.dev/kept-by=${uid}`, '-o', 'jsonpath={.items[*].metadata.name}']);
    expect(found.split(' ').sort()).toEqual(before.map(({ volume }) => volume).sort());
    for (const { volume } of before) expect(await volumeOf(volume)).toEqual({ policy: 'Retain', phase: 'Released', kept: true });
    await kubectl(['-n', namespace, 'scale', 'statefulset/pg', '--replicas=0']);
    await kubectl(['-n', namespace, 'wait', '--for=delete', 'pod/pg-0', '--timeout=60s']);
    await kubectl(['-n', namespace, 'delete', 'pvc', ...before.map(({ claim }) => claim), '--wait=true', '--timeout=60s']);
    for (const { volume } of before) {
      const manifest = JSON.parse(await kubectl(['get', 'pv', volume, '-o', 'jsonpath={.metadata.annotations.stillpoint\\.dev/previous-claim}'])) as { spec: Record<string, unknown> };
      await kubectl(['create', '-f', '-'], JSON.stringify({ ...manifest, spec: { ...manifest.spec, volumeName: volume } }));
      await kubectl(['patch', 'pv', volume, '--type=merge', '-p', '{"spec":{"claimRef":{"uid":null,"resourceVersion":null}}}']);
    }
    for (const { claim } of before) await kubectl(['-n', namespace, 'wait', '--for=jsonpath={.status.phase}=Bound', `pvc/${claim}`, '--timeout=60s']);
    for (const { volume } of before) await kubectl(['patch', 'pv', volume, '--type=merge', '-p', '{"spec":{"persistentVolumeReclaimPolicy":"Delete"},"metadata":{"labels":{"stillpoint.dev/kept-by":null}}}']);
    await kubectl(['-n', namespace, 'scale', 'statefulset/pg', '--replicas=1']);
    await expectCopy(scene());
  }, 300_000);
}
