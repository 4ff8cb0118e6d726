import type { Detected } from '../adapter.js';
import type { ContainerView, NamespaceView, PodView } from '../view.js';
import { nameFor, owningWorkload } from '../workload.js';

/** How pods of one operator or chart are recognised. Labels as in the sources of each (notes/quiesce.md, 6.7). */
interface Rule {
  readonly by: string;
  readonly rank: number;
  /** Name of the cluster that the pod is an instance of; undefined when the rule does not match. */
  readonly cluster: (labels: Readonly<Record<string, string>>) => string | undefined;
  /** Names of the server's container, by preference. */
  readonly containers: readonly string[];
}

const crunchy = 'postgres-operator.crunchydata.com';

const rules: readonly Rule[] = [
  {
    by: 'CloudNativePG',
    rank: 100,
    // Poolers and jobs carry the cluster label too, with another role or a job's.
    cluster: (l) => (l['cnpg.io/jobRole'] === undefined && (l['cnpg.io/podRole'] ?? 'instance') === 'instance' ? l['cnpg.io/cluster'] : undefined),
    containers: ['postgres'],
  },
  { by: 'Zalando Postgres Operator (Spilo)', rank: 100, cluster: (l) => (l['application'] === 'spilo' ? l['cluster-name'] : undefined), containers: ['postgres'] },
  {
    by: 'Crunchy or Percona operator',
    rank: 100,
    cluster: (l) => (l[`${crunchy}/instance`] === undefined ? undefined : l[`${crunchy}/cluster`]),
    containers: ['database'],
  },
  {
    by: 'StackGres',
    rank: 100,
    cluster: (l) => (l['stackgres.io/cluster'] === 'true' ? (l['stackgres.io/cluster-name'] ?? l['stackgres.io/cluster-uid']) : undefined),
    containers: ['patroni', 'postgres'],
  },
  {
    by: 'Bitnami chart',
    rank: 90,
    cluster: (l) =>
      ['postgresql', 'postgresql-ha'].includes(l['app.kubernetes.io/name'] ?? '') && l['app.kubernetes.io/component'] !== 'pgpool' ? l['app.kubernetes.io/instance'] : undefined,
    containers: ['postgresql'],
  },
];

const serverImage = /(postgres|postgresql|spilo|timescale|postgis)/;
const otherImage = /(exporter|bouncer|pgpool|backup|barman|operator|metrics|rest|admin)/;
const serverContainer = /^(postgres|postgresql|database|db)(-|$)/;

/** The last part of an image's name: without registry, path, tag and digest. */
function imageName(image: string): string {
  return (image.split('@')[0] ?? '').split('/').at(-1)?.split(':')[0] ?? '';
}

/** True when image and port (or name) say that this container is a PostgreSQL server. */
function looksLikeServer(container: ContainerView): boolean {
  const name = imageName(container.image);
  return serverImage.test(name) && !otherImage.test(name) && (container.ports.includes(5432) || serverContainer.test(container.name));
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
  const owner = pod.owners.find((o) => o.apiVersion.startsWith('postgresql.cnpg.io/') && o.kind === 'Cluster');
  const named = pod.containers.find((c) => c.name === 'postgres');
  if (owner !== undefined && named !== undefined) return { pod, container: named.name, cluster: owner.name, rank: 90, by: 'owner Cluster of CloudNativePG' };
  const plain = pod.containers.find(looksLikeServer);
  return plain === undefined ? undefined : { pod, container: plain.name, cluster: owningWorkload(pod).name, rank: 60, by: `image ${imageName(plain.image)}` };
}

/** The operator that manages the pod, by its labels or its owner; undefined when none is known to. It makes pods, and often volumes, by itself. */
export function operatorOf(pod: PodView): string | undefined {
  const match = matchPod(pod);
  if (match === undefined || match.rank < 90 || match.by === 'Bitnami chart') return undefined;
  return match.by.replace('owner Cluster of ', '');
}

/** PostgreSQL servers in a namespace: one application per cluster label or owning workload. Pure. */
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
    kind: 'PostgreSQL',
    pods: sorted.map((m) => m.pod.metadata.name),
    container: Object.fromEntries(sorted.map((m) => [m.pod.metadata.name, m.container])),
    rank: first.rank,
    by: first.by,
    mode: 'Auto',
    credentialsSecret: undefined,
  };
}
