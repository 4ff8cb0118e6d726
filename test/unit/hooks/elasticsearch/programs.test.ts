import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CopiedApplication } from '../../../../src/hooks/adapter.js';
import { fixups } from '../../../../src/hooks/elasticsearch/fixups.js';
import { parseAnswers } from '../../../../src/hooks/elasticsearch/node.js';
import * as programs from '../../../../src/hooks/elasticsearch/programs.js';

/** The strictest of them. */
const shell = 'dash';
const texts = Object.entries(programs).filter((entry): entry is [string, string] => entry[0].endsWith('Program'));

describe.each(texts)('%s', (_, text) => {
  test.each([['dash'], ['bash'], ['busybox', 'sh']])('is a program for %s', (file, ...rest) => {
    expect(spawnSync(file, [...rest, '-n', '-c', text], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  test('has nothing that shellcheck warns about', () => {
    expect(spawnSync('shellcheck', ['-s', 'sh', '-'], { input: text, encoding: 'utf8' }).stdout).toBe('');
  });
});

describe('requests', () => {
  const seen: { readonly method: string; readonly url: string; readonly authorization: string | undefined }[] = [];
  const bodies: { readonly type: string | undefined; readonly text: string }[] = [];
  let server: Server;
  let port = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', authorization: request.headers.authorization });
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        bodies.push({ type: request.headers['content-type'], text });
        response.statusCode = request.url === '/missing' ? 404 : 200;
        response.end(`{"path":"${request.url ?? ''}"}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = String((server.address() as { port: number }).port);
  });
  afterAll(() => {
    server.close();
  });

  /** The program as it is, but for the port. */
  async function send(credentials: string, words: readonly string[], options: { readonly stdin?: string; readonly env?: Record<string, string> } = {}): Promise<{ stdout: string; stderr: string }> {
    const child = promisify(execFile)(shell, ['-c', programs.requestProgram.replaceAll(':9200', `:${port}`), 'stillpoint', credentials, '0', '5', '127.0.0.1', ...words], { env: { PATH: process.env['PATH'] ?? '', ...options.env } });
    child.child.stdin?.end(options.stdin ?? '');
    return child;
  }

  test('several at once, with what a password may be made of', async () => {
    const { stdout } = await send('secret', ['GET', '', '/a?filter_path=nodes.*.name', '/missing'], { stdin: 'elastic\npa"ss\\wo:rd\n' });
    expect(parseAnswers(stdout)).toEqual([
      { status: 200, body: '{"path":"/a?filter_path=nodes.*.name"}' },
      { status: 404, body: '{"path":"/missing"}' },
    ]);
    const expected = `Basic ${Buffer.from('elastic:pa"ss\\wo:rd').toString('base64')}`;
    expect(seen.slice(-2)).toEqual([
      { method: 'GET', url: '/a?filter_path=nodes.*.name', authorization: expected },
      { method: 'GET', url: '/missing', authorization: expected },
    ]);
  });

  test.each([
    [{ ELASTIC_PASSWORD: 'one' }, 'elastic:one'],
    [{ ELASTICSEARCH_PASSWORD: 'two' }, 'elastic:two'],
    [{ OPENSEARCH_INITIAL_ADMIN_PASSWORD: 'three' }, 'admin:three'],
    [{}, undefined],
  ])("what the container's own environment has: %j", async (env, login) => {
    await send('container', ['POST', '', '/_flush'], { env });
    expect(seen.at(-1)).toEqual({ method: 'POST', url: '/_flush', authorization: login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}` });
  });

  test('a body of JSON, whatever is in it', async () => {
    const body = JSON.stringify({ indices: ['*', '-it\'s "$(odd)"'], wait: false });
    await send('secret', ['PUT', body, '/_snapshot/backup/one'], { stdin: 'elastic\npass\n' });
    expect([seen.at(-1), bodies.at(-1)]).toEqual([
      { method: 'PUT', url: '/_snapshot/backup/one', authorization: `Basic ${Buffer.from('elastic:pass').toString('base64')}` },
      { type: 'application/json', text: body },
    ]);
    await send('container', ['DELETE', '', '/_snapshot/backup/one']);
    expect([seen.at(-1)?.method, bodies.at(-1)]).toEqual(['DELETE', { type: undefined, text: '' }]);
  });

  test('an answer that is cut short is none', () => {
    expect(parseAnswers('{"a":1}\nstillpoint-answer 20')).toBeUndefined();
    expect(parseAnswers('{"a":1}')).toBeUndefined();
  });
});

describe('fix-ups', () => {
  const app: CopiedApplication = {
    name: 'search',
    kind: 'Elasticsearch',
    version: '8.19.21',
    members: [
      { pod: 'es-0', role: 'master-data', container: 'elasticsearch' },
      { pod: 'es-1', role: 'data', container: 'elasticsearch' },
      { pod: 'es-front', role: 'coordinating', container: 'elasticsearch' },
    ],
    positions: {},
    facts: { dataPath: '/data/a', 'dataPath.0': 'es-1 /data/b' },
    startFiles: [],
    setId: 'set-1',
  };
  const directory = mkdtempSync(join(tmpdir(), 'stillpoint-es-'));
  const data = join(directory, 'data');
  beforeAll(() => {
    mkdirSync(join(data, '_state'), { recursive: true });
    writeFileSync(join(data, 'index-7'), '');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const prepare = (path: string, isolation: string, env: Record<string, string> = {}, [entry, what]: readonly [string, string] = ['_state', 'data of a node']) =>
    spawnSync(shell, ['-c', programs.prepareProgram, 'stillpoint', path, entry, what, isolation, 'shop'], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', ...env } });

  test('one for each member that has data', () => {
    expect(fixups(app, { isolated: true, from: 'shop', to: 'drill' }).map((step) => [step.pod, ...step.command.slice(4)])).toEqual([
      ['es-0', '/data/a', '_state', 'data of a node', 'isolated', 'shop'],
      ['es-1', '/data/b', '_state', 'data of a node', 'isolated', 'shop'],
    ]);
    expect(fixups(app, { isolated: false, from: 'shop', to: 'shop' })[0]?.command.slice(4)).toEqual(['/data/a', '_state', 'data of a node', 'plain', 'shop']);
  });

  test('of a copy of a repository: it must be where every node finds it', () => {
    const [first, second] = fixups({ ...app, facts: { repositoryLocation: '/repository' } }, { isolated: true, from: 'shop', to: 'drill' });
    expect([first, second].map((step) => step?.command.slice(4))).toEqual(Array.from({ length: 2 }, () => ['/repository', 'index-*', 'snapshot repository', 'isolated', 'shop']));
    expect(first?.description).toBe('checks that the repository is there, and that its seeds are not names of shop; changes nothing');
    const repository = ['index-*', 'snapshot repository'] as const;
    expect(prepare(data, 'isolated', {}, repository).status).toBe(0);
    expect(prepare(directory, 'isolated', {}, repository)).toMatchObject({ status: 1, stderr: expect.stringContaining('holds no snapshot repository') });
    expect(prepare(data, 'isolated', { SEED_HOSTS: 'es-0.es.shop.svc' }, repository).status).toBe(1);
  });

  test('a volume without the data of a node is refused', () => {
    expect(prepare(directory, 'plain')).toMatchObject({ status: 1, stderr: expect.stringContaining('holds no data of a node') });
    expect(prepare(data, 'plain')).toMatchObject({ status: 0, stderr: '' });
  });

  test.each([
    ['names of the own namespace', { 'discovery.seed_hosts': 'es-0.es.drill.svc,es-1.es.drill.svc' }, 0],
    ['short names', { 'discovery.seed_hosts': 'es-0.es' }, 0],
    ["names of the original's namespace", { 'discovery.seed_hosts': 'es-0.es.shop.svc.cluster.local' }, 1],
    ['the same as a chart of Bitnami writes them', { ELASTICSEARCH_CLUSTER_HOSTS: 'search-master-hl.shop.svc.cluster.local,' }, 1],
    ['another variable with such a name', { BACKUP_URL: 'http://minio.shop.svc' }, 0],
  ] as const)('seeds of an isolated copy: %s', (_, env, status) => {
    expect(prepare(data, 'isolated', env).status).toBe(status);
    expect(prepare(data, 'plain', env).status).toBe(0);
  });

  test('seeds in a file of the configuration', () => {
    writeFileSync(join(directory, 'elasticsearch.yml'), 'discovery.seed_hosts: ["es-0.es.shop.svc"]\n');
    expect(prepare(data, 'isolated', { ES_PATH_CONF: directory })).toMatchObject({ status: 1, stderr: expect.stringContaining('this copy would join it: discovery.seed_hosts: ["es-0.es.shop.svc"]') });
  });
});
