import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import type { DrillResult, DrillStatus } from '../../../src/api/volumepolicy.js';
import { eventsOf } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { watchUntil } from '../lib/watch.js';
import { beginDrill, conditionOf, readPolicy, untilFreshCopy, untilNothingLeft, untilOver, untilPolicy, type Scene } from './scene.js';

/** What must not come alive in a drill, beside what the database is made of. */
const wild: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'public' }, spec: { type: 'NodePort', selector: { app: 'pg' }, ports: [{ port: 5432 }] } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'elsewhere' }, spec: { type: 'ExternalName', externalName: 'db.example' } },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'open' }, spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] } },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'everybody' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' }] },
  { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'mail' }, spec: { schedule: '* * * * *', suspend: true, jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'mail', image: 'registry.invalid/mail' }] } } } } } },
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'client' }, spec: { replicas: 0, selector: { matchLabels: { app: 'client' } }, template: { metadata: { labels: { app: 'client' } }, spec: { containers: [{ name: 'client', image: 'registry.invalid/client' }] } } } },
  { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'some' }, spec: { hard: { pods: '20' } } },
];

interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly policyTypes: readonly string[] };
}

/** A copy of a running PostgreSQL is drilled, and what must not come alive does not. */
export function good(scene: () => Scene): void {
  describe('a good copy', () => {
    let drill: DrillStatus;
    let result: DrillResult;

    beforeAll(async () => {
      const { namespace } = scene();
      await apply(wild, namespace);
      await untilFreshCopy(scene());
      drill = await beginDrill(scene());
    }, 330_000);

    test('is restored into a namespace of its own, fenced before anything of it is there', async () => {
      await untilPolicy(scene(), 'has made the restore', (o) => o.status?.drill?.restore !== undefined, 120);
      const made = await get<{ metadata: { labels: Record<string, string> } }>('namespace', drill.namespace);
      expect(made?.metadata.labels).toMatchObject({ 'stillpoint.dev/drill': (await readPolicy(scene())).metadata.uid, 'pod-security.kubernetes.io/enforce': 'baseline' });
      const policies = (JSON.parse(await kubectl(['-n', drill.namespace, 'get', 'networkpolicies', '-o', 'json'])) as { items: Policy[] }).items;
      expect(policies.map(({ metadata, spec }) => [metadata.name, spec.policyTypes])).toEqual([['stillpoint-drill', ['Ingress', 'Egress']]]);
      expect(await kubectl(['-n', drill.namespace, 'get', 'rolebindings', '-o', 'jsonpath={.items[*].metadata.name}'])).toBe('stillpoint-drill');
      expect((await kubectl(['-n', drill.namespace, 'get', 'resourcequotas', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ').sort()).toEqual(['source-some', 'stillpoint-drill']);
    }, 150_000);

    test('leaves out, with the reason, what would act on what is outside', async () => {
      const restore = await watchUntil<AppRestore>('apprestores', drill.namespace, scene().namespace, 'starts the database', (o) => ['Starting', 'Verifying', 'Ready', 'Failed'].includes(o.status?.phase ?? ''), 120);
      const skipped = restore.status?.plan?.skip?.join('\n') ?? '';
      for (const name of ['services/elsewhere', 'networkpolicies.networking.k8s.io/open', 'rolebindings.rbac.authorization.k8s.io/everybody', 'cronjobs.batch/mail', 'deployments.apps/client']) expect(skipped).toContain(`${name}: not in a drill: `);
      const types = await kubectl(['-n', drill.namespace, 'get', 'services', '-o', 'jsonpath={.items[*].spec.type}']);
      expect(new Set(types.split(' '))).toEqual(new Set(['ClusterIP']));
      expect(await kubectl(['-n', drill.namespace, 'get', 'cronjobs,ingresses,deployments', '-o', 'name'])).toBe('');
    }, 150_000);

    test('is verified: on the policy, on the copy, as an event and in the columns', async () => {
      result = await untilOver(scene(), drill);
      expect(result).toMatchObject({ verified: true, reason: 'DrillPassed', checksFailed: 0, copy: drill.copy, isolated: false });
      expect(result.checksPassed).toBeGreaterThan(3);
      const policy = await untilPolicy(scene(), 'knows the verified copy', (o) => conditionOf(o, 'Verified')?.reason === 'DrillPassed' && o.status?.lastVerified?.name === drill.copy, 30);
      expect(conditionOf(policy, 'Verified')).toMatchObject({ status: 'True', message: expect.stringContaining('It was not isolated') as unknown });
      expect((await get<AppSnapshot>('appsnapshot', drill.copy, scene().namespace))?.status?.verified?.checks).toBe(result.checksPassed);
      expect((await eventsOf(scene().namespace, scene().policy)).map((e) => e.reason)).toEqual(expect.arrayContaining(['DrillBegun', 'DrillPassed']));
      const [head = '', row = ''] = (await kubectl(['-n', scene().namespace, 'get', 'vpol', scene().policy, '-o', 'wide'])).split('\n');
      expect(head).toContain('DRILL');
      expect(row).toContain('DrillPassed');
    }, 300_000);

    test('leaves nothing, and the original as it was', async () => {
      await untilNothingLeft(scene().namespace);
      expect(await kubectl(['-n', scene().namespace, 'get', 'pod', 'pg-0', '-o', 'jsonpath={.status.phase}'])).toBe('Running');
      recordFigures('drill', { good: { rtoSeconds: result.rtoSeconds, checksPassed: result.checksPassed, secondsToResult: (Date.parse(result.at) - Date.parse(drill.begun)) / 1000 } });
    }, 120_000);
  });
}
