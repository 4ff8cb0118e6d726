import { z } from 'zod';
import { conditions, labelSelector, listBy, objectName } from './common.js';

/** What a policy can ask of volumes and a driver can be told by a parameter. */
export const volumeFields = ['replicas', 'encryption', 'minIops', 'maxReadIops', 'maxWriteIops', 'minBps', 'maxReadBps', 'maxWriteBps'] as const;
export type VolumeField = (typeof volumeFields)[number];

/** In what a driver counts bytes a second. */
export const rateUnits = ['Bytes', 'MB', 'MiB'] as const;
export type RateUnit = (typeof rateUnits)[number];

/** Key of a parameter of a StorageClass or VolumeAttributesClass. */
const parameterKey = z.string().min(1).max(128).regex(/^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$/);

const unitRule = { rule: "!has(self.unit) || self.field in ['minBps', 'maxReadBps', 'maxWriteBps']", message: 'unit is for minBps, maxReadBps and maxWriteBps' };
const toldRule = { rule: 'has(self.storageClass) || has(self.volumeAttributesClass)', message: 'storageClass, volumeAttributesClass or both must be set: the parameters by which the driver is told' };
const onceRule = { rule: "self.field in ['replicas', 'encryption'] ? !has(self.volumeAttributesClass) : true", message: 'replicas and encryption are told once, when a volume is made: set storageClass only' };

const parameter = z
  .strictObject({
    field: z.enum(volumeFields).describe('What a VolumePolicy asks.'),
    storageClass: parameterKey.optional().describe('Key in the parameters of a StorageClass: it holds for volumes that are made later.'),
    volumeAttributesClass: parameterKey.optional().describe('Key in the parameters of a VolumeAttributesClass: it is changed on volumes in use.'),
    unit: z.enum(rateUnits).optional().describe('In what the driver counts bytes a second. Default: Bytes.'),
  })
  .refine((p) => p.unit === undefined || /Bps$/.test(p.field), unitRule.message)
  .refine((p) => p.storageClass !== undefined || p.volumeAttributesClass !== undefined, toldRule.message)
  .refine((p) => !['replicas', 'encryption'].includes(p.field) || p.volumeAttributesClass === undefined, onceRule.message)
  .meta({ 'x-kubernetes-validations': [unitRule, toldRule, onceRule] });
export type DriverParameter = z.infer<typeof parameter>;

const external = z
  .strictObject({
    driver: z.string().min(1).max(63).regex(/^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/).describe('Name of the CSI driver, as its CSIDriver object has it.'),
    parameters: listBy('field', parameter, volumeFields.length)
      .optional()
      .describe('By which parameters the driver is told what a policy asks. Needed for drivers that Stillpoint does not know; an entry takes the place of what it knows of the field.'),
  })
  .describe('A CSI driver that somebody else has installed and runs.');

const offers = z
  .strictObject({
    namespaces: labelSelector.describe('Namespaces whose policies may use it, by their labels. Empty: all.'),
    classes: z
      .array(objectName)
      .min(1)
      .max(16)
      .refine((list) => new Set(list).size === list.length, 'every entry must be there once only')
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe('StorageClasses of the driver that policies build on: spec.tier names one. Secrets, topology, mount options and every parameter that no field of a policy stands for come from there.'),
    maxReplicas: z.int().min(1).max(9).optional().describe('Most replicas that a policy may ask for. Default: no bound of ours.'),
    maxIops: z.int().min(1).max(10_000_000).optional().describe('Most that minIops, maxReadIops and maxWriteIops of a policy may be. Default: no bound of ours.'),
  })
  .describe('What policies of tenants may ask for. Without it: nothing.');

export const storageClusterSpec = z.strictObject({
  engine: z.strictObject({ external }).describe('The storage.'),
  offers: offers.optional(),
});
export type StorageClusterSpec = z.infer<typeof storageClusterSpec>;

/** What a driver may be able to do. */
export const capabilityNames = ['Expansion', 'Modify', 'Snapshots', 'GroupSnapshots'] as const;
export type CapabilityName = (typeof capabilityNames)[number];

const capability = z.strictObject({
  name: z.enum(capabilityNames).describe('What it is about. Modify: attributes of volumes in use.'),
  state: z.enum(['Available', 'Unavailable', 'Unknown']).describe('What was found by looking. Unknown: nothing speaks for it or against it yet; policies try it.'),
  message: z.string().max(1024).describe('What was found.'),
});
/** A capability as it was found. */
export type Capability = z.infer<typeof capability>;

export const storageClusterStatus = z.strictObject({
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the status speaks about.'),
  capabilities: listBy('name', capability, capabilityNames.length).optional().describe('What the driver can do, as far as the API tells.'),
  enforceable: z.array(z.enum(volumeFields)).max(volumeFields.length).optional().describe('Fields of a VolumePolicy that the driver can be told.'),
  nodes: z.int().min(0).optional().describe('Nodes on which the driver is registered.'),
  policies: z.int().min(0).optional().describe('VolumePolicies that refer to it.'),
  conditions: conditions.optional(),
});
export type StorageClusterStatus = z.infer<typeof storageClusterStatus>;
