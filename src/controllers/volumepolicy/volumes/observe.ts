import { annotations } from '../../../api/common.js';
import type { StorageCluster, VolumePolicy } from '../../../api/kinds.js';
import type { VolumePolicySpec } from '../../../api/volumepolicy.js';
import type { ClaimView, NamespaceView } from '../../../hooks/view.js';
import { isLive, mountedClaims } from '../../../hooks/workload.js';
import { bytesOf } from '../../../manifests/quantity.js';
import { isNotFound } from '../../../runtime/api-error.js';
import type { Client } from '../../../runtime/client.js';
import { keyText, type KubeObject, type LabelSelector } from '../../../runtime/object.js';
import { matchesSelector } from '../../../runtime/label-selector.js';
import { namespaces, storageClasses, volumeAttributesClasses } from '../../../runtime/resource.js';
import type { Usage } from '../../../storage/growth.js';
import type { StorageClass } from '../../../storage/render.js';
import type { Volume } from '../../../storage/volume.js';
import { selection } from '../../appsnapshot/gather.js';
import type { OperatorDeps } from '../../deps.js';
import type { VolumeProjection } from '../../views.js';
import type { UsageMemory } from './usage.js';

/** What is decided about volumes by. */
export interface VolumesSeen {
  /** Undefined: there is none of the name that the spec says. */
  readonly cluster: StorageCluster | undefined;
  /** Its offer is for this namespace. */
  readonly selected: boolean;
  readonly classes: readonly StorageClass[];
  /** Undefined: the cluster does not serve VolumeAttributesClasses. */
  readonly attributesClasses: readonly KubeObject[] | undefined;
  readonly volumes: readonly Volume[];
  /** How full they are was read just now. */
  readonly fresh: boolean;
}

/** Whether a policy says anything of the volumes themselves. Pure. */
export function concernsVolumes({ storageClusterRef, growth }: Pick<VolumePolicySpec, 'storageClusterRef' | 'growth'>): boolean {
  return storageClusterRef !== undefined || growth !== undefined;
}

/** Looks at everything; how full volumes are last, so that no expansion has ended in between unseen. Throws AppError PoliciesMissing. */
export async function observeVolumes(object: VolumePolicy, usage: UsageMemory, deps: OperatorDeps): Promise<VolumesSeen> {
  const { client, caches } = deps;
  const { namespace } = object.metadata;
  const ref = object.spec.storageClusterRef?.name;
  const cluster = ref === undefined ? undefined : caches.storageClusters.get(ref);
  const [classes, attributesClasses, selected] = await Promise.all([
    client.list<StorageClass>(storageClasses).then(({ items }) => items),
    ref === undefined ? undefined : listAttributesClasses(client),
    isSelected(client, namespace, cluster?.spec.offers?.namespaces as LabelSelector | undefined),
  ]);
  const { view, selected: claims } = selection(object, caches);
  const policies = caches.volumePolicies.list(namespace);
  const { fresh, readings } = object.spec.growth === undefined ? { fresh: false, readings: new Map<string, Usage>() } : await usage.look(keyText(object.metadata), view, claims, deps);
  const mounted = mountedIn(view);
  const volumes = claims.map((claim) => {
    const volume = claim.volumeName === undefined ? undefined : caches.volumes.get(claim.volumeName);
    const governor = governorOf(object, claim, policies);
    return volumeOf(claim, volume, { governor, mounted: mounted.has(claim.metadata.name), usage: readings.get(claim.metadata.uid ?? ''), classes });
  });
  return { cluster, selected, classes, attributesClasses, volumes, fresh };
}

async function listAttributesClasses(client: Client): Promise<readonly KubeObject[] | undefined> {
  try {
    return (await client.list(volumeAttributesClasses)).items;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** An empty selector selects every namespace; without an offer none is. */
async function isSelected(client: Client, namespace: string, selector: LabelSelector | undefined): Promise<boolean> {
  if (selector === undefined) return false;
  const { metadata } = await client.get(namespaces, { name: namespace });
  return matchesSelector(selector, metadata.labels);
}

function mountedIn(view: NamespaceView): ReadonlySet<string> {
  return new Set(view.pods.filter(isLive).flatMap((pod) => [...mountedClaims(pod)]));
}

/** Of several policies that select a claim the oldest governs it. Undefined: it is this one. Pure. */
export function governorOf(own: VolumePolicy, claim: Pick<ClaimView, 'metadata'>, policies: readonly VolumePolicy[]): string | undefined {
  const age = ({ metadata }: VolumePolicy): string => `${metadata.creationTimestamp} ${metadata.name}`;
  const older = policies.filter((policy) => policy.metadata.deletionTimestamp === undefined && concernsVolumes(policy.spec) && age(policy) < age(own));
  const [first] = older.filter(({ spec }) => matchesSelector((spec.selector ?? {}) as LabelSelector, claim.metadata.labels)).sort((a, b) => (age(a) < age(b) ? -1 : 1));
  return first?.metadata.name;
}

interface Around {
  readonly governor: string | undefined;
  readonly mounted: boolean;
  readonly usage: Usage | undefined;
  readonly classes: readonly StorageClass[];
}

const provisionedBy = 'pv.kubernetes.io/provisioned-by';

/** What is gone by of a claim and its volume. Pure. */
export function volumeOf(claim: ClaimView, volume: VolumeProjection | undefined, { governor, mounted, usage, classes }: Around): Volume {
  const { metadata, attributes, storageClassName: className } = claim;
  // What an admin has made by hand, or what is bound anew, has nothing to do with the parameters of its class.
  const made = volume?.driver !== undefined && volume.metadata.annotations?.[provisionedBy] === volume.driver && volume.storageClassName === className;
  return {
    pvc: metadata.name,
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    governor,
    bound: claim.phase === 'Bound' && volume !== undefined,
    className,
    claimedAt: timeOf(metadata.creationTimestamp) ?? 0,
    madeAt: made ? timeOf(volume.metadata.creationTimestamp) : undefined,
    driver: volume?.driver,
    attributes: {
      wanted: attributes?.wanted,
      ours: attributes?.wanted !== undefined && attributes.wanted === metadata.annotations?.[annotations.attributesClass],
      current: attributes?.current,
      state: attributes?.state,
      error: attributes?.error,
    },
    block: claim.volumeMode === 'Block',
    mounted,
    requested: bytesOf(claim.requested),
    capacity: claim.capacity === undefined ? undefined : bytesOf(claim.capacity),
    grownAt: timeOf(metadata.annotations?.[annotations.grownAt]),
    expandable: classes.find((one) => one.metadata.name === className)?.allowVolumeExpansion === true,
    usage,
    resizing: claim.resizing,
  };
}

function timeOf(text: string | undefined): number | undefined {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? undefined : at;
}
