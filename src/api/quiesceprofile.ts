import { z } from 'zod';
import { durationWithin, listBy, secretKeyRef } from './common.js';

/**
 * One word of a command line. Control characters, newlines among them, are refused: the holder keeps its commands one word
 * a line, and a word that people cannot see is a word that nobody reviews.
 */
const word = z.string().max(1024).regex(/^\P{Cc}*$/u);
const command = z
  .array(word)
  .min(1)
  .max(32)
  .refine((words) => words[0] !== '' && words[0]?.startsWith('-') !== true, 'the first word must name a program')
  .meta({ 'x-kubernetes-validations': [{ rule: "size(self) == 0 || (size(self[0]) > 0 && !self[0].startsWith('-'))", message: 'the first word must name a program' }] })
  .describe('Program and arguments, as they are: no shell reads them. Run in the container of the application, under its user. At most 32 words of 1024 characters, without control characters.');
/** A line of output; clients of databases separate columns by tabs. */
const line = z.string().min(1).max(256).regex(/^[\t\P{Cc}]+$/u);
const stdin = z
  .strictObject({ secretKeyRef })
  .optional()
  .describe('Given to the command on its standard input, for example an option file with a password. Read as the service account.');
const stepName = z.string().min(1).max(63).regex(/^\P{Cc}+$/u);

const commandTimeout = durationWithin('1s', '5m').default('30s').describe('How long it may take. 1s to 5m.');
/** A fence is put on and lifted inside the hold, which is 10 s at most. */
const fenceTimeout = durationWithin('100ms', '5s').default('2s').describe('How long it may take; it is killed then. 100ms to 5s. What it has asked of the server must end before that by a limit of the server\'s own.');

const fence = z.strictObject({
  engage: z.strictObject({ command, timeout: fenceTimeout }).describe('Keeps clients from writing and writes back what the server has in memory. Must be idempotent and in memory only, so that no copy comes up fenced.'),
  verify: z
    .strictObject({ command, timeout: fenceTimeout, expect: line.optional().describe('The only line that it must print. Default: its exit code 0 is enough.') })
    .describe('Succeeds while the fence is on, and only then. Run before engage, when it must fail, after the sync, and as the proof right before the release.'),
  release: z.strictObject({ command, timeout: fenceTimeout }).describe('Lets clients write again. Must be idempotent: it is rehearsed before engage, and repeated until the fence is off.'),
});
export type FenceSpec = z.infer<typeof fence>;

const positionRule = { rule: "self.hold != 'Fence' || !has(self.position) || !has(self.position.stdin)", message: 'position.stdin cannot be used with hold Fence: the holder runs the command inside the hold, by the own authentication of the container' };
const fenceRule = { rule: "(self.hold == 'Fence') == has(self.fence)", message: 'hold Fence needs fence, and hold Freeze must have none' };
const processRule = { rule: "self.hold != 'Fence' || has(self.processName)", message: 'hold Fence needs processName: a server that was restarted has lost its fence' };

const warmUp = listBy(
  'name',
  z.strictObject({
    name: stepName.describe('What it does, for messages.'),
    command,
    timeout: commandTimeout,
    expect: line.optional().describe('The only line that it must print, for what a promise of this profile depends on. Default: its exit code 0 is enough.'),
    stdin,
  }),
  8,
)
  .optional()
  .describe('Run one after the other before every window, without impact on clients: flushes that shorten the hold, and settings that must be so. One that fails keeps the window from being opened.');

const checks = listBy(
  'name',
  z.strictObject({
    name: stepName.describe('What it proves.'),
    command,
    timeout: commandTimeout,
    expect: line.optional().describe('The only line that it must print. Default: its exit code 0 is enough.'),
    stdin,
  }),
  16,
)
  .optional()
  .describe('Run in every restored pod of the application; a restore is verified only when all pass.');

export const quiesceProfileSpec = z
  .strictObject({
    processName: z
      .string()
      .min(1)
      .max(15)
      .regex(/^[A-Za-z0-9._:-]+$/)
      .optional()
      .describe('Name of the server\'s process as in /proc/PID/comm. Needed by hold Fence, and by hold Freeze where no agent runs.'),
    hold: z.enum(['Freeze', 'Fence']).describe('Freeze: all processes of the container are stopped. Fence: the server runs on and keeps its clients from writing, by the commands of fence.'),
    fence: fence.optional().describe('How clients are kept from writing. Run inside the container, by its own authentication (a socket); no Secret is ever given to these.'),
    position: z
      .strictObject({ command, timeout: commandTimeout, stdin })
      .optional()
      .describe('Prints one line: how far the server is, such as a log position. Asked before and after the hold; with hold Fence the holder asks as well, and the two answers inside the fence must be equal.'),
    warmUp,
    tolerates: z
      .strictObject({
        maxHold: durationWithin('100ms', '10s').default('10s').describe('Longest hold that does no harm. 100ms to 10s.'),
        noticedAfter: durationWithin('100ms', '10s').optional().describe('Longest hold that nobody notices but by latency; a longer one is announced by the plan. 100ms to 10s. Default: maxHold.'),
      })
      .default({ maxHold: '10s' })
      .describe('What clients and peers stand.'),
    recovery: z
      .enum(['Durable', 'Unknown'])
      .default('Unknown')
      .describe('What the author of the profile states. Durable: everything that the server has acknowledged is in its files by then (not only in its memory), so that its own start-up brings it back from a copy that was held and synced. Unknown: nothing is stated, and the grade is CrashConsistentSynced at best.'),
    checks,
  })
  .refine((spec) => (spec.hold === 'Fence') === (spec.fence !== undefined), fenceRule.message)
  .refine((spec) => spec.hold !== 'Fence' || spec.processName !== undefined, processRule.message)
  .refine((spec) => spec.hold !== 'Fence' || spec.position?.stdin === undefined, positionRule.message)
  .meta({ 'x-kubernetes-validations': [fenceRule, processRule, positionRule] });
export type QuiesceProfileSpec = z.infer<typeof quiesceProfileSpec>;
