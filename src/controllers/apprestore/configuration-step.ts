import { fail } from '../../api/errors.js';
import { applyObjects } from '../../manifests/apply.js';
import { now, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { compareWithTarget, refusals, toApply } from './compare.js';
import { readSource } from './source.js';
import { count, some, targetAccount, type RestoreWriter } from './steps.js';

/** Applies the configuration as the target's account, workloads at rest; remembers what has to be started. */
export async function configurationStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { set } = await readSource(object, deps);
  const client = deps.client.as(targetAccount(object));
  const plans = await compareWithTarget(object, set.configuration, deps, '');
  const refused = refusals(plans);
  if (refused.length > 0) throw fail('RestoreFailed', `${some(refused)}.`);
  const { failed, applied } = await applyObjects(client, toApply(plans), { restoreUid: object.metadata.uid, force: object.spec.existing === 'Adopt' });
  if (failed.length > 0) throw fail('RestoreFailed', `${some(failed.map((f) => `${f.id}: ${f.message}`))}.`);
  const made = new Set(applied);
  const scaled = set.scaled.filter((w) => made.has(`${w.resource}/${w.name}`));
  await writer.write({ phase: 'Preparing', scaled }, { kind: 'working', reason: 'Preparing', message: `${count(applied.length, 'object')} applied; the applications are prepared for their first start.` });
  return now;
}
