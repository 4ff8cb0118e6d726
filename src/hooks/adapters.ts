import type { ApplicationKind } from '../api/common.js';
import { labels } from '../api/common.js';
import type { AppSnapshotSpec } from '../api/appsnapshot.js';
import { fail } from '../api/errors.js';
import { matchesSelector } from '../runtime/label-selector.js';
import type { ApplicationAdapter, Detected } from './adapter.js';
import { cassandraAdapter } from './cassandra/adapter.js';
import { customAdapter } from './custom/adapter.js';
import { elasticsearchAdapter } from './elasticsearch/adapter.js';
import { genericAdapter, writingContainer } from './generic.js';
import { kafkaAdapter } from './kafka/adapter.js';
import { postgresqlAdapter } from './postgresql/adapter.js';
import type { NamespaceView, PodView } from './view.js';
import { isLive, mountedClaims } from './workload.js';

export type ApplicationEntry = NonNullable<AppSnapshotSpec['applications']>[number];

/** Rank of an entry of the spec: above everything that detection can say. */
const specRank = 1000;

/** Every adapter there is, by kind. */
export function createAdapters(): Readonly<Record<ApplicationKind, ApplicationAdapter>> {
  return {
    PostgreSQL: postgresqlAdapter(),
    Kafka: kafkaAdapter(),
    Cassandra: cassandraAdapter(),
    Elasticsearch: elasticsearchAdapter(),
    Custom: customAdapter(),
    Generic: genericAdapter(),
  };
}

/**
 * The applications of a copy: what the adapters detect, with the entries of `spec.applications` over it, and kind
 * Generic for every other pod that mounts a claim of the copy. Pure. Each pod belongs to exactly one.
 * Throws AppError ApplicationNotFound or ContainerNotFound for an entry that selects nothing.
 * @param claims names of the claims in the copy; pods that mount none of them do not count
 */
export function detectApplications(
  view: NamespaceView,
  entries: readonly ApplicationEntry[],
  claims: ReadonlySet<string>,
  adapters: Readonly<Record<ApplicationKind, ApplicationAdapter>> = createAdapters(),
): Detected[] {
  const pods = view.pods.filter((pod) => isLive(pod) && pod.metadata.labels?.[labels.internal] === undefined && [...mountedClaims(pod)].some((c) => claims.has(c)));
  const scope: NamespaceView = { ...view, pods };
  const detected = Object.values(adapters)
    .flatMap((adapter) => adapter.detect(scope))
    .sort((a, b) => b.rank - a.rank);
  const taken = new Set<string>();
  const named = entries.map((entry, index) => take(fromEntry(entry, `spec.applications[${index}]`, scope, detected), taken));
  const found = detected.map((app) => take(app, taken)).filter((app) => app.pods.length > 0);
  return withUniqueNames([...named.filter((app) => app.pods.length > 0), ...found]);
}

/** Leaves an application the pods that nobody of higher rank has, and marks them. */
function take(app: Detected, taken: Set<string>): Detected {
  const pods = app.pods.filter((name) => !taken.has(name));
  for (const name of pods) taken.add(name);
  return { ...app, pods, container: Object.fromEntries(pods.map((name) => [name, app.container[name] ?? ''])) };
}

function fromEntry(entry: ApplicationEntry, field: string, scope: NamespaceView, detected: readonly Detected[]): Detected {
  const pods = entry.selector === undefined ? detectedPods(entry, field, detected, scope) : selectedPods(entry.selector, field, scope);
  const guess = new Map(detected.filter((app) => app.kind === entry.kind).flatMap((app) => Object.entries(app.container)));
  return {
    name: entry.name,
    kind: entry.kind,
    pods: pods.map((pod) => pod.metadata.name),
    container: Object.fromEntries(pods.map((pod) => [pod.metadata.name, containerOf(pod, entry, field, guess.get(pod.metadata.name))])),
    rank: specRank,
    by: field,
    mode: entry.mode,
    credentialsSecret: entry.credentialsSecretRef?.name,
    ...(entry.repository === undefined ? {} : { repository: entry.repository }),
    ...(entry.profileRef === undefined ? {} : { profile: { name: entry.profileRef.name } }),
  };
}

function selectedPods(selector: NonNullable<ApplicationEntry['selector']>, field: string, scope: NamespaceView): readonly PodView[] {
  const pods = scope.pods.filter((pod) => matchesSelector(selector as Parameters<typeof matchesSelector>[0], pod.metadata.labels));
  if (pods.length > 0) return pods;
  throw fail('ApplicationNotFound', `${field}.selector matches no running pod that mounts a claim of the copy: correct it, or widen spec.selector so that the claims of its pods belong to the copy.`);
}

/** Without a selector: the detected application of that kind, by name when there are several. */
function detectedPods(entry: ApplicationEntry, field: string, detected: readonly Detected[], scope: NamespaceView): readonly PodView[] {
  const sameKind = detected.filter((app) => app.kind === entry.kind);
  const chosen = sameKind.find((app) => app.name === entry.name) ?? (sameKind.length === 1 ? sameKind[0] : undefined);
  if (chosen !== undefined) return scope.pods.filter((pod) => chosen.pods.includes(pod.metadata.name));
  const what = sameKind.length === 0 ? `no application of kind ${entry.kind} was detected` : `several were detected (${sameKind.map((app) => app.name).join(', ')})`;
  throw fail('ApplicationNotFound', `${field} has no selector and ${what}: add ${field}.selector.`);
}

function containerOf(pod: PodView, entry: ApplicationEntry, field: string, guess: string | undefined): string {
  const names = pod.containers.map((c) => c.name);
  const only = names.length === 1 ? names[0] : undefined;
  const wanted = entry.container ?? guess ?? only ?? (entry.kind === 'Generic' ? writingContainer(pod) : undefined);
  if (wanted === undefined) {
    throw fail('ContainerNotFound', `${field}.container is not set and pod ${pod.metadata.name} has several containers (${names.join(', ')}): name the one of the server.`);
  }
  const container = pod.containers.find((c) => c.name === wanted);
  if (container?.running === true) return wanted;
  const why = container === undefined ? `does not exist in pod ${pod.metadata.name} (it has: ${names.join(', ')})` : `does not run in pod ${pod.metadata.name}`;
  throw fail('ContainerNotFound', `${field}.container: ${wanted} ${why}.`);
}

/** Names go into labels and status lists, which are keyed by them: the kind, then a number, makes them differ. */
function withUniqueNames(apps: readonly Detected[]): Detected[] {
  const used = new Set<string>();
  return apps.map((app) => {
    const candidates = [app.name, `${app.name.slice(0, 50)}-${app.kind.toLowerCase()}`];
    for (let n = 2; candidates.every((name) => used.has(name)); n++) candidates.push(`${app.name.slice(0, 50)}-${n}`);
    const name = candidates.find((candidate) => !used.has(candidate)) ?? app.name;
    used.add(name);
    return { ...app, name };
  });
}
