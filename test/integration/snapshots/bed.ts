import { randomUUID } from 'node:crypto';
import { createCache, type Cache } from '../../../src/runtime/cache.js';
import type { Client } from '../../../src/runtime/client.js';
import { systemClock, type Clock } from '../../../src/runtime/clock.js';
import { loadConfig } from '../../../src/runtime/config.js';
import { createClient } from '../../../src/runtime/resource-client.js';
import { createTransport, type Transport } from '../../../src/runtime/transport.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { namespaces, persistentVolumeClaims, persistentVolumes, pods, volumeSnapshotContents, type ResourceType } from '../../../src/runtime/resource.js';
import { isNotFound } from '../../../src/runtime/api-error.js';
import { createLogger } from '../../../src/observability/logger.js';
import { discoverCapability, type SnapshotCapability } from '../../../src/snapshots/capability.js';
import { projectContent, type ContentCaches } from '../../../src/snapshots/contents.js';
import type { PlanClaim } from '../../../src/snapshots/plan.js';

/** Image that every bed has: busybox. */
const image = 'localhost/stillpoint-test/pause:1';

/** One connection to the bed, with the caches that an operator would have. */
export interface Bed {
  readonly client: Client;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly capability: SnapshotCapability;
  readonly contents: ContentCaches;
  close(): void;
}

export async function connect(): Promise<Bed> {
  const clock = systemClock();
  const transport = createTransport(loadConfig({ clock }), { clock, userAgent: 'stillpoint-test/1' });
  const client = createClient(transport, { fieldManager: 'stillpoint-test' });
  const stop = new AbortController();
  const capability = await discoverCapability(client);
  const log = createLogger({ level: 'error' });
  const cacheOf = (type: ResourceType): Cache<ReturnType<typeof projectContent>> => {
    const cache = createCache({ transport, type, project: projectContent, clock, log });
    cache.start(stop.signal);
    return cache;
  };
  const singles = cacheOf(volumeSnapshotContents);
  const groups = capability.group === undefined ? undefined : cacheOf(capability.group.contents);
  await Promise.all([singles.synced, groups?.synced]);
  const close = (): void => {
    stop.abort();
    transport.close();
  };
  return { client, transport, clock, capability, contents: { singles, groups }, close };
}

/** Asks again until the answer is defined; a test that waits longer fails with `what`. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, millis = 90_000): Promise<T> {
  const end = performance.now() + millis;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`did not happen within ${millis} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A namespace of this test alone. */
export async function makeNamespace(client: Client, purpose: string): Promise<string> {
  const name = `it-${purpose}-${randomUUID().slice(0, 8)}`;
  await client.create(namespaces, { metadata: { name } });
  return name;
}

/** Deletes the namespace and waits until it is gone. */
export async function dropNamespace(client: Client, name: string): Promise<void> {
  await client.delete(namespaces, { name });
  await eventually(`namespace ${name} is gone`, () => gone(client, namespaces, { name }));
}

async function gone(client: Client, type: ResourceType, key: { name: string; namespace?: string }): Promise<true | undefined> {
  return (await found(client, type, key)) === undefined ? true : undefined;
}

async function found(client: Client, type: ResourceType, key: { name: string; namespace?: string }): Promise<KubeObject | undefined> {
  try {
    return await client.get(type, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export async function makeClaim(client: Client, namespace: string, name: string, spec: Record<string, unknown> = {}): Promise<void> {
  await client.create(persistentVolumeClaims, {
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'bed', resources: { requests: { storage: '16Mi' } }, ...spec },
  });
}

/** The claim joined with its volume, once bound. A claim of a StatefulSet comes some time after it. */
export function boundClaim(client: Client, namespace: string, name: string): Promise<PlanClaim> {
  return eventually(`claim ${namespace}/${name} is bound`, async () => {
    const claim = await found(client, persistentVolumeClaims, { namespace, name });
    if (claim === undefined) return undefined;
    const volumeName = (claim['spec'] as { volumeName?: string }).volumeName;
    const { phase = 'Pending' } = (claim['status'] ?? {}) as { phase?: string };
    if (phase !== 'Bound' || volumeName === undefined) return undefined;
    const volume = await client.get(persistentVolumes, { name: volumeName });
    const csi = (volume['spec'] as { csi?: { driver: string; volumeHandle: string } }).csi;
    return { metadata: claim.metadata, phase, driver: csi?.driver, volumeHandle: csi?.volumeHandle };
  });
}

/** Runs a shell script in a pod with the claims mounted at /<claim>, to its end. Resolves with its exit code. */
export async function runPod(client: Client, namespace: string, name: string, claims: readonly string[], script: string): Promise<number> {
  const spec = {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image, command: ['/bin/sh', '-c', script], volumeMounts: claims.map((c) => ({ name: c, mountPath: `/${c}` })) }],
    volumes: claims.map((c) => ({ name: c, persistentVolumeClaim: { claimName: c } })),
    terminationGracePeriodSeconds: 0,
  };
  await client.create(pods, { metadata: { name, namespace }, spec });
  const code = await eventually(`pod ${name} has ended`, async () => exitCode(await client.get(pods, { namespace, name })));
  await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  await eventually(`pod ${name} is gone`, () => gone(client, pods, { namespace, name }));
  return code;
}

function exitCode(pod: KubeObject): number | undefined {
  const status = pod['status'] as { containerStatuses?: { state: { terminated?: { exitCode: number } } }[] };
  return status.containerStatuses?.[0]?.state.terminated?.exitCode;
}
