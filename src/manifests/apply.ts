import { isUnknownOutcome, isTooManyRequests, isUnreachable } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import { objectId, type CapturedObject } from './captured.js';
import { inParallel } from '../runtime/in-parallel.js';
import { rank, scalableTypes, type ScaledWorkload } from './order.js';
import { restoreApply } from './restore-apply.js';

/** One object that could not be applied. */
interface ApplyFailure {
  readonly id: string;
  readonly message: string;
  /** Worth repeating: the server was not reached, busy, or its answer was lost. */
  readonly transient: boolean;
}

export interface ApplyResult {
  readonly applied: readonly string[];
  readonly failed: readonly ApplyFailure[];
}

/**
 * Applies objects in the order of their ranks, those of one rank at once, and goes on after failures: a user sees all of
 * them at once. Can be repeated until nothing fails, but not after workloads were started: at rest is part of the objects.
 * `force`: take fields over from other managers (existing: Adopt).
 */
export async function applyObjects(
  client: Client,
  objects: readonly CapturedObject[],
  options: { readonly restoreUid: string; readonly force: boolean },
): Promise<ApplyResult> {
  const applied: string[] = [];
  const failed: ApplyFailure[] = [];
  const ranks = [...new Set(objects.map(rank))].sort((a, b) => a - b);
  for (const current of ranks) {
    const group = objects.filter((o) => rank(o) === current);
    const failures = await inParallel(group, (captured) => applyOne(client, captured, options));
    for (const [i, captured] of group.entries()) {
      const failure = failures[i];
      if (failure === undefined) applied.push(objectId(captured));
      else failed.push(failure);
    }
  }
  return { applied, failed };
}

async function applyOne(client: Client, captured: CapturedObject, options: { restoreUid: string; force: boolean }): Promise<ApplyFailure | undefined> {
  try {
    await restoreApply(client, captured, { ...options, dryRun: false });
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { id: objectId(captured), message, transient: isUnknownOutcome(error) || isTooManyRequests(error) || isUnreachable(error) };
  }
}

/** Gives a workload its replicas back (or takes them). Can be repeated. Throws ApiError; RangeError for a resource that has no replicas. */
export async function scaleWorkload(client: Client, namespace: string, workload: ScaledWorkload): Promise<void> {
  const type = scalableTypes[workload.resource];
  if (type === undefined) throw new RangeError(`${workload.resource} has no replicas`);
  await client.mergePatch(type, { namespace, name: workload.name }, { spec: { replicas: workload.replicas } });
}
