import type { VolumeField } from '../api/storagecluster.js';
import type { VolumePolicySpec } from '../api/volumepolicy.js';
import { bytesOf } from '../manifests/quantity.js';

/** One thing that a policy asks of its volumes. */
export interface Wish {
  readonly field: VolumeField;
  /** Where it stands in the spec. */
  readonly path: string;
  /** Rates in bytes a second. */
  readonly value: number | true;
  /** As it was written. */
  readonly text: string;
}

/** What a policy asks, in the order of its spec. Pure. */
export function wishesOf({ replicas, encryption, performance = {} }: Pick<VolumePolicySpec, 'replicas' | 'encryption' | 'performance'>): Wish[] {
  const { minIops, maxReadIops, maxWriteIops, minBps, maxReadBps, maxWriteBps } = performance;
  const fast: [VolumeField, number | string | undefined][] = [
    ['minIops', minIops],
    ['maxReadIops', maxReadIops],
    ['maxWriteIops', maxWriteIops],
    ['minBps', minBps],
    ['maxReadBps', maxReadBps],
    ['maxWriteBps', maxWriteBps],
  ];
  return [
    ...(replicas === undefined ? [] : [{ field: 'replicas' as const, path: 'spec.replicas', value: replicas, text: String(replicas) }]),
    ...(encryption === 'Required' ? [{ field: 'encryption' as const, path: 'spec.encryption', value: true as const, text: encryption }] : []),
    ...fast.flatMap(([field, said]): Wish[] => (said === undefined ? [] : [{ field, path: `spec.performance.${field}`, value: typeof said === 'number' ? said : Number(bytesOf(said)), text: String(said) }])),
  ];
}
