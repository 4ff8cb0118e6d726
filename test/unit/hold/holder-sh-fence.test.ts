import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fenceWords, type FenceCommand, type FenceProgram } from '../../../src/hooks/hold/fence.js';
import { endFromOutside, eventually, Holder, processesOf, program, Server, shells, someMount, stateOf } from './holder-sh-harness.js';

const command = (...words: string[]): FenceCommand => ({ command: words, timeoutMillis: 5000, expect: undefined });

describe.each(shells)('a fence by holder.sh on %s', (_name, shell) => {
  let server: Server;
  const holders: Holder[] = [];

  beforeEach(async () => {
    server = new Server();
    await server.start();
  });

  afterEach(async () => {
    for (const holder of holders.splice(0)) {
      holder.child.stdin.end();
      await holder.exited;
      await eventually(3000, () => processesOf(holder.id).length === 0);
      rmSync(stateOf(holder.id) ?? '/nonexistent', { recursive: true, force: true });
    }
    server.remove();
  });

  const file = (name: string): string => join(server.directory, name);
  /** A program of one line in the server's directory; its last word is the file of the fence. */
  function script(name: string, text: string): FenceCommand {
    writeFileSync(file(name), text);
    return command('sh', file(name), file('fence'));
  }

  const fence = (more: Partial<FenceProgram> = {}): FenceProgram => ({
    engage: command('touch', file('fence')),
    verify: command('test', '-e', file('fence')),
    release: command('rm', '-f', file('fence')),
    position: undefined,
    ...more,
  });

  function hold(options: Partial<FenceProgram> = {}, limits: { ttl?: number; max?: number; comm?: string } = {}): Holder {
    const id = `t-${randomBytes(6).toString('hex')}`;
    const { ttl = 25_000, max = 30_000, comm = server.comm } = limits;
    const holder = new Holder(id, [...shell, program, 'stillpoint-holder', id, 'fence', String(ttl), String(max), comm, ...fenceWords(fence(options)), 'volumes', someMount]);
    holders.push(holder);
    return holder;
  }

  const fenced = (): boolean => existsSync(file('fence'));

  it('keeps the server from writing, proves it, lets it go and leaves nothing behind', async () => {
    const holder = hold();
    const frozen = await holder.freeze();
    expect(frozen).toMatchObject({ name: 'frozen', values: { fenced: 'true', freezeMicros: expect.stringMatching(/^\d+$/), at: expect.stringMatching(/^\d+\.\d\d$/) } });
    expect(await server.still()).toBe(true);
    holder.send('beat', 'release');
    expect(await holder.next()).toMatchObject({ name: 'released', values: { why: 'release', unbroken: 'true' } });
    expect(fenced()).toBe(false);
    expect(await server.runs()).toBe(true);
    expect(await holder.exited).toBe(0);
    expect(processesOf(holder.id)).toEqual([]);
    expect(holder.stderr()).toBe('');
  });

  it('takes words as they are: spaces, quotes, dollars, backslashes, stars and empty ones', async () => {
    const words = ['a b', "it's", '"$HOME"', '\\n\\', '*', '', '; rm -rf /', 'ä'];
    const engage = script('engage', `shift; printf '%s\\n' "$@" >${file('words')}; touch ${file('fence')}`);
    const holder = hold({ engage: { ...engage, command: [...engage.command, ...words] } });
    expect((await holder.freeze()).name).toBe('frozen');
    expect(readFileSync(file('words'), 'utf8').split('\n').slice(0, -1)).toEqual(words);
    holder.send('release');
    expect((await holder.next()).name).toBe('released');
  });

  it('runs programs only, never a function or builtin of its own', async () => {
    const holder = hold({ engage: command('freeze') });
    expect(await holder.freeze()).toMatchObject({ name: 'error', values: { code: 'FenceFailed', message: 'spec.fence.engage ended with 127' } });
    expect(await holder.next()).toMatchObject({ name: 'broken', values: { why: 'abort' } });
    expect(await server.runs()).toBe(true);
  });

  it('an expected line decides instead of the exit code', async () => {
    const verify = { ...script('verify', 'if [ -e "$1" ]; then echo ON; else echo OFF; fi'), expect: 'ON' };
    const holder = hold({ verify });
    expect((await holder.freeze()).name).toBe('frozen');
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'released', values: { unbroken: 'true' } });
  });

  describe('before anything is engaged it refuses', () => {
    it.each<[string, () => Partial<FenceProgram>, string, RegExp]>([
      ['a release that fails', () => ({ release: command('false') }), 'FenceFailed', /^spec\.fence\.release ended with 1; nothing was engaged$/],
      ['a release that is not there', () => ({ release: command('no-such-program') }), 'FenceFailed', /^spec\.fence\.release ended with 127/],
      ['a release that is late', () => ({ release: { ...command('sleep', '30'), timeoutMillis: 200 } }), 'FenceFailed', /^spec\.fence\.release was late and was killed/],
      ['a verify that always succeeds', () => ({ verify: command('true') }), 'AlreadyFenced', /cannot tell/],
      ['a verify that is not there', () => ({ verify: command('no-such-program') }), 'FenceFailed', /^spec\.fence\.verify ended with 127$/],
      ['a verify that fails although it should print', () => ({ verify: { ...command('false'), expect: 'ON' } }), 'FenceFailed', /^spec\.fence\.verify ended with 1$/],
      ['a position that is not there', () => ({ position: command('no-such-program') }), 'FenceFailed', /^spec\.position ended with 127$/],
    ])('%s', async (_what, program_, code, message) => {
      const engaged = file('engaged');
      const holder = hold({ engage: command('touch', engaged), ...program_() });
      holder.send('arm', 'freeze');
      expect((await holder.next()).name).toBe('ready');
      expect(await holder.next()).toMatchObject({ name: 'error', values: { code, fatal: 'true', message: expect.stringMatching(message) } });
      expect(await holder.exited).toBe(1);
      expect(existsSync(engaged)).toBe(false);
      expect(endFromOutside(shell, holder.id, 'takeover')).toBe(`STILL1 ${holder.id} ended why=abort`);
    });

    it("somebody else's fence, which it does not lift", async () => {
      writeFileSync(file('fence'), '');
      const holder = hold();
      holder.send('arm');
      await holder.next();
      expect(await holder.next()).toMatchObject({ name: 'error', values: { code: 'AlreadyFenced', fatal: 'true' } });
      await holder.exited;
      expect(fenced()).toBe(true);
    });

    it('a server that does not run', async () => {
      expect(await hold({}, { comm: 'no-such-server' }).next()).toMatchObject({ name: 'error', values: { code: 'TargetNotFound' } });
    });
  });

  it.each<[string, () => Partial<FenceProgram>, RegExp]>([
    ['engage fails', () => ({ engage: script('engage', 'touch "$1"; exit 3') }), /^spec\.fence\.engage ended with 3$/],
    ['engage is late', () => ({ engage: { ...script('engage', 'touch "$1"; sleep 30'), timeoutMillis: 300 } }), /^spec\.fence\.engage was late and was killed$/],
    ['verify does not succeed', () => ({ verify: command('test', '-e', '/no/such/file') }), /^spec\.fence\.verify ended with 1 after the fence was engaged$/],
  ])('lifts at once what it cannot prove: %s', async (_what, program_, message) => {
    const holder = hold(program_());
    expect(await holder.freeze()).toMatchObject({ name: 'error', values: { code: 'FenceFailed', fatal: 'true', message: expect.stringMatching(message) } });
    expect(await holder.next()).toMatchObject({ name: 'broken', values: { why: 'abort' } });
    expect(fenced()).toBe(false);
    expect(await server.runs()).toBe(true);
  });

  it.each([
    ['ttl', 2000, 10_000],
    ['max', 5000, 2000],
  ])('the guard lifts it by %s, and a late release says so', async (why, ttl, max) => {
    const holder = hold({}, { ttl, max });
    await holder.freeze();
    expect(await eventually(6000, () => !fenced())).toBe(true);
    expect(await server.runs(4000)).toBe(true);
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'broken', values: { why } });
  });

  it.each(['eof', 'abort', 'takeover', 'kill'])('%s lifts it at once', async (how) => {
    const holder = hold();
    await holder.freeze();
    expect(fenced()).toBe(true);
    if (how === 'eof') holder.child.stdin.end();
    if (how === 'abort') holder.send('abort');
    if (how === 'kill') holder.child.kill('SIGKILL');
    if (how === 'takeover') expect(endFromOutside(shell, holder.id, how)).toMatch(new RegExp(`^STILL1 ${holder.id} released why=takeover unbroken=false heldMicros=\\d+$`));
    expect(await eventually(2500, () => !fenced())).toBe(true);
    expect(await server.runs()).toBe(true);
    if (how === 'kill') expect(endFromOutside(shell, holder.id, 'takeover')).toBe(`STILL1 ${holder.id} ended why=eof`);
  });

  it('the guard tries again until the release works', async () => {
    // Fails from the engage on until somebody repairs it; the rehearsal before that succeeds.
    const release = script('release', `if [ -e "$1" ] && [ -e ${file('broken')} ]; then exit 1; fi; rm -f "$1"`);
    const holder = hold({ release });
    await holder.freeze();
    writeFileSync(file('broken'), '');
    holder.child.kill('SIGKILL');
    await eventually(1000, () => !fenced());
    expect(fenced()).toBe(true);
    rmSync(file('broken'));
    expect(await eventually(3000, () => !fenced())).toBe(true);
    expect(await eventually(3000, () => processesOf(holder.id).length === 0)).toBe(true);
  });

  it('a release that does not lift it is no release', async () => {
    const release = script('release', `[ -e ${file('idle')} ] || rm -f "$1"`);
    const holder = hold({ release });
    await holder.freeze();
    writeFileSync(file('idle'), '');
    holder.send('release');
    expect(await holder.next()).toMatchObject({ name: 'error', values: { code: 'ThawFailed' } });
    rmSync(file('idle'));
    expect(await eventually(3000, () => !fenced())).toBe(true);
  });

  it('an engage that is still under way when the holder is killed is ended, and does not come after the release', async () => {
    const engage = { ...script('engage', 'sleep 2; touch "$1"'), timeoutMillis: 4000 };
    const holder = hold({ engage });
    holder.send('arm', 'freeze');
    for (const wanted of ['ready', 'armed']) expect((await holder.next()).name).toBe(wanted);
    expect(await eventually(2000, () => existsSync(join(stateOf(holder.id)!, 'running')) && existsSync(join(stateOf(holder.id)!, 'impact')))).toBe(true);
    holder.child.kill('SIGKILL');
    expect(await eventually(2000, () => processesOf(holder.id).length === 0)).toBe(true);
    expect(await eventually(2500, fenced)).toBe(false);
  });

  it.each<[string, () => Promise<void>, string]>([
    ['somebody lifted it', () => Promise.resolve(rmSync(file('fence'))), 'notfenced'],
    ['the server was restarted', async () => {
      server.kill();
      writeFileSync(file('fence'), '');
      await restart();
    }, 'restarted'],
  ])('the release proves nothing when %s', async (_what, disturb, why) => {
    const holder = hold();
    await holder.freeze();
    await disturb();
    holder.send('release');
    // What a restarted server no longer has in memory need not be lifted.
    expect(await holder.next()).toMatchObject({ name: 'broken', values: { why } });
  });

  /** A server behind a fence does not count: it is let through for the moment of its start. */
  async function restart(): Promise<void> {
    rmSync(file('fence'));
    await server.start();
    writeFileSync(file('fence'), '');
  }

  it('equal positions are asked for, and different ones prove nothing', async () => {
    const position = { ...command('cat', file('lsn')) };
    writeFileSync(file('lsn'), '0/1\n');
    const equal = hold({ position });
    await equal.freeze();
    equal.send('release');
    expect(await equal.next()).toMatchObject({ name: 'released', values: { unbroken: 'true' } });
    const moved = hold({ position });
    await moved.freeze();
    writeFileSync(file('lsn'), '0/2\n');
    moved.send('release');
    expect(await moved.next()).toMatchObject({ name: 'broken', values: { why: 'moved' } });
    expect(fenced()).toBe(false);
  });

  it('refuses what is no program of a fence', async () => {
    const start = (...words: string[]): Holder => {
      const id = `t-${randomBytes(6).toString('hex')}`;
      const holder = new Holder(id, [...shell, program, 'stillpoint-holder', id, 'fence', '1000', '1000', server.comm, ...words]);
      holders.push(holder);
      return holder;
    };
    const all = fenceWords(fence());
    for (const words of [[], ['volumes'], all, [...all.slice(4 + 2), 'volumes'], ['engage', '50', '', '1', 'true', 'volumes'], ['engage', '1000', '', '9', 'true', 'volumes'], ['engage', '1000', '', '1', 'a\nb', 'volumes'], ['other', '1000', '', '1', 'true', 'volumes']]) {
      expect(await start(...words).next()).toMatchObject({ name: 'error', values: { code: 'BadSpec', fatal: 'true' } });
    }
  });
});
