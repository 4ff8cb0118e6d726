import type { Detected } from '../adapter.js';
import type { ContainerView, NamespaceView, PodView } from '../view.js';
import { nameFor, owningWorkload } from '../workload.js';

type Labels = Readonly<Record<string, string>>;

/** How pods of one operator or chart are recognised. Labels as in the sources of each (docs/kafka.md says which of them are not verified). */
interface Rule {
  readonly by: string;
  readonly rank: number;
  /** Name of the cluster that the pod is a node of; undefined when the rule does not match. */
  readonly cluster: (labels: Labels) => string | undefined;
  /** Names of the server's container, by preference. */
  readonly containers: readonly string[];
}

const rules: readonly Rule[] = [
  {
    by: 'Strimzi',
    rank: 100,
    // The operator's exporters and entity operators carry the cluster label too.
    cluster: (l) => (l['strimzi.io/kind'] === 'Kafka' && (l['strimzi.io/component-type'] ?? 'kafka') === 'kafka' && isStrimziNode(l) ? l['strimzi.io/cluster'] : undefined),
    containers: ['kafka'],
  },
  {
    by: 'Confluent for Kubernetes',
    rank: 100,
    // Brokers and controllers are two objects there; what they share is the id of the cluster.
    cluster: (l) => (l['confluent-platform'] === 'true' && ['kafka', 'kraftcontroller'].includes(l['type'] ?? '') ? (l['clusterId'] ?? l['app']) : undefined),
    containers: ['kafka', 'kraftcontroller'],
  },
  { by: 'Koperator', rank: 100, cluster: (l) => (l['brokerId'] === undefined ? undefined : l['kafka_cr']), containers: ['kafka'] },
  {
    by: 'Bitnami chart',
    rank: 90,
    cluster: (l) =>
      l['app.kubernetes.io/name'] === 'kafka' && ['broker', 'controller-eligible', 'controller', 'kafka'].includes(l['app.kubernetes.io/component'] ?? '') ? l['app.kubernetes.io/instance'] : undefined,
    containers: ['kafka'],
  },
];

function isStrimziNode(l: Labels): boolean {
  const roles = [l['strimzi.io/broker-role'], l['strimzi.io/controller-role']];
  return roles.some((role) => role !== undefined) || l['strimzi.io/name'] === `${l['strimzi.io/cluster'] ?? ''}-kafka`;
}

const serverImage = /kafka/;
const otherProgram = /(exporter|connect|mirror|bridge|proxy|operator|rest|schema|registry|cruise|ksql|metrics|manager|drop|console|akhq|-ui|ui-|cli|client|init)/;
const ports = [9092, 9093, 9094];
const serverContainer = /^(kafka|broker|controller)(-|$)/;

/** The last part of an image's name: without registry, path, tag and digest. */
function imageName(image: string): string {
  return (image.split('@')[0] ?? '').split('/').at(-1)?.split(':')[0] ?? '';
}

/** True when image and port (or name) say that this container is a Kafka server. */
function looksLikeServer(container: ContainerView): boolean {
  const name = imageName(container.image);
  return serverImage.test(name) && !otherProgram.test(name) && !otherProgram.test(container.name) && (ports.some((port) => container.ports.includes(port)) || serverContainer.test(container.name));
}

interface Match {
  readonly pod: PodView;
  readonly container: string;
  readonly cluster: string;
  readonly rank: number;
  readonly by: string;
}

function matchPod(pod: PodView): Match | undefined {
  const podLabels = pod.metadata.labels ?? {};
  for (const rule of rules) {
    const cluster = rule.cluster(podLabels);
    const container = rule.containers.map((name) => pod.containers.find((c) => c.name === name)).find((c) => c !== undefined);
    if (cluster !== undefined && container !== undefined) return { pod, container: container.name, cluster, rank: rule.rank, by: rule.by };
  }
  const plain = pod.containers.find(looksLikeServer);
  return plain === undefined ? undefined : { pod, container: plain.name, cluster: owningWorkload(pod).name, rank: 60, by: `image ${imageName(plain.image)}` };
}

/** The operator that manages the pod, by its labels; undefined when none is known to. It makes pods and volumes by itself. */
export function operatorOf(pod: PodView): string | undefined {
  const match = matchPod(pod);
  return match?.rank === 100 ? match.by : undefined;
}

/** Kafka nodes in a namespace: one application per cluster label or owning workload. Pure. */
export function detect(view: NamespaceView): Detected[] {
  const groups = new Map<string, Match[]>();
  for (const pod of view.pods) {
    const match = matchPod(pod);
    if (match === undefined) continue;
    const key = `${match.by}/${match.cluster}`;
    groups.set(key, [...(groups.get(key) ?? []), match]);
  }
  return [...groups.values()].flatMap((matches) => application(matches));
}

function application(matches: readonly Match[]): Detected[] {
  const sorted = [...matches].sort((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  const [first] = sorted;
  if (first === undefined) return [];
  return [
    {
      name: nameFor(first.cluster),
      kind: 'Kafka',
      pods: sorted.map((m) => m.pod.metadata.name),
      container: Object.fromEntries(sorted.map((m) => [m.pod.metadata.name, m.container])),
      rank: first.rank,
      by: first.by,
      mode: 'Auto',
      credentialsSecret: undefined,
    },
  ];
}
