import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { appSnapshotSpec, snapshotPhases, type AppSnapshotStatus, type HoldStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { comesAgain, decide, snapshotFinalizer } from '../../../src/controllers/appsnapshot/decide.js';

const uid = '0d4c0d4c-0000-4000-8000-000000000001';
const now = Date.parse('2026-11-23T12:00:00Z');

function snapshot(status: AppSnapshotStatus | undefined, options: { deleted?: boolean; finalizer?: boolean; spec?: object } = {}): AppSnapshot {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'AppSnapshot',
    metadata: {
      name: 'copy',
      namespace: 'shop',
      uid,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-23T11:00:00Z',
      ...(options.deleted === true ? { deletionTimestamp: '2026-11-23T11:30:00Z' } : {}),
      finalizers: options.finalizer === false ? [] : [snapshotFinalizer],
    },
    spec: appSnapshotSpec.parse({ serviceAccountName: 'stillpoint', ...options.spec }),
    ...(status === undefined ? {} : { status }),
  };
}

const hold = (state: HoldStatus['state']): HoldStatus => ({
  id: 'hold-1',
  vantage: 'Node',
  node: 'n',
  pod: 'agent',
  container: 'agent',
  podUid: 'u',
  mechanism: 'Freezer',
  maxHoldMillis: 10_000,
  heartbeatTimeoutMillis: 3_000,
  targets: [],
  state,
});

describe('decide', () => {
  test('a new object gets its finalizer before anything else', () => {
    expect(decide({ object: snapshot(undefined, { finalizer: false }), now })).toEqual({ kind: 'addFinalizer' });
  });

  test('then the first attempt, under an id that is the same after a crash', () => {
    const plan = decide({ object: snapshot(undefined), now });
    expect(plan).toEqual({ kind: 'attempt', attempt: 1, setId: `${uid}-1` });
    expect(decide({ object: snapshot({ phase: 'Pending', attempts: 1 }), now })).toEqual({ kind: 'attempt', attempt: 2, setId: `${uid}-2` });
  });

  test('what is discarded comes again under the same id only when its attempt was never counted', () => {
    expect(comesAgain(snapshot({ phase: 'Warmed', setId: `${uid}-1` }))).toBe(true);
    expect(comesAgain(snapshot({ phase: 'Pending', setId: `${uid}-2`, attempts: 1 }))).toBe(true);
    for (const status of [{ phase: 'Pending', setId: `${uid}-1`, attempts: 1 }, { phase: 'Failed', setId: `${uid}-1` }, { phase: 'Expired', setId: `${uid}-1` }] as const) expect(comesAgain(snapshot(status))).toBe(false);
    expect(comesAgain(snapshot({ phase: 'Warmed', setId: `${uid}-1` }, { deleted: true }))).toBe(false);
  });

  test('suspend begins nothing, but an open window is ended and a finished one completed', () => {
    const spec = { suspend: true };
    expect(decide({ object: snapshot({ phase: 'Pending' }, { spec }), now })).toEqual({ kind: 'suspended' });
    expect(decide({ object: snapshot({ phase: 'Intended', holds: [hold('Intended')] }, { spec }), now })).toEqual({ kind: 'recover' });
    expect(decide({ object: snapshot({ phase: 'Graded', setId: 's' }, { spec }), now })).toEqual({ kind: 'complete' });
  });

  test('a set that a lost attempt left is removed before the next attempt', () => {
    expect(decide({ object: snapshot({ phase: 'Planned', setId: `${uid}-1` }), now })).toEqual({ kind: 'discard' });
    expect(decide({ object: snapshot({ phase: 'Warmed', setId: `${uid}-1` }), now })).toEqual({ kind: 'discard' });
    expect(decide({ object: snapshot({ phase: 'Failed', setId: `${uid}-1` }), now })).toEqual({ kind: 'discard' });
    expect(decide({ object: snapshot({ phase: 'Failed' }), now })).toEqual({ kind: 'idle' });
  });

  test('a copy expires when its time is over, not before', () => {
    const ready = (completionTime: string) => snapshot({ phase: 'Ready', completionTime, setId: 's' }, { spec: { expiresAfter: '1h' } });
    expect(decide({ object: ready('2026-11-23T11:00:00Z'), now })).toEqual({ kind: 'expire' });
    expect(decide({ object: ready('2026-11-23T11:30:00Z'), now })).toEqual({ kind: 'wait', seconds: 1800 });
  });

  test('whatever the state: a hold that may be on is ended first', () => {
    const anyStatus = fc.record({ phase: fc.constantFrom(...snapshotPhases), attempts: fc.nat(5), setId: fc.option(fc.constant(`${uid}-1`), { nil: undefined }) });
    fc.assert(
      fc.property(anyStatus, fc.boolean(), fc.boolean(), fc.boolean(), (status, deleted, finalizer, suspend) => {
        const object = snapshot({ ...status, holds: [hold('Released'), hold('Intended')] }, { deleted, finalizer, spec: { suspend } });
        expect(decide({ object, now })).toEqual({ kind: 'recover' });
      }),
    );
  });

  test('a deleted object is removed, never worked on', () => {
    fc.assert(
      fc.property(fc.constantFrom(...snapshotPhases), (phase) => {
        expect(decide({ object: snapshot({ phase, setId: 's' }, { deleted: true }), now })).toEqual({ kind: 'delete' });
        expect(decide({ object: snapshot({ phase, setId: 's' }, { deleted: true, finalizer: false }), now })).toEqual({ kind: 'idle' });
      }),
    );
  });
});
