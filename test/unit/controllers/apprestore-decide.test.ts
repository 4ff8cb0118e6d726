import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { restorePhases, type PreviousVolume, type RestorePhase } from '../../../src/api/apprestore.js';
import { decide, type RestorePlan } from '../../../src/controllers/apprestore/decide.js';
import { appRestore } from './apprestore-fixtures.js';

const at = Date.parse('2026-01-01T01:00:00Z');
const kind = (object: ReturnType<typeof appRestore>): string => decide({ object, now: at }).kind;
const bare = { finalizers: [] };
const deleted = '2026-01-01T00:59:00Z';

describe('decide', () => {
  test.each<[RestorePhase | undefined, RestorePlan['kind']]>([
    [undefined, 'plan'],
    ['Pending', 'plan'],
    ['Fetching', 'plan'],
    ['Planned', 'volumes'],
    ['Staging', 'stage'],
    ['RestoringVolumes', 'volumes'],
    ['ApplyingConfiguration', 'configuration'],
    ['Preparing', 'prepare'],
    ['Starting', 'start'],
    ['Verifying', 'verify'],
    ['Ready', 'idle'],
    ['Failed', 'idle'],
  ])('phase %s: %s', (phase, expected) => {
    expect(kind(appRestore({}, phase === undefined ? {} : { phase }))).toBe(expected);
  });

  test.each<[RestorePhase | undefined, RestorePlan['kind']]>([
    [undefined, 'plan'],
    ['Planned', 'swap'],
    ['Stopping', 'swap'],
    ['RestoringVolumes', 'volumes'],
    ['RollingBack', 'rollBack'],
    ['Ready', 'idle'],
    ['Failed', 'idle'],
  ])('in place, phase %s: %s', (phase, expected) => {
    expect(kind(appRestore({ inPlace: true }, phase === undefined ? {} : { phase }))).toBe(expected);
  });

  const previous = (...states: PreviousVolume['state'][]) => ({ previousVolumes: states.map((state, i): PreviousVolume => ({ claim: `c${i}`, claimUid: 'a', volume: `v${i}`, volumeUid: 'b', reclaimPolicy: 'Delete', state })) });

  test('in place, claims go one after the other, and then volumes are filled', () => {
    expect(kind(appRestore({ inPlace: true }, { phase: 'Swapping', ...previous('Kept', 'Bound') }))).toBe('swap');
    expect(kind(appRestore({ inPlace: true }, { phase: 'Swapping', ...previous('Kept', 'Kept') }))).toBe('volumes');
  });

  test('back to the old volumes, from everywhere but where they have gone or are back', () => {
    const back = { inPlace: true, previousVolumes: 'Restore' } as const;
    for (const phase of restorePhases) expect(kind(appRestore(back, { phase, ...previous('Kept') }))).toBe('rollBack');
    expect(kind(appRestore(back, { phase: 'Failed', ...previous('Returned', 'Returned') }))).toBe('idle');
    expect(kind(appRestore(back, { phase: 'Ready', ...previous('Kept', 'Removing') }))).toBe('idle');
    expect(kind(appRestore(back, { phase: 'Failed' }))).toBe('idle');
    // What was begun comes to its end.
    for (const previousVolumes of ['Keep', 'Delete', 'Restore'] as const) expect(kind(appRestore({ inPlace: true, previousVolumes }, { phase: 'RollingBack', ...previous('Kept') }))).toBe('rollBack');
    expect(kind(appRestore({ ...back, suspend: true }, { phase: 'Verifying', ...previous('Kept') }))).toBe('suspended');
    expect(kind(appRestore({ ...back, suspend: true }, { phase: 'Ready', ...previous('Kept') }))).toBe('idle');
  });

  test('that old volumes are kept is said when it has ended, once', () => {
    const condition = { type: 'PreviousVolumesKept', status: 'True', reason: 'Kept', message: '', lastTransitionTime: '' } as const;
    for (const phase of ['Ready', 'Failed'] as const) {
      expect(kind(appRestore({ inPlace: true }, { phase, ...previous('Kept'), conditions: [{ ...condition, reason: 'StillNeeded' }] }))).toBe('kept');
      expect(kind(appRestore({ inPlace: true }, { phase, ...previous('Kept'), conditions: [condition] }))).toBe('idle');
    }
  });

  test('the old volumes go when it has ended, not before', () => {
    const release = { inPlace: true, previousVolumes: 'Delete' } as const;
    for (const phase of ['Ready', 'Failed'] as const) expect(kind(appRestore(release, { phase, ...previous('Kept') }))).toBe('release');
    expect(kind(appRestore(release, { phase: 'Ready', ...previous('Removed', 'Removing') }))).toBe('release');
    expect(kind(appRestore(release, { phase: 'Ready', ...previous('Removed') }))).toBe('idle');
    expect(kind(appRestore(release, { phase: 'Verifying', ...previous('Kept') }))).toBe('verify');
  });

  test('from a target the recovery point is fetched first, once', () => {
    const from = { targetRef: { name: 's3' } };
    const transfer = { phase: 'Listing', attempt: 1, location: 'x' } as const;
    expect(kind(appRestore({ from }))).toBe('fetch');
    expect(kind(appRestore({ from }, { phase: 'Fetching', transfer }))).toBe('fetch');
    expect(kind(appRestore({ from }, { phase: 'Fetching', transfer: { ...transfer, phase: 'Fetched' } }))).toBe('plan');
    // Movers leave something also for a dry run.
    expect(kind(appRestore({ from, dryRun: true }, {}, bare))).toBe('addFinalizer');
  });

  test('what is staged is filled and cut before volumes are made from it', () => {
    const staged = { from: { targetRef: { name: 's3' }, staged: true } };
    expect(kind(appRestore(staged, { phase: 'Planned' }))).toBe('stage');
    expect(kind(appRestore(staged, { phase: 'Staging' }))).toBe('stage');
    expect(kind(appRestore(staged, { phase: 'RestoringVolumes' }))).toBe('volumes');
    expect(kind(appRestore({ ...staged, what: 'Configuration' }, { phase: 'Planned' }))).toBe('volumes');
  });

  test('what movers have left goes when it has ended, whatever the end', () => {
    const transfer = { phase: 'Fetched', attempt: 0, location: 'x' } as const;
    for (const phase of ['Ready', 'Failed'] as const) {
      expect(kind(appRestore({}, { phase, transfer }))).toBe('sweep');
      expect(kind(appRestore({ suspend: true }, { phase, transfer }))).toBe('sweep');
    }
  });

  test('the finalizer comes before anything is made, and never for a dry run', () => {
    expect(kind(appRestore({}, {}, bare))).toBe('addFinalizer');
    expect(kind(appRestore({ dryRun: true }, {}, bare))).toBe('plan');
  });

  test('only starting and checking have a time limit', () => {
    const applicationsStartTime = '2026-01-01T00:44:59Z';
    expect(kind(appRestore({}, { phase: 'Starting', applicationsStartTime }))).toBe('timeout');
    expect(kind(appRestore({}, { phase: 'Verifying', applicationsStartTime }))).toBe('timeout');
    expect(kind(appRestore({}, { phase: 'Starting', applicationsStartTime: '2026-01-01T00:45:01Z' }))).toBe('start');
    expect(kind(appRestore({}, { phase: 'RestoringVolumes', startTime: applicationsStartTime }))).toBe('volumes');
  });

  test('whatever the phase: suspended begins nothing, deleted only cleans up', () => {
    fc.assert(
      fc.property(fc.constantFrom(...restorePhases), fc.boolean(), fc.boolean(), (phase, suspend, guarded) => {
        const metadata = { deletionTimestamp: deleted, finalizers: guarded ? appRestore().metadata.finalizers : [] };
        expect(kind(appRestore({ suspend: true }, { phase }))).toBe(phase === 'Ready' || phase === 'Failed' ? 'idle' : 'suspended');
        expect(kind(appRestore({ suspend }, { phase }, metadata as Parameters<typeof appRestore>[2]))).toBe(guarded ? 'delete' : 'idle');
      }),
    );
  });
});
