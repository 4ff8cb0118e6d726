import { describe, expect, test } from '@jest/globals';
import { workloadsToStart } from '../../../src/controllers/apprestore/configuration-step.js';
import { claimAsItWas, claimOfVolume } from '../../../src/controllers/apprestore/in-place/volumes.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { appRestore } from './apprestore-fixtures.js';

const claim: KubeObject = {
  metadata: { name: 'data', namespace: 'shop', uid: 'u', resourceVersion: '7', labels: { app: 'pg', 'stillpoint.dev/apprestore': 'earlier', 'stillpoint.dev/snapshot-set': 's' }, annotations: { 'meta.helm.sh/release-name': 'shop', 'pv.kubernetes.io/bind-completed': 'yes' }, finalizers: ['kubernetes.io/pvc-protection'] },
  spec: { volumeName: 'pv', storageClassName: 'fast', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
  status: { phase: 'Bound' },
};
const volume = (annotations: Record<string, string>): KubeObject => ({ metadata: { name: 'pv', annotations }, spec: { capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' } });
const key = { namespace: 'shop', name: 'data' };

describe('the claim of an old volume', () => {
  test('is as it was, for this volume only, with the mark of the restore that had made it', () => {
    const noted = JSON.stringify(claimAsItWas(claim));
    expect(claimOfVolume(volume({ 'stillpoint.dev/previous-claim': noted }), key)).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'shop', labels: { app: 'pg', 'stillpoint.dev/apprestore': 'earlier' }, annotations: { 'meta.helm.sh/release-name': 'shop' } },
      spec: { ...(claim['spec'] as object), volumeName: 'pv' },
    });
  });

  test.each([['nothing', {}], ['nonsense', { 'stillpoint.dev/previous-claim': '{' }]])('is what the volume tells when %s was noted', (_, annotations) => {
    expect(claimOfVolume(volume(annotations), key)).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'shop' },
      spec: { volumeName: 'pv', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, volumeMode: 'Filesystem', storageClassName: '' },
    });
  });
});

describe('what is started after a restore', () => {
  const workload = (name: string, replicas: number) => ({ resource: 'statefulsets.apps', name, replicas });
  const set = { scaled: [workload('a', 1), workload('b', 1)] };
  const stopped = [workload('a', 3), { resource: 'cronjobs.batch', name: 'tick' }];

  test('what it has applied', () => {
    expect(workloadsToStart(appRestore(), set, new Set(['statefulsets.apps/a']))).toEqual([workload('a', 1)]);
  });

  test('in place, also what was stopped and is as the copy has it; what was left alone with the replicas that it had', () => {
    expect(workloadsToStart(appRestore({ inPlace: true }, { stopped }), set, new Set(['statefulsets.apps/b']))).toEqual(set.scaled);
    expect(workloadsToStart(appRestore({ inPlace: true, existing: 'Skip' }, { stopped }), set, new Set(['statefulsets.apps/b']))).toEqual([workload('b', 1), workload('a', 3)]);
  });
});
