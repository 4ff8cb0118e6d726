import { z } from 'zod';
import { appSnapshotSpec, onceRule } from './appsnapshot.js';
import { conditions, durationWithin, gradeSchema, listBy, objectName } from './common.js';
import { storageClassMap } from './rewrite.js';
import { cronExpression, cronFields, timing } from './timing.js';
import { clusterRule, somethingRule, volumeFieldsOfPolicy, volumeStatusOfPolicy } from './volumes.js';

const schedule = z
  .strictObject(timing('copy', { zone: ', of those in copies, and of the days, weeks, months and years of each retention', suspended: ' Retention goes on.' }))
  .describe('When copies are made. Never two at once; of several that were missed only the last one is made up for.');

/** Where a drill may read a copy from. */
const drillSources = ['Snapshot', 'Target'] as const;

export const drillTargetRule = { rule: "!has(self.targetRef) || (has(self.from) && self.from == 'Target')", message: 'targetRef goes with from: Target' };

const verify = z
  .strictObject({
    ...timing('drill', { zone: '', suspended: ' One that is under way goes on.' }),
    from: z.enum(drillSources).default('Snapshot').describe('Where the data comes from. Snapshot: the snapshots of the newest copy that is not verified yet, or of the newest. Target: the newest copy that is complete in a BackupTarget; it is read in this namespace, and needs room there for each volume once more.'),
    targetRef: z.strictObject({ name: objectName.describe('One of those that copies names.') }).optional().describe('With from: Target, the BackupTarget whose copies are restored. May be left out where copies names one only.'),
    timeout: durationWithin('1m', '24h').default('1h').describe('How long a drill may take, from its begin to the last check; an admin may allow less. 1m to 24h.'),
    storageClasses: storageClassMap.optional().describe('Storage classes of the drill, from: to. A class that keeps the volumes of deleted claims must be replaced by one that does not.'),
  })
  .refine((v) => v.targetRef === undefined || v.from === 'Target', drillTargetRule.message)
  .meta({ 'x-kubernetes-validations': [drillTargetRule] })
  .describe('Drills: a copy is restored into a namespace that is made for it, its databases are started and checked, and everything is removed. Off until an admin switches drills on.');

const count = (most: number) => z.int().min(0).max(most).default(0);

const retentionRule = {
  rule: 'self.last + self.hourly + self.daily + self.weekly + self.monthly + self.yearly > 0',
  message: 'must keep something: set last, hourly, daily, weekly, monthly or yearly to at least 1',
};

const retention = z
  .strictObject({
    last: count(1000).describe('Keep the newest so many copies.'),
    hourly: count(1000).describe('Keep the newest copy of each of the last so many hours that have one.'),
    daily: count(1000).describe('The same for days.'),
    weekly: count(1000).describe('The same for weeks, which begin on Monday.'),
    monthly: count(1000).describe('The same for months.'),
    yearly: count(100).describe('The same for years.'),
    minVerified: z.int().min(0).max(100).default(1).describe('Keep the newest so many copies that a restore has verified, whatever else is said. The newest verified one is always kept.'),
  })
  .refine((r) => r.last + r.hourly + r.daily + r.weekly + r.monthly + r.yearly > 0, retentionRule.message)
  .meta({ 'x-kubernetes-validations': [retentionRule] })
  .describe('Which copies of this policy are kept; all others are deleted, each as a whole. A copy that a restore uses is kept until the restore has ended.');

const copies = z
  .array(
    z.strictObject({
      targetRef: z.strictObject({ name: objectName.describe('BackupTarget of this namespace.') }).describe('Where copies are written to.'),
      cron: cronExpression(`Which copies are written there, as ${cronFields}; in the time zone of the schedule. After each time that it names the first copy that is due then or later. A target that has none yet gets the next one. Default: every copy.`).optional(),
      retention: retention.optional().describe('Which copies are kept in the target, however long their snapshots stay. Default: as spec.protection.retention says. The newest that is complete there is always kept, and what a restore uses until that has ended.'),
    }),
  )
  .max(4)
  .refine((list) => new Set(list.map((copy) => copy.targetRef.name)).size === list.length, onceRule.message)
  .meta({ 'x-kubernetes-validations': [onceRule] })
  .describe('Copies outside the storage of the cluster. Default: none.');

const { selector, applications, consistency, quiesce, capture, volumeSnapshotClassName, volumeGroupSnapshotClassName } = appSnapshotSpec.shape;

/** What every copy of a policy is made with: fields of AppSnapshot, by the same names. */
const copyFields = { applications, consistency, quiesce, capture, volumeSnapshotClassName, volumeGroupSnapshotClassName };

export const verifyRule = {
  rule: '!has(self.verify) || !has(self.capture) || !has(self.capture.enabled) || self.capture.enabled',
  message: 'verify needs copies with their configuration, without which nothing can be started: leave capture.enabled true, or remove verify',
};

export const drillCopiesRule = {
  rule: "!has(self.verify) || !has(self.verify.from) || self.verify.from != 'Target' || (has(self.copies) && (size(self.copies) == 1 || (size(self.copies) > 1 && has(self.verify.targetRef))))",
  message: 'verify.from: Target needs copies, and where they name several targets verify.targetRef to say which',
};

const protection = z
  .strictObject({
    schedule,
    retention,
    copies: copies.optional(),
    verify: verify.optional(),
    rpo: durationWithin('1m', '8760h').optional().describe('How old the newest good copy may be at most. 1m to 8760h. When it is older, the condition RPOMet is False.'),
    ...copyFields,
  })
  .refine((p) => p.verify === undefined || p.capture.enabled, verifyRule.message)
  .refine(({ verify: v, copies: list = [] }) => v?.from !== 'Target' || list.length === 1 || (list.length > 1 && v.targetRef !== undefined), drillCopiesRule.message)
  .meta({ 'x-kubernetes-validations': [verifyRule, drillCopiesRule] })
  .describe('Copies that are made by themselves, as AppSnapshots of this namespace, by the account of spec.serviceAccountName.');

export const volumePolicySpec = z
  .strictObject({
    serviceAccountName: objectName.describe('Service account of this namespace under which copies are made and deleted, and claims changed. The author of this object must be allowed to impersonate it.'),
    selector,
    ...volumeFieldsOfPolicy,
    protection: protection.optional(),
  })
  .refine((spec) => spec.protection !== undefined || spec.storageClusterRef !== undefined || spec.growth !== undefined, somethingRule.message)
  .refine(saysWhere, clusterRule.message)
  .meta({ 'x-kubernetes-validations': [somethingRule, clusterRule] });
export type VolumePolicySpec = z.infer<typeof volumePolicySpec>;
/** What a policy says of copies. */
export type Protection = z.infer<typeof protection>;

function saysWhere(spec: { readonly [field in 'storageClusterRef' | 'tier' | 'replicas' | 'encryption' | 'performance' | 'storageClassName']?: unknown }): boolean {
  return spec.storageClusterRef !== undefined || [spec.tier, spec.replicas, spec.encryption, spec.performance, spec.storageClassName].every((field) => field === undefined);
}

const time = z.iso.datetime({ offset: true });
const copyName = z.string().max(253);

const inForce = z.strictObject({
  cron: z.string().max(100).describe('The expression.'),
  timeZone: z.string().max(32).describe('Its time zone.'),
  since: time.describe('What was due before is not made up for.'),
});
/** A schedule that is in force, as status has it. */
export type InForce = z.infer<typeof inForce>;

const drill = z.strictObject({
  due: time.describe('When it was due.'),
  copy: copyName.describe('The AppSnapshot that is restored.'),
  target: copyName.optional().describe('The BackupTarget that it is read from; not there when its snapshots are.'),
  recoveryPoint: z.string().max(63).optional().describe('Its id there.'),
  namespace: z.string().max(63).describe('The namespace that is made for it; the AppRestore beside this policy has the same name.'),
  phase: z.enum(['Running', 'Removing']).describe('Running: the result is not known yet. Removing: it is noted, and what the drill made is removed.'),
  begun: time.describe('When it was begun.'),
  until: time.describe('When its time is over.'),
  isolated: z.boolean().optional().describe('Whether a pod of it was kept from what is outside of the namespace; tried before anything of the copy is there.'),
  restore: z.string().max(63).optional().describe('Uid of its AppRestore.'),
  message: z.string().max(2048).optional().describe('What it is waiting for.'),
});
/** A drill that is under way. */
export type DrillStatus = z.infer<typeof drill>;

/** Reasons for the end of a drill; each is a reason of the condition Verified. */
export const drillReasons = ['DrillPassed', 'DrillFailed', 'DrillTimedOut', 'DrillNotVerified', 'DrillAborted', 'IsolationNotEnforced'] as const;

const lastDrill = z.strictObject({
  due: time.describe('When it was due.'),
  at: time.describe('When its result was noted.'),
  copy: copyName.describe('The AppSnapshot that was restored.'),
  from: z.enum(drillSources).optional().describe('Where it was read from. Not there in results of older versions, which read snapshots.'),
  target: copyName.optional().describe('The BackupTarget, where it was read from one.'),
  verified: z.boolean().describe('Every check has passed, at least one was made, and none is unknown.'),
  reason: z.enum(drillReasons).describe('How it ended.'),
  checksPassed: z.int().min(0).describe('Checks that passed.'),
  checksFailed: z.int().min(0).describe('Checks that did not.'),
  isolated: z.boolean().describe('Its pods were kept from what is outside of the namespace.'),
  rtoSeconds: z.number().min(0).optional().describe('From the begin of the restore to the checked application; where the restore came to its end.'),
  message: z.string().max(2048).describe('What the restore said at its end.'),
});
/** The result of a drill. */
export type DrillResult = z.infer<typeof lastDrill>;
const targetState = z.strictObject({
  target: copyName.describe('BackupTarget.'),
  copies: z.int().min(0).describe('Complete copies of this policy in it.'),
  lastCopy: z
    .strictObject({
      name: copyName.describe('Name of the AppSnapshot.'),
      at: time.describe('When its volumes were cut.'),
      completedAt: time.optional().describe('When it was complete in the target.'),
    })
    .optional()
    .describe('The newest complete copy in it.'),
  reason: z.string().max(64).optional().describe('Why a newer one is not complete: a code of docs/errors.md.'),
  message: z.string().max(2048).optional().describe('A sentence for people.'),
});

export const volumePolicyStatus = z.strictObject({
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the status speaks about.'),
  schedule: inForce.optional().describe('The schedule in force; not there while it is suspended.'),
  lastTick: z
    .strictObject({ at: time.describe('When the copy was due.'), name: copyName.describe('The AppSnapshot that was made for it.') })
    .optional()
    .describe('The newest time of the schedule for which a copy was made.'),
  lastCopy: z
    .strictObject({
      name: copyName.describe('Name of the AppSnapshot.'),
      at: time.describe('When its volumes were cut.'),
      grade: gradeSchema.describe('What it is proven to be.'),
    })
    .optional()
    .describe('The newest copy that is ready.'),
  nextCopy: time.optional().describe('When the next copy is begun, jitter included.'),
  lastVerified: z
    .strictObject({
      name: copyName.describe('Name of the AppSnapshot.'),
      at: time.describe('When its volumes were cut.'),
      verifiedAt: time.describe('When a restore of it last passed every check.'),
    })
    .optional()
    .describe('The newest copy of which a restore has passed every check.'),
  copies: z.int().min(0).optional().describe('Copies of this policy that are ready.'),
  rpoSeconds: z.int().min(0).optional().describe('The objective in seconds, to hold the age of lastCopy.at against.'),
  targets: listBy('target', targetState, 4).optional().describe('What is in the targets of spec.protection.copies.'),
  lastOffsite: z
    .strictObject({
      target: copyName.describe('The BackupTarget that is furthest behind.'),
      name: copyName.describe('AppSnapshot of the newest copy that is complete there.'),
      at: time.describe('When its volumes were cut.'),
    })
    .optional()
    .describe('What is outside the storage of the cluster whichever target is left: the newest complete copy of the target that is furthest behind. Not there while a target has none.'),
  drillSchedule: inForce.optional().describe('The schedule of the drills that is in force; not there while they are suspended.'),
  drill: drill.optional().describe('The drill that is under way, until nothing of it is left.'),
  lastDrill: lastDrill.optional().describe('The result of the last drill.'),
  nextDrill: time.optional().describe('When the next drill is begun, jitter included.'),
  ...volumeStatusOfPolicy,
  conditions: conditions.optional(),
});
export type VolumePolicyStatus = z.infer<typeof volumePolicyStatus>;
