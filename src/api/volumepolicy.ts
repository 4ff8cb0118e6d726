import { z } from 'zod';
import { storageClassMap } from './apprestore.js';
import { appSnapshotSpec } from './appsnapshot.js';
import { conditions, durationWithin, gradeSchema, objectName } from './common.js';

const months = 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC';
const weekdays = 'SUN|MON|TUE|WED|THU|FRI|SAT';

/** One field of a cron expression: `*`, steps of it, or a list of values and ranges with steps. Without backslashes: it becomes a text of CEL. */
function cronField(value: string, step: string): string {
  const range = `(${value})(-(${value})(/(${step}))?)?`;
  return `([*](/(${step}))?|${range}(,${range})*)`;
}

const cronPattern = `^${[
  cronField('[0-5]?[0-9]', '[1-9]|[1-5][0-9]'),
  cronField('[01]?[0-9]|2[0-3]', '[1-9]|1[0-9]|2[0-3]'),
  cronField('0?[1-9]|[12][0-9]|3[01]', '[1-9]|[12][0-9]|3[01]'),
  cronField(`0?[1-9]|1[0-2]|${months}`, '[1-9]|1[0-2]'),
  cronField(`[0-7]|${weekdays}`, '[1-7]'),
].join(' ')}$`;

export const cronRule = {
  rule: `self.matches('${cronPattern}')`,
  message:
    'must be five fields with one space between: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or JAN-DEC), day of week (0-7 or SUN-SAT); each is *, */n, a value, a range a-b or a-b/n, or a list of these with commas. For example 30 2 * * * for every night at half past two',
};

/** The database of the API server answers: its own functions take the name of a zone. */
export const timeZoneRule = {
  rule: "self != 'Local' && timestamp('2026-01-01T00:00:00Z').getHours(self) >= 0",
  message: 'must be the name of a time zone of the IANA database, for example Europe/Berlin or UTC',
};

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** When something is done by itself: of every schedule of a policy the same fields. `each`: what one time of it brings. */
function timing(each: string, more: { readonly zone: string; readonly suspended: string }) {
  return {
    cron: z
      .string()
      .min(1)
      .max(100)
      .refine((text) => new RegExp(cronPattern).test(text), cronRule.message)
      .meta({ 'x-kubernetes-validations': [cronRule] })
      .describe(`When a ${each} is due, as five fields: minute, hour, day of month, month, day of week. With an hour of * ticks go by hours that pass; otherwise every wall time has one tick, also where the clock is set forward or back.`),
    timeZone: z
      .string()
      .min(1)
      .max(32)
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/)
      .refine(isTimeZone, timeZoneRule.message)
      .meta({ 'x-kubernetes-validations': [timeZoneRule] })
      .default('UTC')
      .describe(`Time zone of the expression${more.zone}: a name of the IANA database.`),
    jitter: durationWithin('1s', '12h').optional().describe(`Every ${each} is begun later than due by a part of this that is always the same for one policy, so that policies with one schedule do not all begin at once. 1s to 12h. Default: none.`),
    startingDeadline: durationWithin('10s', '8760h').optional().describe(`A ${each} that could not be begun this long after it was due is left out. 10s to 8760h. Default: it is made up for, however late.`),
    suspend: z.boolean().default(false).describe(`True: no ${each} is begun. What was due meanwhile is not made up for.${more.suspended}`),
  };
}

const schedule = z
  .strictObject(timing('copy', { zone: ', and of the days, weeks, months and years of the retention', suspended: ' Retention goes on.' }))
  .describe('When copies are made. Never two at once; of several that were missed only the last one is made up for.');

const verify = z
  .strictObject({
    ...timing('drill', { zone: '', suspended: ' One that is under way goes on.' }),
    from: z.enum(['Snapshot']).default('Snapshot').describe('Where the data comes from. Snapshot: the snapshots of the copy.'),
    timeout: durationWithin('1m', '24h').default('1h').describe('How long a drill may take, from its begin to the last check; an admin may allow less. 1m to 24h.'),
    storageClasses: storageClassMap.optional().describe('Storage classes of the drill, from: to. A class that keeps the volumes of deleted claims must be replaced by one that does not.'),
  })
  .describe('Drills: a copy is restored into a namespace that is made for it, its databases are started and checked, and everything is removed. The newest copy that is not verified yet, or the newest. Off until an admin switches drills on.');

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

const { selector, applications, consistency, quiesce, capture, volumeSnapshotClassName, volumeGroupSnapshotClassName } = appSnapshotSpec.shape;

/** What every copy of a policy is made with: fields of AppSnapshot, by the same names. */
const copyFields = { applications, consistency, quiesce, capture, volumeSnapshotClassName, volumeGroupSnapshotClassName };

export const verifyRule = {
  rule: '!has(self.verify) || !has(self.capture) || !has(self.capture.enabled) || self.capture.enabled',
  message: 'verify needs copies with their configuration, without which nothing can be started: leave capture.enabled true, or remove verify',
};

const protection = z
  .strictObject({
    schedule,
    retention,
    verify: verify.optional(),
    rpo: durationWithin('1m', '8760h').optional().describe('How old the newest good copy may be at most. 1m to 8760h. When it is older, the condition RPOMet is False.'),
    ...copyFields,
  })
  .refine((p) => p.verify === undefined || p.capture.enabled, verifyRule.message)
  .meta({ 'x-kubernetes-validations': [verifyRule] })
  .describe('Copies that are made by themselves, as AppSnapshots of this namespace, by the account of spec.serviceAccountName.');

export const volumePolicySpec = z.strictObject({
  serviceAccountName: objectName.describe('Service account of this namespace under which copies are made and deleted. The author of this object must be allowed to impersonate it.'),
  selector,
  protection,
});
export type VolumePolicySpec = z.infer<typeof volumePolicySpec>;

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
  drillSchedule: inForce.optional().describe('The schedule of the drills that is in force; not there while they are suspended.'),
  drill: drill.optional().describe('The drill that is under way, until nothing of it is left.'),
  lastDrill: lastDrill.optional().describe('The result of the last drill.'),
  nextDrill: time.optional().describe('When the next drill is begun, jitter included.'),
  conditions: conditions.optional(),
});
export type VolumePolicyStatus = z.infer<typeof volumePolicyStatus>;
