import { describe, expect, test } from '@jest/globals';
import { recordFigures } from '../lib/figures.js';
import { readyOf } from '../lib/site.js';
import { goodRows, restoreFrom, rowsOf, targetObjects, type Scene } from './scene.js';

/** The namespace runs again, with every row that was promised; unless `small`, over a mover that is killed, and once more as a clone. */
export function comesBack(scene: () => Scene, small: boolean): void {
  describe('comes back', () => {
    if (small) atOnce(scene);
    else overKills(scene);

    test('no secret is in a Job, a log, an event or a status', async () => {
      const { site, namespace, server, key, database } = scene();
      const all = await site.kubectl(['-n', namespace, 'get', 'arst,btgt,events,jobs', '-o', 'json']);
      for (const secret of [server.secretAccessKey, key, database.password]) expect(all).not.toContain(secret);
    }, 30_000);
  });
}

function atOnce(scene: () => Scene): void {
  test('from bucket and key alone: every acknowledged row, checked', async () => {
    const { site, namespace, copy } = scene();
    await site.apply([restoreFrom('back', { targetRef: { name: 's3' } })], namespace);
    const restore = await site.untilRestored(namespace, 'back', 240);
    expect(restore.status).toMatchObject({ verified: true, checksFailed: 0, source: { target: 's3', namespace, setId: copy.status?.setId, grade: copy.status?.grade } });
    const rows = await rowsOf(scene(), namespace);
    expect(rows).toMatchObject(goodRows);
    expect(rows['acknowledgedBeforeCut']).toBeGreaterThanOrEqual(500);
    await site.untilNoMovers(namespace);
    recordFigures('restore-remote', { small: { rtoSeconds: restore.status?.rtoSeconds, rows: rows['acknowledgedBeforeCut'], checks: restore.status?.checksPassed } });
  }, 300_000);
}

function overKills(scene: () => Scene): void {
  test('from bucket and key alone, over a mover that is killed: every acknowledged row, checked', async () => {
    const { site, namespace, copy } = scene();
    // Slow enough to be caught in the middle.
    await site.apply(targetObjects(scene(), 's3-slow', scene().key, { bandwidth: { download: '2Mi' } }), namespace);
    await site.untilTarget(namespace, 's3-slow', 'TargetReady');
    await site.apply([restoreFrom('back', { targetRef: { name: 's3-slow' } })], namespace);
    const seen = await site.untilRestore(namespace, 'back', 'has written something', ({ status }) => status?.volumes?.some((v) => v.phase === 'Restoring' && (v.bytesDone ?? 0) > 0) === true, 240);
    expect(seen.status?.source).toMatchObject({ target: 's3-slow', namespace, setId: copy.status?.setId, grade: copy.status?.grade });
    expect(readyOf(seen)?.message).toContain('data-pg-0');
    const pods = (await site.moverObjects(namespace)).filter((name) => name.startsWith('pod/'));
    await site.kubectl(['-n', namespace, 'delete', ...pods, '--grace-period=0', '--force']);
    await site.untilRestore(namespace, 'back', 'has lost a mover', ({ status }) => status?.transfer?.reason === 'MoverFailed', 60);
    const restore = await site.untilRestored(namespace, 'back', 900);
    expect(restore.status).toMatchObject({ verified: true, checksFailed: 0 });
    expect(Math.max(...(restore.status?.volumes ?? []).map((volume) => volume.attempt ?? 0))).toBe(2);
    expect(await rowsOf(scene(), namespace)).toMatchObject(goodRows);
    await site.untilNoMovers(namespace);
    const bytes = (restore.status?.volumes ?? []).reduce((sum, volume) => sum + (volume.bytesTotal ?? 0), 0);
    recordFigures('restore-remote', { killed: { rtoSeconds: restore.status?.rtoSeconds, bytes, checks: restore.status?.checksPassed } });
  }, 1_500_000);

  test('beside it, as a clone, by the newest that is verified now and the key of the other namespace', async () => {
    const { site, namespace, key } = scene();
    const clone = `${namespace}-clone`;
    await site.makeTenant(clone);
    await site.apply([...targetObjects(scene(), 's3', 'a-key-of-its-own-for-its-own-copies'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key-of-the-other' }, stringData: { password: key } }], clone);
    await site.untilTarget(clone, 's3', 'TargetReady');
    const from = { targetRef: { name: 's3' }, namespace, encryptionKeySecretRef: { name: 'key-of-the-other' }, recoveryPoint: 'latest-verified' };
    await site.apply([restoreFrom('clone', from)], clone);
    const restore = await site.untilRestored(clone, 'clone', 600);
    expect(restore.status).toMatchObject({ verified: true, source: { namespace, setId: scene().copy.status?.setId } });
    expect(await rowsOf(scene(), clone)).toMatchObject(goodRows);
    recordFigures('restore-remote', { clone: { rtoSeconds: restore.status?.rtoSeconds, checks: restore.status?.checksPassed } });
  }, 900_000);

  test('deleted in the middle it leaves no half of a volume', async () => {
    const { site, namespace, older } = scene();
    await site.kubectl(['-n', namespace, 'delete', 'statefulset/pg', '--wait=true', '--timeout=60s']);
    await site.kubectl(['-n', namespace, 'delete', 'pvc', '--all', '--wait=true', '--timeout=120s']);
    await site.apply([restoreFrom('dropped', { targetRef: { name: 's3-slow' }, recoveryPoint: older }, { what: 'Volumes' })], namespace);
    await site.untilRestore(namespace, 'dropped', 'fills volumes', ({ status }) => status?.volumes?.some((v) => v.phase === 'Restoring') === true, 240);
    await site.deleteRestore(namespace, 'dropped');
    await site.untilNoMovers(namespace);
    expect(await site.kubectl(['-n', namespace, 'get', 'pvc', 'data-pg-0', '--ignore-not-found', '-o', 'name'])).toBe('');
  }, 600_000);
}
