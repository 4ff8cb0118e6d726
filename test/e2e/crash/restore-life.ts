import { expect } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { AppRestore } from '../../../src/api/kinds.js';
import { tokensOf } from '../../proof/cuts.js';
import { deleteAndWait, describe as describeObject, restoreCopy, snapshotObjects } from '../lib/copies.js';
import { kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import type { Scene } from '../kill/scene.js';
import type { Pair } from './pair.js';
import { crashAt, type CrashPoint } from './points.js';

/** A restore into a namespace of its own, checked, and deleted again; the operator dies at one point of it. `copy`: what is restored. */
export async function restoreLife(scene: Scene, pair: Pair, copy: string, name: string, point?: CrashPoint): Promise<Record<string, unknown>> {
  const { namespace, apps } = scene;
  const target = `${namespace}-${name}`;
  await pair.ready();
  await scene.proxy.clear();
  await makeTenant(target);
  const { operator } = scene;
  await scene.proxy.triggers(point === undefined ? [] : [crashAt(point, operator.pid)]);
  const begin = performance.now();
  const rows = await pair.through(async () => {
    const restore = await restoreCopy(namespace, name, copy, { into: { namespace: target, serviceAccountName: 'stillpoint' } }, 240);
    if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, name));
    expectChecked(restore);
    const found = [...(await tokensOf(apps, target)).values()].flat().length;
    expect(await kubectl(['-n', target, 'get', 'pods', '-l', labels.internal, '-o', 'name'])).toBe('');
    expect(await snapshotObjects(target)).toHaveLength(2 * (restore.status.volumes?.length ?? 0));
    await deleteAndWait('apprestore', namespace, name);
    await until('nothing imported is left', async () => (await snapshotObjects(target)).length === 0, 60, 500);
    return found;
  });
  await dropNamespace(target);
  return { rows, settledMs: Math.round(performance.now() - begin), killed: !operator.alive };
}

/** What was restored before the crash is not restored a second time, nor left out. */
function expectChecked({ status }: AppRestore): void {
  expect(status).toMatchObject({ verified: true, checksFailed: 0 });
  expect(status?.volumes?.map((v) => v.phase)).toEqual(['Bound', 'Bound']);
  expect(status?.scaled).toEqual([{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }]);
}
