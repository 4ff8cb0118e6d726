import { kubectl, tryKubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';

interface ContainerStatus {
  name: string;
  containerID?: string;
  restartCount: number;
  state: { running?: unknown; waiting?: { reason: string }; terminated?: unknown };
}

export interface Pod {
  metadata: { name: string; labels: Record<string, string> };
  spec: { ephemeralContainers?: unknown[] };
  status: {
    phase: string;
    conditions?: { type: string; status: string; lastTransitionTime: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    ephemeralContainerStatuses?: ContainerStatus[];
  };
}

/** A container as `pod/container`, a Job's pod by the name of the Job. */
export type Who = `${string}/${string}`;

/** All pods of the namespace by their label `app`. */
export async function podsOf(namespace: string): Promise<ReadonlyMap<string, Pod>> {
  const list = JSON.parse(await kubectl(['-n', namespace, 'get', 'pods', '-o', 'json'])) as { items: Pod[] };
  return new Map(list.items.map((pod) => [pod.metadata.labels['app'] ?? pod.metadata.name, pod]));
}

export function statuses(pod: Pod): ContainerStatus[] {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status;
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
}

/** Id at the runtime. Throws when the container has none. */
export function containerIdOf(pods: ReadonlyMap<string, Pod>, who: Who): string {
  const [name = '', container] = who.split('/');
  const pod = pods.get(name);
  const id = pod === undefined ? undefined : statuses(pod).find((s) => s.name === container)?.containerID;
  if (id === undefined) throw new Error(`${who} has no container id`);
  return id.replace(/^containerd:\/\//, '');
}

/** Waits until `holds` is true of a pod. */
export async function untilPod(namespace: string, name: string, what: string, holds: (pod: Pod) => boolean, seconds = 60): Promise<Pod> {
  return until(`pod ${name} ${what}`, async () => {
    const pod = (await podsOf(namespace)).get(name);
    return pod !== undefined && holds(pod) ? pod : undefined;
  }, seconds, 200);
}

/** One line of the writer's log, times in ms since the epoch. */
export interface Ack {
  readonly n: number;
  readonly sent: number;
  readonly acked: number;
}

/** What a writer has acknowledged so far. */
export async function acksOf(namespace: string, pods: ReadonlyMap<string, Pod>, who: Who): Promise<Ack[]> {
  const [name = '', container = ''] = who.split('/');
  return parseAcks(await kubectl(['-n', namespace, 'logs', pods.get(name)?.metadata.name ?? name, '-c', container]));
}

/** The whole log of the writer of a pod, followed to its end, however that is told: a pod that is gone has none. */
export async function acksUntilItEnds(namespace: string, name: string): Promise<Ack[]> {
  return parseAcks((await tryKubectl(['-n', namespace, 'logs', name, '-c', 'main', '--follow'])).stdout);
}

function parseAcks(log: string): Ack[] {
  return log.split('\n').filter((line) => /^\d+ [\d.]+ [\d.]+$/.test(line)).map((line) => {
    const [n, sent, acked] = line.split(' ').map(Number);
    return { n: n ?? NaN, sent: sent ?? NaN, acked: acked ?? NaN };
  });
}

/** Waits until a writer has acknowledged something that it sent after now: it runs. */
export async function untilWrites(namespace: string, who: Who, seconds = 30): Promise<void> {
  const now = Date.now();
  const [name = '', container = ''] = who.split('/');
  await until(`${who} writes`, async () => {
    const { stdout } = await tryKubectl(['-n', namespace, 'logs', name, '-c', container, '--tail=1']);
    return Number(stdout.split(' ')[1] ?? 0) > now;
  }, seconds, 100);
}

/** Adds an ephemeral container to a pod, and waits until it runs. */
export async function addEphemeral(namespace: string, name: string, ephemeral: { readonly name: string }): Promise<void> {
  const pod = JSON.parse(await kubectl(['-n', namespace, 'get', 'pod', name, '-o', 'json'])) as Pod;
  pod.spec.ephemeralContainers = [...(pod.spec.ephemeralContainers ?? []), ephemeral];
  await kubectl(['replace', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/ephemeralcontainers`, '-f', '-'], JSON.stringify(pod));
  await untilPod(namespace, name, `runs ${ephemeral.name}`, (p) => statuses(p).some((s) => s.name === ephemeral.name && s.state.waiting === undefined));
}
