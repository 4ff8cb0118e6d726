import { volumePolicySpec, type VolumePolicySpec } from '../../../src/api/volumepolicy.js';
import { factsOf } from '../../../src/storage/drivers/facts.js';
import { render, type ClassOwner, type Rendering, type StorageClass } from '../../../src/storage/render.js';
import type { Volume } from '../../../src/storage/volume.js';
import { wishesOf } from '../../../src/storage/wishes.js';

export const gibibyte = 1024n ** 3n;
export const owner: ClassOwner = { namespace: 'shop', name: 'db', uid: 'beef0000-0000-4000-8000-000000000002' };
export const driver = 'csi.bed.stillpoint.dev';
export const at = (text: string): number => Date.parse(`2026-11-29T${text}Z`);

/** A spec as the API server stores it, but for this. */
export function specOf(more: object): VolumePolicySpec {
  return volumePolicySpec.parse({ serviceAccountName: 'stillpoint', storageClusterRef: { name: 'bed' }, ...more });
}

/** What a spec comes to for a driver. */
export function renderingOf(more: object, name = driver, canModify = true): Rendering {
  return render(wishesOf(specOf(more)), factsOf(name), canModify);
}

/** The class that the policies of these tests build on. */
export const base: StorageClass = {
  metadata: { name: 'bed', creationTimestamp: '2026-11-01T00:00:00Z' },
  provisioner: driver,
  parameters: { replicas: '1', fsType: 'ext4' },
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
  allowVolumeExpansion: true,
};

/** A volume of 1 GiB that nothing is wrong with, but for this. */
export function volume(more: Partial<Volume> = {}): Volume {
  return {
    pvc: 'data',
    uid: 'c1',
    resourceVersion: '7',
    governor: undefined,
    bound: true,
    className: 'shop-db',
    claimedAt: at('10:00:00'),
    madeAt: at('10:00:01'),
    driver,
    attributes: { wanted: undefined, ours: false, current: undefined, state: undefined, error: undefined },
    block: false,
    mounted: true,
    requested: gibibyte,
    capacity: gibibyte,
    grownAt: undefined,
    expandable: true,
    usage: { totalBytes: 2 ** 30, usedBytes: 10, availableBytes: 90 },
    resizing: undefined,
    ...more,
  };
}
