import { appSnapshots, type AppSnapshot } from '../../src/api/kinds.js';
import { isAlreadyExists } from '../../src/runtime/api-error.js';
import type { Client } from '../../src/runtime/client.js';
import { keyOf, type KubeObject, type OwnerReference } from '../../src/runtime/object.js';
import { namespaces, persistentVolumeClaims, pods, serviceAccounts } from '../../src/runtime/resource.js';
import { claim, copy, copyStatus, pod, podStatus } from './scale-objects.js';

export interface Population {
  readonly pods: number;
  readonly claims: number;
  readonly copies: number;
}

/** Seconds that making each took. */
export type FillTimes = Readonly<Record<keyof Population, number>>;

/** Requests under way at a time: more do not make the API server of a small machine faster. */
const parallel = 48;
const namespaceCount = 100;
/** One copy of so many is suspended: the operator writes a status for it. */
const suspendedShare = 10;

const namespaceOf = (n: number): string => `scale-${n % namespaceCount}`;

/** Makes what is missing of the population, spread over 100 namespaces. */
export async function fill(client: Client, population: Population): Promise<FillTimes> {
  const owners = new Map<string, OwnerReference>();
  await each('namespaces', namespaceCount, async (n) => {
    await ignoringExisting(client.create(namespaces, { metadata: { name: namespaceOf(n) } }));
    owners.set(namespaceOf(n), await ownerIn(client, namespaceOf(n)));
  });
  const podOf = (n: number): KubeObject => pod(namespaceOf(n), n, required(owners.get(namespaceOf(n))));
  return {
    claims: await each('claims', population.claims, (n) => ignoringExisting(client.create(persistentVolumeClaims, claim(namespaceOf(n), n)))),
    pods: await each('pods', population.pods, (n) => withStatus(client, podOf(n), (made) => podStatus(made, n))),
    copies: await each('copies', population.copies, (n) => makeCopy(client, n)),
  };
}

/** The account that every pod needs, here also as owner: something that exists and has no controller of its own. */
async function ownerIn(client: Client, namespace: string): Promise<OwnerReference> {
  const key = { namespace, name: 'default' };
  await ignoringExisting(client.create(serviceAccounts, { metadata: key }));
  const { metadata } = await client.get(serviceAccounts, key);
  return { apiVersion: 'v1', kind: 'ServiceAccount', name: metadata.name, uid: required(metadata.uid), controller: true };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the API server left something out');
  return value;
}

/** The status of our kinds may be written by the operator's account only. */
async function makeCopy(client: Client, n: number): Promise<unknown> {
  const object = copy(namespaceOf(n), n);
  if (n % suspendedShare === 0) return ignoringExisting(client.create(appSnapshots, suspended(object)));
  const made = (await ignoringExisting(client.create(appSnapshots, object))) ?? (await client.get(appSnapshots, keyOf(object)));
  if (made['status'] !== undefined) return made;
  // By apply, as the operator does: it may not do it otherwise.
  const { apiVersion, kind } = object;
  const body: KubeObject = { apiVersion: required(apiVersion), kind: required(kind), metadata: { namespace: namespaceOf(n), name: object.metadata.name }, status: copyStatus(made, n)['status'] };
  return client.as({ namespace: 'stillpoint-system', name: 'stillpoint' }).apply(appSnapshots, body, { subresource: 'status', force: true });
}

function suspended(object: KubeObject): KubeObject {
  return { ...object, spec: { ...(object as unknown as AppSnapshot).spec, suspend: true } };
}

async function withStatus(client: Client, object: KubeObject, status: (made: KubeObject) => KubeObject): Promise<void> {
  const made = (await ignoringExisting(client.create(pods, object))) ?? (await client.get(pods, keyOf(object)));
  // What an earlier run left half done: a pod has a status of the API server's own from the start.
  const phase = (made['status'] as { phase?: string } | undefined)?.phase ?? 'Pending';
  if (phase === 'Pending') await client.replace(pods, status(made), { subresource: 'status' });
}

async function ignoringExisting<T>(create: Promise<T>): Promise<T | undefined> {
  try {
    return await create;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}

/** Calls `make` for 0 … count-1, some at a time; resolves with the seconds that it took. */
async function each(what: string, total: number, make: (n: number) => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  const seconds = (): number => Math.round((performance.now() - begin) / 100) / 10;
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(parallel, total) }, async () => {
      for (let n = next; n < total; n = next) {
        next += 1;
        await make(n);
        if (n > 0 && n % 5000 === 0) console.log(`${what}: ${n} of ${total}, ${seconds()} s, about ${Math.round((seconds() / n) * (total - n))} s to go`);
      }
    }),
  );
  console.log(`${what}: ${total} in ${seconds()} s`);
  return seconds();
}
