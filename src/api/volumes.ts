import { z } from 'zod';
import { durationWithin, mapOf, objectName } from './common.js';
import { volumeFields } from './storagecluster.js';

/** A size as people write it; whole numbers, so that it is the same everywhere. */
const size = z.string().min(3).max(11).regex(/^[1-9][0-9]*(Mi|Gi|Ti)$/);
const step = z.string().min(2).max(11).regex(/^([1-9][0-9]?%|100%|[1-9][0-9]*(Mi|Gi|Ti))$/);
const iops = z.int().min(1).max(10_000_000).optional();
const rate = z.string().min(3).max(11).regex(/^[1-9][0-9]*(Ki|Mi|Gi)$/).optional();

export const performanceRule = {
  rule: 'has(self.minIops) || has(self.maxReadIops) || has(self.maxWriteIops) || has(self.minBps) || has(self.maxReadBps) || has(self.maxWriteBps)',
  message: 'must ask for something: set at least one of its fields',
};

const performance = z
  .strictObject({
    minIops: iops.describe('Operations a second that the storage provides: a provisioned level, as cloud disks have it.'),
    maxReadIops: iops.describe('Most read operations a second.'),
    maxWriteIops: iops.describe('Most write operations a second.'),
    minBps: rate.describe('Bytes a second that the storage provides, for example 250Mi.'),
    maxReadBps: rate.describe('Most bytes a second that are read.'),
    maxWriteBps: rate.describe('Most bytes a second that are written.'),
  })
  .refine((p) => Object.values(p).some((value) => value !== undefined), performanceRule.message)
  .meta({ 'x-kubernetes-validations': [performanceRule] })
  .describe('How fast volumes are. Changed on volumes in use where the driver can, by a VolumeAttributesClass.');

const growth = z
  .strictObject({
    whenUsedPercent: z.int().min(10).max(99).describe('A volume grows when so much of its file system is used.'),
    by: step.describe('By how much: a part of its size, for example 20%, or a size, for example 10Gi.'),
    max: size.describe('No volume grows beyond this, for example 500Gi. Volumes cannot shrink.'),
    cooldown: durationWithin('1m', '168h').default('10m').describe('How long after a volume has grown it is left alone. 1m to 168h. Some storages take one change in hours only.'),
  })
  .describe('Volumes that fill up grow by themselves. How full they are is read by the node agent, while a pod mounts them.');

/** Fields of a VolumePolicy about the volumes themselves. */
export const volumeFieldsOfPolicy = {
  storageClusterRef: z.strictObject({ name: objectName.describe('Name of the StorageCluster.') }).optional().describe('Where the volumes are, and what may be asked of them. Without it no class is made and only growth can be asked for.'),
  tier: objectName.optional().describe('Which of the classes that the StorageCluster offers the volumes are made like. May be left out where it offers one only.'),
  replicas: z.int().min(1).max(9).optional().describe('How many copies of the data the storage keeps. For volumes that are made later.'),
  encryption: z.enum(['Required', 'Inherit']).optional().describe('Required: the storage encrypts the data at rest. Inherit: as the class of spec.tier has it. For volumes that are made later. Default: Inherit.'),
  performance: performance.optional(),
  storageClassName: objectName
    .optional()
    .describe('Name of the StorageClass that is made, for claims to use. It stays the same whatever it is made of. It must begin with the name of this namespace and a hyphen. Default: <namespace>-<name of this object>.'),
  growth: growth.optional(),
};

export const somethingRule = {
  rule: 'has(self.protection) || has(self.storageClusterRef) || has(self.growth)',
  message: 'must ask for something: set protection, storageClusterRef or growth',
};
export const clusterRule = {
  rule: 'has(self.storageClusterRef) || !(has(self.tier) || has(self.replicas) || has(self.encryption) || has(self.performance) || has(self.storageClassName))',
  message: 'tier, replicas, encryption, performance and storageClassName need storageClusterRef, which says where the volumes are',
};

const time = z.iso.datetime({ offset: true });

/** Why a volume is not as the policy wants it; each is a reason of the condition Compliant. */
export const driftReasons = ['MadeBefore', 'NotKnown', 'AttributesChanging', 'AttributesRefused', 'AttributesOfOthers', 'OtherDriver', 'OtherPolicy', 'NotBound', 'MaxReached', 'ExpansionNotAllowed', 'Expanding', 'UsageNotKnown'] as const;

const drift = z.strictObject({
  field: z.string().max(64).describe('Field of the spec.'),
  reason: z.enum(driftReasons).describe('Why it is not so.'),
  message: z.string().max(512).describe('What is so instead, and the way out.'),
});
/** One way in which a volume is not as the policy wants it. */
export type Drift = z.infer<typeof drift>;

const volume = z.strictObject({
  pvc: z.string().max(253).describe('The PersistentVolumeClaim.'),
  compliant: z.boolean().describe('Whether everything that the policy asks is so. What is not known is not so.'),
  drift: z.array(drift).max(volumeFields.length + 4).optional().describe('What is not so.'),
  usedPercent: z.int().min(0).max(100).optional().describe('How full its file system was when it was last looked at; with spec.growth only.'),
  grownAt: time.optional().describe('When it was last made to grow.'),
});
/** How one volume stands. */
export type VolumeState = z.infer<typeof volume>;

const earlierClass = z.strictObject({
  since: time.describe('When it was made.'),
  until: time.describe('When another took its name.'),
  tier: z.string().max(253).optional().describe('The class that it was made like.'),
  parameters: mapOf(z.string().max(128), z.string().max(256), 2 * volumeFields.length).describe('Those of its parameters that fields of a policy stand for.'),
});
/** What a class of that name once was. */
export type EarlierClass = z.infer<typeof earlierClass>;

/** Most volumes that status speaks of one by one; those that are not compliant come first. */
export const shownVolumes = 100;
/** So many earlier classes are remembered. */
export const rememberedClasses = 16;

/** Fields of the status of a VolumePolicy about the volumes themselves. */
export const volumeStatusOfPolicy = {
  storageClass: z
    .strictObject({
      name: z.string().max(253).describe('Its name.'),
      earlier: z.array(earlierClass).max(rememberedClasses).optional().describe('What it was made of before; volumes of that time are compared with this.'),
    })
    .optional()
    .describe('The StorageClass that is made for claims of this policy.'),
  attributesClass: z.string().max(253).optional().describe('The VolumeAttributesClass that claims of this policy have.'),
  volumes: z.array(volume).max(shownVolumes).optional().describe('Volumes of the selection, those that are not compliant first.'),
  volumesCompliant: z.string().max(32).optional().describe('Volumes that are compliant, of all of the selection.'),
};
