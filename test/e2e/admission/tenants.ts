import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, snapshotObjects, untilReason } from '../lib/copies.js';
import { containerId, startDatabase } from '../lib/database.js';
import { apply, kubectl, waitFor } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appRestore, appSnapshot, makeTenant } from '../lib/tenant.js';
import { operatorNamespace } from '../install/operator.js';
import { account, getOnly, ghost, lacking, noSecrets } from './accounts.js';
import { as, serviceAccount } from './identities.js';
import { openHoldsOn } from './canary-places.js';
import { refused } from './refused.js';

const namespace = 'e2e-admission-tenant';
const unserved = 'e2e-admission-unserved';

/** What a tenant's namespace or account does not allow is refused by name, before anything is touched. */
export function tenants(): void {
  describe('tenants', () => {
    beforeAll(async () => {
      await Promise.all([makeTenant(namespace, { served: false }), makeTenant(unserved, { served: false })]);
      await startDatabase(namespace, '15');
      await apply([...lacking, noSecrets, getOnly].flatMap(({ name, rules }) => account(namespace, name, rules)));
      // Role and binding of an account that is not there.
      await apply(account(namespace, ghost.name, ghost.rules).slice(1));
    }, 120_000);
    afterAll(async () => {
      await dropNamespace(namespace);
      await dropNamespace(unserved);
    }, 30_000);

    const untouched = async (name: string): Promise<void> => {
      const copy = JSON.parse(await kubectl(['-n', namespace, 'get', 'appsnapshot', name, '-o', 'json'])) as AppSnapshot;
      expect({ window: copy.status?.window, holds: copy.status?.holds ?? [], open: openHoldsOn(await containerId(namespace)) }).toEqual({ window: undefined, holds: [], open: [] });
      expect(await kubectl(['-n', namespace, 'get', 'pvc', '-l', 'stillpoint.dev/snapshot-set', '-o', 'name'])).toBe('');
    };

    test('a namespace that is not served is refused with the command that serves it, and the command works', async () => {
      await apply([appSnapshot(namespace, 'served')]);
      const { status } = await untilReason<AppSnapshot>('appsnapshots', namespace, 'served', ['NamespaceNotServed'], 30);
      const message = readyOf(status)?.message ?? '';
      refused('the operator', 'AppSnapshot in a namespace that is not served', 'NamespaceNotServed', message);
      await untouched('served');
      expect(await snapshotObjects(namespace)).toEqual([]);
      const [, command = ''] = /kubectl (-n \S+ create rolebinding [^,]+),/.exec(message) ?? [];
      expect(command).not.toBe('');
      await kubectl(command.replace(/<operator namespace>:<operator account>/, `${operatorNamespace}:stillpoint`).split(' '));
      await waitFor('condition=Ready', 'appsnapshot/served', namespace, 90);
    }, 150_000);

    test.each(lacking)('an account that $says is refused before anything is touched', async ({ name, says }) => {
      await apply([appSnapshot(namespace, name, { serviceAccountName: name })]);
      const { status } = await untilReason<AppSnapshot>('appsnapshots', namespace, name, ['AccountNotAllowed'], 30);
      const message = readyOf(status)?.message ?? '';
      expect(message).toContain(`spec.serviceAccountName: system:serviceaccount:${namespace}:${name} ${says} in namespace ${namespace}`);
      expect(message).toContain(`kubectl -n ${namespace} create rolebinding`);
      refused(`account ${name}`, `AppSnapshot whose account ${says}`, 'AccountNotAllowed', message);
      await untouched(name);
    }, 60_000);

    test('exec asks for get and for create', async () => {
      const exec = ['exec', '-n', namespace, 'pg-0', '-c', 'postgres', '--', 'true'];
      const outcome = await as(serviceAccount(namespace, getOnly.name), exec);
      expect(outcome.code).not.toBe(0);
      expect(outcome.stderr).toContain('cannot create resource "pods/exec"');
      expect(await as(serviceAccount(namespace, noSecrets.name), exec)).toMatchObject({ code: 0 });
    }, 30_000);

    test.each([
      // Without rights it may not even ask whether it exists: what it lacks is named.
      { name: 'nobody', reason: 'AccountNotAllowed', says: `spec.serviceAccountName: system:serviceaccount:${namespace}:nobody may not create volumesnapshots` },
      { name: ghost.name, reason: 'AccountNotFound', says: `spec.serviceAccountName: there is no ServiceAccount ${ghost.name}` },
    ])('an account that does not exist is refused by name: $name', async ({ name, reason, says }) => {
      await apply([appSnapshot(namespace, name, { serviceAccountName: name })]);
      const { status } = await untilReason<AppSnapshot>('appsnapshots', namespace, name, [reason], 30);
      const message = readyOf(status)?.message ?? '';
      expect(message).toContain(says);
      refused(`account ${name}`, 'AppSnapshot whose account does not exist', reason, message);
      await untouched(name);
    }, 60_000);

    test('a Secret that the account may not read is not read for it', async () => {
      const applications = [{ name: 'pg', kind: 'PostgreSQL', credentialsSecretRef: { name: 'pg' } }];
      await apply([appSnapshot(namespace, noSecrets.name, { serviceAccountName: noSecrets.name, applications })]);
      const { status } = await untilReason<AppSnapshot>('appsnapshots', namespace, noSecrets.name, ['AccountNotAllowed'], 30);
      const message = readyOf(status)?.message ?? '';
      expect(message).toContain(`secrets "pg" is forbidden: User "system:serviceaccount:${namespace}:${noSecrets.name}" cannot get resource "secrets"`);
      refused(`account ${noSecrets.name}`, 'credentialsSecretRef that the account may not read', 'AccountNotAllowed', message);
      await untouched(noSecrets.name);
    }, 60_000);

    test('a restore into a namespace that is not served is refused, too', async () => {
      await apply([appRestore(namespace, 'unserved', 'served', { into: { namespace: unserved, serviceAccountName: 'stillpoint' } })]);
      const { status } = await untilReason<AppRestore>('apprestores', namespace, 'unserved', ['NamespaceNotServed'], 30);
      const message = readyOf(status)?.message ?? '';
      expect(message).toContain(`kubectl -n ${unserved} create rolebinding stillpoint-serve`);
      refused('the operator', 'AppRestore into a namespace that is not served', 'NamespaceNotServed', message);
      expect(await kubectl(['-n', unserved, 'get', 'pvc,volumesnapshots,statefulsets', '-o', 'name'])).toBe('');
      await deleteAndWait('apprestore', namespace, 'unserved');
    }, 60_000);
  });
}
