import { kubectlProcess } from './kubectl.js';

/** What is shown when a wait fails. */
interface Shown {
  readonly status?: unknown;
}

/**
 * Watches one object with `kubectl get --watch` until the predicate holds, and returns that state. Every state that the API server sends is
 * seen, also short ones; the object need not exist yet. `kubeconfig`: of another cluster. Throws with the last status when the time is over.
 */
export function watchUntil<T extends Shown>(resource: string, name: string, namespace: string, what: string, holds: (object: T) => boolean, seconds: number, kubeconfig?: string): Promise<T> {
  const child = kubectlProcess([...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]), '-n', namespace, 'get', resource, '--field-selector', `metadata.name=${name}`, '--watch', '-o', 'json']);
  let last: T | undefined;
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise<T>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${resource} ${namespace}/${name}: ${what}: ${why}; last status: ${JSON.stringify(last?.status)} ${stderr}`));
    const timer = setTimeout(() => fail(`not within ${seconds} s`), seconds * 1000);
    eachDocument(child.stdout, (text) => {
      const object = JSON.parse(text) as T;
      last = object;
      if (!holds(object)) return;
      clearTimeout(timer);
      resolve(object);
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      fail('the watch ended');
    });
  }).finally(() => child.kill());
}

/** kubectl prints one indented JSON document after the other; only the last line of each is a brace alone. */
export function eachDocument(stream: NodeJS.ReadableStream, handle: (text: string) => void): void {
  let rest = '';
  let lines: string[] = [];
  stream.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      if (line !== '}') continue;
      handle(lines.join('\n'));
      lines = [];
    }
  });
}
