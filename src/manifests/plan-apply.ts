import { labels } from '../api/common.js';
import { ApiError, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import { apiVersionOf } from '../runtime/resource.js';
import { objectId, type CapturedObject } from './captured.js';
import { diffObjects, type Change } from './diff.js';
import { gitOpsGuard } from './gitops.js';
import { inParallel } from '../runtime/in-parallel.js';
import { record, valueAt } from './json.js';
import { kindKey } from './pod-templates.js';
import { restoreApply } from './restore-apply.js';

export type ExistingPolicy = 'Fail' | 'Skip' | 'Adopt';

export interface PlanApplyRequest {
  /** Acting as the account of the target namespace: what the server refuses it is refused here. */
  readonly client: Client;
  /** Exactly as they would be applied. */
  readonly objects: readonly CapturedObject[];
  readonly existing: ExistingPolicy;
  readonly restoreUid: string;
  /** Random, for the digests of Secret values in diffs. */
  readonly salt: string;
  /** Why an object that is there, and not ours, must be left to somebody else whatever {@link existing} says. */
  readonly unfinished?: (live: KubeObject, captured: CapturedObject) => string | undefined;
}

/** What applying would do with one object. */
export type ObjectPlan =
  | { readonly verdict: 'create'; readonly captured: CapturedObject }
  | { readonly verdict: 'change'; readonly captured: CapturedObject; readonly changes: readonly Change[] }
  | { readonly verdict: 'skip' | 'refuse'; readonly captured: CapturedObject; readonly why: string };

/**
 * Asks the server about every object, without changing anything: is it there, and what would a server-side apply by
 * this account do (dry run, so admission and RBAC answer for themselves). Results in the order of the input.
 */
export function planApply(request: PlanApplyRequest): Promise<ObjectPlan[]> {
  const guard = gitOpsGuard(request.client);
  return inParallel(request.objects, (captured) => planOne(captured, request, guard));
}

async function planOne(captured: CapturedObject, request: PlanApplyRequest, guard: ReturnType<typeof gitOpsGuard>): Promise<ObjectPlan> {
  const refuse = (why: string): ObjectPlan => ({ verdict: 'refuse', captured, why });
  let live: KubeObject | undefined;
  try {
    live = await find(captured, request.client);
  } catch (error) {
    return refuse(sentence(captured, error));
  }
  const ours = live?.metadata.labels?.[labels.restore] === request.restoreUid;
  if (live !== undefined && !ours) {
    const decided = decideExisting(captured, live, request);
    if (decided !== undefined) return decided;
    const managed = await guard(live);
    if (managed !== undefined) return refuse(managed);
  }
  try {
    const result = await restoreApply(request.client, captured, { restoreUid: request.restoreUid, force: live !== undefined, dryRun: true });
    if (live === undefined || ours) return { verdict: 'create', captured };
    const changes = diffObjects(captured.type, live, result, request.salt);
    return changes.length === 0 ? { verdict: 'skip', captured, why: 'is there already, the same' } : { verdict: 'change', captured, changes };
  } catch (error) {
    if (live === undefined && waitsForPlanned(captured, error, request.objects)) return { verdict: 'create', captured };
    return refuse(sentence(captured, error));
  }
}

/** What to do with an object that is there and not ours; undefined: apply over it, if its controller lets us. */
function decideExisting(captured: CapturedObject, live: KubeObject, { existing, unfinished }: Pick<PlanApplyRequest, 'existing' | 'unfinished'>): ObjectPlan | undefined {
  const refuse = (why: string): ObjectPlan => ({ verdict: 'refuse', captured, why });
  if (live.metadata.deletionTimestamp !== undefined) return refuse('is being deleted; wait until it is gone');
  const why = unfinished?.(live, captured);
  if (why !== undefined) return refuse(why);
  if (existing === 'Fail') return refuse('exists already (spec.existing: Fail)');
  if (existing === 'Skip') return { verdict: 'skip', captured, why: 'exists already (spec.existing: Skip)' };
  if (kindKey(captured.type) === '/PersistentVolumeClaim') {
    return captured.filled === true ? refuse('exists already, and claims are never overwritten; delete it first') : { verdict: 'skip', captured, why: 'exists already, and claims are never overwritten' };
  }
  return undefined;
}

async function find(captured: CapturedObject, client: Client): Promise<KubeObject | undefined> {
  const { name, namespace } = captured.object.metadata;
  try {
    return await client.get(captured.type, namespace === undefined ? { name } : { name, namespace });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function sentence(captured: CapturedObject, error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  // An object that is not found has details; a resource that is not served has none.
  if (error.code === 404 && error.details.name === undefined) return `the cluster does not serve ${apiVersionOf(captured.type)} ${captured.type.kind}`;
  return error.message;
}

/**
 * Two admissions look up an object that the same restore makes first: a binding its role, a pod its account. A dry run
 * cannot see it yet.
 */
function waitsForPlanned(captured: CapturedObject, error: unknown, planned: readonly CapturedObject[]): boolean {
  if (!(error instanceof ApiError)) return false;
  const has = (key: string, name: unknown): boolean => planned.some((p) => kindKey(p.type) === key && p.object.metadata.name === name);
  switch (kindKey(captured.type)) {
    case 'rbac.authorization.k8s.io/RoleBinding': {
      const role = record(captured.object['roleRef']);
      return error.code === 404 && role['kind'] === 'Role' && has('rbac.authorization.k8s.io/Role', role['name']);
    }
    case '/Pod': {
      const account = valueAt(captured.object, ['spec', 'serviceAccountName']);
      return error.code === 403 && error.message.includes('error looking up service account') && has('/ServiceAccount', account);
    }
    default:
      return false;
  }
}

/** Bounds of AppRestore status.plan. */
const maxEntries = 512;
const maxLength = 640;

/** A plan as status shows it: `plural.group/name`, with the reason or the changed fields; `more` counts what did not fit. */
export interface PlanSummary {
  readonly create: string[];
  readonly change: string[];
  readonly skip: string[];
  readonly refuse: string[];
  readonly more: number;
}

export function summarizePlan(plans: readonly ObjectPlan[]): PlanSummary {
  const summary: PlanSummary = { create: [], change: [], skip: [], refuse: [], more: 0 };
  let more = 0;
  for (const plan of plans) {
    const entries = summary[plan.verdict];
    if (entries.length < maxEntries) entries.push(describe(plan).slice(0, maxLength));
    else more += 1;
  }
  return { ...summary, more };
}

function describe(plan: ObjectPlan): string {
  const id = objectId(plan.captured);
  switch (plan.verdict) {
    case 'create':
      return id;
    case 'change':
      return `${id}: ${plan.changes.length} fields: ${plan.changes.map((c) => c.path).join(', ')}`;
    case 'skip':
    case 'refuse':
      return `${id}: ${plan.why}`;
  }
}
