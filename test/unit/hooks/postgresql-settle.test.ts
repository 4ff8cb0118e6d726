import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { volumeUnder } from '../../../src/hooks/data-paths.js';
import type { Setting } from '../../../src/hooks/postgresql/caps.js';
import type { Instance } from '../../../src/hooks/postgresql/facts.js';
import { processesProgram } from '../../../src/hooks/postgresql/programs.js';
import { settleOf } from '../../../src/hooks/postgresql/settle.js';
import { otherProcesses, socketReach } from '../../../src/hooks/postgresql/ungated.js';
import { container, pod } from './namespaces.js';

const file = (setting: string): Setting => ({ setting, source: 'configuration file' });

function instance(settings: Record<string, Setting>, more: Partial<Instance> = {}, asynchronous: string[] = []): Instance {
  return {
    pod: 'pg-0',
    container: 'postgres',
    inspection: {
      version: 150_018, serverVersion: '15.18', standby: false, role: 'app', mayCheckpoint: true, systemIdentifier: '1', tablespaces: [], asynchronous, localClients: 0, replicas: 0, walBytes: 0, mayBackUp: true, freeSlots: 10, keptSlots: [], commandLine: [],
      settings: { port: file('5432'), wal_writer_delay: file('200'), synchronous_commit: file('on'), ...settings },
    },
    data: { dataDirectory: '/data/pg', walDirectory: '/wal/pg', claims: {}, configurationOutside: [], socketDirectories: [], blockers: [] },
    ungated: [],
    ...more,
  };
}

const off = { synchronous_commit: file('off') };
const settle = (primary: Instance, ...standbys: Instance[]) => settleOf('orders', primary, [primary, ...standbys]);
const none = { settleMillis: 0, gatePorts: [], caps: [] };

describe('a server that acknowledges commits before they are in the WAL file', () => {
  test('on defaults does not: nobody is kept out', () => expect(settle(instance({}))).toEqual(none));

  test.each(['local', 'remote_write', 'remote_apply'])('with synchronous_commit = %s does not', (setting) => {
    expect(settle(instance({ synchronous_commit: file(setting) }))).toEqual(none);
  });

  test('asks for a gate, three rounds of its WAL writer long and a little more, and is not capped', () => {
    const because = 'synchronous_commit is off on orders';
    expect(settle(instance(off))).toEqual({ settleMillis: 700, gatePorts: [5432], settleBecause: because, settleOptional: true, caps: [] });
    expect(settle(instance({ ...off, wal_writer_delay: file('1000'), port: file('5433') }))).toMatchObject({ settleMillis: 3100, gatePorts: [5433] });
  });

  test.each<[string, Instance, RegExp]>([
    ['for one role only', instance({}, {}, ['role app in database shop']), /off on orders for role app in database shop$/],
    ['perhaps: the role used has a value of its own', instance({ synchronous_commit: { setting: 'on', source: 'user' } }), /cannot be seen/],
    ['perhaps: the setting is not shown', instance({ synchronous_commit: undefined as unknown as Setting }), /cannot be seen/],
  ])('%s: the same', (_, primary, because) => {
    expect(settle(primary)).toMatchObject({ settleMillis: 700, gatePorts: [5432], settleBecause: expect.stringMatching(because) as unknown as string, caps: [] });
  });

  test('its standbys are closed with it, each at its own port', () => {
    expect(settle(instance(off), instance({ port: file('5433') }), instance({})).gatePorts).toEqual([5432, 5433]);
  });

  test('is capped, and nobody is kept out, when not every client can be', () => {
    const caps = [{ grade: 'CrashConsistentSynced', reason: expect.stringMatching(/^synchronous_commit is off on orders: .*in memory only.*since cron runs beside it; two\.$/) as unknown as string }];
    expect(settle(instance(off, { ungated: ['cron runs beside it', 'two'] }))).toEqual({ ...none, caps });
  });

  test('is capped when its port is not known', () => {
    expect(settle(instance({ ...off, port: undefined as unknown as Setting }))).toMatchObject({ settleMillis: 0, gatePorts: [], caps: [{ reason: expect.stringContaining('port') as unknown as string }] });
  });
});

describe('ways to the unix socket', () => {
  const mount = (volume: string) => ({ volume, mountPath: '/var/run/postgresql', subPath: undefined, readOnly: false });
  const server = container('postgres', 'postgres:17', { mounts: [mount('run')] });
  const alone = pod('pg-0', { emptyDirs: ['run', 'other'], containers: [server, container('exporter', 'exporter', { mounts: [mount('other')] })] });
  const inRun = [{ path: '/var/run/postgresql', volume: 'run' }];

  test('none: it lies in the container itself, or on an emptyDir of its own', () => {
    expect(socketReach(alone, 'postgres', [{ path: '/tmp', volume: undefined }, ...inRun])).toEqual([]);
    const ended = container('setup', 'setup', { mounts: [mount('run')], running: false, ended: true });
    expect(socketReach({ ...alone, containers: [...alone.containers, ended] }, 'postgres', inRun)).toEqual([]);
  });

  test.each<[string, Parameters<typeof socketReach>[0], Parameters<typeof socketReach>[2], RegExp]>([
    ['another container mounts it', { ...alone, containers: [server, container('pooler', 'pgbouncer', { mounts: [mount('run')] })] }, inRun, /^container pooler of pod pg-0 mounts the volume run/],
    ['it is on a claim or on the node', { ...alone, emptyDirs: [] }, inRun, /on the volume run of pod pg-0, which others may mount/],
    ['the containers share their processes', { ...alone, shareProcessNamespace: true }, inRun, /shareProcessNamespace/],
    ['its name is in no directory', alone, [{ path: '@abstract', volume: undefined }], /@abstract is not in a directory/],
    ['the role may not know where it is', alone, undefined, /pg_monitor/],
  ])('%s', (_, view, directories, reason) => {
    expect(socketReach(view, 'postgres', directories)).toEqual([expect.stringMatching(reason)]);
  });

  test('the volume of a path is the one mounted closest above it', () => {
    const mounts = [{ ...mount('root'), mountPath: '/var/run' }, mount('run'), { ...mount('tmp'), mountPath: '/tmp/' }];
    const c = container('postgres', 'postgres:17', { mounts });
    const resolved = new Map([['/var/run/postgresql', '/run/postgresql']]);
    expect(['/run/postgresql', '/var/run/other', '/tmp', '/opt'].map((path) => volumeUnder(path, c, resolved))).toEqual(['run', 'root', 'tmp', undefined]);
  });
});

describe('processes beside the server', () => {
  const lines = (...processes: string[]): string[] => [...processes.map((p) => `process ${p}`), 'end'];

  test.each<[string, string[], string[] | undefined]>([
    ['the server alone', lines('1 0 postgres', '20 1 postgres', '21 1 postgres'), []],
    ['under an init', lines('1 0 tini', '7 1 postgres', '20 7 postgres'), []],
    ['with what the server has started', lines('1 0 postgres', '30 1 postgres', '31 30 sh', '32 31 wal-g'), []],
    ['with visitors from outside', lines('1 0 postgres', '40 0 sh', '41 40 psql', '42 0 pg_isready'), []],
    ['with a daemon', lines('1 0 tini', '7 1 postgres', '8 1 cron', '9 8 sh'), ['cron', 'sh']],
    ['under a manager', lines('1 0 python3', '7 1 postgres', '8 1 python3'), ['python3']],
    ['under a shell', lines('1 0 sh', '7 1 postgres'), ['sh']],
    ['with a name of several words', lines('1 0 tini', '7 1 postgres', '8 1 my (odd) agent'), ['my (odd) agent']],
    ['with one whose parent has just ended', lines('1 0 postgres', '50 49 psql'), ['psql']],
    ['with pids that run in a circle', lines('1 0 postgres', '50 51 a', '51 50 b'), ['a', 'b']],
    ['which is not seen', lines('40 0 sh'), undefined],
  ])('%s', (_, listed, others) => expect(otherProcesses(listed)).toEqual(others));

  test.each([['dash'], ['bash'], ['busybox', 'sh']])('%s %s lists them, with their parents', (file, ...rest) => {
    const { stdout, status } = spawnSync(file, [...rest.filter((word) => word !== undefined), '-c', processesProgram], { encoding: 'utf8' });
    const found = stdout.split('\n');
    expect(status).toBe(0);
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`^process ${process.pid} ${process.ppid} .+$`)));
    expect(found.slice(-2)).toEqual(['end', '']);
  });
});
