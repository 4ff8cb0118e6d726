import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DrillStatus } from '../../../src/api/volumepolicy.js';
import { as, clusterAdmin, forgetIdentities, operatorByToken, serviceAccount, type Identity } from '../admission/identities.js';
import { recordFigures } from '../lib/figures.js';
import { appRestore } from '../lib/tenant.js';
import { beginDrill, untilCopy, untilNothingLeft, untilOver, untilPolicy, type Scene } from './scene.js';

const mark = { 'stillpoint.dev/drill': '0badcafe-0000-4000-8000-000000000000', 'pod-security.kubernetes.io/enforce': 'baseline' };
const space = (name: string, labels: object): unknown => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations: { 'stillpoint.dev/drill-of': 'shop/nightly' } } });
const role = (namespace: string, name: string): unknown => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'more', namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
  subjects: [{ kind: 'ServiceAccount', name: 'stillpoint', namespace: 'stillpoint-system' }],
});

/** The right to make namespaces is of use for drills only, whoever has it; and a drill gives nobody a place to stand. */
export function tenants(scene: () => Scene): void {
  describe('what drills do not give', () => {
    let operator: Identity;
    let tenant: Identity;
    let drill: DrillStatus;
    const told: { who: string; what: string; says: string }[] = [];

    const refused = async (who: Identity, what: string, args: readonly string[], object: unknown, says: RegExp): Promise<void> => {
      const { code, stderr } = await as(who, args, object === undefined ? undefined : JSON.stringify(object));
      told.push({ who: who.name, what, says: stderr.trim() });
      expect({ what, code }).not.toEqual({ what, code: 0 });
      expect(stderr).toMatch(says);
    };
    const create = ['create', '--dry-run=server', '-f', '-'];

    beforeAll(async () => {
      operator = await operatorByToken();
      tenant = serviceAccount(scene().namespace, 'stillpoint');
      await untilCopy(scene());
      drill = await beginDrill(scene());
      await untilPolicy(scene(), 'has made the restore', (o) => o.status?.drill?.restore !== undefined, 150);
    }, 330_000);
    afterAll(() => {
      recordFigures('drill', { refusals: told });
      forgetIdentities();
    });

    test('to a tenant: rights in the namespace of its own drill', async () => {
      await refused(tenant, 'see pods of the drill', ['-n', drill.namespace, 'get', 'pods'], undefined, /forbidden/i);
      await refused(tenant, 'exec in the drill', ['-n', drill.namespace, 'exec', 'pg-0', '--', 'true'], undefined, /forbidden/i);
      await refused(tenant, 'delete the network policy', ['-n', drill.namespace, 'delete', 'networkpolicy', 'stillpoint-drill', '--dry-run=server'], undefined, /forbidden/i);
      const into = { into: { namespace: drill.namespace, serviceAccountName: (await accountOf(drill.namespace)) ?? 'none' } };
      await refused(tenant, 'restore into the drill', create, appRestore(scene().namespace, 'mine', drill.copy, into), /stillpoint-author-into|forbidden/);
    }, 60_000);

    test('to a tenant: a namespace with the mark, or any', async () => {
      await refused(tenant, 'make a namespace', create, space(`${scene().namespace}-drill-0123456789`, mark), /forbidden/i);
    }, 30_000);

    test('to an admin: the mark, given or taken', async () => {
      await refused(clusterAdmin, 'make a marked namespace', create, space(`${scene().namespace}-drill-0123456789`, mark), /stillpoint-drill-namespace/);
      await refused(clusterAdmin, 'mark a namespace', ['label', '--dry-run=server', 'namespace', scene().namespace, 'stillpoint.dev/drill=x'], undefined, /stillpoint-drill-namespace/);
      await refused(clusterAdmin, 'make a namespace with an empty mark', create, space(`${scene().namespace}-drill-0123456789`, { ...mark, 'stillpoint.dev/drill': '' }), /stillpoint-drill-namespace/);
      await refused(clusterAdmin, 'give a namespace an empty mark', ['label', '--dry-run=server', 'namespace', scene().namespace, 'stillpoint.dev/drill='], undefined, /stillpoint-drill-namespace/);
      await refused(clusterAdmin, 'empty the mark of a drill', ['label', '--dry-run=server', '--overwrite', 'namespace', drill.namespace, 'stillpoint.dev/drill='], undefined, /stillpoint-drill-namespace/);
      await refused(clusterAdmin, 'hide whose drill it is', ['annotate', '--dry-run=server', 'namespace', drill.namespace, 'stillpoint.dev/drill-of-'], undefined, /stillpoint-drill-namespace/);
      await refused(clusterAdmin, 'unmark a drill', ['label', '--dry-run=server', 'namespace', drill.namespace, 'stillpoint.dev/drill-'], undefined, /stillpoint-drill-namespace/);
    }, 30_000);

    test('to whoever has the token of the operator: other namespaces, other labels, other roles', async () => {
      const name = `${scene().namespace}-drill-0123456789`;
      await refused(operator, 'make a plain namespace', create, space('anything', {}), /stillpoint-drill-namespace/);
      await refused(operator, 'make a drill with an empty mark', create, space(name, { ...mark, 'stillpoint.dev/drill': '' }), /stillpoint-drill-namespace/);
      await refused(operator, 'make a drill with a mark that is no uid', create, space(name, { ...mark, 'stillpoint.dev/drill': 'x' }), /stillpoint-drill-namespace/);
      await refused(operator, 'make a privileged drill', create, space(name, { ...mark, 'pod-security.kubernetes.io/enforce': 'privileged' }), /stillpoint-drill-namespace/);
      await refused(operator, 'make a drill with a label of its choice', create, space(name, { ...mark, team: 'admins' }), /stillpoint-drill-namespace/);
      await refused(operator, 'delete a namespace of others', ['delete', '--dry-run=server', 'namespace', scene().namespace], undefined, /stillpoint-drill-namespace/);
      await refused(operator, 'bind its role elsewhere', create, role(scene().namespace, 'stillpoint-drill'), /stillpoint-drill-binding/);
      await refused(operator, 'bind another role in a drill', create, role(drill.namespace, 'admin'), /stillpoint-drill-binding|forbidden/);
      await refused(operator, 'make an AppRestore that is no drill', create, appRestore(scene().namespace, 'mine', drill.copy), /stillpoint-drill-restore/);
    }, 60_000);

    test('and the drill itself comes to its end', async () => {
      expect(await untilOver(scene(), drill)).toMatchObject({ verified: true });
      await untilNothingLeft(scene().namespace);
    }, 330_000);
  });
}

async function accountOf(namespace: string): Promise<string | undefined> {
  const { stdout } = await as(clusterAdmin, ['-n', namespace, 'get', 'serviceaccounts', '-o', 'jsonpath={.items[*].metadata.name}']);
  return stdout.split(' ').find((name) => name.startsWith('stillpoint-drill-'));
}
