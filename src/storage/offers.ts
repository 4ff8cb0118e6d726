import type { ErrorCode } from '../api/errors.js';
import type { StorageClusterSpec } from '../api/storagecluster.js';
import type { VolumePolicySpec } from '../api/volumepolicy.js';
import { wishesOf } from './wishes.js';

/** Why a policy is not followed. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

type Offers = StorageClusterSpec['offers'];

/** What a policy asks beyond what an admin offers to its namespace; undefined: nothing. `selected`: whether the offer is for the namespace. Pure. */
export function refusedOffer(spec: VolumePolicySpec, offers: Offers, asking: { readonly cluster: string; readonly namespace: string; readonly selected: boolean }): Refusal | undefined {
  const { cluster, namespace, selected } = asking;
  if (offers === undefined) return { code: 'NotOffered', message: `spec.storageClusterRef: StorageCluster ${cluster} offers nothing: an admin sets spec.offers of it.` };
  if (!selected) return { code: 'NotOffered', message: `spec.storageClusterRef: StorageCluster ${cluster} is not offered to namespace ${namespace}: its labels are not those of spec.offers.namespaces.` };
  if (tierOf(spec, offers) === undefined) {
    const what = spec.tier === undefined ? 'must name one of the classes' : `is ${spec.tier}, which is none of the classes`;
    return { code: 'NotOffered', message: `spec.tier ${what} that StorageCluster ${cluster} offers: ${offers.classes.join(', ')}.` };
  }
  for (const { field, path, value } of wishesOf(spec)) {
    const [bound, name] = field === 'replicas' ? [offers.maxReplicas, 'maxReplicas'] : field.endsWith('Iops') ? [offers.maxIops, 'maxIops'] : [undefined, ''];
    if (bound !== undefined && typeof value === 'number' && value > bound) {
      return { code: 'OfferExceeded', message: `${path} is ${value}, and StorageCluster ${cluster} offers ${bound} at most (its spec.offers.${name}).` };
    }
  }
  return undefined;
}

/** The class that a policy builds on, of those that are offered; undefined: it names none of them, or does not say which. Pure. */
export function tierOf({ tier }: Pick<VolumePolicySpec, 'tier'>, { classes }: NonNullable<Offers>): string | undefined {
  if (tier !== undefined) return classes.find((name) => name === tier);
  return classes.length === 1 ? classes[0] : undefined;
}
