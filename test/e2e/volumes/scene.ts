import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VolumePolicy } from '../../../src/api/kinds.js';
import { apply, get, kubectl, waitFor } from '../lib/kubectl.js';
import { makeTenant } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';

/** The StorageCluster of the suite. */
export const clusterName = 'e2e-volumes';
/** The driver of the test cluster. */
export const driver = 'csi.bed.stillpoint.dev';
/** The namespace's own policy. */
export const policyName = 'db';

/** An offer of the test cluster's driver to one namespace. */
export function storageCluster(namespace: string, name = clusterName, spec: Readonly<Record<string, unknown>> = {}): unknown {
  const offers = { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': namespace } }, classes: ['bed'], maxReplicas: 3, maxIops: 200_000 };
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'StorageCluster', metadata: { name }, spec: { engine: { external: { driver } }, offers, ...spec } };
}

/** A policy of volumes of the namespace. */
export function volumesPolicy(namespace: string, name: string, spec: Readonly<Record<string, unknown>>): unknown {
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'VolumePolicy', metadata: { name, namespace }, spec: { serviceAccountName: 'stillpoint', selector: { matchLabels: { app: name } }, ...spec } };
}

/** A served namespace and what is offered to it. */
export async function makeScene(namespace: string): Promise<void> {
  await makeTenant(namespace);
  await apply([storageCluster(namespace)]);
}

/** A claim of a policy's selection, and a pod that mounts it and has a shell. */
export function mounted(namespace: string, name: string, of: string, storageClassName: string): unknown[] {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, labels: { app: of } }, spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } } };
  return [claim, podOf(namespace, name)];
}

export function podOf(namespace: string, name: string): unknown {
  const container = { name: 'shell', image: 'localhost/stillpoint-test/tools:1', command: ['sleep', '86400'], volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec: { containers: [container], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }], terminationGracePeriodSeconds: 1, automountServiceAccountToken: false } };
}

/** Makes them and waits until the pod runs. */
export async function mount(namespace: string, name: string, of: string, storageClassName: string): Promise<void> {
  await apply(mounted(namespace, name, of, storageClassName));
  await waitFor('condition=Ready', `pod/${name}`, namespace, 90);
}

export function conditionOf({ status }: VolumePolicy, type: string): { status: string; reason: string; message: string } | undefined {
  return status?.conditions?.find((c) => c.type === type);
}

/** Waits for a state of a policy. */
export function untilPolicy(namespace: string, name: string, what: string, holds: (policy: VolumePolicy) => boolean, seconds = 90): Promise<VolumePolicy> {
  return watchUntil<VolumePolicy>('volumepolicies', name, namespace, what, (policy) => policy.status?.observedGeneration === policy.metadata.generation && holds(policy), seconds);
}

/** Changes the spec of a policy; what is null goes. */
export async function change(namespace: string, name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
  await kubectl(['-n', namespace, 'patch', 'vpol', name, '--type=merge', '-p', JSON.stringify({ spec })]);
}

interface Claim {
  readonly spec: { readonly volumeName: string; readonly volumeAttributesClassName?: string; readonly resources: { readonly requests: { readonly storage: string } } };
  readonly status: { readonly capacity: { readonly storage: string } };
}

export async function claimOf(namespace: string, name: string): Promise<Claim> {
  const claim = await get<Claim>('pvc', name, namespace);
  if (claim === undefined) throw new Error(`claim ${name} is not there`);
  return claim;
}

interface Records {
  readonly Volumes: Readonly<Record<string, { readonly Attributes?: Readonly<Record<string, string>> }>>;
}

const records = join(process.env['STILLPOINT_BED'] ?? '/var/tmp/stillpoint-bed', process.env['BED'] ?? 'a', 'disk', 'csi', 'records.json');

/** What the driver was told of the volume of a claim, as it has noted it. */
export async function toldOf(namespace: string, claim: string): Promise<Readonly<Record<string, string>>> {
  const { spec } = await claimOf(namespace, claim);
  const handle = await kubectl(['get', 'pv', spec.volumeName, '-o', 'jsonpath={.spec.csi.volumeHandle}']);
  return (JSON.parse(readFileSync(records, 'utf8')) as Records).Volumes[handle]?.Attributes ?? {};
}

/** Names of classes that begin so. */
export async function classesOf(prefix: string): Promise<string[]> {
  const all = (await kubectl(['get', 'storageclasses,volumeattributesclasses', '-o', 'name'])).split('\n');
  return all.filter((name) => name.includes(`/${prefix}`)).sort();
}

/** Removes what a run of the suite has left of the whole cluster. */
export async function clearClasses(namespace: string): Promise<void> {
  const clusters = (await kubectl(['get', 'storageclusters', '-o', 'name'])).split('\n').filter((name) => name.includes(`/${clusterName}`));
  const left = [...clusters, ...(await classesOf(namespace))];
  if (left.length > 0) await kubectl(['delete', ...left, '--ignore-not-found', '--wait=false']);
}
