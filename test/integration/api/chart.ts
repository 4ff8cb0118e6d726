import { loadAll } from 'js-yaml';
import { kubectl, must, run, type Outcome } from './kubectl.js';

export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  readonly rules?: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  readonly [field: string]: unknown;
}

export const release = { name: 'stillpoint', namespace: 'stillpoint-system', agentNamespace: 'stillpoint-agent' };
export const operatorUser = `system:serviceaccount:${release.namespace}:stillpoint`;

/** `helm template` with values as `--set` takes them. */
export function helmTemplate(...sets: readonly string[]): Promise<Outcome> {
  const flags = sets.flatMap((s) => ['--set-json', s]);
  return run('helm', ['template', release.name, 'charts/stillpoint', '--namespace', release.namespace, '--kube-version', '1.34.0', ...flags]);
}

/** The objects of the chart. Throws what helm printed when it refuses. */
export async function render(...sets: readonly string[]): Promise<Rendered[]> {
  const { code, stdout, stderr } = await helmTemplate(...sets);
  if (code !== 0) throw new Error(stderr);
  return loadAll(stdout).filter((o) => o !== null && o !== undefined) as Rendered[];
}

/** Marks an object as the release's, so that a later `helm install` takes it over instead of refusing it. */
function owned(object: Rendered): Rendered {
  const annotations = { ...object.metadata.annotations, 'meta.helm.sh/release-name': release.name, 'meta.helm.sh/release-namespace': release.namespace };
  const labels = { ...object.metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' };
  return { ...object, metadata: { ...object.metadata, annotations, labels } };
}

const address = (o: Rendered): string[] => [o.kind, o.metadata.name, ...(o.metadata.namespace === undefined ? [] : ['-n', o.metadata.namespace])];

/** Applies objects of the chart as the release would, and gives back those that were not there before. */
export async function applyRendered(objects: readonly Rendered[]): Promise<Rendered[]> {
  const added: Rendered[] = [];
  for (const object of objects) {
    const present = await kubectl(['get', ...address(object), '-o', 'name']);
    if (present.code !== 0) added.push(object);
    await must(['apply', '--server-side', '--force-conflicts', '--field-manager=stillpoint-test', '-f', '-'], owned(object));
  }
  return added;
}

/** Removes what a test added, unless the release was installed meanwhile and owns it. */
export async function removeAdded(objects: readonly Rendered[]): Promise<void> {
  if ((await run('helm', ['status', release.name, '-n', release.namespace])).code === 0) return;
  for (const object of [...objects].reverse()) await must(['delete', '--ignore-not-found', '--wait=false', ...address(object)]);
}

export const crdsOf = (objects: readonly Rendered[]): Rendered[] => objects.filter((o) => o.kind === 'CustomResourceDefinition');
