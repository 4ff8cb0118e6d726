import { apply, kubectl } from '../lib/kubectl.js';
import { tenant, volumePolicy } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { claim, container, mount, pod } from '../shapes/objects.js';

/** Name of the writer's pod, of its application and of the policy, in every namespace. */
export const name = 'many';

/** Namespaces that are made at a time: more would only wait for the kubelet. */
const batch = 10;

/** Commits once a second: 200 of them keep the disk of a small machine as busy as two of the bench. */
const resources = { requests: { cpu: '1m', memory: '8Mi' }, limits: { memory: '32Mi' } };
const written = { exec: { command: ['/writer', 'written', '/data/log'] }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 120 };
const main = container('main', ['commit', '--every=1s', '/data/log'], { volumeMounts: [mount('data')], resources, startupProbe: written });
const writer = pod(name, ['data'], [main], { terminationGracePeriodSeconds: 0, enableServiceLinks: false });

export function namespacesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(3, '0')}`);
}

/** Tenants, each with a pod that commits to its claim; resolves when all write. */
export async function makeWriters(namespaces: readonly string[]): Promise<void> {
  const begin = performance.now();
  const accounts = (): Promise<string> => ofEach(['serviceaccounts', '--field-selector=metadata.name=default'], '');
  const pods = (): Promise<string> => ofEach(['pods', '-l', `app=${name}`], '{.status.conditions[?(@.type=="Ready")].status}');
  for (let made = 0; made < namespaces.length; made += batch) {
    const some = namespaces.slice(made, made + batch);
    await apply(some.flatMap((namespace) => tenant(namespace)));
    // A pod is refused while its namespace has no default account.
    await until('every namespace has its default account', async () => eachIn(some, await accounts()), 60, 300);
    await apply(some.flatMap((namespace) => [claim('data', name), writer].map((object) => inNamespace(object, namespace))));
    await until('every writer writes', async () => eachIn(some, await pods(), 'True'), 300, 1000);
    const done = made + some.length;
    const seconds = (performance.now() - begin) / 1000;
    console.log(`${done} of ${namespaces.length} namespaces, ${Math.round(seconds)} s, about ${Math.round((seconds / done) * (namespaces.length - done))} s to go`);
  }
}

/** One line for each object of the cluster: its namespace, a space, and what the path of kubectl leads to. */
function ofEach(what: readonly string[], path: string): Promise<string> {
  return kubectl(['get', ...what, '-A', '-o', `jsonpath={range .items[*]}{.metadata.namespace}{" "}${path}{"\\n"}{end}`]);
}

/** Whether there is such a line for each of the namespaces. */
function eachIn(namespaces: readonly string[], lines: string, value = ''): boolean {
  const all = new Set(lines.split('\n'));
  return namespaces.every((namespace) => all.has(`${namespace} ${value}`));
}

function inNamespace(object: Readonly<Record<string, unknown>>, namespace: string): unknown {
  return { ...object, metadata: { ...(object['metadata'] as object), namespace } };
}

/** The same policy in every namespace, due once, at one minute of this day. */
export async function makePolicies(namespaces: readonly string[], tick: number): Promise<void> {
  const at = new Date(tick);
  const schedule = { cron: `${at.getUTCMinutes()} ${at.getUTCHours()} * * *` };
  await apply(namespaces.map((namespace) => volumePolicy(namespace, name, { schedule, retention: { last: 1 }, consistency: { required: 'CrashConsistentSynced' } })));
}

/** The first full minute that leaves time to make policies for so many namespaces and to have them seen. */
export function nextTick(namespaces: number, now = Date.now()): number {
  const minute = 60_000;
  return Math.ceil((now + 30_000 + namespaces * 300) / minute) * minute;
}
