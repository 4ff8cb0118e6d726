import { fail } from '../../api/errors.js';
import type { AdapterContext, Detected } from '../adapter.js';
import { runCommand, type CommandPlace } from '../custom/command.js';
import { argv } from '../programs.js';
import { nodetoolProgram } from './programs.js';

/** What a program in a node's container came to; `why` is a clause for people. */
export type Answer = { readonly lines: readonly string[] } | { readonly why: string; readonly known: boolean };

/** A JVM starts for each call of nodetool: 1.4 to 5.4 s on a quiet machine (notes/quiesce.md, 5). */
const nodetoolSeconds = 60;

/** One node, reached inside its own container as the tenant's account. */
export class Node {
  readonly #place: CommandPlace;

  constructor(place: CommandPlace) {
    this.#place = place;
  }

  get pod(): string {
    return this.#place.pod;
  }

  get container(): string {
    return this.#place.container;
  }

  /** Runs a program of ours. What it comes to is an answer; what keeps it from being run is an AppError. */
  async ask(program: string, parameters: readonly string[], seconds: number): Promise<Answer> {
    const outcome = await runCommand({ command: argv(program, ...parameters), timeout: `${seconds}s` }, '', this.#place);
    if (outcome.kind !== 'succeeded') return { why: outcome.why, known: outcome.kind === 'failed' };
    const [first, ...rest] = outcome.lines;
    const last = rest.pop();
    return first === 'begin' && last === 'end' ? { lines: rest } : { why: 'gave an answer that is not whole', known: false };
  }

  /** The lines that a program prints. Throws AppError ApplicationNotReady with `what` when it does not end well. */
  async lines(what: string, program: string, parameters: readonly string[] = [], seconds = 30): Promise<readonly string[]> {
    const answer = await this.ask(program, parameters, seconds);
    if ('lines' in answer) return answer.lines;
    throw fail('ApplicationNotReady', `${what} in pod ${this.pod} ${answer.why}.`);
  }

  /** What nodetool prints. Throws AppError ApplicationNotReady. */
  nodetool(words: readonly string[], seconds = nodetoolSeconds): Promise<readonly string[]> {
    return this.lines(`nodetool ${words.join(' ')}`, nodetoolProgram, words, seconds);
  }
}

/** The nodes of a running application. */
export function nodesOf(app: Detected, { exec, account, view, secret, signal }: AdapterContext): Node[] {
  return app.pods.map((pod) => new Node({ exec, account, namespace: view.namespace, pod, container: app.container[pod] ?? '', secret, signal }));
}
