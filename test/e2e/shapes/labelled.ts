import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { projectPod } from '../../../src/controllers/views.js';
import { detectApplications } from '../../../src/hooks/adapters.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { labelled as fixtures } from '../../apps/labelled.js';
import { deleteAndWait, describe as describeObject, readyOf, restoreCopy, takeCopy, untilReason } from '../lib/copies.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appRestore, appSnapshot, makeTenant } from '../lib/tenant.js';
import { cnpg, dataDirectory, hippo, kindOf, ownerObject, rightsOn, serverObjects, servers, shape, sleepingObjects, type Owner } from './labelled-objects.js';

const owners = [cnpg, hippo];

/** Clusters whose pods sleep, and what a copy of them misses first. */
const asleep: readonly (readonly [cluster: string, lacks: string])[] = [
  ['events', 'The Kafka node in pod events-brokers-0 could not be looked at: no process of this container is a Kafka server'],
  ['confluent', 'The Kafka node in pod kafka-0 could not be looked at: no process of this container is a Kafka server'],
  ['queue', 'The Kafka node in pod queue-kafka-broker-0 could not be looked at: no process of this container is a Kafka server'],
  ['ring', 'no Cassandra runs in this container'],
  ['logs', 'The server in pod logs-es-default-0 did not answer as expected: there is no curl in this container'],
  ['search', 'The server in pod search-masters-0 did not answer as expected: there is no curl in this container'],
];
const sleeping = fixtures.filter(({ cluster }) => asleep.some(([name]) => name === cluster));

/** Pods that carry exactly the marks of operators and charts, without the operators: how they are recognised, copied and restored. */
export function labelled(prefix: string): void {
  describe('pods that an operator or a chart has marked', () => {
    const namespace = `${prefix}-marked`;
    const target = `${prefix}-marked-to`;
    const idle = `${prefix}-asleep`;
    const into = { into: { namespace: target, serviceAccountName: 'stillpoint' } };

    beforeAll(async () => {
      for (const name of [namespace, target, idle]) await makeTenant(name);
      await apply(owners.map(kindOf));
      for (const { plural, group } of owners) await kubectl(['wait', '--for=condition=Established', `crd/${plural}.${group}`, '--timeout=30s']);
      for (const name of [namespace, target]) await apply(rightsOn(owners, name), name);
      await apply(owners.map(ownerObject), namespace);
      const uids = new Map(await Promise.all(owners.map(async (owner) => [owner.name, await uidOf(owner, namespace)] as const)));
      await apply(servers.flatMap((fixture) => serverObjects(fixture, uids.get(fixture.cluster))), namespace);
      await apply(sleeping.flatMap(sleepingObjects), idle);
      for (const fixture of servers) await kubectl(['-n', namespace, 'wait', '--for=create', `pod/${fixture.pods[0]?.name ?? ''}`, '--timeout=30s']);
      for (const name of [namespace, idle]) await kubectl(['-n', name, 'wait', '--for=condition=Ready', 'pods', '--all', '--timeout=90s']);
    }, 240_000);
    afterAll(async () => {
      for (const name of [namespace, target, idle]) await dropNamespace(name);
      await kubectl(['delete', 'crd', ...owners.map(({ plural, group }) => `${plural}.${group}`), '--ignore-not-found', '--wait=false']);
    }, 60_000);

    test('as the API server has them, each is one application with all its pods and the right container', async () => {
      const { items } = JSON.parse(await kubectl(['-n', idle, 'get', 'pods', '-o', 'json'])) as { items: KubeObject[] };
      const view = { namespace: idle, pods: items.map((pod) => projectPod(pod)), claims: [] };
      const found = detectApplications(view, [], new Set(sleeping.map(({ cluster }) => cluster)));
      const expected = sleeping.map(({ cluster, kind, by, rank, pods, container }) => ({ name: cluster, kind, by, rank, pods: pods.map(({ name }) => name).sort(), container: Object.fromEntries(pods.map(({ name }) => [name, container])) }));
      expect(found).toHaveLength(expected.length);
      expect(byName(found)).toMatchObject(byName(expected));
    });

    test.each(asleep)('the plan of a copy takes %s for what its labels say, and names what it lacks', async (cluster, lacks) => {
      await apply([appSnapshot(idle, cluster, { selector: { matchLabels: { shape: cluster } } })]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', idle, cluster, ['ApplicationNotReady'], 60);
      expect(readyOf(refused.status)?.message).toContain(lacks);
      expect(refused.status?.attempts ?? 0).toBe(0);
      await deleteAndWait('appsnapshot', idle, cluster);
    }, 90_000);

    test('PostgreSQL laid out as by CloudNativePG, Zalando, Crunchy and Bitnami is held in one window, and the copy says who manages what', async () => {
      const copy = await takeCopy(namespace, 'marked', { selector: { matchLabels: { shape } }, consistency: { required: 'Frozen' } }, 90);
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'marked'));
      const expected = servers.map(({ cluster, container, managedBy, pods }) => ({
        name: cluster,
        kind: 'PostgreSQL',
        grade: 'Frozen',
        members: [{ pod: pods[0]?.name, role: 'primary', container }],
        facts: { dataDirectory: dataDirectory(cluster), ...(managedBy !== undefined && { managedBy }) },
      }));
      expect(byName(copy.status.applications ?? [])).toMatchObject(byName(expected));
      expect(copy.status.applications?.find(({ name }) => name === 'release')?.facts).not.toHaveProperty('managedBy');
    }, 120_000);

    test('a full restore is refused where an operator makes the pods, and only there; nothing was begun', async () => {
      await apply([appRestore(namespace, 'full', 'marked', into)]);
      const refused = await untilReason<AppRestore>('apprestores', namespace, 'full', ['RestoreRefused'], 60);
      const because = (pod: string, container: string, operator: string, application: string): string =>
        `pods/${pod}: the copy holds no workload that makes it with a container ${container}, because ${operator} makes its pods and would take over whatever is made here, so application ${application} cannot be prepared; restore with what: Volumes, and let a new cluster of that operator begin from them`;
      const expected = [because('cnpg-1', 'postgres', 'CloudNativePG', 'cnpg'), because('hippo-instance1-abcd-0', 'database', 'Crunchy or Percona operator', 'hippo')];
      expect([...(refused.status?.plan?.refuse ?? [])].sort()).toEqual(expected);
      expect(await kubectl(['-n', target, 'get', 'pvc,statefulsets,pods', '-o', 'name'])).toBe('');
      await deleteAndWait('apprestore', namespace, 'full');
    }, 90_000);

    test('as that says, its volumes can be restored for a new cluster of the operator', async () => {
      const restore = await restoreCopy(namespace, 'volumes', 'marked', { ...into, what: 'Volumes' });
      expect(restore.status?.phase).toBe('Ready');
      const claims = await kubectl(['-n', target, 'get', 'pvc', '-o', 'name']);
      const wanted = ['cnpg-1', 'pgdata-acid-orders-0', 'pgdata-hippo-instance1-abcd-0', 'pgdata-release-postgresql-primary-0'];
      expect(claims.trim().split('\n').sort()).toEqual(wanted.map((name) => `persistentvolumeclaim/${name}`));
      await deleteAndWait('apprestore', namespace, 'volumes');
    }, 150_000);
  });
}

async function uidOf({ plural, group, name }: Owner, namespace: string): Promise<string> {
  return (await get<{ metadata: { uid: string } }>(`${plural}.${group}`, name, namespace))?.metadata.uid ?? '';
}

function byName<T extends { readonly name: string }>(applications: readonly T[]): Record<string, T> {
  return Object.fromEntries(applications.map((application) => [application.name, application]));
}
