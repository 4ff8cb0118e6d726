import { labels } from '../../../api/common.js';
import { volumePolicies, type VolumePolicy } from '../../../api/kinds.js';
import { isNotFound } from '../../../runtime/api-error.js';
import { parseKey, type KubeObject } from '../../../runtime/object.js';
import type { Outcome } from '../../../runtime/outcome.js';
import { storageClasses, volumeAttributesClasses, type ResourceType } from '../../../runtime/resource.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import { isClassOf, policyOfClass } from '../../../storage/names.js';
import type { OperatorDeps } from '../../deps.js';
import { classPolicies, requirePolicies } from '../../policies.js';

/** The only key of this controller. */
export const classesKey = 'classes';
const sweepSeconds = 60;

type SweepDeps = Pick<OperatorDeps, 'client' | 'caches' | 'log' | 'agentNamespace'>;

/**
 * Removes classes that were made for a policy that is gone or has others now, when no claim and no volume has them any more: a volume needs its class to
 * grow. A policy's deletion thereby waits for nothing.
 */
export function sweepClasses(deps: SweepDeps): () => Promise<Outcome> {
  return async () => {
    for (const type of [storageClasses, volumeAttributesClasses]) {
      for (const found of await marked(type, deps)) await sweepOrSay(type, found, deps);
    }
    return { kind: 'later', seconds: sweepSeconds };
  };
}

async function marked(type: ResourceType, { client }: SweepDeps): Promise<readonly KubeObject[]> {
  try {
    return (await client.list(type, { labelSelector: labels.policy })).items;
  } catch (error) {
    // Not every cluster serves VolumeAttributesClasses.
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** What goes wrong with one keeps no other from being removed. */
async function sweepOrSay(type: ResourceType, found: KubeObject, deps: SweepDeps): Promise<void> {
  try {
    await sweep(type, found, deps);
  } catch (error) {
    deps.log.warn('a class that nothing uses is not removed yet', { kind: type.kind, class: found.metadata.name, error });
  }
}

async function sweep(type: ResourceType, { metadata }: KubeObject, deps: SweepDeps): Promise<void> {
  const { client, log, agentNamespace } = deps;
  const of = policyOfClass(metadata);
  if (of === undefined || metadata.uid === undefined || metadata.deletionTimestamp !== undefined || isUsed(type, metadata.name, deps)) return;
  const policy = (await getOrUndefined(client, volumePolicies, parseKey(of))) as VolumePolicy | undefined;
  if (policy !== undefined && speaksOf(policy, type, metadata)) return;
  await requirePolicies(client, agentNamespace, classPolicies);
  log.info('removing a class that nothing uses', { kind: type.kind, class: metadata.name, policy: of });
  await client.delete(type, { name: metadata.name }, { uid: metadata.uid });
}

/** Whether the policy still has this class. Pure. */
export function speaksOf(policy: VolumePolicy, { kind }: ResourceType, metadata: KubeObject['metadata']): boolean {
  const { namespace, name, uid } = policy.metadata;
  const own = kind === storageClasses.kind ? policy.status?.storageClass?.name : policy.status?.attributesClass;
  return isClassOf(metadata, { namespace, name, uid }) && policy.metadata.deletionTimestamp === undefined && own === metadata.name;
}

function isUsed({ kind }: ResourceType, name: string, { caches }: SweepDeps): boolean {
  const ofClass = kind === storageClasses.kind;
  const inClaims = caches.claims.list().some(({ storageClassName, attributes }) => (ofClass ? storageClassName === name : attributes?.wanted === name || attributes?.current === name));
  return inClaims || caches.volumes.list().some(({ storageClassName, attributesClass }) => (ofClass ? storageClassName : attributesClass) === name);
}
