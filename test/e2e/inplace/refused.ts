import { describe, expect, test } from '@jest/globals';
import type { AppRestore } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, untilReason } from '../lib/copies.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { appRestore } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';
import { boundClaims, type Scene } from './scene.js';

const image = 'localhost/stillpoint-test/pause:1';

/** What cannot be replaced is said in words, with the way out, and nothing is touched. */
export function refused(scene: () => Scene): void {
  describe('refused', () => {
    const told = async (name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<string> => {
      const { namespace } = scene();
      const before = await boundClaims(namespace);
      await apply([appRestore(namespace, name, 'copy', { inPlace: true, ...spec })]);
      const found = await untilReason<AppRestore>('apprestores', namespace, name, ['RestoreRefused', 'InvalidSpec', 'AccountNotAllowed']);
      expect(await boundClaims(namespace)).toEqual(before);
      expect((await get<{ spec: { replicas: number } }>('statefulset', 'pg', namespace))?.spec.replicas).toBe(1);
      await deleteAndWait('apprestore', namespace, name);
      return `${readyOf(found.status)?.reason ?? ''}: ${readyOf(found.status)?.message ?? ''}\n${found.status?.plan?.refuse?.join('\n') ?? ''}`;
    };

    test('dryRun says what would be replaced, and nothing is', async () => {
      const { namespace } = scene();
      const before = await boundClaims(namespace);
      await apply([appRestore(namespace, 'what-if', 'copy', { inPlace: true, dryRun: true })]);
      const planned = await watchUntil<AppRestore>('apprestores', 'what-if', namespace, 'is a plan', (o) => readyOf(o.status)?.reason === 'DryRun', 60);
      for (const { claim, volume } of before) expect(planned.status?.plan?.change?.join('\n')).toContain(`persistentvolumeclaims/${claim}: is replaced; volume ${volume} (1Gi, Delete) is kept until spec.previousVolumes says otherwise`);
      expect(planned.status?.plan?.refuse ?? []).toEqual([]);
      expect(await boundClaims(namespace)).toEqual(before);
      await deleteAndWait('apprestore', namespace, 'what-if');
    }, 120_000);

    test('a pod of nobody that has a claim', async () => {
      const { namespace } = scene();
      await apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shell', namespace }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'shell', image, command: ['sleep', '3600'] }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data-pg-0', readOnly: true } }] } }]);
      expect(await told('shell')).toMatch(/RestoreRefused: .*pods\/shell: uses claim data-pg-0 and belongs to no workload that can be scaled to zero; delete it first/);
      await kubectl(['-n', namespace, 'delete', 'pod', 'shell', '--wait=true']);
    }, 120_000);

    test('a workload that the copy does not have, with the command', async () => {
      const { namespace } = scene();
      const template = { metadata: { labels: { app: 'reader' } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'reader', image, command: ['sleep', '3600'] }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'wal-pg-0', readOnly: true } }] } };
      await apply([{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'reader', namespace }, spec: { replicas: 1, selector: { matchLabels: { app: 'reader' } }, template } }]);
      expect(await told('reader')).toContain(`deployments.apps/reader: uses a claim of the copy, which does not have this workload; scale it to zero first: kubectl -n ${namespace} scale deployment/reader --replicas=0`);
      await kubectl(['-n', namespace, 'delete', 'deployment', 'reader', '--wait=true', '--cascade=foreground']);
    }, 120_000);

    test('objects of Flux', async () => {
      const { namespace } = scene();
      const marks = ['kustomize.toolkit.fluxcd.io/name', 'kustomize.toolkit.fluxcd.io/namespace'];
      await kubectl(['-n', namespace, 'label', 'statefulset', 'pg', `${marks[0]}=shop`, `${marks[1]}=flux-system`]);
      expect(await told('flux')).toContain('statefulsets.apps/pg: ManagedByGitOps: Flux kustomization flux-system/shop would undo the change; suspend it first: flux suspend kustomization shop -n flux-system');
      await kubectl(['-n', namespace, 'label', 'statefulset', 'pg', ...marks.map((mark) => `${mark}-`)]);
    }, 120_000);

    test('an account that may not delete claims', async () => {
      const { namespace } = scene();
      await apply([
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', namespace } },
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'reader', namespace }, rules: [
          { apiGroups: [''], resources: ['secrets', 'persistentvolumeclaims', 'serviceaccounts', 'pods', 'configmaps', 'services', 'replicationcontrollers'], verbs: ['get', 'list', 'create', 'patch'] },
          { apiGroups: [''], resources: ['pods', 'pods/exec'], verbs: ['get', 'create', 'delete'] },
          { apiGroups: ['apps', 'batch', 'autoscaling', 'rbac.authorization.k8s.io', 'networking.k8s.io', 'policy'], resources: ['*'], verbs: ['get', 'list', 'create', 'patch'] },
        ] },
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'reader', namespace }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }, subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }] },
      ]);
      expect(await told('reader', { serviceAccountName: 'reader' })).toMatch(new RegExp(`AccountNotAllowed: .*system:serviceaccount:${namespace}:reader may not delete persistentvolumeclaims`));
      await kubectl(['-n', namespace, 'delete', 'rolebinding,role,serviceaccount', 'reader']);
    }, 120_000);

    test('another namespace', async () => {
      const { namespace } = scene();
      expect(await told('elsewhere', { into: { namespace: 'default', serviceAccountName: 'default' } })).toMatch(new RegExp(`InvalidSpec: spec\\.into\\.namespace: with inPlace: true only claims of this namespace \\(${namespace}\\)`));
    }, 60_000);
  });
}
