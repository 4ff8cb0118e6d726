import { classify, isLeftOut } from '../../../src/movers/restic/classify.js';
import type { MoverSurroundings } from '../../../src/movers/restic/mover.js';
import { readLine, type ResticMessage } from '../../../src/movers/restic/output.js';
import type { ResticRun } from '../../../src/movers/restic/run.js';
import { hex } from './fixtures.js';

/** What restic answers, by the first words of its arguments. */
type Answers = Readonly<Record<string, { exitCode?: number; out?: string; err?: string }>>;

/** restic that answers as it is told, and what a mover does beside it. */
export class World {
  readonly calls: string[] = [];
  readonly removed: string[] = [];
  readonly settled: string[] = [];
  shared = 0;
  readonly #answers: Answers;

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  own(more: Partial<MoverSurroundings> = {}): MoverSurroundings {
    return {
      restic: { run: (args, onMessage) => Promise.resolve(this.#answer(args, onMessage)) },
      probe: () => Promise.resolve(undefined),
      shareRepository: () => Promise.resolve(void (this.shared += 1)),
      removeLock: (id) => Promise.resolve(void this.removed.push(id)),
      layOut: () => Promise.resolve('digest'),
      settle: (folder) => Promise.resolve(void this.settled.push(folder)),
      isOwn: ({ user, group }) => user === 999 && group === 999,
      onProgress: () => undefined,
      secrets: ['hunter22'],
      ...more,
    };
  }

  #answer(args: readonly string[], onMessage: (message: ResticMessage) => void = () => undefined): ResticRun {
    const call = args.join(' ');
    this.calls.push(call);
    const [, { exitCode = 0, out = '', err = '' } = { exitCode: 99 }] = Object.entries(this.#answers).find(([begin]) => call.startsWith(begin)) ?? [];
    const messages = [...out.split('\n'), ...err.split('\n')].map(readLine).filter((m): m is ResticMessage => m !== undefined);
    messages.forEach(onMessage);
    return { exitCode, said: err, stdout: out, messages, code: exitCode === 0 ? undefined : classify({ exitCode, said: err }), leftOut: err.split('\n').find(isLeftOut) };
  }
}

/** The repository that it opens. */
export const config = { out: `{"id":"${hex('a')}"}` };
