import type { AppRestore } from '../../api/kinds.js';
import type { CapturedObject } from '../../manifests/captured.js';
import { objectId } from '../../manifests/captured.js';
import { planApply, type ObjectPlan } from '../../manifests/plan-apply.js';
import type { OperatorDeps } from '../deps.js';
import { targetAccount } from './steps.js';

/**
 * What applying the objects would do in the target, asked as its account; nothing is changed. Under `existing: Fail` an
 * object that is there already exactly as the copy has it is no conflict: it stays. The account of the restore and its
 * bindings are such objects as a rule.
 */
export async function compareWithTarget(object: AppRestore, objects: readonly CapturedObject[], deps: OperatorDeps, salt: string): Promise<ObjectPlan[]> {
  const request = { client: deps.client.as(targetAccount(object)), restoreUid: object.metadata.uid, salt };
  const { existing } = object.spec;
  const plans = await planApply({ ...request, objects, existing });
  const refused = plans.filter((p) => p.verdict === 'refuse').map((p) => p.captured);
  if (existing !== 'Fail' || refused.length === 0) return plans;
  const same = (await planApply({ ...request, objects: refused, existing: 'Adopt' })).filter((p) => p.verdict === 'skip');
  return plans.map((plan) => same.find((s) => s.captured === plan.captured) ?? plan);
}

/** Objects that are to be applied. Pure. */
export function toApply(plans: readonly ObjectPlan[]): CapturedObject[] {
  return plans.filter((p) => p.verdict === 'create' || p.verdict === 'change').map((p) => p.captured);
}

/** What may not or cannot be made, with the reason. Pure. */
export function refusals(plans: readonly ObjectPlan[]): string[] {
  return plans.flatMap((p) => (p.verdict === 'refuse' ? [`${objectId(p.captured)}: ${p.why}`] : []));
}
