import { execFile, spawn } from 'node:child_process';

/** Everything in these suites is done as a user does it: with kubectl. The environment is that of the suite, which may turn to another cluster. */

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl to its end; a code other than 0 is a result, not an exception. */
export function tryKubectl(args: readonly string[], input?: string): Promise<KubectlResult> {
  return new Promise((resolve) => {
    const child = execFile('kubectl', [...args], { env: process.env, maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}

/** Runs kubectl and returns stdout; throws with stderr when it fails. */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const result = await tryKubectl(args, input);
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${String(result.code)}: ${result.stderr.trim()}`);
  return result.stdout;
}

/** Applies objects given as plain JSON. */
export async function apply(objects: readonly unknown[], namespace?: string): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await kubectl([...(namespace === undefined ? [] : ['-n', namespace]), 'apply', '-f', '-'], JSON.stringify(list));
}

/** One object as JSON, or undefined when it is not there. */
export async function get<T>(resource: string, name: string, namespace?: string): Promise<T | undefined> {
  const result = await tryKubectl([...(namespace === undefined ? [] : ['-n', namespace]), 'get', resource, name, '-o', 'json', '--ignore-not-found']);
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout.trim() === '' ? undefined : (JSON.parse(result.stdout) as T);
}

/** `kubectl wait --for=…`; throws with what kubectl said when the time is over. */
export async function waitFor(condition: string, target: string, namespace: string, seconds: number): Promise<void> {
  await kubectl(['-n', namespace, 'wait', `--for=${condition}`, target, `--timeout=${String(seconds)}s`]);
}

/** A kubectl that runs on in the background (port-forward, exec). */
export function kubectlProcess(args: readonly string[]) {
  return spawn('kubectl', [...args], { env: process.env, stdio: ['pipe', 'pipe', 'pipe'] });
}
