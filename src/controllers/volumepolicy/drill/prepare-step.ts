import { fail } from '../../../api/errors.js';
import { appRestores, type AppRestore, type VolumePolicy } from '../../../api/kinds.js';
import type { DrillStatus } from '../../../api/volumepolicy.js';
import { isAlreadyExists } from '../../../runtime/api-error.js';
import type { KubeObject } from '../../../runtime/object.js';
import { limitRanges, namespaces, networkPolicies, pods, resourceQuotas, roleBindings, serviceAccounts, type ResourceType } from '../../../runtime/resource.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import type { RawPod } from '../../apprestore/pod-state.js';
import { reviews, type Right } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import type { PolicyWriter } from '../steps.js';
import { canaryName, canaryPod, isolationOf } from './canary.js';
import type { Control } from './control.js';
import { drillAccount } from './names.js';
import { copiedFence, drillBinding, drillNamespace, drillNetworkPolicy, drillQuota, drillRestore, drillServiceAccount } from './objects.js';
import { placeOf, restoreOf } from './observe.js';

/** One of those that the binding gives; an API server hears of a binding a moment after it is made. */
const rightToFence: Right = { verb: 'create', group: 'networking.k8s.io', resource: 'networkpolicies' };

/** What a drill waits for; undefined: look at once. */
type Waiting = string | undefined;

/**
 * Makes what is not there yet of a drill, in this order: the namespace, the right to work in it, the fence of its network and the proof of it, the quotas
 * and limits, which must not count or change the pod that tries it, and last the AppRestore. Every part is found again by its name. Resolves with what it waits for.
 * @throws AppError DrillRefused; ApiError of what the API server refuses.
 */
export async function prepareStep(writer: PolicyWriter, drill: DrillStatus, control: Control, deps: OperatorDeps): Promise<Waiting> {
  const { object } = writer;
  const uid = await ensureNamespace(object, drill, deps);
  const account = drillAccount(uid);
  await ensure(deps, roleBindings, drillBinding(drill.namespace, account, deps.drills.operator));
  if (!(await reviews(deps.client, drill.namespace, rightToFence))) return 'its rights in the namespace';
  await ensure(deps, networkPolicies, drillNetworkPolicy(drill.namespace, deps.drills.dnsNamespace));
  await ensure(deps, serviceAccounts, drillServiceAccount(drill.namespace, account));
  if (drill.isolated === undefined) return tryIsolation(writer, drill, { account, control }, deps);
  if (await removeCanary(drill.namespace, account, deps)) return 'the pod that tried the isolation to go';
  await limit(object.metadata.namespace, drill.namespace, deps);
  const unready = await unreadyQuotas(drill.namespace, deps);
  if (unready.length > 0) return `ResourceQuota ${unready.join(', ')} to be in force`;
  const restore = await ensureRestore(object, drill, account, deps);
  await writer.write({ drill: { ...drill, restore: restore.metadata.uid, message: undefined } });
  return undefined;
}

/** Resolves with its uid. */
async function ensureNamespace(object: VolumePolicy, drill: DrillStatus, deps: OperatorDeps): Promise<string> {
  const source = await deps.client.get(namespaces, { name: object.metadata.namespace });
  const made = await ensure(deps, namespaces, drillNamespace(object, drill.namespace, source.metadata.labels ?? {}, deps.drills.labels));
  const place = placeOf(made ?? (await deps.client.get(namespaces, { name: drill.namespace })), object.metadata.uid);
  if (place.kind !== 'ours') throw fail('DrillRefused', `Namespace ${drill.namespace} is not of this drill.`);
  return place.uid;
}

/** As much as the source may have, and no way in from outside. */
async function limit(source: string, namespace: string, deps: OperatorDeps): Promise<void> {
  await ensure(deps, resourceQuotas, drillQuota(namespace));
  for (const type of [resourceQuotas, limitRanges]) {
    const { items } = await deps.client.list(type, { namespace: source });
    for (const item of items) await ensure(deps, type, copiedFence(item, type.kind, namespace));
  }
}

/** Until the cluster has counted, a quota refuses everything that it is about. */
async function unreadyQuotas(namespace: string, deps: OperatorDeps): Promise<string[]> {
  const { items } = await deps.client.list(resourceQuotas, { namespace });
  return items.filter((quota) => (quota['status'] as { hard?: object } | undefined)?.hard === undefined).map((quota) => quota.metadata.name);
}

async function tryIsolation(writer: PolicyWriter, drill: DrillStatus, { account, control }: { readonly account: string; readonly control: Control }, deps: OperatorDeps): Promise<Waiting> {
  const client = deps.client.as({ namespace: drill.namespace, name: account });
  const pod = (await getOrUndefined(client, pods, { namespace: drill.namespace, name: canaryName })) as RawPod | undefined;
  if (pod === undefined) {
    const made = await ensure({ client }, pods, canaryPod(drill.namespace, account, deps.mover));
    if (made?.metadata.uid !== undefined) control.begin(made.metadata.uid);
    return 'the isolation to be tried';
  }
  const isolation = isolationOf(pod, control.answered(pod.metadata.uid ?? ''));
  if (isolation.kind === 'unknown') return `the isolation to be tried: ${isolation.why}`;
  if (isolation.kind === 'lost' && deps.drills.requireIsolation) {
    await removeCanary(drill.namespace, account, deps);
    return `the isolation to be tried again: ${isolation.why}`;
  }
  // What was not proven counts as not isolated, where that is allowed.
  await writer.write({ drill: { ...drill, isolated: isolation.kind === 'known' && isolation.isolated, message: undefined } });
  return undefined;
}

/** True while it is there. */
async function removeCanary(namespace: string, name: string, deps: OperatorDeps): Promise<boolean> {
  const client = deps.client.as({ namespace, name });
  const pod = await getOrUndefined(client, pods, { namespace, name: canaryName });
  if (pod === undefined) return false;
  if (pod.metadata.deletionTimestamp === undefined) await client.delete(pods, { namespace, name: canaryName });
  return true;
}

/** By the operator itself: its author is asked for both accounts as every author is, and it may impersonate both (docs/design/0012-drills.md). */
async function ensureRestore(object: VolumePolicy, drill: DrillStatus, account: string, deps: OperatorDeps): Promise<KubeObject> {
  const wanted = drillRestore(object, drill, account);
  const made = await ensure(deps, appRestores, wanted);
  if (made !== undefined) return made;
  const found = await deps.client.get<AppRestore>(appRestores, { namespace: object.metadata.namespace, name: drill.namespace });
  if (restoreOf(found, drill).kind === 'ours') return found;
  throw fail('DrillRefused', `There is an AppRestore ${drill.namespace} that is not of this drill. Delete it, so that the drill can be made under its name.`);
}

/** Resolves with what was made; undefined when there is one of that name. */
async function ensure({ client }: Pick<OperatorDeps, 'client'>, type: ResourceType, object: KubeObject): Promise<KubeObject | undefined> {
  try {
    return await client.create(type, object);
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}
