import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { programInput } from '../../../src/hooks/hold/holder-input.js';
import { endFromOutside, eventually, Holder, processesOf, program, Server, shells, someMount, stateOf } from './holder-sh-harness.js';

const isRoot = process.getuid?.() === 0;

describe.each(shells)('holder.sh on %s', (_name, shell) => {
  let server: Server;
  const holders: Holder[] = [];

  beforeEach(() => {
    server = new Server();
  });

  afterEach(async () => {
    for (const holder of holders.splice(0)) {
      holder.child.stdin.end();
      await holder.exited;
      await eventually(2000, () => processesOf(holder.id).length === 0);
      rmSync(stateOf(holder.id) ?? '/nonexistent', { recursive: true, force: true });
    }
    server.remove();
  });

  it('runs a program only when all of it came', () => {
    const whole = `${programInput(program)}\n`;
    expect(endFromOutside(shell, newId(), 'abort', whole)).toMatch(/ ended why=absent$/);
    for (const part of [whole.slice(0, -1), whole.slice(0, whole.length / 2), '']) expect(() => endFromOutside(shell, newId(), 'abort', part)).toThrow(/Command failed/);
  });

  const newId = (): string => `t-${randomBytes(6).toString('hex')}`;

  function hold(options: { id?: string; ttl?: number; max?: number; comm?: string; mounts?: string[]; env?: NodeJS.ProcessEnv; within?: readonly string[] } = {}): Holder {
    const { id = newId(), ttl = 5000, max = 10_000, comm = server.comm, mounts = [someMount], env, within = [] } = options;
    const words = [...within, ...shell, program, 'stillpoint-holder', id, 'hold', String(ttl), String(max), comm, ...mounts];
    const holder = new Holder(id, words, env);
    holders.push(holder);
    return holder;
  }

  it('proves an unbroken hold and leaves nothing behind', async () => {
    await server.start();
    const holder = hold();
    const frozen = await holder.freeze();
    expect(frozen).toMatchObject({ name: 'frozen', values: { at: expect.stringMatching(/^\d+\.\d\d$/), freezeMicros: expect.stringMatching(/^\d+$/) } });
    expect(frozen.values).not.toHaveProperty('sync');
    expect(await server.still()).toBe(true);
    holder.send('beat', 'release');
    const released = await holder.next();
    expect(released).toMatchObject({ name: 'released', values: { why: 'release', unbroken: 'true' } });
    expect(Number(released.values['heldMicros'])).toBeGreaterThan(70_000);
    expect(await server.runs()).toBe(true);
    expect(await holder.exited).toBe(0);
    expect(processesOf(holder.id)).toEqual([]);
    expect(holder.stderr()).toBe('');
  });

  it.each([
    ['ttl', 1000, 10_000],
    ['max', 5000, 1200],
  ])('the guard ends the hold by %s, and a late release says so', async (why, ttl, max) => {
    await server.start();
    const holder = hold({ ttl, max });
    await holder.freeze();
    expect(await server.still()).toBe(true);
    expect(await server.runs(4000)).toBe(true);
    holder.send('release');
    const { name, values } = await holder.next();
    expect({ name, why: values['why'] }).toEqual({ name: 'broken', why });
    const late = Number(values['heldMicros']) / 1000 - Math.min(ttl, max);
    expect(late).toBeGreaterThanOrEqual(-20);
    expect(late).toBeLessThan(1500);
  });

  it('beats hold off the ttl but not max', async () => {
    await server.start();
    const holder = hold({ ttl: 1000, max: 3000 });
    await holder.freeze();
    const beats = setInterval(() => holder.send('beat'), 100);
    await sleep(1500);
    expect(await server.still()).toBe(true);
    expect(await holder.next()).toMatchObject({ name: 'broken', values: { why: 'max' } });
    clearInterval(beats);
    expect(await server.runs()).toBe(true);
  });

  it.each(['eof', 'abort', 'takeover'])('%s lets go at once', async (why) => {
    await server.start();
    const holder = hold();
    await holder.freeze();
    expect(await server.still()).toBe(true);
    if (why === 'eof') holder.child.stdin.end();
    if (why === 'abort') holder.send('abort');
    if (why === 'takeover') {
      expect(endFromOutside(shell, holder.id, why)).toMatch(new RegExp(`^STILL1 ${holder.id} released why=takeover unbroken=false heldMicros=\\d+$`));
      expect(endFromOutside(shell, holder.id, 'sweep')).toBe(`STILL1 ${holder.id} ended why=takeover`);
    }
    expect(await server.runs()).toBe(true);
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'broken', values: { why } });
  });

  it('the guard lets go when the holder is killed', async () => {
    await server.start();
    const holder = hold();
    await holder.freeze();
    expect(await server.still()).toBe(true);
    holder.child.kill('SIGKILL');
    expect(await server.runs(2500)).toBe(true);
    expect(await eventually(2500, () => processesOf(holder.id).length === 0)).toBe(true);
    expect(endFromOutside(shell, holder.id, 'takeover')).toBe(`STILL1 ${holder.id} ended why=eof`);
  });

  it('says restarted when the server was replaced, notfrozen when somebody let it go', async () => {
    const first = await server.start();
    const holder = hold();
    await holder.freeze();
    server.kill(first);
    await server.start();
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'broken', values: { why: 'restarted' } });

    const second = hold();
    await second.freeze();
    // The whole group: a child of the server that was stopped in the middle would keep it waiting.
    server.resume();
    expect(await server.runs()).toBe(true);
    second.send('release');
    expect(await second.next()).toMatchObject({ name: 'broken', values: { why: expect.stringMatching(/^(notfrozen|restarted)$/) } });
  });

  it('an id is used once', async () => {
    await server.start();
    const holder = hold();
    expect(await holder.next()).toMatchObject({ name: 'ready', values: { volumes: '1' } });
    holder.send('freeze', 'gate', 'arm', 'arm');
    expect(await holder.next()).toMatchObject({ name: 'error', values: { code: 'NotArmed', fatal: 'false' } });
    expect(await holder.next()).toMatchObject({ name: 'error', values: { code: 'Unsupported' } });
    expect((await holder.next()).name).toBe('armed');
    expect(await holder.next()).toMatchObject({ name: 'error', values: { code: 'AlreadyArmed', fatal: 'false' } });
    const second = hold({ id: holder.id });
    await second.next();
    second.send('arm');
    expect(await second.next()).toMatchObject({ name: 'error', values: { code: 'AlreadyArmed', fatal: 'true' } });
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'ended', values: { why: 'release' } });
    expect(await server.runs()).toBe(true);
  });

  it('the end of an id that nobody armed uses it up', async () => {
    await server.start();
    const id = newId();
    expect(endFromOutside(shell, id, 'takeover')).toBe(`STILL1 ${id} ended why=absent`);
    expect(endFromOutside(shell, id, 'takeover')).toBe(`STILL1 ${id} ended why=absent`);
    const holder = hold({ id });
    await holder.next();
    holder.send('arm');
    expect(await holder.next()).toMatchObject({ name: 'error', values: { code: 'AlreadyArmed' } });
  });

  it('the end of an old hold does not touch a new one', async () => {
    await server.start();
    const first = hold();
    await first.freeze();
    first.send('release');
    expect((await first.next()).name).toBe('released');
    const second = hold();
    await second.freeze();
    expect(endFromOutside(shell, first.id, 'takeover')).toBe(`STILL1 ${first.id} ended why=release`);
    expect(await server.still()).toBe(true);
    second.send('release');
    expect(await second.next()).toMatchObject({ name: 'released', values: { unbroken: 'true' } });
  });

  it('refuses what it cannot hold', async () => {
    await server.start();
    const refusals: [Parameters<typeof hold>[0], string][] = [
      [{ comm: 'no-such-server' }, 'TargetNotFound'],
      [{ mounts: [server.directory] }, 'VolumeNotFound'],
      [{ mounts: ['/none'] }, 'VolumeNotFound'],
      [{ ttl: 5 }, 'BadSpec'],
    ];
    for (const [options, code] of refusals) {
      expect(await hold(options).next()).toMatchObject({ name: 'error', values: { code, fatal: 'true' } });
    }
    expect(await server.runs()).toBe(true);
  });

  it('follows links to a volume, and tells when it cannot sync', async () => {
    await server.start();
    const link = join(server.directory, 'link');
    symlinkSync(someMount, link);
    const bin = join(server.directory, 'bin');
    mkdirSync(bin);
    for (const tool of ['mkdir', 'sleep', 'cat', 'dash', 'bash', 'busybox']) {
      symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(bin, tool));
    }
    const holder = hold({ mounts: [link], env: { PATH: bin } });
    const { name, values } = await holder.freeze();
    expect(name).toBe('frozen');
    // Some builds of busybox have their own sync whatever the PATH says.
    if (shell[0] !== 'busybox') expect(values['sync']).toBe('none');
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'released', values: { unbroken: 'true' } });
  });

  (isRoot ? it : it.skip)('refuses PID 1', async () => {
    const unshare = await server.start(['unshare', '--pid', '--fork', '--mount-proc']);
    const inside = readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8').trim();
    const holder = hold({ within: ['nsenter', '--target', inside, '--pid', '--mount'] });
    expect(await holder.next()).toMatchObject({ name: 'error', values: { code: 'PidOne', fatal: 'true' } });
    expect(await server.runs()).toBe(true);
  });

  (isRoot ? it : it.skip)('reports frozen only when the data is on the disk', async () => {
    await server.start();
    const image = join(server.directory, 'disk.img');
    const mount = join(server.directory, 'volume');
    mkdirSync(mount);
    writeFileSync(image, '');
    truncateSync(image, 16 * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    const holder = hold({ mounts: [mount], within: ['unshare', '--mount', 'sh', '-c', `mount -o loop ${image} ${mount} && exec "$@"`, 'sh'] });
    const onDisk = (text: string): boolean => readFileSync(image).includes(text);
    expect((await holder.next()).name).toBe('ready');
    let marker = '';
    // Somebody else's sync of the whole machine may come between; it does not come every time.
    const unsynced = await eventually(3000, () => {
      marker = randomBytes(200).toString('hex');
      writeFileSync(`/proc/${holder.child.pid!}/root${mount}/file`, marker);
      return !onDisk(marker);
    });
    expect(unsynced).toBe(true);
    holder.send('arm', 'freeze');
    expect((await holder.next()).name).toBe('armed');
    expect((await holder.next()).name).toBe('frozen');
    expect(onDisk(marker)).toBe(true);
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'released', values: { unbroken: 'true' } });
  });

  (isRoot ? it : it.skip)('keeps its state in another tmpfs when /dev/shm is read-only, and in none that is held', async () => {
    await server.start();
    const prepare = 'mount -t tmpfs -o ro none /dev/shm && mount -t tmpfs none /run && mount -t tmpfs none /tmp && exec "$@"';
    const holder = hold({ mounts: ['/run'], within: ['unshare', '--mount', 'sh', '-c', prepare, 'sh'] });
    expect((await holder.freeze()).name).toBe('frozen');
    const root = `/proc/${holder.child.pid!}/root`;
    expect(['/dev/shm', '/run', '/tmp'].filter((base) => existsSync(`${root}${base}/stillpoint/${holder.id}`))).toEqual(['/tmp']);
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'released', values: { unbroken: 'true' } });
  });
});
