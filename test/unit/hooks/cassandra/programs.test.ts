import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as programs from '../../../../src/hooks/cassandra/programs.js';

const shells: readonly (readonly string[])[] = [['dash'], ['bash'], ['busybox', 'sh']];

describe.each(Object.entries(programs))('%s', (_, text) => {
  test.each(shells)('is a program for %s', (...shell) => {
    const [file = '', ...rest] = shell;
    expect(spawnSync(file, [...rest, '-n', '-c', text], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  test('has nothing that shellcheck warns about', () => {
    expect(spawnSync('shellcheck', ['-s', 'sh', '-'], { input: text, encoding: 'utf8' }).stdout).toBe('');
  });
});

describe.each(shells)('the look at the paths in %s', (...shell) => {
  test('resolves each, and finds keyspaces and tables that are links', () => {
    const root = mkdtempSync(join(tmpdir(), 'stillpoint-paths-'));
    try {
      for (const directory of ['data/ks', 'fast/table', 'log']) mkdirSync(join(root, directory), { recursive: true });
      symlinkSync(join(root, 'fast/table'), join(root, 'data/ks/table'));
      symlinkSync(join(root, 'data'), join(root, 'd'));
      symlinkSync(join(root, 'fast'), join(root, 'log/no-data'));
      const [file = '', ...rest] = shell;
      const { stdout } = spawnSync(file, [...rest, '-c', programs.pathsProgram, 'stillpoint', '1', join(root, 'd'), join(root, 'log')], { encoding: 'utf8' });
      expect(stdout.split('\n')).toEqual(['begin', `path 0 ${root}/data`, `link ${root}/d/ks/table ${root}/fast/table`, `path 1 ${root}/log`, 'end', '']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe.each(shells)('the step that keeps a clone apart in %s', (...shell) => {
  let server: Server;
  beforeEach(async () => {
    server = createServer((socket) => socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
  });

  const run = async (path: string | undefined, ...nodes: string[]): Promise<{ code: unknown; stderr: string }> => {
    const [file = '', ...rest] = shell;
    const executable = spawnSync('which', [file], { encoding: 'utf8' }).stdout.trim();
    const child = spawn(executable, [...rest, '-c', programs.apartProgram, 'stillpoint', '2', ...nodes], { env: { PATH: path ?? process.env['PATH'] }, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const [code] = (await once(child, 'close')) as unknown[];
    return { code, stderr };
  };

  test('refuses when a node of the original answers, and lets it start when none does', async () => {
    const { port } = server.address() as AddressInfo;
    // Nobody listens on port 1.
    expect(await run(undefined, '127.0.0.1 1')).toEqual({ code: 0, stderr: '' });
    expect(await run(undefined, '127.0.0.1 1', `127.0.0.1 ${port}`)).toMatchObject({ code: 1, stderr: expect.stringContaining(`127.0.0.1 ${port} of the original can be reached`) });
  });

  test('without the means to know it refuses', async () => {
    expect(await run('/nonexistent', '127.0.0.1 1')).toMatchObject({ code: 1, stderr: expect.stringContaining('no bash') });
  });
});
