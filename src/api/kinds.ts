import { apiGroup, apiVersion } from './common.js';
import type { AppRestoreSpec, AppRestoreStatus } from './apprestore.js';
import type { AppSnapshotSpec, AppSnapshotStatus } from './appsnapshot.js';
import type { BackupTargetSpec, BackupTargetStatus } from './backuptarget.js';
import type { QuiesceProfileSpec } from './quiesceprofile.js';
import type { StorageClusterSpec, StorageClusterStatus } from './storagecluster.js';
import type { VolumePolicySpec, VolumePolicyStatus } from './volumepolicy.js';

/** Addresses of our kinds in the API; structurally a `ResourceType` of the runtime. */
export const appSnapshots = { group: apiGroup, version: apiVersion, plural: 'appsnapshots', kind: 'AppSnapshot', namespaced: true } as const;
export const appRestores = { group: apiGroup, version: apiVersion, plural: 'apprestores', kind: 'AppRestore', namespaced: true } as const;
export const quiesceProfiles = { group: apiGroup, version: apiVersion, plural: 'quiesceprofiles', kind: 'QuiesceProfile', namespaced: true } as const;
export const volumePolicies = { group: apiGroup, version: apiVersion, plural: 'volumepolicies', kind: 'VolumePolicy', namespaced: true } as const;
export const backupTargets = { group: apiGroup, version: apiVersion, plural: 'backuptargets', kind: 'BackupTarget', namespaced: true } as const;
export const storageClusters = { group: apiGroup, version: apiVersion, plural: 'storageclusters', kind: 'StorageCluster', namespaced: false } as const;

/** Metadata that objects of ours always carry once the API server has accepted them. */
export interface ClusterMeta {
  name: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  [field: string]: unknown;
}

/** The same of those that are in a namespace. */
export interface StoredMeta extends ClusterMeta {
  namespace: string;
}

interface Stored<Kind extends string, Spec, Status, Meta = StoredMeta> {
  apiVersion: `${typeof apiGroup}/${typeof apiVersion}`;
  kind: Kind;
  metadata: Meta;
  spec: Spec;
  status?: Status;
  [field: string]: unknown;
}

export type AppSnapshot = Stored<'AppSnapshot', AppSnapshotSpec, AppSnapshotStatus>;
export type AppRestore = Stored<'AppRestore', AppRestoreSpec, AppRestoreStatus>;
/** Has no status: nothing reconciles it. */
export type QuiesceProfile = Stored<'QuiesceProfile', QuiesceProfileSpec, never>;
export type VolumePolicy = Stored<'VolumePolicy', VolumePolicySpec, VolumePolicyStatus>;
export type StorageCluster = Stored<'StorageCluster', StorageClusterSpec, StorageClusterStatus, ClusterMeta>;
export type BackupTarget = Stored<'BackupTarget', BackupTargetSpec, BackupTargetStatus>;
