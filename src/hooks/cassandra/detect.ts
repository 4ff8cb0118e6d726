import type { Detected } from '../adapter.js';
import type { ContainerView, NamespaceView, PodView } from '../view.js';
import { nameFor, owningWorkload } from '../workload.js';

/** Label of cass-operator and K8ssandra (constants of cass-operator's API, notes/quiesce.md, 8.5). */
const operatorLabel = 'cassandra.datastax.com/cluster';

/** Name of the server's container with the operator and with the chart. */
const containerName = 'cassandra';

const serverImage = /(cassandra|cass-management-api|dse-server|dse-mgmtapi)/;
const otherImage = /(exporter|operator|reaper|medusa|stargate|metrics|web|config|init|tools|backup|proxy)/;
const serverContainer = /^(cassandra|database|db)(-|$)/;

/** The last part of an image's name: without registry, path, tag and digest. */
function imageName(image: string): string {
  return (image.split('@')[0] ?? '').split('/').at(-1)?.split(':')[0] ?? '';
}

/** True when image and port (or name) say that this container is a Cassandra server. */
function looksLikeServer(container: ContainerView): boolean {
  const name = imageName(container.image);
  return serverImage.test(name) && !otherImage.test(name) && (container.ports.includes(9042) || container.ports.includes(7000) || serverContainer.test(container.name));
}

interface Match {
  readonly pod: PodView;
  readonly container: string;
  readonly cluster: string;
  readonly rank: number;
  readonly by: string;
}

function matchPod(pod: PodView): Match | undefined {
  const labels = pod.metadata.labels ?? {};
  const named = pod.containers.some((c) => c.name === containerName);
  const cluster = labels[operatorLabel];
  if (named && cluster !== undefined) return { pod, container: containerName, cluster, rank: 100, by: 'cass-operator' };
  const release = labels['app.kubernetes.io/instance'];
  // Others use the same common labels: the chart's own says whose they are.
  if (named && release !== undefined && /^cassandra-\d/.test(labels['helm.sh/chart'] ?? '')) return { pod, container: containerName, cluster: release, rank: 90, by: 'Bitnami chart' };
  const plain = pod.containers.find(looksLikeServer);
  return plain === undefined ? undefined : { pod, container: plain.name, cluster: owningWorkload(pod).name, rank: 60, by: `image ${imageName(plain.image)}` };
}

/** The operator that manages the pod, by its labels; undefined when none is known to. It makes pods, and volumes, by itself. */
export function operatorOf(pod: PodView): string | undefined {
  return matchPod(pod)?.rank === 100 ? 'cass-operator' : undefined;
}

/** Cassandra servers in a namespace: one application per cluster label or owning workload. Pure. */
export function detect(view: NamespaceView): Detected[] {
  const groups = new Map<string, Match[]>();
  for (const pod of view.pods) {
    const match = matchPod(pod);
    if (match === undefined) continue;
    const key = `${match.by}/${match.cluster}`;
    groups.set(key, [...(groups.get(key) ?? []), match]);
  }
  return [...groups.values()].map((matches) => application(matches));
}

function application(matches: readonly Match[]): Detected {
  const sorted = [...matches].sort((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  const first = sorted[0];
  if (first === undefined) throw new RangeError('an application without pods');
  return {
    name: nameFor(first.cluster),
    kind: 'Cassandra',
    pods: sorted.map((m) => m.pod.metadata.name),
    container: Object.fromEntries(sorted.map((m) => [m.pod.metadata.name, m.container])),
    rank: first.rank,
    by: first.by,
    mode: 'Auto',
    credentialsSecret: undefined,
  };
}
