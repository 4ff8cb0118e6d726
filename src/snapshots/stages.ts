import type { CutStage, PlannedCut, SnapshotPlan } from './plan.js';

/**
 * Splits the cuts of a plan so that the claims of these names are cut after all others; no group then has claims of both
 * halves. Without names the plan stays as it is. Pure.
 */
export function withLast(plan: SnapshotPlan, last: ReadonlySet<string>): SnapshotPlan {
  if (last.size === 0) return plan;
  const cuts = plan.cuts.flatMap((cut) => (['first', 'last'] as const).flatMap((stage) => half(cut, stage, last)));
  return { ...plan, cuts, storageAtomic: cuts.length === 1 && cuts[0]?.atomic === true };
}

function half(cut: PlannedCut, stage: CutStage, last: ReadonlySet<string>): PlannedCut[] {
  const claims = cut.claims.filter((claim) => last.has(claim.name) === (stage === 'last'));
  return claims.length === 0 ? [] : [{ ...cut, claims, stage, atomic: cut.atomic || claims.length === 1 }];
}
