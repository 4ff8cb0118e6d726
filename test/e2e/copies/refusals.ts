import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { account } from '../admission/accounts.js';
import { as, serviceAccount } from '../admission/identities.js';
import { bucketTarget } from '../lib/bucket.js';
import { takeCopy } from '../lib/copies.js';
import { kubectl, tryKubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { applyIn, copiedOf, moverObjects, readyOf, untilTarget, type Scene } from './scene.js';

const movers = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'list', 'delete'] },
  { apiGroups: [''], resources: ['pods', 'serviceaccounts'], verbs: ['get', 'list'] },
];
const cuts = [
  { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots'], verbs: ['create', 'get', 'list'] },
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'list', 'create', 'delete'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'create', 'patch', 'delete'] },
];

/** Who may not read the Secrets of a target, or make Jobs, has nothing moved by them. */
export function refusals(scene: () => Scene): void {
  describe('refusals', () => {
    beforeAll(async () => {
      const { namespace } = scene();
      await applyIn(namespace, [
        ...account(namespace, 'no-secrets', movers),
        ...account(namespace, 'no-jobs', [...cuts, movers[1]!]),
        ...account(namespace, 'author', [{ apiGroups: ['stillpoint.dev'], resources: ['backuptargets'], verbs: ['create', 'get'] }]),
      ]);
      await until('RBAC lets the author', async () => (await as(serviceAccount(namespace, 'author'), ['-n', namespace, 'auth', 'can-i', 'create', 'backuptargets'])).code === 0, 15, 300);
    }, 60_000);

    test('an account that may not read the Secret of a target gets no mover that could', async () => {
      const { namespace, server } = scene();
      await applyIn(namespace, [bucketTarget(server, 'poor', { serviceAccountName: 'no-secrets' })]);
      const target = await untilTarget(namespace, 'poor', 'AccountNotAllowed');
      expect(readyOf(target)?.message).toContain(`system:serviceaccount:${namespace}:no-secrets may not get secrets s3-encryption-key in namespace ${namespace}`);
    }, 120_000);

    test('an account that may not make Jobs: the AppSnapshot is ready, its copy says so', async () => {
      const { namespace } = scene();
      const snapshot = await takeCopy(namespace, 'jobless', { serviceAccountName: 'no-jobs', capture: { enabled: false }, copies: [{ targetRef: { name: 's3' } }] });
      expect(readyOf(snapshot)?.status).toBe('True');
      const refused = await watchUntil<AppSnapshot>('appsnapshots', 'jobless', namespace, 'is refused', (o) => copiedOf(o)?.reason === 'AccountNotAllowed', 60);
      expect(readyOf(refused)?.status).toBe('True');
      expect(await moverObjects(namespace)).toEqual([]);
    }, 180_000);

    test('an author who may not impersonate the account', async () => {
      const { namespace, server } = scene();
      const { code, stderr } = await as(serviceAccount(namespace, 'author'), ['-n', namespace, 'create', '--dry-run=server', '-f', '-'], JSON.stringify(bucketTarget(server, 'lent')));
      expect(code).not.toBe(0);
      expect(stderr).toContain("'stillpoint-author'");
      expect(stderr).toContain(`may not impersonate service account stillpoint of namespace ${namespace}`);
    }, 30_000);

    test('nobody but the operator writes the status of a target', async () => {
      const { code, stderr } = await tryKubectl(['-n', scene().namespace, 'patch', 'btgt', 's3', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { copies: 7 } })]);
      expect(code).not.toBe(0);
      expect(stderr).toContain("'stillpoint-status'");
    }, 30_000);

    test('no secret is in a Job, a log or a status', async () => {
      const { namespace, server } = scene();
      const all = await kubectl(['-n', namespace, 'get', 'asnap,btgt,events,jobs', '-o', 'json']);
      expect(all).not.toContain(server.secretAccessKey);
    }, 30_000);
  });
}
