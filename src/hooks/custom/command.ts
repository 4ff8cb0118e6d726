import { durationMillis } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import { ApiError } from '../../runtime/api-error.js';
import type { Exec, ExecResult } from '../../runtime/exec.js';
import { userOf, type ServiceAccountRef } from '../../runtime/service-account.js';
import { quoted } from '../hold/quoted.js';
import { redaction } from './redaction.js';

/** A command of a profile that is run by an exec of its own, outside of the hold. */
export interface ProfileCommand {
  readonly command: readonly string[];
  readonly timeout: string;
  readonly expect?: string | undefined;
  readonly stdin?: { readonly secretKeyRef: { readonly name: string; readonly key: string } } | undefined;
}

/** Where it is run, and as whom. */
export interface CommandPlace {
  readonly exec: Exec;
  readonly account: ServiceAccountRef;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly secret: (name: string) => Promise<Readonly<Record<string, string>>>;
  readonly signal: AbortSignal;
}

/** What became of it. `why` is a clause for people, bounded and without the Secret that it was given. */
export type CommandOutcome =
  | { readonly kind: 'succeeded'; readonly lines: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string }
  /** It may have run or not. */
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Runs a command of a profile as the account. What the command does is an outcome; only what keeps it from being run is an error.
 * @param field of the profile, for the messages
 * @throws AppError AccountNotAllowed, ApplicationNotReady or InvalidSpec (a Secret without the key).
 */
export async function runCommand(command: ProfileCommand, field: string, place: CommandPlace): Promise<CommandOutcome> {
  const stdin = await input(command, field, place);
  const hide = redaction(stdin);
  const result = await execute(command, stdin, place);
  const said = (text: string): string => quoted(hide(text));
  switch (result.outcome.kind) {
    case 'lost':
      return { kind: 'unknown', why: `the connection was lost (${said(result.outcome.why)})` };
    case 'failed':
      return { kind: 'failed', why: `could not be run: ${said(result.outcome.message)}` };
    case 'exited':
      return judge(command, result, result.outcome.code, said);
  }
}

function judge({ expect }: ProfileCommand, { stdout, stderr, truncated }: ExecResult, code: number, said: (text: string) => string): CommandOutcome {
  if (code !== 0) {
    const text = said(stderr);
    return { kind: 'failed', why: `ended with ${code}${text === '' ? '' : `: ${text}`}` };
  }
  const lines = stdout.replace(/\r?\n$/, '').split(/\r?\n/);
  if (expect === undefined || (!truncated && lines.length === 1 && lines[0] === expect)) return { kind: 'succeeded', lines };
  return { kind: 'failed', why: `printed ${stdout.trim() === '' ? 'nothing' : `"${said(stdout)}"`} instead of "${expect}"` };
}

async function input({ stdin }: ProfileCommand, field: string, place: CommandPlace): Promise<string | undefined> {
  if (stdin === undefined) return undefined;
  const { name, key } = stdin.secretKeyRef;
  const value = (await place.secret(name))[key];
  if (value === undefined) throw fail('InvalidSpec', `${field}.stdin.secretKeyRef: Secret ${name} has no key ${key}.`);
  return value;
}

async function execute({ command, timeout }: ProfileCommand, stdin: string | undefined, place: CommandPlace): Promise<ExecResult> {
  const { exec, account, namespace, pod, container, signal } = place;
  try {
    return await exec.run({ namespace, pod, container, command }, { as: account, deadlineMillis: durationMillis(timeout), signal, ...(stdin === undefined ? {} : { stdin }) });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 403) throw fail('AccountNotAllowed', `${userOf(account)} may not exec into pod ${pod}: bind the ClusterRole stillpoint-tenant to it.`, { cause: error });
    throw fail('ApplicationNotReady', `Pod ${pod}, container ${container} could not be entered: ${error.message}`, { cause: error });
  }
}
