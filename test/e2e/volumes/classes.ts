import { describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { StorageCluster } from '../../../src/api/kinds.js';
import { eventsOf } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { change, claimOf, classesOf, clusterName, conditionOf, driver, mount, policyName, toldOf, untilPolicy, volumesPolicy } from './scene.js';

interface Pod {
  readonly metadata: { readonly uid: string };
  readonly status: { readonly containerStatuses: readonly { readonly restartCount: number; readonly containerID: string }[] };
}

/** The classes of a policy, and what they come to for volumes that are made and volumes in use. */
export function classes(namespace: string, small: boolean): void {
  describe('classes', () => {
    const className = `${namespace}-${policyName}`;
    const pod = async (): Promise<unknown> => {
      const { metadata, status } = (await get<Pod>('pod', 'data', namespace))!;
      return [metadata.uid, status.containerStatuses.map(({ restartCount, containerID }) => [restartCount, containerID])];
    };

    test('a driver that is there is adopted, with what it can do', async () => {
      const cluster = await watchUntil<StorageCluster>('storageclusters', clusterName, namespace, 'is adopted', (o) => o.status?.conditions?.some((c) => c.type === 'Ready' && c.reason === 'Adopted') === true, 30);
      expect(Object.fromEntries((cluster.status?.capabilities ?? []).map(({ name, state }) => [name, state]))).toMatchObject({ Expansion: 'Available', Snapshots: 'Available', GroupSnapshots: 'Available' });
      expect(cluster.status).toMatchObject({ nodes: expect.any(Number) as unknown, enforceable: ['replicas', 'encryption', 'minIops', 'minBps'] });
      expect((await kubectl(['get', 'stc', clusterName])).split('\n')[1]).toMatch(new RegExp(`^${clusterName}\\s+${driver}\\s+\\d+\\s+Available\\s+`));
    }, 60_000);

    test('a class is made for claims, and the driver is told what the policy asks', async () => {
      await apply([volumesPolicy(namespace, policyName, { storageClusterRef: { name: clusterName }, replicas: 2, performance: { minIops: 1000 } })]);
      await untilPolicy(namespace, policyName, 'has a class', (o) => o.status?.storageClass?.name === className && conditionOf(o, 'Ready')?.reason === 'Enforced', 60);
      await mount(namespace, 'data', policyName, className);
      const compliant = await untilPolicy(namespace, policyName, 'is compliant', (o) => conditionOf(o, 'Compliant')?.reason === 'VolumesCompliant');
      expect(compliant.status).toMatchObject({ volumesCompliant: '1/1', volumes: [{ pvc: 'data', compliant: true }] });
      expect(await toldOf(namespace, 'data')).toMatchObject({ replicas: '2', iops: '1000' });
      const [head = '', row = ''] = (await kubectl(['-n', namespace, 'get', 'vpol', policyName])).split('\n');
      expect(head).toMatch(/VOLUMES\s+COMPLIANT\s+READY/);
      expect(row).toMatch(/1\/1\s+True\s+True/);
    }, 240_000);

    test('operations are changed on a volume in use, without a restart of its pod', async () => {
      const [before, old] = [await pod(), (await claimOf(namespace, 'data')).spec.volumeAttributesClassName];
      const from = performance.now();
      await change(namespace, policyName, { performance: { minIops: 2000 } });
      await until('the driver is told', async () => (await toldOf(namespace, 'data'))['iops'] === '2000', 90, 500);
      recordFigures('volumes', { changed: { seconds: Math.round((performance.now() - from) / 100) / 10 } });
      const { status } = await untilPolicy(namespace, policyName, 'is compliant again', (o) => conditionOf(o, 'Compliant')?.status === 'True');
      expect(status?.attributesClass).not.toBe(old);
      expect((await claimOf(namespace, 'data')).spec.volumeAttributesClassName).toBe(status?.attributesClass);
      expect(await pod()).toEqual(before);
      await until('the class of before is gone', async () => (await classesOf(old ?? '')).length === 0, 150, 1000);
      expect((await eventsOf(namespace, policyName)).map(({ reason }) => reason)).toEqual(expect.arrayContaining(['ClassMade', 'AttributesChanged']));
    }, 420_000);

    if (small) return;

    test('what the storage refuses is said in its words, and the volume keeps what it has', async () => {
      await change(namespace, policyName, { performance: { minIops: 150_000 } });
      const refused = await untilPolicy(namespace, policyName, 'is refused by the storage', (o) => conditionOf(o, 'Compliant')?.reason === 'AttributesRefused', 150);
      expect(refused.status?.volumes?.[0]?.drift).toEqual([{ field: 'performance.minIops', reason: 'AttributesRefused', message: expect.stringMatching(/iops.*100000/) as unknown }]);
      expect((await toldOf(namespace, 'data'))['iops']).toBe('2000');
      await change(namespace, policyName, { performance: { minIops: 3000 } });
      await untilPolicy(namespace, policyName, 'is compliant again', (o) => conditionOf(o, 'Compliant')?.status === 'True', 150);
      expect((await toldOf(namespace, 'data'))['iops']).toBe('3000');
    }, 420_000);

    test('an attribute that somebody else has chosen is left alone', async () => {
      const gold = `${clusterName}gold`;
      await apply([{ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', metadata: { name: gold }, driverName: driver, parameters: { iops: '7777' } }]);
      const own = (await claimOf(namespace, 'data')).spec.volumeAttributesClassName;
      const choose = (name: string | undefined): Promise<string> => kubectl(['-n', namespace, 'patch', 'pvc', 'data', '--type=merge', '-p', JSON.stringify({ spec: { volumeAttributesClassName: name } })]);
      await choose(gold);
      const left = await untilPolicy(namespace, policyName, 'says so', (o) => conditionOf(o, 'Compliant')?.reason === 'AttributesOfOthers');
      expect(left.status?.volumes?.[0]?.drift?.[0]?.message).toContain(`is ${gold}, which no policy has given it: it is left alone. Set it to ${own ?? ''}`);
      expect((await claimOf(namespace, 'data')).spec.volumeAttributesClassName).toBe(gold);
      await choose(own);
      await untilPolicy(namespace, policyName, 'is compliant again', (o) => conditionOf(o, 'Compliant')?.status === 'True', 150);
      await kubectl(['delete', 'volumeattributesclass', gold, '--wait=false']);
    }, 420_000);

    test('an old volume differs when the policy asks for something that is told once, and the way out leads out', async () => {
      await change(namespace, policyName, { replicas: 3 });
      const differs = await untilPolicy(namespace, policyName, 'differs', (o) => conditionOf(o, 'Compliant')?.reason === 'MadeBefore');
      expect(differs.status?.volumes).toEqual([expect.objectContaining({ pvc: 'data', compliant: false, drift: [{ field: 'replicas', reason: 'MadeBefore', message: `It was made with replicas=2, and the policy asks for replicas=3. A new claim of StorageClass ${className} has it: restore a copy (AppRestore) or move the data.` }] })]);
      expect(differs.status?.storageClass?.earlier).toEqual([expect.objectContaining({ tier: 'bed', parameters: { replicas: '2' } })]);
      expect(conditionOf(differs, 'Ready')).toMatchObject({ status: 'True', reason: 'Enforced' });
      await kubectl(['-n', namespace, 'delete', 'pod/data', 'pvc/data', '--wait=true', '--timeout=60s']);
      // Within two seconds of a change it is not known by which class a claim was made.
      await pause(4000);
      await mount(namespace, 'data', policyName, className);
      await untilPolicy(namespace, policyName, 'is compliant', (o) => o.status?.volumesCompliant === '1/1' && conditionOf(o, 'Compliant')?.reason === 'VolumesCompliant', 150);
      expect(await toldOf(namespace, 'data')).toMatchObject({ replicas: '3', iops: '3000' });
    }, 420_000);
  });
}
