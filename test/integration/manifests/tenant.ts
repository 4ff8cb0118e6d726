import type { Client } from '../../../src/runtime/client.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { roleBindings, secrets, serviceAccounts, type ResourceType } from '../../../src/runtime/resource.js';

const type = (group: string, version: string, plural: string, kind: string): ResourceType => ({ group, version, plural, kind, namespaced: true });
export const configMaps = type('', 'v1', 'configmaps', 'ConfigMap');
export const services = type('', 'v1', 'services', 'Service');
export const deployments = type('apps', 'v1', 'deployments', 'Deployment');
const statefulSets = type('apps', 'v1', 'statefulsets', 'StatefulSet');
const cronJobs = type('batch', 'v1', 'cronjobs', 'CronJob');
const roles = type('rbac.authorization.k8s.io', 'v1', 'roles', 'Role');
const networkPolicies = type('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy');
const autoscalers = type('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler');

/** An account bound to the ClusterRole `admin` in its namespace, as a tenant has it. */
export async function makeAccount(client: Client, namespace: string, name = 'tenant'): Promise<void> {
  await client.create(serviceAccounts, { metadata: { name, namespace } });
  await client.create(roleBindings, {
    metadata: { name: 'tenant-admin', namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
}

const template = (labels: Record<string, string>): object => ({
  metadata: { labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'localhost/stillpoint-test/pause:1', command: ['/bin/sh', '-c', 'sleep 3600'] }],
  },
});

/** A small application with one of everything that a restore treats in its own way. */
export async function makeApplication(client: Client, namespace: string): Promise<void> {
  const make = (resource: ResourceType, name: string, body: object): Promise<KubeObject> => client.create(resource, { ...body, metadata: { name, namespace } });
  await make(configMaps, 'settings', { data: { host: `db.${namespace}.svc`, namespace } });
  await make(secrets, 'login', { stringData: { password: 'correct horse' } });
  await make(serviceAccounts, 'app', {});
  await make(roles, 'reader', { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }] });
  await make(roleBindings, 'reader', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [
      { kind: 'ServiceAccount', name: 'app', namespace },
      { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: `system:serviceaccounts:${namespace}` },
    ],
  });
  await make(networkPolicies, 'own', {
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }] }] },
  });
  await make(services, 'web', { spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] } });
  await make(services, 'db', { spec: { clusterIP: 'None', selector: { app: 'db' }, ports: [{ name: 'sql', port: 5432 }] } });
  await make(deployments, 'web', { spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template({ app: 'web' }) } });
  await make(statefulSets, 'db', {
    spec: {
      replicas: 1,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: template({ app: 'db' }),
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'bed', resources: { requests: { storage: '16Mi' } } } }],
    },
  });
  await make(cronJobs, 'nightly', {
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: { ...(template({}) as { spec: object }).spec, restartPolicy: 'Never' } } } } },
  });
  await make(autoscalers, 'web', { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 3 } });
}
