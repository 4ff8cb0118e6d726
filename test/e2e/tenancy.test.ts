import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { account } from './admission/accounts.js';
import { as, serviceAccount } from './admission/identities.js';
import { applyIn, keyOf, snapshotTo, untilComplete, untilTarget } from './copies/scene.js';
import { operatorRuns } from './kill/cluster.js';
import { bucketTarget, serverSecrets } from './lib/bucket.js';
import { startDatabase } from './lib/database.js';
import { recordFigures } from './lib/figures.js';
import { kubectl, type KubectlResult } from './lib/kubectl.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { resticOutside, startServer, type S3Server } from './lib/s3-server.js';
import { readyOf, Site } from './lib/site.js';
import { appRestore, appSnapshot, makeTenant } from './lib/tenant.js';
import { until } from './lib/until.js';
import { restoreFrom } from './restore-remote/scene.js';

/** Two tenants who share a bucket and its login. One is an admin of her own namespace and nothing elsewhere; she wants what the other has. */
describe('tenants apart', () => {
  const hers = 'e2e-tenancy-hers';
  const his = 'e2e-tenancy-his';
  const store = 'e2e-tenancy-s3';
  const site = new Site();
  const mallory = serviceAccount(hers, 'mallory');
  const editor = serviceAccount(hers, 'editor');
  const refusals: { readonly what: string; readonly says: string }[] = [];
  let server: S3Server;

  const refused = (what: string, { code, stderr }: KubectlResult, ...says: string[]): void => {
    expect({ what, admitted: code === 0 }).toEqual({ what, admitted: false });
    for (const text of says) expect(stderr).toContain(text);
    refusals.push({ what, says: stderr.trim() });
    recordFigures('tenancy', { refusals });
  };
  const create = (who: typeof mallory, namespace: string, object: unknown): Promise<KubectlResult> => as(who, ['-n', namespace, 'create', '--dry-run=server', '-f', '-'], JSON.stringify(object));
  const profile = { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'QuiesceProfile', metadata: { name: 'hook' }, spec: { processName: 'redis-server', hold: 'Freeze', recovery: 'Durable', checks: [{ name: 'read', command: ['cat', '/etc/passwd'], expect: 'x' }] } };

  beforeAll(async () => {
    await operatorRuns();
    await clearNamespaces('e2e-tenancy');
    await Promise.all([makeTenant(hers), makeTenant(his), makeTenant(store, { served: false })]);
    server = await startServer(store);
    await startDatabase(his, '15');
    for (const namespace of [hers, his]) {
      await applyIn(namespace, [...serverSecrets(server, { login: 's3-login', ca: 's3-ca' }), bucketTarget(server, 's3', { encryptionKeySecretRef: undefined })]);
      await untilTarget(namespace, 's3', 'TargetReady');
    }
    await snapshotTo(his, 'copy', ['s3'], 'Retain');
    await untilComplete(his, 'copy', 's3');
    const binding = (name: string, role: string): unknown => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role }, subjects: [{ kind: 'ServiceAccount', name: 'mallory', namespace: hers }] });
    await applyIn(hers, [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'mallory' } },
      binding('mallory', 'admin'),
      // Writes our kinds, and may do nothing else.
      ...account(hers, 'editor', [{ apiGroups: ['stillpoint.dev'], resources: ['appsnapshots', 'apprestores', 'volumepolicies', 'backuptargets', 'quiesceprofiles'], verbs: ['create', 'get'] }]),
    ]);
    for (const who of [mallory, editor]) await until('RBAC knows her', async () => (await as(who, ['-n', hers, 'auth', 'can-i', 'create', 'backuptargets'])).code === 0, 15, 300);
  }, 400_000);
  afterAll(async () => {
    for (const namespace of [hers, his, store]) await dropNamespace(namespace);
    await untilDropped();
  }, 240_000);

  test.each(['backuptargets', 'appsnapshots', 'secrets'])('%s of the other are not even shown', async (resource) => {
    refused(`get ${resource}`, await as(mallory, ['-n', his, 'get', resource]), `cannot list resource "${resource}"`, `in the namespace "${his}"`);
  }, 30_000);

  test('nothing is restored into his namespace: admission names the account that she may not use', async () => {
    for (const spec of [{ from: { targetRef: { name: 's3' } } }, {}]) {
      const restore = appRestore(hers, 'into-his', 'any', { ...spec, into: { namespace: his, serviceAccountName: 'stillpoint' } });
      refused('AppRestore into his namespace', await create(mallory, hers, restore), "'stillpoint-author-into'", `may not impersonate service account stillpoint of namespace ${his}`, 'ask an admin of that namespace');
    }
    refused('AppRestore in his namespace', await create(mallory, his, appRestore(his, 'in-his', 'copy')), `in the namespace "${his}"`);
  }, 30_000);

  test('no hook is run in his namespace, nor in her own by whoever may not exec there', async () => {
    refused('QuiesceProfile in his namespace', await create(mallory, his, profile), 'cannot create resource "quiesceprofiles"');
    refused('AppSnapshot of his namespace', await create(mallory, his, appSnapshot(his, 'mine')), 'cannot create resource "appsnapshots"');
    refused('QuiesceProfile by an editor', await create(editor, hers, profile), "'stillpoint-profile'", `may not create pods/exec in namespace ${hers}`);
  }, 30_000);

  test('whoever may only write our kinds lends no account of her own namespace', async () => {
    const spec = { serviceAccountName: 'stillpoint' };
    const kinds = [bucketTarget(server, 'lent'), appSnapshot(hers, 'lent', spec), appRestore(hers, 'lent', 'any', { from: { targetRef: { name: 's3' } } })];
    for (const object of kinds) refused((object as { kind: string }).kind, await create(editor, hers, object), "'stillpoint-author'", `may not impersonate service account stillpoint of namespace ${hers}`);
  }, 30_000);

  test('with the same bucket and login, but without his key, his copies are not read', async () => {
    await applyIn(hers, [restoreFrom('steal', { targetRef: { name: 's3' }, namespace: his })]);
    const restore = await site.untilReason(hers, 'steal', 'TargetKeyWrong');
    refusals.push({ what: 'AppRestore of his copies with her key', says: readyOf(restore)?.message ?? '' });
    recordFigures('tenancy', { refusals });
    expect(await kubectl(['-n', hers, 'get', 'pvc,statefulsets', '-o', 'name'])).toBe('');
    await site.deleteRestore(hers, 'steal');
    await site.untilNoMovers(hers);
    const point = JSON.parse(await resticOutside(server, `stillpoint/${his}`, await keyOf(his), ['snapshots', '--json', '--no-lock', '--tag=kind=recoverypoint'])) as unknown[];
    expect(point).toHaveLength(1);
  }, 240_000);

  test('the key of another object of his cannot be named: Secrets have no namespace', async () => {
    const from = { targetRef: { name: 's3' }, namespace: his, encryptionKeySecretRef: { name: 's3-encryption-key', namespace: his } };
    refused('a Secret of another namespace', await create(mallory, hers, restoreFrom('steal', from)), 'unknown field "spec.from.encryptionKeySecretRef.namespace"');
  }, 30_000);
});
