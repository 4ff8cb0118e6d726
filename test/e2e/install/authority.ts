import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { readyOf, untilReason } from '../lib/copies.js';
import { startDatabase } from '../lib/database.js';
import { apply, kubectl, tryKubectl, waitFor } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { agentNamespace, operatorNamespace } from './operator.js';

const namespace = 'e2e-install';
const canary = 'canary-8fd1c2a47b';

/** Who may do what, and that every refusal says what helps. */
export function authority(): void {
  describe('authority', () => {
    beforeAll(async () => {
      await makeTenant(namespace, { served: false });
      await startDatabase(namespace, '15', { password: canary });
      await apply([
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'of-the-tenant', namespace }, stringData: { token: canary } },
        ...account('no-exec', [
          { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots'], verbs: ['create', 'get', 'list'] },
          { apiGroups: [''], resources: ['persistentvolumeclaims', 'pods', 'serviceaccounts'], verbs: ['get', 'list'] },
        ]),
        ...account('author', [{ apiGroups: ['stillpoint.dev'], resources: ['appsnapshots', 'apprestores'], verbs: ['create', 'get', 'list', 'patch'] }]),
      ]);
    }, 120_000);
    afterAll(() => dropNamespace(namespace), 30_000);

    test('a namespace that is not served is refused with the command that serves it, and the command works', async () => {
      await apply([appSnapshot(namespace, 'served')]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, 'served', ['NamespaceNotServed'], 30);
      const message = readyOf(refused.status)?.message ?? '';
      const [, command = ''] = /kubectl (-n \S+ create rolebinding [^,]+),/.exec(message) ?? [];
      expect(command).not.toBe('');
      await kubectl(command.replace(/<operator namespace>:<operator account>/, `${operatorNamespace}:stillpoint`).split(' '));
      await waitFor('condition=Ready', 'appsnapshot/served', namespace, 90);
    }, 150_000);

    test('an account that may not exec is refused before anything is touched', async () => {
      await apply([appSnapshot(namespace, 'no-exec', { serviceAccountName: 'no-exec' })]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, 'no-exec', ['AccountNotAllowed'], 30);
      const message = readyOf(refused.status)?.message ?? '';
      expect(message).toContain(`system:serviceaccount:${namespace}:no-exec may not create pods/exec`);
      expect(message).toContain('kubectl -n e2e-install create rolebinding');
      expect(refused.status?.window).toBeUndefined();
    }, 60_000);

    test('an author who may not impersonate the account is refused by admission', async () => {
      const as = `--as=system:serviceaccount:${namespace}:author`;
      const object = JSON.stringify(appSnapshot(namespace, 'not-mine'));
      const refused = await tryKubectl([as, 'create', '-f', '-'], object);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain(`may not impersonate service account stillpoint of namespace ${namespace}`);
      await kubectl(['-n', namespace, 'create', 'role', 'use-stillpoint', '--verb=impersonate', '--resource=serviceaccounts', '--resource-name=stillpoint']);
      await kubectl(['-n', namespace, 'create', 'rolebinding', 'use-stillpoint', '--role=use-stillpoint', `--serviceaccount=${namespace}:author`]);
      // The authorizer of the API server learns of a new binding by its own watch.
      await until('the author may name the account', async () => (await tryKubectl([as, 'create', '--dry-run=server', '-f', '-'], object)).code === 0, 15, 300);
    }, 60_000);

    test('nobody but the operator writes status, admins included', async () => {
      const patch = JSON.stringify({ status: { grade: 'Frozen' } });
      const refused = await tryKubectl(['-n', namespace, 'patch', 'appsnapshot', 'no-exec', '--subresource=status', '--type=merge', '-p', patch]);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain('status is evidence');
    }, 30_000);

    test("no secret of a tenant is in the operator's logs, in events or in status", async () => {
      const texts = {
        operator: await kubectl(['-n', operatorNamespace, 'logs', '-l', 'app.kubernetes.io/component=operator', '--tail=-1']),
        agent: await kubectl(['-n', agentNamespace, 'logs', 'daemonset/stillpoint-agent', '--tail=-1']),
        events: await kubectl(['get', 'events', '-A', '-o', 'json']),
        objects: await kubectl(['-n', namespace, 'get', 'appsnapshots,volumesnapshots,volumegroupsnapshots,pvc', '-o', 'json']),
      };
      expect(texts.operator).toContain(`"namespace":"${namespace}"`);
      expect(texts.objects).toContain('"grade": "Frozen"');
      for (const [where, text] of Object.entries(texts)) {
        for (const form of [canary, Buffer.from(canary).toString('base64')]) expect({ where, found: text.includes(form) }).toEqual({ where, found: false });
      }
    }, 60_000);
  });
}

/** An account with a role of its own. */
function account(name: string, rules: readonly unknown[]): unknown[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}
