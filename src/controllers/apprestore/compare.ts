import { labels } from '../../api/common.js';
import type { AppRestore } from '../../api/kinds.js';
import { objectId, type CapturedObject } from '../../manifests/captured.js';
import { planApply, type ObjectPlan } from '../../manifests/plan-apply.js';
import { kindKey } from '../../manifests/pod-templates.js';
import type { KubeObject } from '../../runtime/object.js';
import type { Caches } from '../caches.js';
import type { OperatorDeps } from '../deps.js';
import { unfinishedClaims } from './remote/sweep.js';
import { existingOf, targetAccount } from './steps.js';

/**
 * What applying the objects would do in the target, asked as its account; nothing is changed. Under `existing: Fail` an
 * object that is there already exactly as the copy has it is no conflict: it stays. The account of the restore and its
 * bindings are such objects as a rule.
 */
export async function compareWithTarget(object: AppRestore, objects: readonly CapturedObject[], deps: OperatorDeps, salt: string, existing = existingOf(object)): Promise<ObjectPlan[]> {
  const unfinished = (live: KubeObject, captured: CapturedObject): string | undefined => (kindKey(captured.type) === '/PersistentVolumeClaim' ? fillerOf(live, deps.caches) : undefined);
  const request = { client: deps.client.as(targetAccount(object)), restoreUid: object.metadata.uid, salt, unfinished };
  const plans = await planApply({ ...request, objects, existing });
  const refused = plans.filter((p) => p.verdict === 'refuse').map((p) => p.captured);
  if (existing !== 'Fail' || refused.length === 0) return plans;
  const same = (await planApply({ ...request, objects: refused, existing: 'Adopt' })).filter((p) => p.verdict === 'skip');
  return plans.map((plan) => same.find((s) => s.captured === plan.captured) ?? plan);
}

/** A claim that another restore has not filled whole, be it at work or failed, looks like one that exists: a database would take half of its data for all. */
function fillerOf({ metadata }: KubeObject, caches: Pick<Caches, 'appRestores'>): string | undefined {
  const uid = metadata.labels?.[labels.restore];
  const other = uid === undefined ? undefined : caches.appRestores.by('uid', uid).find((restore) => unfinishedClaims(restore).has(metadata.name));
  return other === undefined ? undefined : `AppRestore ${other.metadata.namespace}/${other.metadata.name} has not filled it whole; wait until it has, or delete that AppRestore first, and the claim goes with it`;
}

/** Objects that are to be applied. Pure. */
export function toApply(plans: readonly ObjectPlan[]): CapturedObject[] {
  return plans.filter((p) => p.verdict === 'create' || p.verdict === 'change').map((p) => p.captured);
}

/** What may not or cannot be made, with the reason. Pure. */
export function refusals(plans: readonly ObjectPlan[]): string[] {
  return plans.flatMap((p) => (p.verdict === 'refuse' ? [`${objectId(p.captured)}: ${p.why}`] : []));
}
