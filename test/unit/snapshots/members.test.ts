import { describe, expect, test } from '@jest/globals';
import type { ContentView } from '../../../src/snapshots/contents.js';
import { judgeSet } from '../../../src/snapshots/members.js';
import type { ObservedGroup, ObservedSnapshot } from '../../../src/snapshots/observe-set.js';
import type { PlannedClaim } from '../../../src/snapshots/plan.js';
import { totalSize } from '../../../src/snapshots/size.js';

const planned: PlannedClaim[] = ['data', 'wal'].map((name) => ({ name, uid: `uid-${name}`, driver: 'a.csi', volumeHandle: `vol-${name}` }));

const content = (more: Partial<ContentView> = {}): ContentView => ({
  metadata: { name: 'content' },
  ref: { namespace: 'shop', name: 'x', uid: 'x' },
  driver: 'a.csi',
  deletionPolicy: 'Delete',
  handle: 'handle',
  cut: true,
  ready: true,
  error: undefined,
  restoreSize: 1024,
  sourceVolumeMode: 'Filesystem',
  volumeHandles: [],
  members: [],
  ...more,
});

const group = (volumes: string[]): ObservedGroup => ({
  name: 'g',
  uid: 'g',
  error: undefined,
  deleting: false,
  content: content({ members: volumes.map((v) => ({ volumeHandle: v, snapshotHandle: `snap-of-${v}` })) }),
});

/** A member of the group as the controllers make it: its content knows the snapshot only. */
const member = (claim: string, more: Partial<ObservedSnapshot> = {}, view: Partial<ContentView> = {}): ObservedSnapshot => ({
  name: `snapshot-${claim}`,
  uid: `suid-${claim}`,
  groupUid: 'g',
  claimName: claim,
  ready: true,
  restoreSize: '1Ki',
  error: undefined,
  deleting: false,
  content: content({ metadata: { name: `content-${claim}` }, handle: `snap-of-vol-${claim}`, ref: { namespace: 'shop', name: `snapshot-${claim}`, uid: `suid-${claim}` }, ...view }),
  ...more,
});

const both = ['vol-data', 'vol-wal'];

describe('judging a snapshot set', () => {
  test('exactly the planned claims, ready and bound both ways: ready', () => {
    const state = judgeSet(planned, { groups: [group(both)], snapshots: [member('wal'), member('data')] });
    expect(state.error).toBeUndefined();
    expect(state.ready).toBe(true);
    expect(state.members.map((m) => [m.claimUid, m.snapshot])).toEqual([
      ['uid-data', 'snapshot-data'],
      ['uid-wal', 'snapshot-wal'],
    ]);
    expect(totalSize(state.members)).toBe('2Ki');
  });

  test('a claim without snapshot is waited for, and named', () => {
    const state = judgeSet(planned, { groups: [group(both)], snapshots: [member('data')] });
    expect([state.ready, state.error, state.waiting]).toEqual([false, undefined, ['wal: no snapshot yet']]);
  });

  test.each([
    ['fewer volumes in the group', [group(['vol-data'])], [member('data')], 'lacks wal'],
    ['more volumes in the group', [group([...both, 'vol-other'])], [member('data'), member('wal')], 'not planned: vol-other'],
    ['a snapshot of another claim', [group(both)], [member('data'), member('wal'), member('other', { groupUid: undefined }, { volumeHandles: ['vol-other'] })], 'not planned'],
    ['a claim cut twice', [group(both)], [member('data'), member('data', { name: 'twin' }), member('wal')], 'cut twice'],
  ])('%s: the set differs', (_what, groups, snapshots, text) => {
    const state = judgeSet(planned, { groups, snapshots });
    expect(state.error?.code).toBe('MembersDiffer');
    expect(state.error?.publicMessage).toContain(text);
    expect(state.ready).toBe(false);
  });

  test.each([
    ['content bound to another snapshot', member('wal', {}, { ref: { namespace: 'shop', name: 'snapshot-wal', uid: 'other' } })],
    ['not ready', member('wal', { ready: false })],
    ['content not ready', member('wal', {}, { ready: false })],
    ['being deleted', member('wal', { deleting: true })],
    ['no content', member('wal', { content: undefined })],
  ])('%s: not ready', (_what, snapshot) => {
    expect(judgeSet(planned, { groups: [group(both)], snapshots: [member('data'), snapshot] }).ready).toBe(false);
  });

  test('two groups of one driver, one after the other, are judged together and only when both are cut', () => {
    const half = (stage: string, volumes: string[], more: Partial<ObservedGroup> = {}): ObservedGroup => ({ ...group(volumes), name: `g-${stage}`, uid: `g-${stage}`, ...more });
    const [first, last] = [half('first', ['vol-data']), half('last', ['vol-wal'])];
    const snapshots = [member('data', { groupUid: 'g-first' }), member('wal', { groupUid: 'g-last' })];
    expect(judgeSet(planned, { groups: [first, last], snapshots })).toMatchObject({ ready: true, error: undefined });
    expect(judgeSet(planned, { groups: [first, half('last', [], { content: undefined })], snapshots: snapshots.slice(0, 1) })).toMatchObject({ ready: false, error: undefined });
    expect(judgeSet(planned, { groups: [half('first', []), last], snapshots: snapshots.slice(1) }).error?.publicMessage).toContain('lacks data');
    expect(judgeSet(planned, { groups: [half('first', ['vol-data', 'vol-other']), last], snapshots }).error?.publicMessage).toContain('not planned: vol-other');
  });

  test('a claim that was replaced under its name is not the planned one', () => {
    const single = (name: string, volume: string): ObservedSnapshot => member(name, { groupUid: undefined }, { volumeHandles: [volume] });
    expect(judgeSet(planned, { groups: [], snapshots: [single('data', 'vol-data'), single('wal', 'vol-wal')] }).ready).toBe(true);
    expect(judgeSet(planned, { groups: [], snapshots: [single('data', 'vol-data'), single('wal', 'vol-new')] }).error?.code).toBe('MembersDiffer');
  });

  test('nothing planned is never ready', () => {
    expect(judgeSet([], { groups: [], snapshots: [] }).ready).toBe(false);
  });

  test('the size is unknown while one member is', () => {
    expect(totalSize([{ restoreBytes: 3 }, { restoreBytes: undefined }])).toBeUndefined();
    expect(totalSize([{ restoreBytes: 3 * 2 ** 30 }])).toBe('3Gi');
    expect(totalSize([{ restoreBytes: 1500 }])).toBe('1500');
    expect(totalSize([])).toBe('0');
  });
});
