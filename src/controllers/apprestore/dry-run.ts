import type { AppRestoreStatus } from '../../api/apprestore.js';
import { apiGroup, apiVersion, labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import { appRestores, type AppRestore } from '../../api/kinds.js';
import { objectId } from '../../manifests/captured.js';
import { editAt, record } from '../../manifests/json.js';
import { summarizePlan, type ObjectPlan, type PlanSummary } from '../../manifests/plan-apply.js';
import { packPlan, plannedEntry, plannedObjects, planKey, verdicts, type PlannedObject } from '../../manifests/plan-document.js';
import { isAlreadyExists } from '../../runtime/api-error.js';
import type { KubeObject } from '../../runtime/object.js';
import { configMaps } from '../../runtime/resource.js';
import { accountOf } from '../appsnapshot/gather.js';
import type { Right } from '../authority.js';
import type { OperatorDeps } from '../deps.js';
import { now, type StepResult } from '../step.js';
import type { RestoreSet } from './restore-set.js';
import { some, targetNamespace, tell, type RestoreWriter } from './steps.js';

/** What the account must have beside its AppRestore: the plan is written as that account. */
export const rightsToSavePlan: readonly Right[] = ['get', 'create', 'update'].map((verb) => ({ verb, group: '', resource: 'configmaps' }));

/** Compressed bytes of a plan: the API server takes 1 MiB. */
const maxBytes = 768 * 1024;

/** A copy held against its target. */
export interface Comparison {
  readonly plan: PlanSummary;
  /** What the server says to each object; the plan has more entries than these. */
  readonly plans: readonly ObjectPlan[];
  /** That of the digests in them. */
  readonly salt: string;
  readonly set: Pick<RestoreSet, 'gate' | 'scaled'>;
}

/** Saves the plan in a ConfigMap beside the AppRestore, then says that it is there. `change`: what else status gets. */
export async function finishDryRun(writer: RestoreWriter, comparison: Comparison, change: AppRestoreStatus, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { plan } = comparison;
  const { name, namespace } = object.metadata;
  const { packed, cut } = packPlan(targetNamespace(object), wholePlan(comparison), maxBytes);
  const diffRef = { name: planName(object) };
  await savePlan(object, packed, deps);
  const sentences = [
    `Dry run, nothing was applied: ${plan.create.length} objects to create, ${plan.change.length} to change, ${plan.skip.length} left out, ${plan.refuse.length} refused in ${targetNamespace(object)}.`,
    ...(plan.refuse.length === 0 ? [] : [`It would be refused: ${some(plan.refuse)}.`]),
    `See kubectl stillpoint -n ${namespace} diff ${name}.`,
    ...(cut === 0 ? [] : [`It is too large for a ConfigMap: ${cut} objects are there by name only.`]),
  ];
  const message = sentences.join(' ');
  await writer.write({ ...change, plan: { ...change.plan, diffRef }, phase: 'Ready' }, { kind: 'ready', reason: 'DryRun', message });
  tell(deps, object, 'Normal', 'DryRun', message);
  return now;
}

/** Name of the ConfigMap: the longest names of an AppRestore are cut. Pure. */
export function planName({ metadata }: Pick<AppRestore, 'metadata'>): string {
  return `${metadata.name.slice(0, 248).replace(/[-.]+$/, '')}-plan`;
}

/** As the account. Repeatable: what an earlier try has written is replaced, what is of somebody else never. */
async function savePlan(object: AppRestore, packed: Buffer, deps: OperatorDeps): Promise<void> {
  const client = deps.client.as(accountOf(object));
  const configMap = planConfigMap(object, packed);
  try {
    await client.create(configMaps, configMap);
    return;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const { namespace, uid } = object.metadata;
  const { metadata } = await client.get(configMaps, { namespace, name: configMap.metadata.name });
  if (metadata.ownerReferences?.some((owner) => owner.uid === uid) !== true) {
    throw fail('PlanNotSaved', `ConfigMap ${metadata.name} in namespace ${namespace} is there and is not of this AppRestore: delete it, or give the AppRestore another name.`, { afterSeconds: 5 });
  }
  const { resourceVersion } = metadata;
  await client.replace(configMaps, { ...configMap, metadata: { ...configMap.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } });
}

/** Goes with the AppRestore, and is in no capture. */
function planConfigMap(object: AppRestore, packed: Buffer): KubeObject {
  const { name, namespace, uid } = object.metadata;
  return {
    apiVersion: 'v1',
    kind: configMaps.kind,
    metadata: {
      name: planName(object),
      namespace,
      labels: { [labels.internal]: 'plan' },
      ownerReferences: [{ apiVersion: `${apiGroup}/${apiVersion}`, kind: appRestores.kind, name, uid, controller: true }],
    },
    binaryData: { [planKey]: packed.toString('base64') },
  };
}

/** Every object of a plan with what becomes of it, and what else the plan says. Pure. */
export function wholePlan({ plan, plans, salt, set }: Comparison): PlannedObject[] {
  const asked = summarizePlan(plans);
  const others = verdicts.flatMap((verdict) => plan[verdict].filter((entry) => !asked[verdict].includes(entry)).map((entry) => plannedEntry(verdict, entry)));
  return [...plannedObjects(plans.map((one) => atWork(one, set)), salt), ...others];
}

/** What is made, as it is in the end: what a restore puts to rest at first it starts later. */
function atWork(plan: ObjectPlan, set: Comparison['set']): ObjectPlan {
  if (plan.verdict !== 'create') return plan;
  const id = objectId(plan.captured);
  const released = set.gate.find((captured) => objectId(captured) === id);
  const started = set.scaled.find(({ resource, name }) => `${resource}/${name}` === id);
  const captured = released ?? plan.captured;
  if (started === undefined) return { ...plan, captured };
  return { ...plan, captured: { ...captured, object: editAt(captured.object, ['spec'], (spec) => ({ ...record(spec), replicas: started.replicas })) } };
}
