import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { restorePhases, type RestorePhase } from '../../../src/api/apprestore.js';
import { decide, type RestorePlan } from '../../../src/controllers/apprestore/decide.js';
import { restoresUsing } from '../../../src/controllers/apprestore/in-use.js';
import { appRestore, appSnapshot } from './apprestore-fixtures.js';

const at = Date.parse('2026-01-01T01:00:00Z');
const kind = (object: ReturnType<typeof appRestore>): string => decide({ object, now: at }).kind;
const bare = { finalizers: [] };
const deleted = '2026-01-01T00:59:00Z';

describe('decide', () => {
  test.each<[RestorePhase | undefined, RestorePlan['kind']]>([
    [undefined, 'plan'],
    ['Pending', 'plan'],
    ['Planned', 'volumes'],
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

describe('a copy in use', () => {
  const source = { appSnapshot: 's', uid: 'uid-s', setId: 'set-1', grade: 'Frozen' };
  const users = (...restores: ReturnType<typeof appRestore>[]): string[] =>
    restoresUsing({ appRestores: { by: (index: string, value: string) => (index === 'source' && value === 'shop/s' ? restores : []) } } as unknown as Parameters<typeof restoresUsing>[0], appSnapshot());

  test('from the plan to the end, and for as long as a deletion has not cleaned up', () => {
    expect(users(appRestore({}, { phase: 'RestoringVolumes', source }))).toEqual(['r']);
    expect(users(appRestore({}, { phase: 'Verifying', source }, { deletionTimestamp: deleted }))).toEqual(['r']);
    expect(users(appRestore({}, { phase: 'Ready', source }), appRestore({}, { phase: 'Failed', source }), appRestore({}, {}))).toEqual([]);
  });

  test('another AppSnapshot of the same name does not count', () => {
    expect(users(appRestore({}, { phase: 'Starting', source: { ...source, uid: 'older' } }))).toEqual([]);
  });
});
