import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apply, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appRestore, appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { account } from './accounts.js';
import { as, operatorByToken, serviceAccount } from './identities.js';
import { expectRefused } from './refused.js';

const namespace = 'e2e-admission-author';
const target = 'e2e-admission-target';
const author = serviceAccount(namespace, 'author');
const dryRun = ['create', '--dry-run=server', '-f', '-'];

/** Whoever writes an object lends it an account: the right to use that account is asked on each write of a spec. */
export function authors(): void {
  describe('authors', () => {
    const snapshot = (spec: object = {}): string => JSON.stringify(appSnapshot(namespace, 'new', { suspend: true, ...spec }));
    const restore = (into: object): string => JSON.stringify(appRestore(namespace, 'new', 'copy', { suspend: true, into }));
    const mayUse = async (where: string, name: string): Promise<void> => {
      await kubectl(['-n', where, 'create', 'role', 'use-stillpoint', '--verb=impersonate', '--resource=serviceaccounts', `--resource-name=${name}`]);
      await kubectl(['-n', where, 'create', 'rolebinding', 'use-stillpoint', '--role=use-stillpoint', `--serviceaccount=${namespace}:author`]);
    };
    const refusal = (name: string, where: string): string => `may not impersonate service account ${name} of namespace ${where}. Name an account that you may impersonate, or ask an admin of`;

    beforeAll(async () => {
      // Not served: where it is, the operator may impersonate the accounts, and so counts as an author who may.
      await Promise.all([makeTenant(namespace, { served: false }), makeTenant(target, { served: false })]);
      await apply([
        ...account(namespace, 'author', [{ apiGroups: ['stillpoint.dev'], resources: ['appsnapshots', 'apprestores'], verbs: ['create', 'get', 'list', 'patch', 'update'] }]),
        appSnapshot(namespace, 'there', { suspend: true }),
        appRestore(namespace, 'there', 'copy', { suspend: true }),
      ]);
      await until('RBAC lets the author', async () => (await as(author, ['-n', namespace, 'auth', 'can-i', 'create', 'appsnapshots'])).code === 0, 15, 300);
    }, 60_000);
    afterAll(async () => {
      await dropNamespace(namespace);
      await dropNamespace(target);
    }, 30_000);

    test('a new object is refused to an author who may not impersonate its account', async () => {
      expectRefused(await as(author, dryRun, snapshot()), author.name, 'create AppSnapshot', 'stillpoint-author', refusal('stillpoint', namespace));
      expectRefused(await as(author, dryRun, restore({ namespace })), author.name, 'create AppRestore', 'stillpoint-author', refusal('stillpoint', namespace));
    }, 30_000);

    test.each(['appsnapshot', 'apprestore'])('each change of the spec of an %s is asked again, a change of metadata is not', async (resource) => {
      const patch = (what: object): string[] => ['-n', namespace, 'patch', resource, 'there', '--type=merge', '-p', JSON.stringify(what)];
      for (const who of [author, await operatorByToken()]) {
        expectRefused(await as(who, patch({ spec: { suspend: false } })), who.name, `change the spec of ${resource}`, 'stillpoint-author', refusal('stillpoint', namespace));
      }
      expect(await as(author, patch({ metadata: { labels: { team: 'shop' } } }))).toMatchObject({ code: 0 });
    }, 30_000);

    test('the operator’s token makes no object of ours', async () => {
      const made = await as(await operatorByToken(), dryRun, snapshot());
      expect(made.stderr).toContain('is forbidden');
    }, 30_000);

    test('with the right for the account the same is admitted; for another namespace it counts nothing', async () => {
      await mayUse(namespace, 'stillpoint');
      // The authorizer of the API server learns of a new binding by its own watch.
      await until('the author may name the account', async () => (await as(author, dryRun, snapshot())).code === 0, 15, 300);
      expectRefused(await as(author, dryRun, snapshot({ serviceAccountName: 'default' })), author.name, 'create AppSnapshot with another account', 'stillpoint-author', refusal('default', namespace));
      // Nobody lends an account anything by naming it itself; the one of that name in another namespace is another.
      expect(await as(author, dryRun, snapshot({ serviceAccountName: 'author' }))).toMatchObject({ code: 0 });
      expectRefused(await as(author, dryRun, restore({ namespace: target, serviceAccountName: 'author' })), author.name, 'restore into another namespace as an account of the same name', 'stillpoint-author-into', refusal('author', target));
      expectRefused(await as(author, dryRun, restore({ namespace: target, serviceAccountName: 'stillpoint' })), author.name, 'restore into another namespace', 'stillpoint-author-into', refusal('stillpoint', target));
      expectRefused(await as(author, dryRun, restore({ namespace: target })), author.name, 'restore into another namespace without an account', 'stillpoint-author-into', 'spec.into.serviceAccountName is required when spec.into.namespace is another namespace');
      await mayUse(target, 'stillpoint');
      await until('the author may name the account of the target', async () => (await as(author, dryRun, restore({ namespace: target, serviceAccountName: 'stillpoint' }))).code === 0, 15, 300);
    }, 60_000);
  });
}
