type Json = Readonly<Record<string, unknown>>;

/** Of a registry that is gone: nothing here could be started as it is. */
export const lost = 'registry.lost.example/team';
/** Where the same images are. */
export const found = 'localhost/stillpoint-test';
/** Only begins like the other. */
export const neighbour = 'registry.lost.example/teammates/tool:1';

export const host = 'shop.example';
export const newHost = 'drill.example';
export const password = 'correct-horse-battery';

/** A custom resource of nobody's, with what its operator would read in a field of its own. */
export const widgetDefinition: Json = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.rewrite.e2e.example' },
  spec: {
    group: 'rewrite.e2e.example',
    scope: 'Namespaced',
    names: { kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } } }],
  },
};

/** What a tenant needs for it beside admin. */
export function widgetRights(namespace: string): Json[] {
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'widgets', namespace }, rules: [{ apiGroups: ['rewrite.e2e.example'], resources: ['widgets'], verbs: ['get', 'list', 'create', 'patch'] }] },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'widgets', namespace }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'widgets' }, subjects: [{ kind: 'ServiceAccount', name: 'stillpoint', namespace }] },
  ];
}

const labels = { app: 'web' };
const sleeper = { image: `${lost}/pause:1`, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', 'sleep 3600'] };

/** An application that names its registry, its host and its site in each of the places where such things stand. It is not running. */
export const application: readonly Json[] = [
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: { password } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { url: `https://${host}/`, site: 'main' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          initContainers: [{ name: 'init', ...sleeper, command: ['/bin/sh', '-c', 'true'] }],
          containers: [{ name: 'main', ...sleeper, env: [{ name: 'IMAGE', value: `${lost}/pause:1` }], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        },
      },
    },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'yearly', labels: { tier: 'batch' } },
    spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', ...sleeper }, { name: 'neighbour', image: neighbour }] } } } } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web' },
    spec: { rules: [host, `www.${host}`].map((name) => ({ host: name, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }] } })), tls: [{ hosts: [host], secretName: 'web-tls' }] },
  },
  { apiVersion: 'rewrite.e2e.example/v1', kind: 'Widget', metadata: { name: 'gear' }, spec: { endpoint: `${host}:9000`, zones: ['a', 'b', 'c'] } },
];

/** What is to become of it elsewhere. */
export const rewrite: Json = {
  images: { [lost]: found },
  hosts: { [host]: newHost },
  patches: [
    {
      target: { group: 'apps', kind: 'Deployment', name: 'web' },
      patch: [
        { op: 'test', path: '/spec/template/spec/containers/0/image', value: `${found}/pause:1` },
        { op: 'replace', path: '/spec/replicas', value: 1 },
        { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'SITE', value: 'drill' } },
      ],
    },
    { target: { kind: 'CronJob', labelSelector: { matchLabels: { tier: 'batch' } } }, patch: [{ op: 'add', path: '/spec/suspend', value: true }] },
    { target: { kind: 'Widget' }, patch: [{ op: 'replace', path: '/spec/endpoint', value: `${newHost}:9000` }, { op: 'remove', path: '/spec/zones/1' }] },
  ],
};
