import { describe, expect, test } from '@jest/globals';
import type { MoverRequest } from '../../../src/movers/request.js';
import { classify } from '../../../src/movers/restic/classify.js';
import { move, type MoverSurroundings } from '../../../src/movers/restic/mover.js';
import { readLine, type ResticMessage } from '../../../src/movers/restic/output.js';
import type { ResticRun } from '../../../src/movers/restic/run.js';
import { hex, moverRequest } from './fixtures.js';

/** What restic answers, by the first words of its arguments. */
type Answers = Readonly<Record<string, { exitCode?: number; out?: string; err?: string }>>;

class World {
  readonly calls: string[] = [];
  readonly removed: string[] = [];
  readonly settled: string[] = [];
  shared = 0;
  readonly #answers: Answers;

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  own(more: Partial<MoverSurroundings> = {}): MoverSurroundings {
    return {
      restic: { run: (args, onMessage) => Promise.resolve(this.#answer(args, onMessage)) },
      probe: () => Promise.resolve(undefined),
      shareRepository: () => Promise.resolve(void (this.shared += 1)),
      removeLock: (id) => Promise.resolve(void this.removed.push(id)),
      layOut: () => Promise.resolve('digest'),
      settle: (folder) => Promise.resolve(void this.settled.push(folder)),
      isOwn: ({ user, group }) => user === 999 && group === 999,
      onProgress: () => undefined,
      secrets: ['hunter22'],
      ...more,
    };
  }

  #answer(args: readonly string[], onMessage: (message: ResticMessage) => void = () => undefined): ResticRun {
    const call = args.join(' ');
    this.calls.push(call);
    const [, { exitCode = 0, out = '', err = '' } = { exitCode: 99 }] = Object.entries(this.#answers).find(([begin]) => call.startsWith(begin)) ?? [];
    const messages = [...out.split('\n'), ...err.split('\n')].map(readLine).filter((m): m is ResticMessage => m !== undefined);
    messages.forEach(onMessage);
    return { exitCode, said: err, stdout: out, messages, code: exitCode === 0 ? undefined : classify({ exitCode, said: err }) };
  }
}

const config = { out: `{"id":"${hex('a')}"}` };
const summary = `{"message_type":"summary","total_bytes_processed":10,"data_added":4,"snapshot_id":"${hex('5')}"}`;
const written = `[{"id":"${hex('5')}","tree":"${hex('7')}","time":"2026-11-29T01:00:00Z","tags":[]}]`;
const copy = moverRequest({ verb: 'copy', setId: 'set-1', claim: 'data-pg-0', claimUid: 'claim-1' });
const check = (more: Partial<MoverRequest> = {}): MoverRequest => moverRequest({ verb: 'check' }, more);

describe('check', () => {
  test('counts complete copies only', async () => {
    const list = `[{"id":"1","tree":"2","time":"2026-11-29T01:00:00Z","tags":["kind=recoverypoint"]},{"id":"3","tree":"4","time":"2026-11-28T01:00:00Z","tags":["kind=volume"]}]`;
    const world = new World({ 'cat config': config, snapshots: { out: list } });
    expect(await move(check(), world.own())).toEqual({ ok: true, repositoryId: hex('a'), copies: 1, oldest: '2026-11-29T01:00:00.000Z', newest: '2026-11-29T01:00:00.000Z' });
    expect(world.calls[1]).not.toContain('--no-lock');
  });

  test('makes a repository where there was never one, and lets others write to it', async () => {
    const world = new World({ 'cat config': { exitCode: 10, err: 'repository does not exist' }, init: { out: `{"message_type":"initialized","id":"${hex('b')}"}` }, snapshots: { out: '[]' } });
    expect(await move(check(), world.own())).toEqual({ ok: true, repositoryId: hex('b'), copies: 0 });
    expect(world.shared).toBe(1);
  });

  test('makes none in place of one that is gone', async () => {
    const world = new World({ 'cat config': { exitCode: 10, err: 'repository does not exist' } });
    expect(await move(check({ place: { folder: 'shop', ca: false, id: hex('a') } }), world.own())).toMatchObject({ ok: false, code: 'TargetRepositoryGone' });
    expect(world.calls).toHaveLength(1);
  });

  test('does not take another repository for it', async () => {
    const world = new World({ 'cat config': config });
    expect(await move(check({ place: { folder: 'shop', ca: false, id: hex('c') } }), world.own())).toMatchObject({ ok: false, code: 'TargetRepositoryGone' });
  });

  test('what the probe finds comes first', async () => {
    const world = new World({});
    const probe = () => Promise.resolve({ code: 'TargetCertificateUntrusted' as const, message: 'not trusted, hunter22' });
    expect(await move(check(), world.own({ probe }))).toEqual({ ok: false, code: 'TargetCertificateUntrusted', message: 'not trusted, ***' });
    expect(world.calls).toEqual([]);
  });

  test('a key of somebody else', async () => {
    const world = new World({ 'cat config': { exitCode: 12, err: 'Fatal: wrong password or no key found' } });
    expect(await move(check(), world.own())).toMatchObject({ ok: false, code: 'TargetKeyWrong' });
  });
});

describe('copy', () => {
  test('says id and digest of what is in the repository', async () => {
    const world = new World({ 'cat config': config, backup: { out: summary }, snapshots: { out: written } });
    expect(await move(copy, world.own())).toEqual({ ok: true, repositoryId: hex('a'), snapshotId: hex('5'), tree: hex('7'), bytes: 10, bytesAdded: 4 });
    expect(world.calls[1]).toBe('backup --json --retry-lock=1m --host=shop --tag=kind=volume,set=set-1,claim=claim-1 --exclude=/volumes/data-pg-0/lost+found -- /volumes/data-pg-0');
  });

  test('limits are passed on', async () => {
    const world = new World({ 'cat config': config, backup: { out: summary }, snapshots: { out: written } });
    await move({ ...copy, limits: { upload: 512, download: 7 } }, world.own());
    expect(world.calls[1]).toContain('--limit-upload=512 --limit-download=7');
  });

  test('never makes a repository', async () => {
    const world = new World({ 'cat config': { exitCode: 10, err: 'repository does not exist' } });
    expect(await move(copy, world.own())).toMatchObject({ ok: false, code: 'TargetRepositoryGone' });
  });

  test('a file that cannot be read is named, and half of a copy is forgotten', async () => {
    const err = '{"message_type":"error","error":{"message":"permission denied"},"during":"archival","item":"/volumes/data-pg-0/pg/x"}';
    const world = new World({ 'cat config': config, backup: { exitCode: 3, out: summary, err }, forget: {} });
    expect(await move(copy, world.own())).toEqual({ ok: false, code: 'MoverCannotRead', message: '/volumes/data-pg-0/pg/x: permission denied' });
    expect(world.calls[2]).toContain(`forget --json --retry-lock=1m -- ${hex('5')}`);
  });

  test('a success without a word is none', async () => {
    expect(await move(copy, new World({ 'cat config': config, backup: {} }).own())).toMatchObject({ ok: false, code: 'MoverFailed' });
    expect(await move(copy, new World({ 'cat config': config, backup: { out: summary }, snapshots: { out: '[]' } }).own())).toMatchObject({ ok: false, code: 'TargetDamaged' });
  });

  test('who holds a lock is named; locks of the dead are removed first', async () => {
    const locked = new World({ 'cat config': config, backup: { exitCode: 11, err: 'already locked' }, 'list locks': { out: `${hex('1')}\n${hex('2')}\n` }, 'cat lock': { out: '{"hostname":"pod-1"}' } });
    expect(await move(copy, locked.own())).toMatchObject({ ok: false, code: 'TargetLocked', lockedBy: ['pod-1'] });
    await move({ ...copy, dead: ['pod-1'] }, locked.own());
    expect(locked.removed).toEqual([hex('1'), hex('2')]);
  });
});

describe('seal', () => {
  const volumes = [{ claimUid: 'claim-1', snapshotId: hex('3'), tree: hex('4') }];
  const seal = moverRequest({ verb: 'seal', setId: 'set-1', digest: 'digest', cutAt: '2026-11-29T10:00:00Z', grade: 'Frozen', volumes });
  const there = `[{"id":"${hex('3')}","tree":"${hex('4')}","time":"2026-11-29T01:00:00Z","tags":[]}]`;

  test('only when all volumes are in', async () => {
    const world = new World({ 'cat config': config, 'snapshots --json --retry-lock=1m --host': { out: '[]' } });
    expect(await move(seal, world.own())).toMatchObject({ ok: false, code: 'TargetDamaged', message: expect.stringContaining(hex('3')) as unknown });
    expect(world.calls.some((call) => call.startsWith('backup'))).toBe(false);
  });

  test('not when its Secret was changed', async () => {
    const world = new World({ 'cat config': config, 'snapshots --json --retry-lock=1m --host': { out: there } });
    expect(await move(seal, world.own({ layOut: () => Promise.resolve('other') }))).toMatchObject({ ok: false, code: 'MoverFailed' });
  });

  test('writes the recovery point', async () => {
    const world = new World({ 'cat config': config, 'snapshots --json --retry-lock=1m --host': { out: there }, backup: { out: summary }, 'snapshots --json --retry-lock=1m --': { out: written } });
    expect(await move(seal, world.own())).toMatchObject({ ok: true, snapshotId: hex('5') });
    expect(world.calls.find((call) => call.startsWith('backup'))).toContain('--tag=kind=recoverypoint,set=set-1,cut=2026-11-29T10:00:00Z,grade=Frozen -- /recoverypoint');
  });
});

describe('forget', () => {
  test('the recovery point goes before the volumes', async () => {
    const list = `[{"id":"${hex('1')}","tree":"","time":"","tags":["kind=volume"]},{"id":"${hex('2')}","tree":"","time":"","tags":["kind=recoverypoint"]}]`;
    const world = new World({ 'cat config': config, snapshots: { out: list }, forget: {} });
    expect(await move(moverRequest({ verb: 'forget', setId: 'set-1' }), world.own())).toEqual({ ok: true, repositoryId: hex('a'), removed: 2 });
    expect(world.calls.slice(2).map((call) => call.split(' -- ')[1])).toEqual([hex('2'), hex('1')]);
  });

  test('twice is once', async () => {
    expect(await move(moverRequest({ verb: 'forget', setId: 'set-1' }), new World({ 'cat config': config, snapshots: { out: '[]' } }).own())).toMatchObject({ ok: true, removed: 0 });
  });
});

describe('maintenance', () => {
  test('prune', async () => {
    const world = new World({ 'cat config': config, prune: {} });
    expect(await move(moverRequest({ verb: 'prune' }), world.own())).toEqual({ ok: true, repositoryId: hex('a') });
    expect(world.calls[1]).toBe('prune --json --retry-lock=1m');
  });

  const verify = moverRequest({ verb: 'verify', readPercent: 5 });
  test('verification reads a part of the data', async () => {
    const world = new World({ 'cat config': config, check: { out: '{"message_type":"summary","num_errors":0}' } });
    expect(await move(verify, world.own())).toMatchObject({ ok: true });
    expect(world.calls[1]).toBe('check --json --retry-lock=1m --read-data-subset=5%');
  });

  test('what restic finds is damage, and is named', async () => {
    const world = new World({ 'cat config': config, check: { exitCode: 1, out: '{"message_type":"summary","num_errors":1}', err: '{"message_type":"error","message":"pack 1234 contains 1 errors: blob 5678: decrypting failed"}' } });
    expect(await move(verify, world.own())).toEqual({ ok: false, code: 'TargetDamaged', message: 'pack 1234 contains 1 errors: blob 5678: decrypting failed' });
  });

  test('what is something else stays that', async () => {
    const world = new World({ 'cat config': config, check: { exitCode: 1, err: 'dial tcp: connection refused' } });
    expect(await move(verify, world.own())).toMatchObject({ ok: false, code: 'TargetUnreachable' });
    const locked = new World({ 'cat config': config, check: { exitCode: 11, err: 'already locked' }, 'list locks': {} });
    expect(await move(verify, locked.own())).toMatchObject({ ok: false, code: 'TargetLocked' });
  });
});

describe('list', () => {
  const snapshot = (id: string, time: string, ...tags: string[]): object => ({ id: hex(id), tree: hex('f'), time, tags: ['kind=recoverypoint', ...tags] });
  const list = JSON.stringify([
    snapshot('1', '2026-11-29T01:00:00Z', 'set=late', 'cut=2026-11-28T00:00:00Z', 'grade=Frozen'),
    snapshot('2', '2026-11-28T02:00:00Z', 'set=early', 'cut=2026-11-28T01:00:00Z', 'grade=Perfect'),
    snapshot('3', '2026-11-27T02:00:00Z', 'set=old'),
    snapshot('4', '2026-11-27T03:00:00Z', 'set=old'),
    { ...snapshot('5', '2026-11-30T00:00:00Z'), tags: ['kind=volume', 'set=late'] },
  ]);

  test('the cut last comes first, each once, without a lock', async () => {
    const world = new World({ 'cat config': config, snapshots: { out: list } });
    const result = await move(moverRequest({ verb: 'list', wanted: [] }), world.own());
    expect(result).toMatchObject({
      total: 3,
      points: [
        { id: 'early', snapshotId: hex('2'), cutAt: '2026-11-28T01:00:00.000Z' },
        { id: 'late', snapshotId: hex('1'), cutAt: '2026-11-28T00:00:00.000Z', grade: 'Frozen' },
        { id: 'old', snapshotId: hex('4'), cutAt: '2026-11-27T03:00:00.000Z' },
      ],
    });
    expect(world.calls[1]).toBe('snapshots --no-lock --json --retry-lock=1m --host=shop --tag=kind=recoverypoint');
  });

  test('fits into a last word, and those that are wanted are in it', async () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ ...snapshot('1', `2026-11-${String(29 - Math.floor(i / 2)).padStart(2, '0')}T0${9 - (i % 2)}:00:00Z`), tags: ['kind=recoverypoint', `set=${'0'.repeat(36)}-${i}`, 'grade=CrashConsistentSynced'] }));
    const world = new World({ 'cat config': config, snapshots: { out: JSON.stringify(many) } });
    const result = await move(moverRequest({ verb: 'list', wanted: [`${'0'.repeat(36)}-39`, 'none'] }), world.own());
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(4096);
    expect(result).toMatchObject({ total: 40, points: expect.arrayContaining([expect.objectContaining({ id: `${'0'.repeat(36)}-0` }), expect.objectContaining({ id: `${'0'.repeat(36)}-39` })]) as unknown });
  });

  test('of another repository nothing', async () => {
    const world = new World({ 'cat config': config });
    expect(await move(moverRequest({ verb: 'list', wanted: [] }, { place: { folder: 'shop', ca: false, id: hex('c') } }), world.own())).toMatchObject({ ok: false, code: 'TargetRepositoryGone' });
  });
});

describe('fetch', () => {
  const fetch = moverRequest({ verb: 'fetch', snapshotId: hex('5') });

  test('the recovery point without its volumes', async () => {
    const world = new World({ 'cat config': config, restore: { out: '{"message_type":"summary","total_files":3,"total_bytes":10}' } });
    expect(await move(fetch, world.own())).toMatchObject({ ok: true, snapshotId: hex('5') });
    expect(world.calls[1]).toBe(`restore --no-lock --json --retry-lock=1m --target=/recoverypoint -- ${hex('5')}:/recoverypoint`);
  });

  test('a success without a word is none', async () => {
    expect(await move(fetch, new World({ 'cat config': config, restore: {} }).own())).toMatchObject({ ok: false, code: 'MoverFailed' });
  });
});

describe('restore', () => {
  const restore = moverRequest({ verb: 'restore', claim: 'data', snapshotId: hex('3'), tree: hex('4'), everybody: false });
  const there = { out: `[{"id":"${hex('3')}","tree":"${hex('4')}","time":"2026-11-29T01:00:00Z","tags":[]}]` };
  const node = (path: string, uid: number): string => `{"message_type":"node","struct_type":"node","path":"${path}","uid":${uid},"gid":999}`;
  const own = { out: [node('/volumes', 0), node('/volumes/data', 0), node('/volumes/data/pg', 999)].join('\n') };
  const done = { out: '{"message_type":"status","seconds_elapsed":2,"total_bytes":100,"bytes_restored":50,"bytes_skipped":7}\n{"message_type":"summary","total_files":3,"total_bytes":100,"bytes_restored":100,"bytes_skipped":7}' };

  test('with the root of the volume, sparse, and on the disk when it says so', async () => {
    const world = new World({ 'cat config': config, snapshots: there, ls: own, restore: done });
    const said: unknown[] = [];
    expect(await move(restore, world.own({ onProgress: (progress) => said.push(progress) }))).toEqual({ ok: true, repositoryId: hex('a'), bytes: 107 });
    expect(world.calls.slice(2)).toEqual([`ls --no-lock --json --retry-lock=1m -- ${hex('3')}`, `restore --no-lock --json --retry-lock=1m --sparse --exclude-xattr=security.selinux --target=/volumes -- ${hex('3')}:/volumes`]);
    expect(said).toEqual([{ bytesDone: 57, bytesTotal: 107, etaSeconds: 2 }]);
    expect(world.settled).toEqual(['/volumes/data']);
  });

  test('a file of somebody else is named before anything is written, unless it is written as root', async () => {
    const world = new World({ 'cat config': config, snapshots: there, ls: { out: `${own.out}\n${node('/volumes/data/root-owned', 0)}` }, restore: done });
    expect(await move(restore, world.own())).toEqual({ ok: false, code: 'MoverCannotWrite', message: '1 files belong to others than the user of the mover: /volumes/data/root-owned of user 0, group 999' });
    expect(world.calls.some((call) => call.startsWith('restore'))).toBe(false);
    expect(await move(moverRequest({ ...restore.task, everybody: true } as typeof restore.task), world.own())).toMatchObject({ ok: true });
  });

  test('a root of the volume that cannot be given away is noted', async () => {
    const world = new World({ 'cat config': config, snapshots: there, ls: { out: node('/volumes/data', 999) }, restore: done });
    expect(await move(restore, world.own())).toMatchObject({ ok: true, note: expect.stringContaining('user 999') as unknown });
  });

  test('only what is in the repository as it was written', async () => {
    const world = new World({ 'cat config': config, snapshots: { out: there.out.replace(hex('4'), hex('5')) } });
    expect(await move(restore, world.own())).toMatchObject({ ok: false, code: 'TargetDamaged' });
    expect(world.calls).toHaveLength(2);
  });

  test.each([
    ['no space left on device', 'VolumeRestoreFailed'],
    ['open /volumes/data/x: permission denied', 'MoverCannotWrite'],
    ['ciphertext verification failed', 'TargetDamaged'],
    ['dial tcp: connection refused', 'TargetUnreachable'],
    ['strange', 'MoverFailed'],
  ])('%s: %s', async (message, code) => {
    const err = `{"message_type":"error","error":{"message":"${message}"},"during":"restore","item":"/data/x"}\n{"message_type":"exit_error","code":1,"message":"Fatal: There were 1 errors"}`;
    const world = new World({ 'cat config': config, snapshots: there, ls: own, restore: { exitCode: 1, err } });
    expect(await move(restore, world.own())).toEqual({ ok: false, code, message: `/data/x: ${message}` });
    expect(world.settled).toEqual([]);
  });
});
