import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore } from '../../../src/api/kinds.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant, volumePolicy } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';
import { claim, pod, writer } from '../shapes/objects.js';
import { beginDrill, untilCopy, untilNothingLeft, untilOver, type Scene } from './scene.js';

/** Workloads other than the StatefulSet of the database, each with a claim of its own. */
const workloads = [
  { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments.apps' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets.apps' },
  { apiVersion: 'v1', kind: 'ReplicationController', plural: 'replicationcontrollers' },
] as const;

function workload({ apiVersion, kind }: (typeof workloads)[number]): unknown {
  const name = kind.toLowerCase();
  const { spec } = pod(name, [name], [writer('main', name, 'main')]);
  const selector = kind === 'ReplicationController' ? { app: name } : { matchLabels: { app: name } };
  return { apiVersion, kind, metadata: { name }, spec: { replicas: 1, selector, template: { metadata: { labels: { app: name } }, spec } } };
}

/** What a drill makes beside workloads and what a namespace has by itself. */
const others: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'some' }, data: { key: 'value' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'some' }, stringData: { key: 'value' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'some' } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'some' }, spec: { selector: { app: 'bare' }, ports: [{ port: 80 }] } },
  { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'some' }, spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '100Gi' } }] } },
  { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'QuiesceProfile', metadata: { name: 'some' }, spec: { processName: 'some', hold: 'Freeze', recovery: 'Durable' } },
];

/** A copy of every kind that a drill makes: what its role is for. */
export function kinds(scene: () => Scene): void {
  describe('a copy of every kind that a drill makes', () => {
    const namespace = 'e2e-drill-kinds';
    const own = (): Scene => ({ ...scene(), namespace, policy: 'every-kind' });

    beforeAll(async () => {
      await makeTenant(namespace);
      const names = [...workloads.map(({ kind }) => kind.toLowerCase()), 'bare'];
      await apply([...others, ...names.map((name) => claim(name, 'kinds')), ...workloads.map(workload), pod('bare', ['bare'], [writer('main', 'bare', 'main')])], namespace);
      await kubectl(['-n', namespace, 'wait', '--for=jsonpath={.status.readyReplicas}=1', ...workloads.map(({ plural, kind }) => `${plural}/${kind.toLowerCase()}`), '--timeout=120s']);
      await kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod/bare', '--timeout=120s']);
      await apply([volumePolicy(namespace, own().policy, { consistency: { required: 'CrashConsistentSynced' }, verify: { cron: '*/1 * * * *', timeout: '8m', suspend: true } })]);
      await untilCopy(own());
    }, 360_000);
    afterAll(() => dropNamespace(namespace), 30_000);

    test('is made, started, and removed; nothing is known of its data, so that it is not verified', async () => {
      const drill = await beginDrill(own());
      const restore = await watchUntil<AppRestore>('apprestores', drill.namespace, namespace, 'is started', (o) => ['Starting', 'Verifying', 'Ready', 'Failed'].includes(o.status?.phase ?? ''), 240);
      const made = restore.status?.plan?.create?.join('\n') ?? '';
      const wanted = [...workloads.map(({ plural, kind }) => `${plural}/${kind.toLowerCase()}`), 'pods/bare', 'configmaps/some', 'secrets/some', 'serviceaccounts/some', 'services/some', 'quiesceprofiles.stillpoint.dev/some'];
      for (const id of wanted) expect(made).toContain(id);
      expect((await kubectl(['-n', drill.namespace, 'get', 'limitranges', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ')).toEqual(['source-some']);
      expect(await untilOver(own(), drill)).toMatchObject({ verified: false, reason: 'DrillNotVerified', checksFailed: 0 });
      await untilNothingLeft(namespace);
    }, 600_000);
  });
}
