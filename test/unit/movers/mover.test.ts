import { describe, expect, test } from '@jest/globals';
import type { MoverRequest } from '../../../src/movers/request.js';
import { move } from '../../../src/movers/restic/mover.js';
import { hex, moverRequest } from './fixtures.js';
import { config, World } from './restic-world.js';

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

describe('a snapshot that could not be read, though restic succeeds', () => {
  const err = `Ignoring "${hex('7')}": failed to load snapshot: ciphertext verification failed`;
  const list = `[{"id":"${hex('1')}","tree":"${hex('4')}","time":"","tags":["kind=volume"]}]`;
  const seal = moverRequest({ verb: 'seal', setId: 'set-1', digest: 'digest', cutAt: '2026-11-29T00:00:00Z', grade: 'Frozen', volumes: [{ claimUid: 'u', snapshotId: hex('1'), tree: hex('4') }] });

  test.each([
    ['is counted as no copy', check()],
    ['lets nothing be forgotten in part', moverRequest({ verb: 'forget', setId: 'set-1' })],
    ['lets no recovery point be written', seal],
    ['lets no volume pass for written', copy],
  ])('%s', async (_, request) => {
    const world = new World({ 'cat config': config, backup: { out: summary }, snapshots: { out: request === copy ? written : list, err }, forget: {} });
    expect(await move(request, world.own())).toMatchObject({ ok: false, code: 'TargetDamaged', message: expect.stringContaining(err) as unknown });
    expect(world.calls.some((call) => call.startsWith('forget'))).toBe(false);
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
