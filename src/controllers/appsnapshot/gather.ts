import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import type { AppSnapshot } from '../../api/kinds.js';
import type { AdapterContext, ApplicationAdapter, Detected, Preflight } from '../../hooks/adapter.js';
import { detectApplications } from '../../hooks/adapters.js';
import { planHolders, type HoldersPlan } from '../../hooks/hold/plan-holders.js';
import type { NamespaceView } from '../../hooks/view.js';
import { matchesSelector } from '../../runtime/label-selector.js';
import type { ServiceAccountRef } from '../../runtime/service-account.js';
import { discoverCapability } from '../../snapshots/capability.js';
import { expectedCut, shapesOf } from '../../snapshots/expected-cut.js';
import { planSnapshots, type SnapshotPlan } from '../../snapshots/plan.js';
import { withLast } from '../../snapshots/stages.js';
import { isReplacing } from '../apprestore/in-place/wanted.js';
import { requireAuthority, rightsToSnapshot } from '../authority.js';
import { attachedVolumes, namespaceView, type Caches } from '../caches.js';
import type { OperatorDeps } from '../deps.js';
import { requirePolicies } from '../policies.js';
import { profileReader } from '../profile-reader.js';
import { secretReader } from '../secret-reader.js';
import { agentRef } from './agent-ref.js';
import { earlierCuts } from './earlier-cuts.js';
import { lastClaims } from './online-step.js';
import { lookoutFor, stillMounted, type Lookout } from './still-mounted.js';

/** One application with its adapter and what the adapter found. */
export interface PlannedApplication {
  readonly detected: Detected;
  readonly adapter: ApplicationAdapter;
  readonly preflight: Preflight;
}

/** Everything that an attempt needs to know, gathered by reading only. */
export interface AttemptPlan {
  readonly view: NamespaceView;
  readonly claims: ReadonlySet<string>;
  readonly snapshots: SnapshotPlan;
  readonly applications: readonly PlannedApplication[];
  readonly holders: HoldersPlan;
  /** Claims that only the nodes know of; asked again after the cut. */
  readonly lookout: Lookout;
  readonly context: AdapterContext;
}

/** The account under which the work for this object is done. */
export function accountOf(object: { metadata: { namespace: string }; spec: { serviceAccountName: string } }): ServiceAccountRef {
  return { namespace: object.metadata.namespace, name: object.spec.serviceAccountName };
}

/**
 * Plans an attempt: authority, claims, cuts, applications, and who is held how. Reads only.
 * @throws AppError with the field or object that stands in the way, and the way out.
 */
export async function gather(object: AppSnapshot, setId: string, deps: OperatorDeps, signal: AbortSignal): Promise<AttemptPlan> {
  const account = accountOf(object);
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, account, rightsToSnapshot);
  refuseBesideRestore(object, deps.caches);
  const { view, selected } = selection(object, deps.caches);
  const snapshots = planSnapshots({
    claims: selected,
    capability: await discoverCapability(deps.client),
    volumeSnapshotClassName: object.spec.volumeSnapshotClassName,
    volumeGroupSnapshotClassName: object.spec.volumeGroupSnapshotClassName,
  });
  const [error] = snapshots.errors;
  if (error !== undefined) throw error;
  const claims = new Set(selected.map((claim) => claim.metadata.name));
  const context: AdapterContext = { account, exec: deps.exec, view, claims, secret: secretReader(deps.client, account), profile: profileReader(deps.client, account), setId, signal };
  const applications = await Promise.all(
    detectApplications(view, object.spec.applications ?? [], claims, deps.adapters).map(async (detected): Promise<PlannedApplication> => {
      const adapter = deps.adapters[detected.kind];
      return { detected, adapter, preflight: await adapter.preflight(detected, context) };
    }),
  );
  const blocker = applications.flatMap((a) => a.preflight.blockers)[0];
  if (blocker !== undefined) throw fail(blocker.code, blocker.message, { afterSeconds: 30 });
  const lookout = await lookoutFor(view, claims, deps);
  const holders = planHolders({
    setId,
    view,
    claims,
    applications: applications.map((a) => ({ detected: a.detected, preflight: a.preflight })),
    agentOn: (node) => agentRef(deps, node),
    attachedVolumes: attachedVolumes(deps.caches),
    stillMounted: await stillMounted(lookout, setId, deps),
    quiesce: object.spec.quiesce,
    maxHoldMillis: deps.maxHoldMillis,
    expectedCut: expectedCut(shapesOf(snapshots.cuts), earlierCuts(deps.caches.appSnapshots.list(object.metadata.namespace))),
  });
  return { view, claims, snapshots: withLast(snapshots, lastClaims(applications)), applications, holders, lookout, context };
}

/** Volumes that are being replaced, or are half filled, would be a copy of nothing, and good copies would expire for it. */
function refuseBesideRestore({ metadata }: AppSnapshot, caches: Pick<Caches, 'appRestores'>): void {
  const restore = caches.appRestores.by('target', metadata.namespace).find(isReplacing);
  if (restore !== undefined) throw fail('RestoreUnderWay', `AppRestore ${restore.metadata.name} replaces volumes of this namespace in place, or has left them half done; the copy is made when it has ended.`, { afterSeconds: 15 });
}

/** An object of ours that selects claims of its namespace. */
interface Selecting {
  readonly metadata: { readonly namespace: string };
  readonly spec: Pick<AppSnapshot['spec'], 'selector'>;
}

/** The namespace as a copy sees it, and the claims of it that the copy is made of. */
export function selection(object: Selecting, caches: Caches): { readonly view: NamespaceView; readonly selected: NamespaceView['claims'] } {
  const view = visible(namespaceView(caches, object.metadata.namespace));
  const targets = new Set(caches.backupTargets.list(object.metadata.namespace).map(({ spec }) => spec.persistentVolumeClaim?.claimName));
  // What copies are written to is never in a copy.
  const claims = view.claims.filter((claim) => !targets.has(claim.metadata.name));
  return { view, selected: claims.filter((claim) => matchesSelector(selectorOf(object), claim.metadata.labels)) };
}

/** Claims and pods of ours are never part of a selection. */
function visible(view: NamespaceView): NamespaceView {
  const foreign = (o: { metadata: { labels?: Record<string, string> } }): boolean => o.metadata.labels?.[labels.internal] === undefined;
  return { ...view, pods: view.pods.filter(foreign), claims: view.claims.filter(foreign) };
}

type Selector = Parameters<typeof matchesSelector>[0];

function selectorOf(object: Selecting): Selector {
  return (object.spec.selector ?? {}) as Selector;
}
