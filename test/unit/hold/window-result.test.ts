import { describe, expect, test } from '@jest/globals';
import { fail } from '../../../src/api/errors.js';
import { windowResult, type WindowOutcome } from '../../../src/hooks/hold/window-result.js';
import type { HolderPlan, HoldResult, WindowPlan } from '../../../src/hooks/hold/window-types.js';

const holder: HolderPlan = { id: 'h', vantage: 'Node', node: 'n1', exec: { namespace: 'a', pod: 'p', podUid: 'u', container: 'c' }, targets: [], volumes: [] };
const plan: WindowPlan = {
  holders: [holder],
  cuts: [{ name: 'x', atomic: false, claimUids: [], run: () => Promise.resolve() }],
  limits: { ttlMillis: 1000, maxMillis: 2000, beatMillis: 100, readyMillis: 1000 },
};
const held: HoldResult = { id: 'h', frozen: true, synced: true, unbroken: true, endedBy: 'release', heldMillis: 5, freezeMillis: 1, syncMillis: 1, thawMillis: 1 };
const good: WindowOutcome = { holds: [held], cutsSeen: ['x'], trace: { startedAt: 0, freezeSent: 1 }, error: undefined };

describe('what a window proved', () => {
  test('everything seen is an overlap', () => {
    expect(windowResult(plan, good)).toMatchObject({ overlapped: true, allReleased: true });
    expect(windowResult(plan, good).error).toBeUndefined();
  });

  test.each<[string, Partial<WindowOutcome>, boolean]>([
    ['a member not seen frozen', { holds: [{ ...held, frozen: false }] }, true],
    ['a broken hold', { holds: [{ ...held, unbroken: false, endedBy: 'ttl' }] }, true],
    ['an unconfirmed release', { holds: [{ ...held, unbroken: undefined, endedBy: undefined }] }, false],
    ['a holder without a word', { holds: [] }, false],
    ['a cut not seen', { cutsSeen: [] }, true],
    ['an error', { error: fail('SnapshotFailed', 'No space.') }, true],
    ['no freeze', { trace: { startedAt: 0 } }, true],
  ])('%s is none', (_, change, allReleased) => {
    expect(windowResult(plan, { ...good, ...change })).toMatchObject({ overlapped: false, allReleased });
  });

  test('a gate that was asked for counts like a freeze, for the holder that has it only', () => {
    const gated: HolderPlan = { ...holder, gates: [{ pod: 'p', podUid: 'u', container: 'c', containerId: 'i', ports: [1], settleMillis: 9 }] };
    const silent: Partial<WindowOutcome> = { holds: [], trace: { startedAt: 0, gateSent: 1 }, error: fail('LeaseTooOld', 'Too old.') };
    expect(windowResult({ ...plan, holders: [gated] }, { ...good, ...silent })).toMatchObject({ overlapped: false, allReleased: false });
    expect(windowResult(plan, { ...good, ...silent })).toMatchObject({ overlapped: false, allReleased: true });
  });

  test('an error keeps its code and says who may still be held', () => {
    const { error } = windowResult(plan, { ...good, holds: [], error: fail('SnapshotFailed', 'No space.') });
    expect(error).toMatchObject({ code: 'SnapshotFailed', retry: 'backoff', publicMessage: 'No space. Not known to have let go: Holder on node n1.' });
  });
});
