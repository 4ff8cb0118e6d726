import type { AdapterContext, Detected } from '../../../../src/hooks/adapter.js';
import type { Exec, ExecResult, ExecTarget } from '../../../../src/runtime/exec.js';
import { container, namespace, pod } from '../namespaces.js';
import { bodies, printed } from './captured.js';

/** Bodies by the beginning of the path. */
export type Bodies = Readonly<Record<string, readonly [status: number, body: string]>>;

export const green: Bodies = {
  '/_cluster/health': [200, bodies.health],
  '/_nodes/jvm': [200, bodies.nodes],
  '/_cluster/state': [200, bodies.state],
  '/_cat/shards': [200, bodies.shards],
  '/_nodes/stats': [200, bodies.paths],
  '/_all/_settings': [200, '{}'],
  '/_dangling': [200, bodies.dangling],
  '/_flush': [200, bodies.flush],
  '/_refresh': [200, bodies.flush],
};

export interface Run {
  readonly target: ExecTarget;
  readonly stdin: string | undefined;
}

const exited = (stdout: string): ExecResult => ({ outcome: { kind: 'exited', code: 0 }, stdout, stderr: '', truncated: false });

/** An exec whose containers answer with what a real server was heard to say; `runs` are those that it was asked for. */
export function replaying(answers: Bodies): { readonly exec: Exec; readonly runs: Run[] } {
  const runs: Run[] = [];
  const exec: Exec = {
    open: () => Promise.reject(new Error('nothing opens a stream')),
    run: (target, options) => {
      runs.push({ target, stdin: options?.stdin });
      const words = target.command.slice(4);
      if (words[0]?.startsWith('/') === true) return Promise.resolve(exited(words.map((path) => `${path}\n`).join('')));
      const paths = words.filter((word) => word.startsWith('/'));
      return Promise.resolve(exited(paths.map((path) => printed(...(Object.entries(answers).find(([begin]) => path.startsWith(begin))?.[1] ?? [404, bodies.notFound]))).join('')));
    },
  };
  return { exec, runs };
}

const node = (n: number) => ({
  ...pod(`es-${n - 1}`, { claims: { data: `data-es-${n - 1}` }, containers: [container('elasticsearch', 'elasticsearch:8.19.21', { ports: [9200], mounts: [{ volume: 'data', mountPath: '/srv', subPath: undefined, readOnly: false }] })] }),
  podIP: `127.0.0.${n}`,
});

export const pods = [node(1), node(2), node(3)];

export function detected(names: readonly string[] = pods.map((p) => p.metadata.name)): Detected {
  return { name: 'search', kind: 'Elasticsearch', pods: names, container: Object.fromEntries(names.map((name) => [name, 'elasticsearch'])), rank: 60, by: 'image elasticsearch', mode: 'Auto', credentialsSecret: undefined };
}

export function contextOf(exec: Exec, part: Partial<AdapterContext> = {}): AdapterContext {
  return {
    account: { namespace: 'shop', name: 'stillpoint' },
    exec,
    view: namespace(...pods),
    claims: new Set(pods.flatMap((p) => Object.values(p.claims))),
    secret: () => Promise.resolve({ username: 'elastic', password: 'only-for-tests' }),
    profile: () => Promise.reject(new Error('there is no profile')),
    setId: 'set-1',
    signal: new AbortController().signal,
    ...part,
  };
}
