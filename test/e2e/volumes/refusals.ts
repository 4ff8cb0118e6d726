import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StorageCluster } from '../../../src/api/kinds.js';
import { account, lacking } from '../admission/accounts.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { watchUntil } from '../lib/watch.js';
import { classesOf, clusterName, conditionOf, mounted, storageCluster, untilPolicy, volumesPolicy } from './scene.js';

/** What a policy asks and does not get, each with the field and the way out; nothing is made for it. */
export function refusals(namespace: string): void {
  describe('refusals', () => {
    const placed = { storageClusterRef: { name: clusterName } };
    const foreign = `${namespace}-foreign`;
    const idle = 'none.e2e.stillpoint.dev';
    const told: { what: string; says: string }[] = [];
    const cases = [
      { what: 'a StorageCluster that is not there', spec: { storageClusterRef: { name: 'nowhere' } }, reason: 'StorageClusterNotFound', says: /^spec\.storageClusterRef: there is no StorageCluster nowhere\.$/ },
      { what: 'one that is not offered to the namespace', spec: { storageClusterRef: { name: `${clusterName}-others` } }, reason: 'NotOffered', says: /is not offered to namespace e2e-volumes: its labels are not those of spec\.offers\.namespaces\.$/ },
      { what: 'a class that is not offered', spec: { ...placed, tier: 'gold' }, reason: 'NotOffered', says: /^spec\.tier is gold, which is none of the classes that StorageCluster e2e-volumes offers: bed\.$/ },
      { what: 'more operations than are offered', spec: { ...placed, performance: { minIops: 200_001 } }, reason: 'OfferExceeded', says: /^spec\.performance\.minIops is 200001, and StorageCluster e2e-volumes offers 200000 at most \(its spec\.offers\.maxIops\)\.$/ },
      { what: 'more replicas than are offered', spec: { ...placed, replicas: 4 }, reason: 'OfferExceeded', says: /^spec\.replicas is 4, .* 3 at most \(its spec\.offers\.maxReplicas\)\.$/ },
      { what: 'what the driver cannot be told', spec: { ...placed, performance: { maxReadIops: 100 } }, reason: 'PolicyNotEnforceable', says: /^spec\.performance\.maxReadIops: the driver csi\.bed\.stillpoint\.dev has no parameter for it\.$/ },
      { what: 'a name that is not of the namespace', spec: { ...placed, storageClassName: 'fast' }, reason: 'InvalidSpec', says: /^spec\.storageClassName is fast; it must begin with e2e-volumes-/ },
      { what: 'a class of others', spec: { ...placed, storageClassName: foreign }, reason: 'ClassNotOurs', says: /^StorageClass e2e-volumes-foreign exists, and this policy has not made it\.$/ },
      { what: 'a driver that no node has', spec: { storageClusterRef: { name: `${clusterName}-idle` } }, reason: 'StorageClusterNotReady', says: /^StorageCluster e2e-volumes-idle is not ready: DriverNotFound: .*no node has registered the driver\.$/ },
    ];

    beforeAll(async () => {
      await apply([
        { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: foreign }, provisioner: 'none' },
        { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: idle }, spec: { attachRequired: false } },
        storageCluster('elsewhere', `${clusterName}-others`),
        storageCluster(namespace, `${clusterName}-idle`, { engine: { external: { driver: idle } } }),
        ...lacking.slice(2).flatMap(({ name, rules }) => account(namespace, name, rules)),
      ]);
      await watchUntil<StorageCluster>('storageclusters', `${clusterName}-others`, namespace, 'is adopted', (o) => o.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true, 30);
    }, 60_000);
    afterAll(async () => {
      recordFigures('volumes', { refusals: told });
      await kubectl(['-n', namespace, 'delete', 'vpol', 'refused', 'poor', '--ignore-not-found', '--wait=true', '--timeout=30s']);
      await kubectl(['delete', `storageclass/${foreign}`, `csidriver/${idle}`, `storagecluster/${clusterName}-others`, `storagecluster/${clusterName}-idle`, '--ignore-not-found', '--wait=false']);
    }, 60_000);

    test.each(cases)('$what', async ({ what, spec, reason, says }) => {
      await kubectl(['-n', namespace, 'delete', 'vpol', 'refused', '--ignore-not-found', '--wait=true', '--timeout=30s']);
      await apply([volumesPolicy(namespace, 'refused', spec)]);
      const refused = await untilPolicy(namespace, 'refused', 'is refused', (o) => conditionOf(o, 'Ready')?.reason === reason, 90);
      expect(conditionOf(refused, 'Ready')).toMatchObject({ status: 'False', message: expect.stringMatching(says) as unknown });
      expect(conditionOf(refused, 'Compliant')).toMatchObject({ status: 'False', reason });
      expect(await classesOf(`${namespace}-refused`)).toEqual([]);
      told.push({ what, says: conditionOf(refused, 'Ready')?.message ?? '' });
    }, 150_000);

    test('an account that may not change claims has none changed for it, and no class made', async () => {
      await apply([volumesPolicy(namespace, 'poor', { ...placed, serviceAccountName: 'no-claims', performance: { minIops: 500 } }), ...mounted(namespace, 'poor', 'poor', 'bed')]);
      const refused = await untilPolicy(namespace, 'poor', 'is refused', (o) => conditionOf(o, 'Ready')?.reason === 'AccountNotAllowed', 90);
      expect(conditionOf(refused, 'Ready')?.message).toContain(`spec.serviceAccountName: system:serviceaccount:${namespace}:no-claims may not patch persistentvolumeclaims in namespace ${namespace}.`);
      expect(await classesOf(`${namespace}-poor`)).toEqual([]);
      await kubectl(['-n', namespace, 'delete', 'pod/poor', 'pvc/poor', '--wait=false']);
    }, 150_000);
  });
}
