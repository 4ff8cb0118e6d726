import { labels } from '../../../api/common.js';
import { appRestores, volumePolicies, type AppRestore, type VolumePolicy } from '../../../api/kinds.js';
import { parseKey, type KubeObject } from '../../../runtime/object.js';
import type { Outcome } from '../../../runtime/outcome.js';
import { namespaces } from '../../../runtime/resource.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../../deps.js';
import { drillPolicies, requirePolicies } from '../../policies.js';
import { drilledPolicy, isDrillNamespace } from './names.js';

/** The only key of this controller. */
export const sweepKey = 'drills';
const sweepSeconds = 60;

type SweepDeps = Pick<OperatorDeps, 'client' | 'log' | 'agentNamespace'>;

/**
 * Removes namespaces of drills that nobody speaks of any more: their policy is gone or going, or its status does not name them. A policy's deletion thereby
 * waits for nothing, and nothing is left of a drill in the middle of which it was deleted; its AppRestore goes with it, being owned by it.
 * What is deleted was made for a drill: by mark, name and annotation, and while the policies are in force that keep everybody else from giving the mark.
 */
export function sweepDrills(deps: SweepDeps): () => Promise<Outcome> {
  return async () => {
    const { items } = await deps.client.list(namespaces, { labelSelector: labels.drill });
    for (const namespace of items) await sweepOrSay(namespace, deps);
    return { kind: 'later', seconds: sweepSeconds };
  };
}

/** What goes wrong with one keeps no other from being removed. */
async function sweepOrSay(namespace: KubeObject, deps: SweepDeps): Promise<void> {
  try {
    await sweep(namespace, deps);
  } catch (error) {
    deps.log.warn('what a drill left is not removed yet', { namespace: namespace.metadata.name, error });
  }
}

async function sweep({ metadata }: KubeObject, { client, log, agentNamespace }: SweepDeps): Promise<void> {
  const of = drilledPolicy(metadata);
  if (metadata.deletionTimestamp !== undefined || metadata.uid === undefined || of === undefined || !isDrillNamespace(metadata)) return;
  const policy = (await getOrUndefined(client, volumePolicies, parseKey(of))) as VolumePolicy | undefined;
  if (policy !== undefined && speaksOf(policy, metadata)) return;
  await requirePolicies(client, agentNamespace, drillPolicies);
  log.info('removing what a drill left', { namespace: metadata.name, policy: of });
  await removeRestore(parseKey(of).namespace ?? '', metadata.name, client);
  await client.delete(namespaces, { name: metadata.name }, { uid: metadata.uid });
}

/** Whether the policy still has this drill in hand. Pure. */
export function speaksOf(policy: VolumePolicy, { name, labels: own }: KubeObject['metadata']): boolean {
  return policy.metadata.uid === own?.[labels.drill] && policy.metadata.deletionTimestamp === undefined && policy.status?.drill?.namespace === name;
}

async function removeRestore(namespace: string, name: string, client: OperatorDeps['client']): Promise<void> {
  const restore = (await getOrUndefined(client, appRestores, { namespace, name })) as AppRestore | undefined;
  if (restore?.spec.into?.namespace !== name || restore.metadata.deletionTimestamp !== undefined) return;
  await client.delete(appRestores, { namespace, name }, { uid: restore.metadata.uid });
}
