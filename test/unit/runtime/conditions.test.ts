import { expect, test } from '@jest/globals';
import { findCondition, isTrue, mergeConditions, setCondition } from '../../../src/runtime/conditions.js';
import type { ConditionInput } from '../../../src/runtime/conditions.js';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds, 789));
const ready = (status: 'True' | 'False', message = 'm', observedGeneration = 1): ConditionInput => ({ type: 'Ready', status, reason: 'R', message, observedGeneration });

test('the transition time moves with status, reason or message and with nothing else', () => {
  const first = setCondition([], ready('False'), at(1));
  expect(first[0]?.lastTransitionTime).toBe('2026-01-01T00:00:01Z');
  expect(setCondition(first, ready('False', 'm', 2), at(2))[0]).toMatchObject({ lastTransitionTime: '2026-01-01T00:00:01Z', observedGeneration: 2 });
  for (const change of [ready('True'), ready('False', 'other'), { ...ready('False'), reason: 'Other' }]) {
    expect(setCondition(first, change, at(3))[0]?.lastTransitionTime).toBe('2026-01-01T00:00:03Z');
  }
});

test('conditions that we do not set stay as they are', () => {
  const foreign = { type: 'Foreign', status: 'True', reason: 'F', message: 'x', lastTransitionTime: '2020-01-01T00:00:00Z' } as const;
  expect(findCondition(setCondition([foreign], ready('True'), at(1)), 'Foreign')).toEqual(foreign);
});

test('Reconciling and Stalled exist only while True', () => {
  const on = mergeConditions([], [{ type: 'Stalled', status: 'True', reason: 'S', message: '' }], { now: at(1) });
  expect(isTrue(on, 'Stalled')).toBe(true);
  expect(mergeConditions(on, [{ type: 'Stalled', status: 'False', reason: 'S', message: '' }], { now: at(2) })).toEqual([]);
  expect(mergeConditions(on, [], { now: at(2), remove: ['Stalled'] })).toEqual([]);
});

test('order: Stalled, Reconciling, Ready, then newest generation, then type', () => {
  const types = ['Zeta', 'Ready', 'Alpha', 'Reconciling', 'Newer', 'Stalled'];
  const inputs = types.map((type): ConditionInput => ({ type, status: 'True', reason: 'R', message: '', observedGeneration: type === 'Newer' ? 2 : 1 }));
  expect(mergeConditions([], inputs, { now: at(1) }).map((c) => c.type)).toEqual(['Stalled', 'Reconciling', 'Ready', 'Newer', 'Alpha', 'Zeta']);
});

test('messages are cut at 32,768 characters, and a cut one equals itself', () => {
  const long = ready('True', 'x'.repeat(40_000));
  const first = setCondition([], long, at(1));
  expect(first[0]?.message).toHaveLength(32_768);
  expect(setCondition(first, long, at(2))[0]?.lastTransitionTime).toBe('2026-01-01T00:00:01Z');
});
