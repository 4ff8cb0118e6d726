import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import { applyObjects } from '../../manifests/apply.js';
import type { ScaledWorkload } from '../../manifests/order.js';
import { now, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { compareWithTarget, refusals, toApply } from './compare.js';
import { readSource } from './source.js';
import type { RestoreSet } from './restore-set.js';
import { count, existingOf, some, targetAccount, type RestoreWriter } from './steps.js';

/** Applies the configuration as the target's account, workloads at rest; remembers what has to be started. */
export async function configurationStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { set } = await readSource(object, deps);
  const client = deps.client.as(targetAccount(object));
  const plans = await compareWithTarget(object, set.configuration, deps, '');
  const refused = refusals(plans);
  if (refused.length > 0) throw fail('RestoreFailed', `${some(refused)}.`);
  const { failed, applied } = await applyObjects(client, toApply(plans), { restoreUid: object.metadata.uid, force: existingOf(object) === 'Adopt' });
  if (failed.length > 0) throw fail('RestoreFailed', `${some(failed.map((f) => `${f.id}: ${f.message}`))}.`);
  const scaled = workloadsToStart(object, set, new Set(applied));
  await writer.write({ phase: 'Preparing', scaled }, { kind: 'working', reason: 'Preparing', message: `${count(applied.length, 'object')} applied; the applications are prepared for their first start.` });
  return now;
}

/**
 * What the restore has put to rest and starts later: what it has applied. In place also what is there already as the copy has it, since it was stopped before; what was left as it
 * is, with the replicas that it had. Pure.
 */
export function workloadsToStart(object: AppRestore, { scaled }: Pick<RestoreSet, 'scaled'>, applied: ReadonlySet<string>): ScaledWorkload[] {
  const isApplied = ({ resource, name }: ScaledWorkload): boolean => applied.has(`${resource}/${name}`);
  if (!object.spec.inPlace) return scaled.filter(isApplied);
  if (existingOf(object) === 'Adopt') return [...scaled];
  const stopped = (object.status?.stopped ?? []).flatMap(({ resource, name, replicas }) => (replicas === undefined ? [] : [{ resource, name, replicas }]));
  return [...scaled.filter(isApplied), ...stopped.filter((workload) => !isApplied(workload))];
}
