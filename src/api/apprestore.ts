import { z } from 'zod';
import { check, conditions, durationWithin, gradeSchema, labelName, objectName, secretRef } from './common.js';
import { rewriteSpec } from './rewrite.js';

export const restorePhases = ['Pending', 'Fetching', 'Planned', 'Staging', 'Stopping', 'Swapping', 'RestoringVolumes', 'ApplyingConfiguration', 'Preparing', 'Starting', 'Verifying', 'Ready', 'RollingBack', 'Failed'] as const;
export type RestorePhase = (typeof restorePhases)[number];

const oneSourceRule = {
  rule: '[has(self.appSnapshotRef), has(self.targetRef), has(self.retained)].exists_one(x, x)',
  message: 'exactly one of appSnapshotRef, targetRef and retained must be set',
};
const targetOnlyRule = {
  rule: 'has(self.targetRef) || (!has(self.recoveryPoint) && !has(self.namespace) && !has(self.encryptionKeySecretRef))',
  message: 'recoveryPoint, namespace and encryptionKeySecretRef go with targetRef',
};
const stagedRule = { rule: 'has(self.targetRef) || !has(self.staged)', message: 'staged goes with targetRef' };

const from = z
  .strictObject({
    appSnapshotRef: z.strictObject({ name: objectName.describe('AppSnapshot of this namespace.') }).optional().describe('A copy in the storage of this cluster.'),
    targetRef: z
      .strictObject({ name: objectName.describe('BackupTarget of the namespace that is restored into: movers there read by its Secrets. With staged: of this namespace.') })
      .optional()
      .describe('A BackupTarget: a copy outside of the storage, of this cluster or of another.'),
    retained: labelName
      .optional()
      .describe('Uid of an AppSnapshot with deletionPolicy Retain, which may be gone with its namespace. The author of this object must be allowed to get the Secret stillpoint-retained-<uid> in the namespace of the operator.'),
    recoveryPoint: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .optional()
      .describe('Which recovery point in the target: latest (the default: cut last), latest-verified (of those that an AppRestore in this cluster has restored and found good), or an id.'),
    namespace: labelName.optional().describe('Namespace whose copies are read from the target. Default: this one. Another one has a key of its own.'),
    encryptionKeySecretRef: secretRef.optional().describe('Secret, of the namespace of the BackupTarget, with the key password that opens the repository. Default: that of the BackupTarget.'),
    staged: z
      .boolean()
      .optional()
      .describe('True: the target is read in this namespace, by the BackupTarget and the Secrets that it has and under spec.serviceAccountName. Each volume is filled here, cut, and imported into spec.into.namespace as from an AppSnapshot, so that none of these Secrets gets there. Takes the room of each volume once more until the restore has ended, and that of the snapshots as long as this object is there. Default: false.'),
  })
  .refine(({ appSnapshotRef, targetRef, retained }) => [appSnapshotRef, targetRef, retained].filter((source) => source !== undefined).length === 1, oneSourceRule.message)
  .refine((value) => value.targetRef !== undefined || (value.recoveryPoint === undefined && value.namespace === undefined && value.encryptionKeySecretRef === undefined), targetOnlyRule.message)
  .refine((value) => value.targetRef !== undefined || value.staged === undefined, stagedRule.message)
  .meta({ 'x-kubernetes-validations': [oneSourceRule, targetOnlyRule, stagedRule] })
  .describe('What is restored.');

const inPlaceRule = { rule: "!self.inPlace || self.what == 'All'", message: 'inPlace: true needs what: All; with existing: Skip the configuration stays as it is' };
const previousVolumesRule = { rule: "self.inPlace || self.previousVolumes == 'Keep'", message: 'previousVolumes goes with inPlace: true' };

const spec = z.strictObject({
  serviceAccountName: objectName.describe('Service account of this namespace under which the copy is read. The author of this object must be allowed to impersonate it.'),
  from,
  into: z
    .strictObject({
      namespace: labelName.describe('Namespace to restore into. It must exist.'),
      serviceAccountName: objectName.optional().describe('Service account of that namespace under which objects are made there. Required when it is another namespace; the author must be allowed to impersonate it.'),
    })
    .optional()
    .describe('Where it is restored to. Default: this namespace.'),
  what: z.enum(['All', 'Volumes', 'Configuration']).default('All').describe('Which part of the copy is restored.'),
  rewrite: rewriteSpec.optional().describe('What is changed on the way.'),
  existing: z.enum(['Fail', 'Skip', 'Adopt']).default('Fail').describe('What happens to objects that are there already. Fail: nothing is begun. Skip: left as they are. Adopt: configuration is applied over them; claims are never overwritten. With inPlace Fail means Adopt.'),
  inPlace: z
    .boolean()
    .default(false)
    .describe('True: claims of this namespace that are there are replaced under their names. Workloads are scaled to zero before and started after; the old volumes are kept until previousVolumes says otherwise.'),
  previousVolumes: z
    .enum(['Keep', 'Delete', 'Restore'])
    .default('Keep')
    .describe('What becomes of the volumes that inPlace has replaced; can be changed at any time. Keep: they stay. Delete: the restored data is right, the old volumes go by the reclaim policy that they had. Restore: go back to them, also after a failed restore or in the middle of one.'),
  verify: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Check the restored databases.'),
      timeout: durationWithin('10s', '24h').default('15m').describe('How long starting and checking may take. 10s to 24h.'),
    })
    .default({ enabled: true, timeout: '15m' })
    .describe('The proof of the restore.'),
  dryRun: z.boolean().default(false).describe('True: only say what would be done, in status.plan and in the ConfigMap that it names.'),
  suspend: z.boolean().default(false).describe('True: nothing new is begun.'),
});

export const appRestoreSpec = spec
  .refine(({ inPlace, what }) => !inPlace || what === 'All', inPlaceRule.message)
  .refine(({ inPlace, previousVolumes }) => inPlace || previousVolumes === 'Keep', previousVolumesRule.message)
  .meta({ 'x-kubernetes-validations': [inPlaceRule, previousVolumesRule] });
export type AppRestoreSpec = z.infer<typeof appRestoreSpec>;

const objectRef = z.string().max(640);

const time = z.iso.datetime({ offset: true });
const bytes = z.int().min(0);

const volume = z.strictObject({
  claim: z.string().max(253).describe('PersistentVolumeClaim in the target namespace.'),
  uid: z.string().max(63).optional().describe('Its uid: one of the same name that is made later has nothing in it.'),
  snapshot: z.string().max(253).optional().describe('VolumeSnapshot in the target namespace that it is filled from.'),
  content: z.string().max(253).optional().describe('Imported VolumeSnapshotContent, for another namespace.'),
  snapshotId: z.string().max(64).optional().describe('Id in the repository of the BackupTarget that it is filled from.'),
  phase: z.enum(['Pending', 'Restoring', 'Bound', 'Failed']).describe('How far it is. Restoring: a mover writes to it. Bound: all of its data is there.'),
  attempt: z.int().min(0).optional().describe('How often a mover was begun for it.'),
  bytesDone: bytes.optional().describe('Bytes restored so far.'),
  bytesTotal: bytes.optional().describe('Bytes to restore.'),
  etaSeconds: z.int().min(0).optional().describe('How long it will still take.'),
  message: z.string().max(1024).optional().describe('What the driver or the mover says.'),
});
export type RestoredVolume = z.infer<typeof volume>;

const stagedVolume = volume.extend({ driver: z.string().max(253).optional().describe('Driver of the volume that was filled.') });
export type StagedVolume = z.infer<typeof stagedVolume>;

const previousVolume = z.strictObject({
  claim: z.string().max(253).describe('PersistentVolumeClaim that was bound to it, and whose name the restored one has.'),
  claimUid: z.string().max(63).describe('Uid of that claim.'),
  volume: z.string().max(253).describe('The PersistentVolume.'),
  volumeUid: z.string().max(63).describe('Its uid.'),
  reclaimPolicy: z.enum(['Retain', 'Delete', 'Recycle']).describe('Its reclaim policy before; while it is kept it is Retain.'),
  state: z
    .enum(['Bound', 'Kept', 'Removing', 'Removed', 'Returned'])
    .describe('Bound: its claim is not replaced yet. Kept: no claim has it. Removing and Removed: its reclaim policy is, or was, given back to it, and decides. Returned: a claim of the old name has it again.'),
});
export type PreviousVolume = z.infer<typeof previousVolume>;

const stopped = z.strictObject({
  resource: z.string().max(316).describe('plural.group'),
  name: z.string().max(253).describe('Name.'),
  replicas: z.int().min(0).optional().describe('Replicas before. Absent for a CronJob: it was not suspended.'),
});
export type StoppedWorkload = z.infer<typeof stopped>;

const application = z.strictObject({
  name: z.string().max(63).describe('Name of the application.'),
  kind: z.string().max(63).describe('Adapter.'),
  fixups: z.array(z.string().max(512)).max(32).optional().describe('What was changed so that the copy starts, and starts apart from its original.'),
  checks: z.array(check).max(64).optional().describe('What was checked after the start.'),
});
export type RestoredApplication = z.infer<typeof application>;

const source = z.strictObject({
  appSnapshot: z.string().max(253).optional().describe('Name of the AppSnapshot.'),
  uid: z.string().max(63).optional().describe('Its uid.'),
  retained: z.string().max(63).optional().describe('Uid of the AppSnapshot whose retained recovery point it is.'),
  target: z.string().max(253).optional().describe('Name of the BackupTarget.'),
  location: z.string().max(1024).optional().describe('Where the repository lies.'),
  repositoryId: z.string().max(64).optional().describe('Id of the repository.'),
  recoveryPoint: z.string().max(64).optional().describe('Id of the recovery point in the repository.'),
  digest: z.string().max(64).optional().describe('SHA-256 of its document.'),
  namespace: z.string().max(63).optional().describe('Namespace that was copied.'),
  cutAt: time.optional().describe('When the copy was cut.'),
  setId: z.string().max(63).describe('Id of the copy: its snapshot set.'),
  grade: gradeSchema.describe('What the copy is proven to be.'),
});
export type RestoreSourceStatus = z.infer<typeof source>;

const transfer = z.strictObject({
  phase: z.enum(['Listing', 'Fetching', 'Fetched']).describe('Whether the recovery points are listed, or the chosen one and the configuration in it are fetched.'),
  attempt: z.int().min(0).describe('How often a mover was begun for that.'),
  location: z.string().max(1024).describe('Where the repository lies.'),
  repositoryId: z.string().max(64).optional().describe('Id of the repository; another one that is found there later is not read.'),
  id: z.string().max(63).optional().describe('Id of the recovery point that was chosen.'),
  recoveryPoint: z.string().max(64).optional().describe('Its id in the repository.'),
  bytesDone: bytes.optional().describe('Bytes restored so far.'),
  bytesTotal: bytes.optional().describe('Bytes to restore.'),
  percent: z.int().min(0).max(100).optional().describe('Bytes restored, of all.'),
  etaSeconds: z.int().min(0).optional().describe('How long the volumes that are restored now will still take.'),
  failures: z.int().min(0).optional().describe('Failures since something last succeeded.'),
  retryAt: time.optional().describe('Nothing new is begun before.'),
  reason: z.string().max(64).optional().describe('Why it does not go on: a code of docs/errors.md.'),
  message: z.string().max(2048).optional().describe('A sentence for people.'),
  lockedBy: z.array(z.string().max(253)).max(16).optional().describe('Pods whose locks were in the way.'),
});
export type RestoreTransfer = z.infer<typeof transfer>;

export const appRestoreStatus = z.strictObject({
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the status speaks about.'),
  phase: z.enum(restorePhases).optional().describe('Where the restore is.'),
  source: source.optional().describe('The copy that is restored.'),
  transfer: transfer.optional().describe('What is read from a BackupTarget. Gone when the restore has ended and nothing of its movers is left.'),
  plan: z
    .strictObject({
      create: z.array(objectRef).max(512).optional().describe('Objects that are made.'),
      change: z.array(objectRef).max(512).optional().describe('Objects that are there and are changed.'),
      skip: z.array(objectRef).max(512).optional().describe('Objects left out, with the reason.'),
      refuse: z.array(objectRef).max(512).optional().describe('What keeps the restore from beginning, with the reason.'),
      more: z.int().min(0).optional().describe('How many further entries did not fit.'),
      diffRef: z.strictObject({ name: z.string().max(253).describe('Name of the ConfigMap.') }).optional().describe('After a dry run: the ConfigMap of this namespace that has the objects themselves and each change. kubectl stillpoint diff prints it.'),
    })
    .optional()
    .describe('What the restore does.'),
  staged: z.array(stagedVolume).max(256).optional().describe('With from.staged: the volumes as they are filled in this namespace, and the VolumeSnapshot of it that each was cut into.'),
  volumes: z.array(volume).max(256).optional().describe('Volumes being restored.'),
  stopped: z.array(stopped).max(512).optional().describe('With inPlace: what ran before, and does again when the old volumes are restored.'),
  previousVolumes: z.array(previousVolume).max(256).optional().describe('With inPlace: the volumes that are replaced.'),
  scaled: z
    .array(z.strictObject({ resource: z.string().max(316).describe('plural.group'), name: z.string().max(253).describe('Name.'), replicas: z.int().min(0).describe('Replicas in the copy.') }))
    .max(128)
    .optional()
    .describe('Workloads applied with zero replicas and started later.'),
  applications: z.array(application).max(32).optional().describe('Applications restored.'),
  verified: z.boolean().optional().describe('Every check passed.'),
  checksPassed: z.int().min(0).optional().describe('Checks that passed.'),
  checksFailed: z.int().min(0).optional().describe('Checks that did not.'),
  applicationsStartTime: z.iso.datetime({ offset: true }).optional().describe('When the applications were started; verify.timeout counts from here.'),
  startTime: z.iso.datetime({ offset: true }).optional().describe('When the restore began.'),
  completionTime: z.iso.datetime({ offset: true }).optional().describe('When it ended.'),
  rtoSeconds: z.number().min(0).optional().describe('From the begin of the restore to the checked application.'),
  conditions: conditions.optional(),
});
export type AppRestoreStatus = z.infer<typeof appRestoreStatus>;
