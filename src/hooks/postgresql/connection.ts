import { z } from 'zod';
import { fail } from '../../api/errors.js';
import { ApiError } from '../../runtime/api-error.js';
import type { Exec, ExecResult } from '../../runtime/exec.js';
import { userOf, type ServiceAccountRef } from '../../runtime/service-account.js';
import type { Credentials } from '../credentials.js';
import { argv, shorten, succeeded, whyNot } from '../programs.js';
import { psqlProgram } from './programs.js';
import { Session } from './session.js';

export interface ServerOptions {
  readonly exec: Exec;
  readonly account: ServiceAccountRef;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly credentials: Credentials | undefined;
  /** Seconds to wait for a server that does not answer yet; 0: one attempt. */
  readonly patienceSeconds: number;
  readonly signal: AbortSignal;
}

/** What a run of SQL or of a program may take. Defaults: 20 s of statement, and 10 s more for the whole. */
export interface RunOptions {
  readonly statementMillis?: number;
  readonly deadlineMillis?: number;
  /** Major version of the server: chooses among several installed binaries. */
  readonly major?: number;
}

/** Printed after the last statement: without it the output is not whole (kubernetes#73056). */
const sentinel = 'stillpoint-end';

/** One PostgreSQL server, reached inside its own container as the tenant's account. */
export class Server {
  readonly pod: string;
  readonly container: string;
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.pod = options.pod;
    this.container = options.container;
  }

  /**
   * Runs SQL and psql commands and returns the lines that they print.
   * Throws AppError ApplicationNotReady (with what psql said) or AccountNotAllowed.
   */
  async script(sql: string, options: RunOptions = {}): Promise<string[]> {
    const statementMillis = options.statementMillis ?? 20_000;
    const stdin = `${sql}\n\\echo ${sentinel}\n\\q\n`;
    const run = { deadlineMillis: statementMillis + 10_000, ...options };
    const result = await this.runConnected(psqlProgram, [String(statementMillis)], run, stdin);
    const lines = result.stdout.split('\n').filter((line) => line !== '');
    const whole = lines.pop() === sentinel && !result.truncated;
    if (succeeded(result) && whole) return lines;
    throw fail('ApplicationNotReady', `The PostgreSQL server in pod ${this.pod} did not answer as expected: ${whyNot(result)}`);
  }

  /** The rows of one SELECT (without semicolon), each checked against `schema`. */
  async rows<T>(select: string, schema: z.ZodType<T>, options: RunOptions = {}): Promise<T[]> {
    const lines = await this.script(`SELECT row_to_json(q) FROM (${select}) q;`, options);
    return lines.map((line) => parseRow(line, schema));
  }

  /** Opens a psql that stays. `limitMillis` bounds its life. Throws AppError when the exec is refused. */
  async session(limitMillis: number, major: number): Promise<Session> {
    const { exec, account, namespace, pod, container, signal, credentials } = this.#options;
    const command = this.#connected(psqlProgram, [String(limitMillis)], major);
    const target = { namespace, pod, container, command };
    try {
      const stream = await exec.open(target, { as: account, deadlineMillis: limitMillis, signal });
      const session = new Session(stream, pod, (text) => redacted(text, credentials));
      if (credentials !== undefined) stream.send(`${credentials.username}\n${credentials.password}`);
      return session;
    } catch (error) {
      throw notEntered(error, this.#options);
    }
  }

  /** Runs one of the programs that connect first. Never throws for what the program says. */
  runConnected(program: string, parameters: readonly string[], options: RunOptions = {}, stdin = ''): Promise<ExecResult> {
    const { credentials } = this.#options;
    const secretLines = credentials === undefined ? '' : `${credentials.username}\n${credentials.password}\n`;
    return this.#run(this.#connected(program, parameters, options.major), options, secretLines + stdin);
  }

  #connected(program: string, parameters: readonly string[], major: number | undefined): readonly string[] {
    const { credentials, patienceSeconds } = this.#options;
    return argv(program, credentials === undefined ? 'local' : 'secret', String(patienceSeconds), major === undefined ? '' : String(major), ...parameters);
  }

  /** Runs a program that needs no connection. Never throws for what the program says. */
  run(program: string, parameters: readonly string[], options: RunOptions = {}): Promise<ExecResult> {
    return this.#run(argv(program, ...parameters), options, '');
  }

  async #run(command: readonly string[], options: RunOptions, stdin: string): Promise<ExecResult> {
    const { exec, account, namespace, pod, container, signal, patienceSeconds, credentials } = this.#options;
    const deadlineMillis = (options.deadlineMillis ?? 30_000) + patienceSeconds * 1000;
    const target = { namespace, pod, container, command };
    try {
      const result = await exec.run(target, { as: account, deadlineMillis, signal, stdin });
      return { ...result, stderr: redacted(result.stderr, credentials) };
    } catch (error) {
      throw notEntered(error, this.#options);
    }
  }
}

function redacted(text: string, credentials: Credentials | undefined): string {
  return credentials === undefined ? text : text.replaceAll(credentials.password, '***');
}

/** What a refused exec means; other errors stay as they are. */
function notEntered(error: unknown, { account, pod, container }: ServerOptions): unknown {
  if (!(error instanceof ApiError)) return error;
  if (error.code === 403) return fail('AccountNotAllowed', `${userOf(account)} may not exec into pod ${pod}: bind the ClusterRole stillpoint-tenant to it.`, { cause: error });
  return fail('ApplicationNotReady', `Pod ${pod}, container ${container} could not be entered: ${error.message}`, { cause: error });
}

/** One line of output as a row. Throws AppError ApplicationNotReady when it is none. */
export function parseRow<T>(line: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw fail('ApplicationNotReady', `PostgreSQL answered with something that is no row: ${shorten(line)}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fail('ApplicationNotReady', `PostgreSQL answered with an unexpected row: ${z.prettifyError(parsed.error)}`);
}
