import { execFile, execFileSync } from 'node:child_process';

/** Environment of the cluster under test: the given KUBECONFIG, otherwise test cluster a. */
const environment: NodeJS.ProcessEnv = process.env['KUBECONFIG'] === undefined ? { ...process.env, ...ofBed() } : process.env;

function ofBed(): Record<string, string> {
  const text = execFileSync('bash', ['-c', 'eval "$(NAME=a test/cluster/bed env)"; printf "%s\\n%s" "$KUBECONFIG" "$PATH"'], { encoding: 'utf8' });
  const [kubeconfig = '', path = ''] = text.split('\n');
  return { KUBECONFIG: kubeconfig, PATH: path };
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; a failure is an outcome, not an exception. */
export function run(program: string, args: readonly string[], stdin = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env: environment, maxBuffer: 64 << 20, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(new Error(`${program} ${args.join(' ')}: ${error.message}`, { cause: error }));
        return;
      }
      resolve({ code: error === null ? 0 : (error.code as unknown as number), stdout, stderr });
    });
    child.stdin?.end(stdin);
  });
}

/** kubectl with an object on stdin where the arguments say `-f -`. */
export function kubectl(args: readonly string[], object?: unknown): Promise<Outcome> {
  return run('kubectl', args, object === undefined ? '' : JSON.stringify(object));
}

/** As {@link kubectl}, but throws what it printed when it fails. */
export async function must(args: readonly string[], object?: unknown): Promise<string> {
  const outcome = await kubectl(args, object);
  if (outcome.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${outcome.stderr}`);
  return outcome.stdout;
}

/** Asks again and again until the condition holds; throws after the deadline, with the last answer. */
export async function until<T>(what: string, probe: () => Promise<T>, holds: (answer: T) => boolean, deadlineMillis = 30_000): Promise<T> {
  const end = Date.now() + deadlineMillis;
  for (;;) {
    const answer = await probe();
    if (holds(answer)) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${deadlineMillis} ms; last: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
