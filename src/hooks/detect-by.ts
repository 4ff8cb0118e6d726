import type { ApplicationKind } from '../api/common.js';
import type { Detected } from './adapter.js';
import type { ContainerView, NamespaceView, PodView } from './view.js';
import { nameFor, owningWorkload } from './workload.js';

/** How pods of one operator or chart are recognised. */
interface MarkRule {
  /** What they are recognised by, for people. */
  readonly by: string;
  /** Operator's label 100, owner or chart 90. */
  readonly rank: number;
  /** The operator that makes these pods, and often their volumes, by itself; charts have none. */
  readonly operator?: string;
  /** Name of the cluster that the pod is a member of; undefined when the rule does not match. */
  readonly cluster: (labels: Readonly<Record<string, string>>, pod: PodView) => string | undefined;
  /** Names of the server's container, by preference. */
  readonly containers: readonly string[];
}

/** How a server is recognised where nobody has marked its pod: by its image, and by a port that it declares or the name of its container. */
interface ImageRule {
  /** The name of the image, without registry, path, tag and digest. */
  readonly image: RegExp;
  readonly otherImage: RegExp;
  readonly ports: readonly number[];
  readonly container: RegExp;
  readonly otherContainer?: RegExp;
}

/** Everything by which the servers of one product are recognised; the first rule that matches counts. */
interface DetectionRules {
  readonly kind: ApplicationKind;
  readonly marks: readonly MarkRule[];
  readonly plain: ImageRule;
}

interface Detection {
  /** Servers in a namespace: one application for each cluster that a mark names, or owning workload. Pure. */
  readonly detect: (view: NamespaceView) => Detected[];
  /** The operator that manages the pod; undefined when none is known to. */
  readonly operatorOf: (pod: PodView) => string | undefined;
}

const plainRank = 60;

interface Match extends Pick<MarkRule, 'by' | 'rank' | 'operator'> {
  readonly pod: PodView;
  readonly container: string;
  readonly cluster: string;
}

/** Detection by rules. */
export function detectBy({ kind, marks, plain }: DetectionRules): Detection {
  const match = (pod: PodView): Match | undefined => byMark(pod, marks) ?? byImage(pod, plain);
  return {
    detect: (view) => grouped(view.pods.flatMap((pod) => match(pod) ?? [])).map((members) => application(kind, members)),
    operatorOf: (pod) => match(pod)?.operator,
  };
}

function byMark(pod: PodView, marks: readonly MarkRule[]): Match | undefined {
  for (const { by, rank, operator, cluster: clusterOf, containers } of marks) {
    const cluster = clusterOf(pod.metadata.labels ?? {}, pod);
    const container = containers.find((name) => pod.containers.some((c) => c.name === name));
    if (cluster !== undefined && container !== undefined) return { pod, container, cluster, by, rank, ...(operator !== undefined && { operator }) };
  }
  return undefined;
}

function byImage(pod: PodView, rule: ImageRule): Match | undefined {
  const server = pod.containers.find((container) => looksLikeServer(container, rule));
  return server === undefined ? undefined : { pod, container: server.name, cluster: owningWorkload(pod).name, rank: plainRank, by: `image ${imageName(server.image)}` };
}

/** An image alone says nothing of what is run from it. */
function looksLikeServer({ image, name, ports }: ContainerView, rule: ImageRule): boolean {
  const from = imageName(image);
  if (!rule.image.test(from) || rule.otherImage.test(from) || rule.otherContainer?.test(name) === true) return false;
  return rule.ports.some((port) => ports.includes(port)) || rule.container.test(name);
}

function imageName(image: string): string {
  return (image.split('@')[0] ?? '').split('/').at(-1)?.split(':')[0] ?? '';
}

type Members = readonly [Match, ...Match[]];

/** Those that are recognised by the same mark and belong to the same cluster. */
function grouped(matches: readonly Match[]): Members[] {
  const groups = new Map<string, Members>();
  for (const match of matches) {
    const key = `${match.by}/${match.cluster}`;
    const before = groups.get(key);
    groups.set(key, before === undefined ? [match] : [...before, match]);
  }
  return [...groups.values()];
}

function application(kind: ApplicationKind, members: Members): Detected {
  const [{ cluster, rank, by }] = members;
  return {
    name: nameFor(cluster),
    kind,
    pods: members.map((m) => m.pod.metadata.name).sort(),
    container: Object.fromEntries(members.map((m) => [m.pod.metadata.name, m.container])),
    rank,
    by,
    mode: 'Auto',
    credentialsSecret: undefined,
  };
}
