import type { Detected } from '../adapter.js';
import type { ContainerView, NamespaceView, PodView } from '../view.js';
import { nameFor, owningWorkload } from '../workload.js';

/** How pods of one operator or chart are recognised. */
interface Rule {
  readonly by: string;
  readonly rank: number;
  /** It makes pods and volumes by itself. */
  readonly operator: boolean;
  /** Name of the cluster that the pod is a node of; undefined when the rule does not match. */
  readonly cluster: (labels: Readonly<Record<string, string>>) => string | undefined;
  /** Names of the server's container, by preference. */
  readonly containers: readonly string[];
}

const products: readonly (string | undefined)[] = ['elasticsearch', 'opensearch'];

/** Labels as in the sources of each (notes/quiesce.md, 9.5). */
const rules: readonly Rule[] = [
  {
    by: 'Elastic Cloud on Kubernetes',
    rank: 100,
    operator: true,
    cluster: (l) => ((l['common.k8s.elastic.co/type'] ?? 'elasticsearch') === 'elasticsearch' ? l['elasticsearch.k8s.elastic.co/cluster-name'] : undefined),
    containers: ['elasticsearch'],
  },
  { by: 'OpenSearch operator', rank: 100, operator: true, cluster: (l) => l['opster.io/opensearch-cluster'], containers: ['opensearch'] },
  {
    by: 'labels of a chart',
    rank: 90,
    operator: false,
    cluster: (l) => (products.includes(l['app.kubernetes.io/name']) ? l['app.kubernetes.io/instance'] : undefined),
    containers: ['elasticsearch', 'opensearch'],
  },
  { by: "labels of Elastic's chart", rank: 90, operator: false, cluster: (l) => (l['chart'] === 'elasticsearch' ? l['release'] : undefined), containers: ['elasticsearch'] },
];

const serverImage = /(elasticsearch|opensearch)/;
const otherImage = /(exporter|kibana|dashboards|operator|curator|logstash|curl|proxy|backup|metrics)/;
const serverContainer = /^(elasticsearch|opensearch)(-|$)/;

/** The last part of an image's name: without registry, path, tag and digest. */
function imageName(image: string): string {
  return (image.split('@')[0] ?? '').split('/').at(-1)?.split(':')[0] ?? '';
}

function looksLikeServer(container: ContainerView): boolean {
  const name = imageName(container.image);
  return serverImage.test(name) && !otherImage.test(name) && ([9200, 9300].some((port) => container.ports.includes(port)) || serverContainer.test(container.name));
}

interface Match {
  readonly pod: PodView;
  readonly container: string;
  readonly cluster: string;
  readonly rank: number;
  readonly by: string;
  readonly operator: boolean;
}

function matchPod(pod: PodView): Match | undefined {
  for (const { by, rank, operator, cluster: clusterOf, containers } of rules) {
    const cluster = clusterOf(pod.metadata.labels ?? {});
    const container = containers.map((name) => pod.containers.find((c) => c.name === name)).find((c) => c !== undefined);
    if (cluster !== undefined && container !== undefined) return { pod, container: container.name, cluster, rank, by, operator };
  }
  const plain = pod.containers.find(looksLikeServer);
  return plain === undefined ? undefined : { pod, container: plain.name, cluster: owningWorkload(pod).name, rank: 60, by: `image ${imageName(plain.image)}`, operator: false };
}

/** The operator that manages the pod; undefined when none is known to. */
export function operatorOf(pod: PodView): string | undefined {
  const match = matchPod(pod);
  return match?.operator === true ? match.by : undefined;
}

/** Elasticsearch and OpenSearch clusters in a namespace: one application per cluster label or owning workload. Pure. */
export function detect(view: NamespaceView): Detected[] {
  const groups = new Map<string, [Match, ...Match[]]>();
  for (const pod of view.pods) {
    const match = matchPod(pod);
    if (match === undefined) continue;
    const key = `${match.by}/${match.cluster}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [match]);
    else group.push(match);
  }
  return [...groups.values()].map(application);
}

function application(matches: readonly [Match, ...Match[]]): Detected {
  const [first] = matches;
  const names = matches.map((m) => m.pod.metadata.name).sort();
  return {
    name: nameFor(first.cluster),
    kind: 'Elasticsearch',
    pods: names,
    container: Object.fromEntries(matches.map((m) => [m.pod.metadata.name, m.container])),
    rank: first.rank,
    by: first.by,
    mode: 'Auto',
    credentialsSecret: undefined,
  };
}
