import { z } from 'zod';
import { check, conditions, durationWithin, labelName, mapOf, objectName } from './common.js';

export const restorePhases = ['Pending', 'Planned', 'RestoringVolumes', 'ApplyingConfiguration', 'Preparing', 'Starting', 'Verifying', 'Ready', 'Failed'] as const;
export type RestorePhase = (typeof restorePhases)[number];

/** Keys of a map have no schema in a CRD. */
const classNamesRule = { rule: 'self.all(k, size(k) >= 1 && size(k) <= 253)', message: 'every key must be the name of a storage class, 1 to 253 characters' };

/** Storage classes, from: to. */
export const storageClassMap = mapOf(z.string().min(1).max(253), z.string().min(1).max(253), 64).meta({ 'x-kubernetes-validations': [classNamesRule] });

export const appRestoreSpec = z.strictObject({
  serviceAccountName: objectName.describe('Service account of this namespace under which the copy is read. The author of this object must be allowed to impersonate it.'),
  from: z
    .strictObject({ appSnapshotRef: z.strictObject({ name: objectName.describe('AppSnapshot of this namespace.') }).describe('The copy to restore.') })
    .describe('What is restored.'),
  into: z
    .strictObject({
      namespace: labelName.describe('Namespace to restore into. It must exist.'),
      serviceAccountName: objectName.optional().describe('Service account of that namespace under which objects are made there. Required when it is another namespace; the author must be allowed to impersonate it.'),
    })
    .optional()
    .describe('Where it is restored to. Default: this namespace.'),
  what: z.enum(['All', 'Volumes', 'Configuration']).default('All').describe('Which part of the copy is restored.'),
  rewrite: z
    .strictObject({
      storageClasses: storageClassMap.optional().describe('Storage classes, from: to.'),
    })
    .optional()
    .describe('What is changed on the way.'),
  existing: z.enum(['Fail', 'Skip', 'Adopt']).default('Fail').describe('What happens to objects that are there already. Fail: nothing is begun. Skip: left as they are. Adopt: configuration is applied over them; claims are never overwritten.'),
  verify: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Check the restored databases.'),
      timeout: durationWithin('10s', '24h').default('15m').describe('How long starting and checking may take. 10s to 24h.'),
    })
    .default({ enabled: true, timeout: '15m' })
    .describe('The proof of the restore.'),
  dryRun: z.boolean().default(false).describe('True: only say what would be done, in status.plan.'),
  suspend: z.boolean().default(false).describe('True: nothing new is begun.'),
});
export type AppRestoreSpec = z.infer<typeof appRestoreSpec>;

const objectRef = z.string().max(640);

const volume = z.strictObject({
  claim: z.string().max(253).describe('PersistentVolumeClaim in the target namespace.'),
  snapshot: z.string().max(253).describe('VolumeSnapshot in the target namespace that it is filled from.'),
  content: z.string().max(253).optional().describe('Imported VolumeSnapshotContent, for another namespace.'),
  phase: z.enum(['Pending', 'Bound', 'Failed']).describe('How far it is.'),
  message: z.string().max(1024).optional().describe('What the driver says.'),
});
export type RestoredVolume = z.infer<typeof volume>;

const application = z.strictObject({
  name: z.string().max(63).describe('Name of the application.'),
  kind: z.string().max(63).describe('Adapter.'),
  fixups: z.array(z.string().max(512)).max(32).optional().describe('What was changed so that the copy starts, and starts apart from its original.'),
  checks: z.array(check).max(64).optional().describe('What was checked after the start.'),
});
export type RestoredApplication = z.infer<typeof application>;

export const appRestoreStatus = z.strictObject({
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the status speaks about.'),
  phase: z.enum(restorePhases).optional().describe('Where the restore is.'),
  source: z
    .strictObject({
      appSnapshot: z.string().max(253).describe('Name of the AppSnapshot.'),
      uid: z.string().max(63).describe('Its uid.'),
      setId: z.string().max(63).describe('Snapshot set.'),
      grade: z.string().max(32).describe('Its grade.'),
    })
    .optional()
    .describe('The copy that is restored.'),
  plan: z
    .strictObject({
      create: z.array(objectRef).max(512).optional().describe('Objects that are made.'),
      change: z.array(objectRef).max(512).optional().describe('Objects that are there and are changed.'),
      skip: z.array(objectRef).max(512).optional().describe('Objects left out, with the reason.'),
      refuse: z.array(objectRef).max(512).optional().describe('What keeps the restore from beginning, with the reason.'),
      more: z.int().min(0).optional().describe('How many further entries did not fit.'),
    })
    .optional()
    .describe('What the restore does.'),
  volumes: z.array(volume).max(256).optional().describe('Volumes being restored.'),
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
