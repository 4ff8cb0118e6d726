import type { Detected } from '../../../../../src/hooks/adapter.js';
import type { SnapshotInfo } from '../../../../../src/hooks/elasticsearch/repository/answers.js';
import type { PodView } from '../../../../../src/hooks/view.js';
import type { Exec, ExecResult } from '../../../../../src/runtime/exec.js';
import { bodies, printed } from '../captured.js';
import { contextOf, detected, green, pods } from '../server.js';

export const setId = 'f00dfeed-0000-4000-8000-000000000001-1';
export const copyId = setId.slice(0, -2);
export const name = `stillpoint-${setId}`;
export const uuid = 'q1w2e3r4t5y6u7i8o9p0aa';
const began = 1_795_552_000_000;

/** A snapshot as Elasticsearch 8 lists one that is whole. */
export function taken(part: Partial<SnapshotInfo> = {}): SnapshotInfo {
  return {
    snapshot: name,
    uuid,
    state: 'SUCCESS',
    indices: ['ledger', 'lazy'],
    data_streams: [],
    include_global_state: true,
    metadata: { stillpoint: setId, shards: '3', 'shards.0': 'ledger[0]=12 ledger[1]=13 ledger[2]=12' },
    start_time_in_millis: began,
    end_time_in_millis: began + 2000,
    failures: [],
    shards: { total: 4, failed: 0, successful: 4 },
    ...part,
  };
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

type Answer = readonly [status: number, body: unknown];

/** Everything that the fake of a server keeps, and what a test lets it do. */
export class RepositoryServer {
  readonly requests: Request[] = [];
  registered: Record<string, unknown> = { backup: { type: 'fs', settings: { location: '/repository' } } };
  snapshots: SnapshotInfo[] = [];
  copies: unknown = JSON.parse(bodies.shards);
  /** What a PUT of a snapshot makes; undefined when it comes to nothing. */
  makes: Partial<SnapshotInfo> | undefined = {};
  /** What it answers; undefined: nothing in time. */
  answers: Answer | undefined = [200, {}];
  seconds = (began + 10_000) / 1000;
  readonly exec: Exec = { open: () => Promise.reject(new Error('nothing opens a stream')), run: (target) => Promise.resolve(this.#run(target.command.slice(4))) };

  /** Methods and paths of what changes something. */
  get changes(): string[] {
    return this.requests.filter((r) => r.method !== 'GET').map((r) => `${r.method} ${r.path.split('?')[0] ?? ''}`);
  }

  #run(words: readonly string[]): ExecResult {
    const exited = (stdout: string, code = 0): ExecResult => ({ outcome: { kind: 'exited', code }, stdout, stderr: code === 0 ? '' : 'curl: (28) Operation timed out', truncated: false });
    if (words[0]?.startsWith('/') === true) return exited(words.map((path) => `${path}\n`).join(''));
    const [, , , , method = '', text = '', ...paths] = words;
    const answers = paths.map((path) => {
      const request = { method, path, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
      this.requests.push(request);
      return this.#answer(request);
    });
    return answers.includes(undefined) ? exited('', 28) : exited(answers.map((answer) => printed(answer?.[0] ?? 0, asText(answer?.[1]))).join(''));
  }

  #answer({ method, path, body }: Request): Answer | undefined {
    const [, , repository = '', snapshot = '', restore] = path.split('?')[0]?.split('/').map(decodeURIComponent) ?? [];
    if (path.startsWith('/_cat/health')) return [200, [{ epoch: String(this.seconds) }]];
    if (path.startsWith('/_cat/shards')) return [200, this.copies];
    if (path.startsWith('/_nodes/settings')) return [200, { nodes: { a: { settings: { path: { repo: ['/repositories'] } } } } }];
    if (!path.startsWith('/_snapshot')) return Object.entries(green).find(([begin]) => path.startsWith(begin))?.[1];
    if (repository === '') return [200, this.registered];
    if (snapshot === '') return this.#register(repository, body);
    if (this.registered[repository] === undefined) return [404, bodies.notFound];
    if (restore !== undefined) return this.answers;
    if (method === 'PUT') return this.#take(snapshot, body);
    if (method === 'DELETE') return this.#remove(snapshot);
    return [200, { snapshots: this.snapshots.filter((s) => (snapshot.endsWith('*') ? s.snapshot.startsWith(snapshot.slice(0, -1)) : s.snapshot === snapshot)) }];
  }

  #register(repository: string, body: unknown): Answer {
    this.registered = { ...this.registered, [repository]: body };
    return [200, { acknowledged: true }];
  }

  #take(snapshot: string, body: unknown): Answer | undefined {
    const { metadata } = body as { metadata: Record<string, string> };
    if (this.makes !== undefined) this.snapshots.push(taken({ snapshot, metadata, ...this.makes }));
    return this.answers;
  }

  #remove(snapshot: string): Answer {
    const there = this.snapshots.some((s) => s.snapshot === snapshot);
    this.snapshots = this.snapshots.filter((s) => s.snapshot !== snapshot);
    return there ? [200, { acknowledged: true }] : [404, bodies.notFound];
  }
}

const asText = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** The pods of a cluster that all mount one claim at /repository, beside their data. */
export const mounting: readonly PodView[] = pods.map((p) => ({
  ...p,
  claims: { ...p.claims, repository: 'es-repository' },
  containers: p.containers.map((c) => ({ ...c, mounts: [...c.mounts, { volume: 'repository', mountPath: '/repository', subPath: undefined, readOnly: false }] })),
}));

export const inMode = (part: Partial<Detected> = {}): Detected => ({ ...detected(), mode: 'Repository', ...part });

/** A copy of the claim of the repository alone. */
export function contextWith(server: RepositoryServer, part: Parameters<typeof contextOf>[1] = {}) {
  return contextOf(server.exec, { view: { namespace: 'shop', pods: mounting, claims: [] }, claims: new Set(['es-repository']), setId, ...part });
}
