import { z } from 'zod';
import { fail } from '../../api/errors.js';
import { ApiError } from '../../runtime/api-error.js';
import type { Exec, ExecResult } from '../../runtime/exec.js';
import { userOf, type ServiceAccountRef } from '../../runtime/service-account.js';
import type { AdapterContext, CopiedApplication, Detected, RestoreContext } from '../adapter.js';
import { quoted } from '../hold/quoted.js';
import { parseCredentials, type Credentials } from '../credentials.js';
import { argv, succeeded, whyNot } from '../programs.js';
import { endOfAnswer, requestProgram } from './programs.js';

/** What a server said to one request. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Seconds that each request may take; the default is 20. */
  readonly seconds?: number;
  /** Seconds to wait for a server that does not answer yet; the default is 0. */
  readonly patienceSeconds?: number;
}

/** Where a node is, and as whom it is asked. */
export interface Place {
  readonly exec: Exec;
  readonly account: ServiceAccountRef;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly podIP: string | undefined;
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
}

/** `_cat/shards` of a large cluster: about 150 bytes for each copy of a shard. */
const maxOutputBytes = 8 * 1024 * 1024;

/** One node, asked over HTTP from inside its own container as the tenant's account. */
export class Node {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  get pod(): string {
    return this.#place.pod;
  }

  get container(): string {
    return this.#place.container;
  }

  /** The answers to requests, in their order, whatever their status. Throws AppError ApplicationNotReady or AccountNotAllowed. */
  async ask(paths: readonly string[], options: RequestOptions = {}): Promise<Answer[]> {
    const { method = 'GET', body, seconds = 20, patienceSeconds = 0 } = options;
    const { credentials, podIP } = this.#place;
    const command = argv(requestProgram, credentials === undefined ? 'container' : 'secret', String(patienceSeconds), String(seconds), addressInUrl(podIP), method, body === undefined ? '' : JSON.stringify(body), ...paths);
    const stdin = credentials === undefined ? '' : `${credentials.username}\n${credentials.password}\n`;
    const result = await this.#run(command, seconds * paths.length + patienceSeconds + 15, stdin);
    const answers = parseAnswers(result.stdout);
    if (succeeded(result) && !result.truncated && answers?.length === paths.length) return answers;
    const why = succeeded(result) ? 'the answer is not whole' : whyNot(hidden(result, credentials));
    throw fail('ApplicationNotReady', `The server in pod ${this.pod} did not answer as expected: ${why}`);
  }

  /** Answers that must be there, each checked against its schema. Throws AppError ApplicationNotReady, which says what to do when the account is refused by the server. */
  async read<const T extends readonly Wanted<z.ZodType>[]>(requests: T, options: RequestOptions = {}): Promise<AnswersTo<T>> {
    const answers = await this.ask(requests.map((wanted) => wanted.path), options);
    return requests.map((wanted, i) => parseAnswer(answers[i], wanted, this.pod)) as AnswersTo<T>;
  }

  /** Runs a program that sends no request. Throws AppError ApplicationNotReady. */
  async lines(program: string, parameters: readonly string[]): Promise<string[]> {
    const result = await this.#run(argv(program, ...parameters), 30, '');
    if (succeeded(result) && !result.truncated) return result.stdout.replace(/\n$/, '').split('\n');
    throw fail('ApplicationNotReady', `The paths of the data in pod ${this.pod} could not be resolved: ${whyNot(result)}`);
  }

  async #run(command: readonly string[], seconds: number, stdin: string): Promise<ExecResult> {
    const { exec, account, namespace, pod, container, signal } = this.#place;
    try {
      return await exec.run({ namespace, pod, container, command }, { as: account, deadlineMillis: seconds * 1000, signal, stdin, maxOutputBytes });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 403) throw fail('AccountNotAllowed', `${userOf(account)} may not exec into pod ${pod}: bind the ClusterRole stillpoint-tenant to it.`, { cause: error });
      throw fail('ApplicationNotReady', `Pod ${pod}, container ${container} could not be entered: ${error.message}`, { cause: error });
    }
  }
}

/** A request with the form of its answer. */
export interface Wanted<S extends z.ZodType> {
  readonly path: string;
  readonly schema: S;
  /** Privileges that the account must have for it; the default is what every copy needs. */
  readonly privileges?: string;
}

const commonPrivileges = 'the cluster privilege monitor and the index privileges monitor and maintenance';

type AnswersTo<T extends readonly Wanted<z.ZodType>[]> = { readonly [K in keyof T]: z.infer<T[K]['schema']> };

function hidden(result: ExecResult, credentials: Credentials | undefined): ExecResult {
  return credentials === undefined ? result : { ...result, stderr: result.stderr.replaceAll(credentials.password, '***') };
}

/** An address of IPv6 stands in brackets in a URL. */
function addressInUrl(address: string | undefined): string {
  if (address === undefined) return '127.0.0.1';
  return address.includes(':') ? `[${address}]` : address;
}

/** Takes the output of {@link requestProgram} apart; undefined when it does not end with an answer. Pure. */
export function parseAnswers(output: string): Answer[] | undefined {
  const parts = output.split(new RegExp(`\\n${endOfAnswer} (\\d{3})\\n`));
  if (parts.length % 2 === 0 || parts.at(-1) !== '') return undefined;
  return Array.from({ length: (parts.length - 1) / 2 }, (_, i) => ({ body: parts[2 * i] ?? '', status: Number(parts[2 * i + 1]) }));
}

/** One answer in its form. Throws AppError ApplicationNotReady. Pure. */
export function parseAnswer<S extends z.ZodType>(answer: Answer | undefined, { path, schema, privileges = commonPrivileges }: Wanted<S>, pod: string): z.infer<S> {
  const at = path.split('?')[0] ?? path;
  if (answer === undefined) throw fail('ApplicationNotReady', `The server in pod ${pod} gave no answer to ${at}.`);
  const { status, body } = answer;
  if (status === 401 || status === 403) {
    throw fail('ApplicationNotReady', `The server in pod ${pod} answers ${status} to ${at}: name a Secret with username and password of an account that has ${privileges} in spec.applications[].credentialsSecretRef.`);
  }
  if (status < 200 || status > 299) throw fail('ApplicationNotReady', `The server in pod ${pod} answers ${status} to ${at}: ${quoted(body)}`);
  const parsed = schema.safeParse(json(body));
  if (parsed.success) return parsed.data;
  throw fail('ApplicationNotReady', `The server in pod ${pod} answers ${at} with something unexpected: ${quoted(z.prettifyError(parsed.error))}`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // which no schema takes
  }
}

/** User and password of the Secret; undefined when none is named. Throws AppError InvalidSpec for one without them. */
export async function credentialsOf(secretName: string | undefined, context: Pick<AdapterContext, 'secret'>): Promise<Credentials | undefined> {
  return secretName === undefined ? undefined : parseCredentials(secretName, await context.secret(secretName));
}

/** The nodes of a running application. */
export async function nodesOf(app: Detected, context: AdapterContext): Promise<Node[]> {
  const credentials = await credentialsOf(app.credentialsSecret, context);
  const { exec, account, signal, view } = context;
  return app.pods.map((pod) => {
    const podIP = view.pods.find((p) => p.metadata.name === pod)?.podIP;
    return new Node({ exec, account, namespace: view.namespace, pod, container: app.container[pod] ?? '', podIP, credentials, signal });
  });
}

/** The nodes of a restored application. */
export async function restoredNodes(app: CopiedApplication, context: RestoreContext): Promise<Node[]> {
  const credentials = await credentialsOf(app.facts['credentialsSecret'], context);
  const { exec, account, namespace, signal } = context;
  return app.members.flatMap((member) => {
    const pod = context.pods.get(member.pod);
    return pod === undefined ? [] : [new Node({ exec, account, namespace, pod: pod.metadata.name, container: member.container, podIP: pod.podIP, credentials, signal })];
  });
}

/** What the first node that answers says. Throws the first refusal when none does. */
export async function firstOf<T>(nodes: readonly Node[], ask: (node: Node) => Promise<T>): Promise<T> {
  let refusal: Error | undefined;
  for (const node of nodes) {
    try {
      return await ask(node);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? fail('ApplicationNotReady', 'There is no node to ask.');
}
