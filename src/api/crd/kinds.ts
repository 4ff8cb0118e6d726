import { appRestoreSpec, appRestoreStatus } from '../apprestore.js';
import { appSnapshotSpec, appSnapshotStatus } from '../appsnapshot.js';
import { backupTargetSpec, backupTargetStatus } from '../backuptarget.js';
import { appRestores, appSnapshots, backupTargets, quiesceProfiles, storageClusters, volumePolicies } from '../kinds.js';
import { quiesceProfileSpec } from '../quiesceprofile.js';
import { storageClusterSpec, storageClusterStatus } from '../storagecluster.js';
import { volumePolicySpec, volumePolicyStatus } from '../volumepolicy.js';
import type { KindDefinition, PrinterColumn } from './definition.js';

const ready: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
  description: 'Whether it is done and good.',
};
const reason: PrinterColumn = {
  name: 'Reason',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
  description: 'Why it is ready or not.',
  priority: 1,
};
const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since it was created.' };

const appSnapshot: KindDefinition = {
  kind: appSnapshots.kind,
  plural: appSnapshots.plural,
  shortName: 'asnap',
  description:
    'One copy of an application: its databases are held still, all their volumes are cut inside the hold, and they are let go. The grade in status says what the copy is proven to be.',
  spec: appSnapshotSpec,
  status: appSnapshotStatus,
  mutable: ['deletionPolicy', 'expiresAfter', 'forgetCopies', 'suspend'],
  columns: [
    { name: 'Grade', type: 'string', jsonPath: '.status.grade', description: 'What the copy is proven to be.' },
    { name: 'Held(ms)', type: 'integer', jsonPath: '.status.window.heldMillis', description: 'Milliseconds from the first freeze to the last release.' },
    { name: 'Members', type: 'string', jsonPath: '.status.membersReady', description: 'Volumes whose snapshot is ready, of all volumes in the copy.' },
    { name: 'Size', type: 'string', jsonPath: '.status.size', description: 'Sum of the restore sizes.' },
    { name: 'Verified', type: 'date', jsonPath: '.status.verified.at', description: 'Time since a restore of it last passed every check.' },
    ready,
    age,
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where the copy is in its life.', priority: 1 },
    reason,
    { name: 'Copies', type: 'string', jsonPath: '.status.copiesComplete', description: 'Targets in which it is complete, of all that it is written to.', priority: 1 },
    { name: 'Retained', type: 'string', jsonPath: '.status.conditions[?(@.type=="Retained")].status', description: 'Whether it stays when the object or its namespace is deleted.', priority: 1 },
    { name: 'Overhead(ms)', type: 'integer', jsonPath: '.status.window.overheadMillis', description: 'The window minus the time of the cut itself and of settling.', priority: 1 },
  ],
};

const appRestore: KindDefinition = {
  kind: appRestores.kind,
  plural: appRestores.plural,
  shortName: 'arst',
  description: 'One restore of a copy: volumes first, then configuration, then the databases are started and checked.',
  spec: appRestoreSpec,
  status: appRestoreStatus,
  mutable: ['previousVolumes', 'suspend'],
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where the restore is.' },
    { name: 'Source', type: 'string', jsonPath: '.spec.from.appSnapshotRef.name', description: 'The AppSnapshot that is restored.' },
    { name: 'Target', type: 'string', jsonPath: '.spec.from.targetRef.name', description: 'The BackupTarget that is restored from.' },
    { name: 'Into', type: 'string', jsonPath: '.spec.into.namespace', description: 'Namespace that is restored into; empty: its own.' },
    { name: 'Verified', type: 'boolean', jsonPath: '.status.verified', description: 'Whether every check passed.' },
    { name: 'Old-Volumes', type: 'string', jsonPath: '.status.conditions[?(@.type=="PreviousVolumesKept")].reason', description: 'What became of the volumes that a restore in place has replaced. Kept: set spec.previousVolumes to Delete or Restore.' },
    { name: 'RTO(s)', type: 'integer', jsonPath: '.status.rtoSeconds', description: 'Seconds from the begin of the restore to the checked application.' },
    ready,
    age,
    { name: 'Retained', type: 'string', jsonPath: '.spec.from.retained', description: 'Uid of the AppSnapshot whose retained recovery point is restored.', priority: 1 },
    { name: 'Passed', type: 'integer', jsonPath: '.status.checksPassed', description: 'Checks that passed.', priority: 1 },
    { name: 'Failed', type: 'integer', jsonPath: '.status.checksFailed', description: 'Checks that failed.', priority: 1 },
    reason,
  ],
};

const quiesceProfile: KindDefinition = {
  kind: quiesceProfiles.kind,
  plural: quiesceProfiles.plural,
  shortName: 'qprof',
  description: 'How an application that no adapter knows is held still, and how a copy of it is checked. Acts only where spec.applications[].profileRef of an AppSnapshot names it.',
  spec: quiesceProfileSpec,
  columns: [
    { name: 'Hold', type: 'string', jsonPath: '.spec.hold', description: 'How clients are kept from writing.' },
    { name: 'Recovery', type: 'string', jsonPath: '.spec.recovery', description: 'What its author states of the recovery of the server.' },
    { name: 'MaxHold', type: 'string', jsonPath: '.spec.tolerates.maxHold', description: 'Longest hold that does no harm.' },
    age,
    { name: 'Process', type: 'string', jsonPath: '.spec.processName', description: 'Process of the server.', priority: 1 },
  ],
};

const volumePolicy: KindDefinition = {
  kind: volumePolicies.kind,
  plural: volumePolicies.plural,
  shortName: 'vpol',
  description: 'One policy for the volumes of a namespace: how they are made, how fast they are and how they grow, with what differs said volume by volume; and copies of them by a schedule, kept as the retention asks.',
  spec: volumePolicySpec,
  status: volumePolicyStatus,
  columns: [
    { name: 'Schedule', type: 'string', jsonPath: '.spec.protection.schedule.cron', description: 'When copies are due.' },
    { name: 'Last-Copy', type: 'date', jsonPath: '.status.lastCopy.at', description: 'Time since the newest good copy was cut.' },
    // A column of type date would show a time to come as invalid.
    { name: 'Next-Copy', type: 'string', jsonPath: '.status.nextCopy', description: 'When the next copy is begun.' },
    { name: 'Verified', type: 'date', jsonPath: '.status.lastVerified.verifiedAt', description: 'Time since a restore of the newest verified copy passed every check.' },
    { name: 'RPO', type: 'string', jsonPath: '.status.conditions[?(@.type=="RPOMet")].status', description: 'Whether the newest good copy is young enough; Unknown without an objective.' },
    { name: 'Volumes', type: 'string', jsonPath: '.status.volumesCompliant', description: 'Volumes that are as the policy wants them, of all of its selection.' },
    { name: 'Compliant', type: 'string', jsonPath: '.status.conditions[?(@.type=="Compliant")].status', description: 'Whether all volumes are; Unknown where the policy says nothing of them.' },
    ready,
    age,
    { name: 'Zone', type: 'string', jsonPath: '.spec.protection.schedule.timeZone', description: 'Time zone of the schedule.', priority: 1 },
    { name: 'Grade', type: 'string', jsonPath: '.status.lastCopy.grade', description: 'What the newest good copy is proven to be.', priority: 1 },
    { name: 'Copies', type: 'integer', jsonPath: '.status.copies', description: 'Copies that are ready.', priority: 1 },
    { name: 'Objective', type: 'string', jsonPath: '.spec.protection.rpo', description: 'How old the newest good copy may be.', priority: 1 },
    { name: 'Offsite', type: 'date', jsonPath: '.status.lastOffsite.at', description: 'Age of what is complete in the target that is furthest behind.', priority: 1 },
    { name: 'Copied', type: 'string', jsonPath: '.status.conditions[?(@.type=="Copied")].status', description: 'Whether copies reach every target.', priority: 1 },
    { name: 'Drill', type: 'string', jsonPath: '.status.conditions[?(@.type=="Verified")].reason', description: 'How the last drill ended, or why there is none.', priority: 1 },
    { name: 'Drill-Copy', type: 'string', jsonPath: '.status.lastDrill.copy', description: 'The copy that the last drill restored.', priority: 1 },
    { name: 'Cluster', type: 'string', jsonPath: '.spec.storageClusterRef.name', description: 'The StorageCluster of its volumes.', priority: 1 },
    { name: 'Class', type: 'string', jsonPath: '.status.storageClass.name', description: 'The StorageClass that is made for claims.', priority: 1 },
    { name: 'Drill-From', type: 'string', jsonPath: '.status.lastDrill.from', description: 'Whether it was read from snapshots or from a target.', priority: 1 },
    reason,
  ],
};

const backupTarget: KindDefinition = {
  kind: backupTargets.kind,
  plural: backupTargets.plural,
  shortName: 'btgt',
  description: 'A place outside the storage of the cluster, S3 or a volume, to which copies are written, encrypted by a key of this namespace.',
  spec: backupTargetSpec,
  status: backupTargetStatus,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Whether copies can be written to it.' },
    { name: 'Copies', type: 'integer', jsonPath: '.status.copies', description: 'Complete copies of this namespace in it.' },
    { name: 'Newest', type: 'date', jsonPath: '.status.newestCopy', description: 'Time since the newest of them was written.' },
    { name: 'Reachable', type: 'date', jsonPath: '.status.lastReachable', description: 'Time since a check last passed.' },
    ready,
    reason,
    age,
    { name: 'Repository', type: 'string', jsonPath: '.status.repository.location', description: 'Where the repository lies.', priority: 1 },
    { name: 'Key', type: 'string', jsonPath: '.status.repository.keySecret', description: 'Secret with the key that opens it.', priority: 1 },
  ],
};

const storageCluster: KindDefinition = {
  kind: storageClusters.kind,
  plural: storageClusters.plural,
  shortName: 'stc',
  scope: 'Cluster',
  description: 'A storage that VolumePolicies use: a CSI driver that is there already, what it can do, and what an admin offers of it to which namespaces.',
  spec: storageClusterSpec,
  status: storageClusterStatus,
  columns: [
    { name: 'Driver', type: 'string', jsonPath: '.spec.engine.external.driver', description: 'The CSI driver.' },
    { name: 'Nodes', type: 'integer', jsonPath: '.status.nodes', description: 'Nodes on which it is registered.' },
    { name: 'Expansion', type: 'string', jsonPath: '.status.capabilities[?(@.name=="Expansion")].state', description: 'Whether volumes can grow.' },
    { name: 'Modify', type: 'string', jsonPath: '.status.capabilities[?(@.name=="Modify")].state', description: 'Whether attributes of volumes in use can be changed.' },
    { name: 'Snapshots', type: 'string', jsonPath: '.status.capabilities[?(@.name=="Snapshots")].state', description: 'Whether volumes can be copied.' },
    { name: 'Groups', type: 'string', jsonPath: '.status.capabilities[?(@.name=="GroupSnapshots")].state', description: 'Whether several volumes can be copied in one instant.' },
    { name: 'Policies', type: 'integer', jsonPath: '.status.policies', description: 'VolumePolicies that refer to it.' },
    ready,
    age,
    reason,
  ],
};

/** Every kind of ours, in the order in which they are installed. */
export const kindDefinitions: readonly KindDefinition[] = [appSnapshot, appRestore, quiesceProfile, storageCluster, volumePolicy, backupTarget];
