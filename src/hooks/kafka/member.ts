import { fail } from '../../api/errors.js';
import { ApiError } from '../../runtime/api-error.js';
import type { Exec, ExecResult } from '../../runtime/exec.js';
import { userOf, type ServiceAccountRef } from '../../runtime/service-account.js';
import type { AdapterContext, Detected } from '../adapter.js';
import { quoted } from '../hold/quoted.js';
import { bootstrapOf, type KafkaNode } from './node.js';
import { parseLook } from './look.js';
import { argv } from '../programs.js';
import { lookProgram, reportProgram } from './programs.js';

/** What tools can be asked for, see {@link reportProgram}. */
export type Report = 'quorum' | 'problems' | 'ends' | 'groups' | `hanging:${number}`;

/** A tool starts a JVM and waits up to a minute for the cluster. */
const toolMillis = 90_000;
/** Thousands of partitions and groups are a line each. */
const maxOutputBytes = 4 * 1024 * 1024;

export interface MemberOptions {
  readonly exec: Exec;
  readonly account: ServiceAccountRef;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Client configuration for the tools; it travels by stdin only. */
  readonly clientProperties: string | undefined;
  readonly signal: AbortSignal;
}

/** One Kafka node, reached inside its own container as the tenant's account. */
export class Member {
  readonly pod: string;
  readonly container: string;
  readonly #options: MemberOptions;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.pod = options.pod;
    this.container = options.container;
  }

  /** What the node is and where its data are, without a JVM. Throws AppError ApplicationNotReady or AccountNotAllowed. */
  async look(mountPaths: readonly string[]): Promise<KafkaNode> {
    const result = await this.#run(argv(lookProgram, ...mountPaths), 30_000, '');
    const found = succeeded(result) && !result.truncated ? parseLook(result.stdout) : undefined;
    if (found !== undefined) return { pod: this.pod, container: this.container, ...found };
    throw fail('ApplicationNotReady', `The Kafka node in pod ${this.pod} could not be looked at: ${whyNot(result)}`);
  }

  /**
   * Runs tools next to the server in turn, each in a JVM of its own, so never while anything is held. Returns the lines of each.
   * Throws AppError ApplicationNotReady with what the tool said, or AccountNotAllowed.
   */
  async reports(node: KafkaNode, ...reports: readonly Report[]): Promise<Map<Report, readonly string[]>> {
    const { tools } = node;
    if (tools === undefined) {
      throw fail('ApplicationNotReady', `Pod ${this.pod}, container ${this.container} has none of Kafka's tools (kafka-topics.sh and its like) where the known images have them, so that nobody can tell whether the cluster is whole.`);
    }
    const command = argv(reportProgram, tools.directory, tools.suffix, bootstrapOf(node, this.#options.clientProperties), ...reports);
    const result = await this.#run(command, reports.length * toolMillis, this.#options.clientProperties ?? '');
    const sections = parseReports(result.stdout);
    const missing = reports.find((report) => sections.get(report)?.code !== 0);
    if (succeeded(result) && !result.truncated && missing === undefined) return new Map(reports.map((report) => [report, sections.get(report)?.lines ?? []]));
    throw fail('ApplicationNotReady', `Kafka did not answer in pod ${this.pod} (${missing ?? 'too much output'}): ${whyNot(result)}`);
  }

  async #run(command: readonly string[], deadlineMillis: number, stdin: string): Promise<ExecResult> {
    const { exec, account, namespace, pod, container, signal } = this.#options;
    try {
      return await exec.run({ namespace, pod, container, command }, { as: account, deadlineMillis, signal, stdin, maxOutputBytes });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 403) throw fail('AccountNotAllowed', `${userOf(account)} may not exec into pod ${pod}: bind the ClusterRole stillpoint-tenant to it.`, { cause: error });
      throw fail('ApplicationNotReady', `Pod ${pod}, container ${container} could not be entered: ${error.message}`, { cause: error });
    }
  }
}

/** The members of a running application. Throws AppError InvalidSpec for a Secret without client.properties. */
export async function membersOf(app: Detected, { exec, account, signal, secret, view }: AdapterContext): Promise<Member[]> {
  const clientProperties = await clientPropertiesOf(app.credentialsSecret, secret);
  return app.pods.map((pod) => new Member({ exec, account, signal, namespace: view.namespace, pod, container: app.container[pod] ?? '', clientProperties }));
}

/** The key `client.properties` of the Secret; undefined when none is named. */
export async function clientPropertiesOf(name: string | undefined, secret: AdapterContext['secret']): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const text = (await secret(name))['client.properties'];
  if (text !== undefined && text.trim() !== '') return text;
  throw fail('InvalidSpec', `Secret ${name} of credentialsSecretRef needs the key client.properties: the configuration with which Kafka's own tools connect (security.protocol, sasl.mechanism, sasl.jaas.config, …).`);
}

/** What one tool printed, without empty lines, and how it ended. */
interface Section {
  readonly lines: readonly string[];
  readonly code: number;
}

/** Splits the output of {@link reportProgram}. A report without its end is not there. */
export function parseReports(text: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Section>();
  let name: string | undefined;
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const begin = /^stillpoint-report (\S+)$/.exec(line)?.[1];
    const code = /^stillpoint-ended (\d+)$/.exec(line)?.[1];
    if (begin !== undefined) {
      name = begin;
      lines = [];
    } else if (code !== undefined && name !== undefined) {
      sections.set(name, { lines, code: Number(code) });
      name = undefined;
    } else if (line.trim() !== '') {
      lines.push(line);
    }
  }
  return sections;
}

function succeeded(result: ExecResult): boolean {
  return result.outcome.kind === 'exited' && result.outcome.code === 0;
}

/** Why a run did not succeed, for people: bounded, one line. */
function whyNot({ outcome, stderr }: ExecResult): string {
  const said = quoted(stderr);
  switch (outcome.kind) {
    case 'exited':
      return said === '' ? `exit code ${outcome.code}` : said;
    case 'failed':
      return `it could not be run: ${quoted(outcome.message)}`;
    case 'lost':
      return `unknown, the connection was lost (${quoted(outcome.why)})`;
  }
}
