import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CopiedApplication } from '../../../src/hooks/adapter.js';
import { fixups } from '../../../src/hooks/postgresql/fixups.js';
import { prepareProgram } from '../../../src/hooks/postgresql/prepare-program.js';
import * as programs from '../../../src/hooks/postgresql/programs.js';

const shells: readonly (readonly string[])[] = [['dash'], ['bash'], ['busybox', 'sh']];
const texts = Object.entries({ ...programs, prepareProgram });

describe.each(texts)('%s', (_, text) => {
  test.each(shells)('is a program for %s', (...shell) => {
    const [file = '', ...rest] = shell;
    expect(spawnSync(file, [...rest, '-n', '-c', text], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  test('has nothing that shellcheck warns about', () => {
    expect(spawnSync('shellcheck', ['-s', 'sh', '-'], { input: text, encoding: 'utf8' }).stdout).toBe('');
  });
});

const app: CopiedApplication = {
  name: 'orders',
  kind: 'PostgreSQL',
  version: '17.2',
  members: [
    { pod: 'orders-0', role: 'standby', container: 'postgres' },
    { pod: 'orders-1', role: 'primary', container: 'postgres' },
  ],
  positions: { markerFrom: '0/1A40A00', marker: '0/1A40A48', timeline: '1' },
  facts: { major: '17', dataDirectory: '/data/b', 'dataDirectory.0': 'orders-0 /data/a' },
  startFiles: [],
  setId: 'set-1',
};
const target = (isolated: boolean) => ({ isolated, from: 'shop', to: 'drill' });

describe('fix-ups', () => {
  test('one step for each member, everything variable an argument of its own', () => {
    const steps = fixups(app, target(false));
    expect(steps.map((s) => [s.name, s.pod, s.container])).toEqual([['prepare', 'orders-0', 'postgres'], ['prepare', 'orders-1', 'postgres']]);
    expect(steps[0]?.command.slice(3)).toEqual(['stillpoint', '/data/a', '17', 'plain', 'set-1', '', '', '', '', '', '']);
    expect(steps[1]?.command.slice(3)).toEqual(['stillpoint', '/data/b', '17', 'plain', 'set-1', '1', '0/1A40A00', '', '', '', '']);
    expect(new Set(steps.map((s) => s.command[2]))).toEqual(new Set([prepareProgram]));
  });

  test('isolated: no archiving, no replication, no jobs', () => {
    const [standby, step] = fixups({ ...app, facts: { ...app.facts, jobs: 'pg_cron' } }, target(true));
    expect(step?.command).toEqual(expect.arrayContaining(['isolated', "archive_mode = 'off'", "primary_conninfo = ''", "restore_command = ''", 'max_logical_replication_workers = 0', "synchronous_standby_names = ''", "cron.launch_active_jobs = 'off'"]));
    // Whom a standby follows, the step decides on the volume.
    expect(standby?.command.slice(10, 14)).toEqual(['', '', 'shop', 'drill']);
    expect(standby?.command).not.toContain("primary_conninfo = ''");
  });
});

describe('what the command line of a server sets', () => {
  const tied = { ...app, facts: { ...app.facts, commandLine: 'primary_conninfo in pod orders-0' } };

  test('keeps an isolated copy from being started, since no file changes it', () => {
    expect(() => fixups(tied, target(true))).toThrow(/the command line of its server sets primary_conninfo in pod orders-0/);
    expect(fixups(tied, target(false))).toHaveLength(2);
  });
});

describe.each(shells)('the prepare step in %s', (...shell) => {
  let root: string;
  let data: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stillpoint-'));
    data = join(root, 'data');
    mkdirSync(join(data, 'pg_tblspc'), { recursive: true });
    mkdirSync(join(root, 'wal'));
    symlinkSync(join(root, 'wal'), join(data, 'pg_wal'));
    writeFileSync(join(data, 'PG_VERSION'), '17\n');
    chmodSync(data, 0o700);
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  interface Words {
    readonly label?: string;
    readonly tablespaces?: string;
    readonly from?: string;
    readonly to?: string;
  }
  const prepare = (isolation: string, ...settings: string[]) => prepareWith({}, isolation, ...settings);
  const prepareWith = ({ label = '', tablespaces = '', from = '', to = '' }: Words, isolation: string, ...settings: string[]) => {
    const [file = '', ...rest] = shell;
    return spawnSync(file, [...rest, '-c', prepareProgram, 'stillpoint', data, '17', isolation, 'set-1', '', '', label, tablespaces, from, to, ...settings], { encoding: 'utf8' });
  };

  test('removes a stale postmaster.pid, and sets a mode that the server accepts', () => {
    writeFileSync(join(data, 'postmaster.pid'), '1\n/data/pg\n');
    chmodSync(data, 0o2770);
    expect(prepare('plain')).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(data, 'postmaster.pid'))).toBe(false);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(existsSync(join(data, 'postgresql.auto.conf'))).toBe(false);
  });

  test('leaves the pid file of a PostgreSQL that runs here', () => {
    const binary = join(root, 'postgres');
    execFileSync('cp', ['/bin/sleep', binary]);
    const running = spawn(binary, ['60']);
    try {
      writeFileSync(join(data, 'postmaster.pid'), `${running.pid}\n${data}\n`);
      expect(prepare('plain')).toMatchObject({ status: 1, stderr: expect.stringContaining('may be running') as unknown as string });
      expect(existsSync(join(data, 'postmaster.pid'))).toBe(true);
    } finally {
      running.kill('SIGKILL');
    }
  });

  test('writes its settings once, however often it runs, and keeps those of the owner', () => {
    const configuration = join(data, 'postgresql.auto.conf');
    writeFileSync(configuration, "work_mem = '64MB'\n# stillpoint set-0 begin\narchive_mode = 'on'\n# stillpoint set-0 end\n");
    for (let run = 0; run < 2; run++) expect(prepare('isolated', "archive_mode = 'off'", "primary_conninfo = ''")).toMatchObject({ status: 0 });
    expect(readFileSync(configuration, 'utf8')).toBe("work_mem = '64MB'\n# stillpoint set-1 begin\narchive_mode = 'off'\nprimary_conninfo = ''\n# stillpoint set-1 end\n");
    expect(statSync(configuration).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['another major version', () => writeFileSync(join(data, 'PG_VERSION'), '16\n'), /no data directory of PostgreSQL 17/],
    ['WAL that is not mounted', () => rmSync(join(root, 'wal'), { recursive: true }), /pg_wal points to .*its volume is not mounted/],
    ['a tablespace that is not mounted', () => symlinkSync(join(root, 'gone'), join(data, 'pg_tblspc', '16400')), /pg_tblspc\/16400 points to/],
    ['a backup_label', () => writeFileSync(join(data, 'backup_label'), ''), /must start without it/],
  ])('refuses %s', (_, breakIt, message) => {
    breakIt();
    expect(prepare('plain')).toMatchObject({ status: 1, stderr: expect.stringMatching(message) as unknown as string });
  });

  describe('of a copy by the backup API', () => {
    const segment = '000000010000000000000002';
    const label = `START WAL LOCATION: 0/2000028 (file ${segment})\nCHECKPOINT LOCATION: 0/2000060\nBACKUP METHOD: streamed\nBACKUP FROM: primary\nSTART TIME: 2026-11-24 10:00:00 UTC\nLABEL: stillpoint-set-1\nSTART TIMELINE: 1\n`;
    const read = (name: string): string => readFileSync(join(data, name), 'utf8');

    test('writes the label and the map byte for byte, also when it runs again', () => {
      writeFileSync(join(root, 'wal', segment), 'x');
      mkdirSync(join(root, 'fast'));
      const tablespaces = `16400 ${join(root, 'fast')}\n`;
      for (let run = 0; run < 2; run++) expect(prepareWith({ label, tablespaces }, 'plain')).toMatchObject({ status: 0, stderr: '' });
      expect([read('backup_label'), read('tablespace_map')]).toEqual([label, tablespaces]);
      expect(statSync(join(data, 'backup_label')).mode & 0o777).toBe(0o600);
      expect(prepareWith({ label }, 'plain').status).toBe(0);
      expect(existsSync(join(data, 'tablespace_map'))).toBe(false);
    });

    test('refuses WAL that begins too late, and a tablespace that is not mounted', () => {
      expect(prepareWith({ label }, 'plain')).toMatchObject({ status: 1, stderr: expect.stringContaining(`lacks the segment ${segment}`) as unknown as string });
      writeFileSync(join(root, 'wal', segment), 'x');
      expect(prepareWith({ label, tablespaces: `16400 ${join(root, 'gone')}\n` }, 'plain')).toMatchObject({ status: 1, stderr: expect.stringContaining(join(root, 'gone')) as unknown as string });
      expect(existsSync(join(data, 'backup_label'))).toBe(false);
    });
  });

  describe('of a standby in a clone', () => {
    const configuration = (): string => join(data, 'postgresql.auto.conf');
    /** What is written for it, the same however often the step runs; undefined when it shall follow nobody. */
    const written = (from: string, to: string): string | undefined => {
      const seen: string[] = [];
      for (let run = 0; run < 2; run++) {
        expect(prepareWith({ from, to }, 'isolated')).toMatchObject({ status: 0, stderr: '' });
        const [, own = ''] = /# stillpoint set-1 begin\n([^]*)# stillpoint set-1 end\n/.exec(readFileSync(configuration(), 'utf8')) ?? [];
        seen.push(own);
      }
      expect(seen[1]).toBe(seen[0]);
      return seen[0] === "primary_conninfo = ''\nprimary_slot_name = ''\n" ? undefined : seen[0]?.trim();
    };
    const followed = (conninfo: string): string | undefined => {
      writeFileSync(configuration(), `primary_conninfo = '${conninfo}'\nprimary_slot_name = 'one'\n`);
      return written('shop', 'drill');
    };

    test.each([
      ["user=rep password=''p w'' host=''pg-0.pg'' port=5432", "user=rep password=''p w'' host=''pg-0.pg.drill.svc'' port=5432"],
      ['host=pg-rw port=5432 user=rep', "host=''pg-rw.drill.svc'' port=5432 user=rep"],
      ['host=pg-0.pg.shop.svc.cluster.local', "host=''pg-0.pg.drill.svc''"],
      ['user=rep host=pg-rw.shop.svc', "user=rep host=''pg-rw.drill.svc''"],
      ['user=rep host=pg-0.pg.shop', "user=rep host=''pg-0.pg.drill.svc''"],
      // A Service in the namespace shop, or a pod of a Service called shop.
      ['user=rep host=pg-rw.shop', "user=rep host=''pg-rw.shop.drill.svc,pg-rw.drill.svc''"],
    ])('%s becomes a name of its own namespace', (before, after) => {
      expect(followed(before)).toBe(`primary_conninfo = '${after}'`);
    });

    test.each(['host=10.1.2.3', 'host=pg-rw.other.svc', 'host=db.example.com', 'host=a,b', 'host=pg hostaddr=10.1.2.3', "password=''a host=b'' host=pg", 'service=pg', 'host=/run/x', ''])('with %s it follows nobody', (conninfo) => {
      expect(followed(conninfo)).toBeUndefined();
    });

    test('a clone of a clone follows its own primary, not that of the first', () => {
      writeFileSync(configuration(), "primary_conninfo = 'host=pg-0.pg.shop.svc'\n# stillpoint set-0 begin\nprimary_conninfo = 'host=''pg-0.pg.drill.svc'''\n# stillpoint set-0 end\n");
      expect(written('drill', 'other')).toBe("primary_conninfo = 'host=''pg-0.pg.other.svc'''");
    });
  });
});
