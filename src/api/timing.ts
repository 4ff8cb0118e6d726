import { z } from 'zod';
import { durationWithin } from './common.js';

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

/** What the five fields of an expression are, for descriptions. */
export const cronFields = 'five fields: minute, hour, day of month, month, day of week';

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

/** A cron expression. `text`: what its times mean. */
export function cronExpression(text: string) {
  return z
    .string()
    .min(1)
    .max(100)
    .refine((expression) => new RegExp(cronPattern).test(expression), cronRule.message)
    .meta({ 'x-kubernetes-validations': [cronRule] })
    .describe(text);
}

/** When something is done by itself: of every schedule of a policy the same fields. `each`: what one time of it brings. */
export function timing(each: string, more: { readonly zone: string; readonly suspended: string }) {
  return {
    cron: cronExpression(`When a ${each} is due, as ${cronFields}. With an hour of * ticks go by hours that pass; otherwise every wall time has one tick, also where the clock is set forward or back.`),
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
