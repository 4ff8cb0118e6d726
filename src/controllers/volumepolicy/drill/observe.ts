import { labels } from '../../../api/common.js';
import { appRestores, type AppRestore, type VolumePolicy } from '../../../api/kinds.js';
import type { DrillStatus } from '../../../api/volumepolicy.js';
import { canonicalJson } from '../../../manifests/captured.js';
import { parseKey, type KubeObject } from '../../../runtime/object.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import { namespaces } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import type { Place, Restore } from './decide.js';
import type { UnderWay } from './line.js';
import { drilledPolicy, isDrillNamespace } from './names.js';
import { drillSource } from './objects.js';

/** What is there of the drill that is under way, read from the API: what a cache has not heard of would be made twice. */
export async function observeDrill({ metadata, status }: VolumePolicy, { client }: Pick<OperatorDeps, 'client'>): Promise<{ place: Place; restore: Restore }> {
  const drill = status?.drill;
  if (drill === undefined) return { place: { kind: 'absent' }, restore: { kind: 'absent' } };
  const [namespace, object] = await Promise.all([
    getOrUndefined(client, namespaces, { name: drill.namespace }),
    getOrUndefined(client, appRestores, { namespace: metadata.namespace, name: drill.namespace }),
  ]);
  return { place: placeOf(namespace, metadata.uid), restore: restoreOf(object as unknown as AppRestore | undefined, drill) };
}

/** Drills that policies have in hand. Pure. */
export function drillsByStatus(policies: readonly VolumePolicy[]): UnderWay[] {
  return policies.flatMap(({ metadata, status }) => (status?.drill === undefined ? [] : [{ drill: status.drill.namespace, source: metadata.namespace }]));
}

/** Drills whose namespace is there, those that are being deleted too: it takes room until it is gone, also when its policy is gone already. */
export async function drillsThere({ client }: Pick<OperatorDeps, 'client'>): Promise<UnderWay[]> {
  const { items } = await client.list(namespaces, { labelSelector: labels.drill });
  return items.filter(({ metadata }) => isDrillNamespace(metadata)).map(({ metadata }) => ({ drill: metadata.name, source: parseKey(drilledPolicy(metadata) ?? '').namespace }));
}

/** When a drill of this namespace last ended, ms since the epoch. Pure. */
export function lastOf(namespace: string, policies: readonly VolumePolicy[]): number | undefined {
  const ends = policies.flatMap(({ metadata, status }) => (metadata.namespace === namespace && status?.lastDrill !== undefined ? [Date.parse(status.lastDrill.at)] : []));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** Whether the namespace is the drill's. Nobody but the operator can set the label, and nobody can change it. Pure. */
export function placeOf(namespace: KubeObject | undefined, policyUid: string): Place {
  if (namespace === undefined) return { kind: 'absent' };
  const { name, uid, labels: own, deletionTimestamp } = namespace.metadata;
  if (uid === undefined || own?.[labels.drill] !== policyUid) return { kind: 'foreign' };
  return { kind: 'ours', name, uid, ...(deletionTimestamp === undefined ? {} : { leaving: { since: deletionTimestamp, why: whyItStays(namespace) } }) };
}

/**
 * Whether the AppRestore is the drill's: by its spec, which cannot be changed and leads into the drill's namespace. Only who may act as the account
 * there can have made it; a label could be anybody's. Pure.
 */
export function restoreOf(object: AppRestore | undefined, drill: Pick<DrillStatus, 'namespace' | 'copy' | 'target' | 'recoveryPoint'>): Restore {
  if (object === undefined) return { kind: 'absent' };
  const { into, from } = object.spec;
  const isOurs = into?.namespace === drill.namespace && canonicalJson(from) === canonicalJson(drillSource(drill));
  return isOurs ? { kind: 'ours', object } : { kind: 'foreign' };
}

interface NamespaceStatus {
  readonly conditions?: readonly { readonly status: string; readonly message?: string }[];
}

function whyItStays(namespace: KubeObject): string {
  const { conditions = [] } = (namespace['status'] ?? {}) as NamespaceStatus;
  return conditions.flatMap(({ status, message }) => (status === 'True' && message !== undefined ? [message] : [])).join('; ').slice(0, 1000);
}
