import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AdapterContext } from '../../../src/hooks/adapter.js';
import { projectPod } from '../../../src/controllers/views.js';
import type { NamespaceView } from '../../../src/hooks/view.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { loadConfig } from '../../../src/runtime/config.js';
import type { Exec } from '../../../src/runtime/exec.js';
import { createExec } from '../../../src/runtime/exec-websocket.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { createTransport } from '../../../src/runtime/transport.js';
import { must, until } from '../api/kubectl.js';

const accountName = 'keeper';

/** A namespace of this test alone, with an account that may do what a tenant's account may. */
export interface TestNamespace {
  readonly name: string;
  readonly exec: Exec;
  apply(objects: readonly object[]): Promise<void>;
  kubectl(...args: string[]): Promise<string>;
  /** Waits until the pod is ready. */
  ready(pod: string): Promise<void>;
  /** SQL as the superuser over the local socket, outside of the adapter. */
  sql(pod: string, text: string): Promise<string>;
  context(setId: string, claims: readonly string[]): Promise<AdapterContext>;
  remove(): Promise<void>;
}

/** Imports the test images into bed a; what is cached is not built again. */
export async function loadImages(...names: string[]): Promise<void> {
  const script = 'set -eu; for tar in $(test/apps/build --tar "$@"); do test/cluster/bed load "$tar"; done';
  await promisify(execFile)('bash', ['-c', script, 'load', ...names], { env: { ...process.env, NAME: process.env['BED'] ?? 'a' }, timeout: 1_200_000 });
}

export async function makeNamespace(purpose: string): Promise<TestNamespace> {
  const name = `it-${purpose}-${randomUUID().slice(0, 8)}`;
  const clock = systemClock();
  const transport = createTransport(loadConfig({ clock }), { clock, userAgent: 'stillpoint-test/1' });
  const exec = createExec({ transport, clock });
  await must(['create', 'namespace', name]);
  const kubectl = (...args: string[]): Promise<string> => must(['-n', name, ...args]);
  const apply = async (objects: readonly object[]): Promise<void> => {
    await must(['-n', name, 'apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: objects });
  };
  await apply(accountObjects(name));
  return {
    name,
    exec,
    apply,
    kubectl,
    ready: async (pod) => {
      await until(`pod ${pod} exists`, () => kubectl('get', 'pods', '-o', 'name'), (names) => names.split('\n').includes(`pod/${pod}`), 60_000);
      await must(['-n', name, 'wait', '--for=condition=Ready', '--timeout=55s', `pod/${pod}`]);
    },
    sql: (pod, text) => kubectl('exec', pod, '-c', 'postgres', '--', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-c', text),
    context: async (setId, claims) => ({
      account: { namespace: name, name: accountName },
      exec,
      view: await viewOf(name),
      claims: new Set(claims),
      secret: async (secret) => secretData(JSON.parse(await kubectl('get', 'secret', secret, '-o', 'json')) as KubeObject),
      profile: () => Promise.reject(new Error('PostgreSQL needs no profile')),
      setId,
      signal: new AbortController().signal,
    }),
    remove: async () => {
      await must(['delete', 'namespace', name, '--wait=false']);
      transport.close();
    },
  };
}

function accountObjects(namespace: string): object[] {
  const metadata = { name: accountName };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] }] },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: accountName },
      subjects: [{ kind: 'ServiceAccount', name: accountName, namespace }],
    },
  ];
}

function secretData(secret: KubeObject): Record<string, string> {
  return Object.fromEntries(Object.entries((secret['data'] ?? {}) as Record<string, string>).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
}

async function viewOf(namespace: string): Promise<NamespaceView> {
  const list = JSON.parse(await must(['-n', namespace, 'get', 'pods', '-o', 'json'])) as { items: KubeObject[] };
  return { namespace, pods: list.items.map((pod) => projectPod(pod)), claims: [] };
}
