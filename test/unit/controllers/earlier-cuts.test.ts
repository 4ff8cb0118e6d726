import { expect, test } from '@jest/globals';
import type { AppSnapshotStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { earlierCuts } from '../../../src/controllers/appsnapshot/earlier-cuts.js';
import { singleName } from '../../../src/snapshots/names.js';

function copy(openedAt: string, cutMillis: number | undefined, snapshot: (uid: string) => string, status: Partial<AppSnapshotStatus> = {}): AppSnapshot {
  const members = ['u1', 'u2'].map((uid) => ({ claim: uid, uid, driver: 'a', snapshot: snapshot(uid) }));
  return { status: { phase: 'Ready', setId: 'set', members, window: { id: 'set', attempt: 1, openedAt, ...(cutMillis === undefined ? {} : { cutMillis }) }, ...status } } as unknown as AppSnapshot;
}

const member = (): string => 'snapshot-of-the-controller';

test('whole windows count, newest first; what failed or is under way says nothing', () => {
  const copies = [
    copy('2026-01-01T00:00:01Z', 100, member),
    copy('2026-01-01T00:00:03Z', 300, (uid) => singleName('set', uid)),
    copy('2026-01-01T00:00:02Z', undefined, member),
    copy('2026-01-01T00:00:04Z', 9000, member, { phase: 'Failed' }),
    copy('2026-01-01T00:00:05Z', 9000, member, { members: undefined }),
  ];
  expect(earlierCuts(copies)).toEqual([
    { millis: 300, shapes: [{ driver: 'a', kind: 'single', volumes: 2 }] },
    { millis: 100, shapes: [{ driver: 'a', kind: 'group', volumes: 2 }] },
  ]);
});

test('only the five newest', () => {
  const copies = Array.from({ length: 7 }, (_, i) => copy(`2026-01-01T00:00:0${i}Z`, i, member));
  expect(earlierCuts(copies).map((c) => c.millis)).toEqual([6, 5, 4, 3, 2]);
});
