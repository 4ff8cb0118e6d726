import { z } from 'zod';
import { appSnapshotSpec, onceRule } from './appsnapshot.js';
import { conditions, durationWithin, gradeSchema, listBy, objectName } from './common.js';

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

const cronText = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => new RegExp(cronPattern).test(text), cronRule.message)
  .meta({ 'x-kubernetes-validations': [cronRule] });

const schedule = z
  .strictObject({
    cron: cronText.describe('When copies are due, as five fields: minute, hour, day of month, month, day of week. With an hour of * ticks go by hours that pass; otherwise every wall time has one tick, also where the clock is set forward or back.'),
    timeZone: z
      .string()
      .min(1)
      .max(32)
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/)
      .refine(isTimeZone, timeZoneRule.message)
      .meta({ 'x-kubernetes-validations': [timeZoneRule] })
      .default('UTC')
      .describe('Time zone of the expression, and of the days, weeks, months and years of the retention: a name of the IANA database.'),
    jitter: durationWithin('1s', '12h').optional().describe('Every copy is made later than due by a part of this that is always the same for one policy, so that policies with one schedule do not all begin at once. 1s to 12h. Default: none.'),
    startingDeadline: durationWithin('10s', '8760h').optional().describe('A copy that could not be begun this long after it was due is left out. 10s to 8760h. Default: it is made up for, however late.'),
    suspend: z.boolean().default(false).describe('True: no copies are made. What was due meanwhile is not made up for. Retention goes on.'),
  })
  .describe('When copies are made. Never two at once; of several that were missed only the last one is made up for.');

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
      cron: cronText
        .optional()
        .describe('Which copies are written there, as five fields in the time zone of the schedule: after each time that it names the first copy that is due then or later. A target that has none yet gets the next one. Default: every copy.'),
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

const protection = z
  .strictObject({
    schedule,
    retention,
    copies: copies.optional(),
    rpo: durationWithin('1m', '8760h').optional().describe('How old the newest good copy may be at most. 1m to 8760h. When it is older, the condition RPOMet is False.'),
    ...copyFields,
  })
  .describe('Copies that are made by themselves, as AppSnapshots of this namespace, by the account of spec.serviceAccountName.');

export const volumePolicySpec = z.strictObject({
  serviceAccountName: objectName.describe('Service account of this namespace under which copies are made and deleted. The author of this object must be allowed to impersonate it.'),
  selector,
  protection,
});
export type VolumePolicySpec = z.infer<typeof volumePolicySpec>;

const time = z.iso.datetime({ offset: true });
const copyName = z.string().max(253);

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
  schedule: z
    .strictObject({
      cron: z.string().max(100).describe('The expression.'),
      timeZone: z.string().max(32).describe('Its time zone.'),
      since: time.describe('What was due before is not made up for.'),
    })
    .optional()
    .describe('The schedule in force; not there while it is suspended.'),
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
  conditions: conditions.optional(),
});
export type VolumePolicyStatus = z.infer<typeof volumePolicyStatus>;
