import { describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { barrier } from '../../../src/hooks/hold/barrier.js';
import { systemClock } from '../../../src/runtime/clock.js';

const never = new Promise<never>(() => undefined);

function options(withinMillis: number, signal = new AbortController().signal): Parameters<typeof barrier>[1] {
  return { clock: systemClock(), withinMillis, signal, late: (missing) => new Error(`late: ${missing.join(',')}`) };
}

describe('barrier', () => {
  test('gives all results in order', async () => {
    const members = [30, 10, 20].map((millis) => ({ name: `${millis}`, done: pause(millis, millis) }));
    expect(await barrier(members, options(1000))).toEqual([30, 10, 20]);
    expect(await barrier([], options(1000))).toEqual([]);
  });

  test('rejects at the first failure, without waiting for the others', async () => {
    const failing = pause(5).then(() => Promise.reject(new Error('refused')));
    await expect(barrier([{ name: 'a', done: never }, { name: 'b', done: failing }], options(5000))).rejects.toThrow('refused');
  });

  test('names exactly those that are late', async () => {
    const members = [{ name: 'a', done: never }, { name: 'b', done: Promise.resolve(1) }, { name: 'c', done: never }];
    await expect(barrier(members, options(20))).rejects.toThrow('late: a,c');
  });

  test('ends with the reason of the signal, also when it was aborted before', async () => {
    const controller = new AbortController();
    const waiting = barrier([{ name: 'a', done: never }], options(5000, controller.signal));
    controller.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    await expect(barrier([{ name: 'a', done: Promise.resolve(1) }], options(5000, controller.signal))).rejects.toThrow('given up');
  });

  test('a failure after the end goes nowhere', async () => {
    const late = pause(30).then(() => Promise.reject(new Error('too late')));
    await expect(barrier([{ name: 'a', done: late }], options(5))).rejects.toThrow('late: a');
    await pause(50);
  });
});
