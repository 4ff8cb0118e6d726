import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { move } from '../../../src/movers/restic/mover.js';
import { settle } from '../../../src/movers/settle.js';
import { hex, moverRequest } from './fixtures.js';
import { config, World } from './restic-world.js';

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

  describe('with a snapshot that could not be read, though restic succeeds', () => {
    const holes = (err: string): World => new World({ 'cat config': config, snapshots: { out: list, err } });
    const damaged = `Ignoring "${hex('7')}": failed to load snapshot ${hex('7').slice(0, 8)}: ciphertext verification failed`;

    test.each([
      [damaged, 'TargetDamaged'],
      ['could not load snapshots: List(snapshot): dial tcp: connection refused', 'TargetUnreachable'],
      [`Ignoring "${hex('7')}": invalid character`, 'MoverFailed'],
    ])('it is not known which is the newest: %s', async (err, code) => {
      expect(await move(moverRequest({ verb: 'list', wanted: [] }), holes(err).own())).toMatchObject({ ok: false, code, message: expect.stringContaining(err) as unknown });
      expect(await move(moverRequest({ verb: 'list', wanted: ['old', 'none'] }), holes(err).own())).toMatchObject({ ok: false, code });
    });

    test('one that is asked for by its id, and is there, can be restored', async () => {
      expect(await move(moverRequest({ verb: 'list', wanted: ['old'] }), holes(damaged).own())).toMatchObject({ ok: true, points: expect.arrayContaining([expect.objectContaining({ id: 'old' })]) as unknown });
    });

    test('that a filter is none beside an id leaves nothing out', async () => {
      expect(await move(moverRequest({ verb: 'list', wanted: [] }), holes('Ignoring "filters": explicit snapshot ids are given').own())).toMatchObject({ ok: true, total: 3 });
    });
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

  test('what was removed meanwhile is no damage', async () => {
    const absent = { out: '[]', err: `Ignoring "${hex('3')}": no matching ID found for prefix "${hex('3')}"` };
    expect(await move(restore, new World({ 'cat config': config, snapshots: absent }).own())).toMatchObject({ ok: false, code: 'RecoveryPointNotFound', message: expect.stringContaining('was removed') as unknown });
    const err = `{"message_type":"exit_error","code":1,"message":"Fatal: failed to find snapshot: no matching ID found for prefix \\"${hex('5')}\\""}`;
    const fetch = moverRequest({ verb: 'fetch', snapshotId: hex('5') });
    expect(await move(fetch, new World({ 'cat config': config, restore: { exitCode: 1, err } }).own())).toMatchObject({ ok: false, code: 'RecoveryPointNotFound' });
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

test('what is settled may hold links that lead nowhere and folders in folders; what is not there is an error', async () => {
  const root = mkdtempSync(join(tmpdir(), 'settle-'));
  try {
    mkdirSync(join(root, 'a', 'b'), { recursive: true });
    for (let i = 0; i < 40; i += 1) writeFileSync(join(root, 'a', 'b', `f${i}`), 'x');
    symlinkSync('/nowhere', join(root, 'link'));
    await settle(root);
    await expect(settle(join(root, 'none'))).rejects.toThrow('ENOENT');
  } finally {
    rmSync(root, { recursive: true });
  }
});
