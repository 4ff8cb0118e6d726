import { labelled, type Labelled } from '../../apps/labelled.js';
import { images } from '../lib/database.js';

/** Pods as operators and charts mark them (test/apps/labelled.ts), of images of ours. */

type Json = Readonly<Record<string, unknown>>;

const sleeping = 'localhost/stillpoint-test/tools:1';
/** Label of claims that copies select by. */
export const shape = 'labelled';

/** Who owns what an operator makes, as a kind of this cluster. */
export interface Owner {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly name: string;
}
export const cnpg: Owner = { group: 'postgresql.cnpg.io', version: 'v1', kind: 'Cluster', plural: 'clusters', name: 'cnpg' };
export const hippo: Owner = { group: 'postgres-operator.crunchydata.com', version: 'v1beta1', kind: 'PostgresCluster', plural: 'postgresclusters', name: 'hippo' };

/** The kind, without its schema: nobody here reads what such an object says. */
export function kindOf({ group, version, kind, plural }: Owner): Json {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const spec = { group, scope: 'Namespaced', names: { kind, plural, singular: kind.toLowerCase() }, versions: [{ name: version, served: true, storage: true, schema }] };
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}` }, spec };
}

export function ownerObject({ group, version, kind, name }: Owner): Json {
  return { apiVersion: `${group}/${version}`, kind, metadata: { name }, spec: { instances: 1 } };
}

/** What an account needs to save and to restore such objects, as those operators hand it out. */
export function rightsOn(owners: readonly Owner[], namespace: string): Json[] {
  const metadata = { name: 'owners' };
  const rules = owners.map(({ group, plural }) => ({ apiGroups: [group], resources: [plural], verbs: ['get', 'list', 'create', 'patch'] }));
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'owners' }, subjects: [{ kind: 'ServiceAccount', name: 'stillpoint', namespace }] },
  ];
}

/** Where each of them mounts its claim, and the data directory below that. */
const layouts: Readonly<Record<string, { readonly mount: string; readonly data: string; readonly owner?: Owner }>> = {
  cnpg: { mount: '/var/lib/postgresql/data', data: 'pgdata', owner: cnpg },
  'acid-orders': { mount: '/home/postgres/pgdata', data: 'pgroot/data' },
  hippo: { mount: '/pgdata', data: 'pg15', owner: hippo },
  release: { mount: '/bitnami/postgresql', data: 'data' },
};

/** The fixtures that run as servers here. */
export const servers = labelled.filter(({ cluster }) => layouts[cluster] !== undefined);

/** The data directory of a server. */
export function dataDirectory(cluster: string): string {
  const { mount = '', data = '' } = layouts[cluster] ?? {};
  return `${mount}/${data}`;
}

/** The first pod of a fixture as a server that works, laid out and owned as its operator does it. `uid`: of its owner. */
export function serverObjects(fixture: Labelled, uid: string | undefined): Json[] {
  const { owner } = layouts[fixture.cluster] ?? {};
  const [{ name, labels } = { name: '', labels: {} }] = fixture.pods;
  const ownerReferences = owner === undefined || uid === undefined ? [] : [{ apiVersion: `${owner.group}/${owner.version}`, kind: owner.kind, name: owner.name, uid, controller: true }];
  const claim = (metadata: Json): Json => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...metadata, labels: { shape } }, spec: claimSpec('512Mi') });
  // CloudNativePG makes pods and claims itself; the others leave both to a StatefulSet.
  if (owner === cnpg) {
    const volumes = [{ name: 'pgdata', persistentVolumeClaim: { claimName: name } }, run];
    return [claim({ name, ownerReferences }), { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels, ownerReferences }, spec: { ...serverSpec(fixture), volumes } }];
  }
  const set = name.replace(/-\d+$/, '');
  const spec = { serviceName: set, replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: serverSpec(fixture) }, volumeClaimTemplates: [claim({ name: 'pgdata' })] };
  return [{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: set, labels, ownerReferences }, spec }];
}

function serverSpec({ cluster, container, beside = [] }: Labelled): Json {
  const server = {
    name: container,
    image: images['15'],
    args: ['-c', 'shared_buffers=32MB'],
    env: [{ name: 'PGDATA', value: dataDirectory(cluster) }, { name: 'POSTGRES_PASSWORD', value: 'only-for-tests' }],
    ports: [{ containerPort: 5432 }],
    readinessProbe: { exec: { command: ['pg_isready', '-q', '-h', '127.0.0.1'] }, periodSeconds: 1, timeoutSeconds: 5 },
    volumeMounts: [{ name: 'pgdata', mountPath: layouts[cluster]?.mount }, { name: 'run', mountPath: '/var/run/postgresql' }],
  };
  return { ...common, securityContext: { runAsUser: 999, runAsGroup: 999 }, containers: [server, ...beside.map(sleeper)], volumes: [run] };
}

/** The place of the server's socket. */
const run = { name: 'run', emptyDir: {} };

const common = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 2 };
const claimSpec = (storage: string): Json => ({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } });
const sleeper = (name: string): Json => ({ name, image: sleeping, command: ['sleep', '86400'] });

/** Pods of a fixture that carry its marks and do nothing; all mount one claim, which carries the name of the cluster. */
export function sleepingObjects({ cluster, pods, container, beside = [] }: Labelled): Json[] {
  const server = { ...sleeper(container), volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const spec = { ...common, containers: [...beside.map(sleeper), server], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: cluster } }] };
  return [
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: cluster, labels: { shape: cluster } }, spec: claimSpec('64Mi') },
    ...pods.map(({ name, labels }) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec })),
  ];
}
