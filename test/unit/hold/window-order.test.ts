import { describe, expect, test } from '@jest/globals';
import { fail } from '../../../src/api/errors.js';
import { runWindow } from '../../../src/hooks/hold/window.js';
import type { WindowDeps } from '../../../src/hooks/hold/window-deps.js';
import type { Cut, WindowResult } from '../../../src/hooks/hold/window-types.js';
import { silentLogger } from '../../../src/observability/logger.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { LocalExec } from './local-exec.js';

/** Windows that hold nobody: only the order of what they do is left. */
function run(cuts: readonly Cut[], deps: Partial<WindowDeps> = {}, maxMillis = 2000): Promise<WindowResult> {
  return runWindow(
    { holders: [], cuts, limits: { ttlMillis: 1000, maxMillis, beatMillis: 300, readyMillis: 1000 } },
    {
      exec: new LocalExec(() => ({ file: 'false', args: [] })),
      account: { namespace: 'shop', name: 'backup' },
      podProgram: '',
      clock: systemClock(),
      logger: silentLogger(),
      signal: new AbortController().signal,
      mayAct: () => true,
      announce: () => Promise.resolve(),
      ...deps,
    },
  );
}

describe('cuts with an order', () => {
  const recorded = (): { order: string[]; cut: (name: string, last: boolean, error?: Error) => Cut } => {
    const order: string[] = [];
    const cut = (name: string, last: boolean, error?: Error): Cut => ({
      name,
      atomic: false,
      claimUids: [name],
      last,
      run: async () => {
        order.push(`${name} begins`);
        await new Promise(setImmediate);
        if (error !== undefined) throw error;
        order.push(`${name} made`);
      },
    });
    return { order, cut };
  };

  test('the last cuts wait for all others and for the step in between', async () => {
    const { order, cut } = recorded();
    const step = async (): Promise<void> => {
      await new Promise(setImmediate);
      order.push('step');
    };
    const result = await run([cut('wal', true), cut('data', false), cut('fast', false)], { beforeLastCuts: step });
    expect(order).toEqual(['data begins', 'fast begins', 'data made', 'fast made', 'step', 'wal begins', 'wal made']);
    expect(result).toMatchObject({ overlapped: true, allReleased: true, cutsSeen: ['data', 'fast', 'wal'] });
    expect(result.error).toBeUndefined();
  });

  test('a window without last cuts takes no step', async () => {
    const { order, cut } = recorded();
    await run([cut('data', false)], { beforeLastCuts: () => Promise.reject(new Error('never asked')) });
    expect(order).toEqual(['data begins', 'data made']);
  });

  test.each([
    ['the step fails', [false, fail('ApplicationNotReady', 'the session has ended')] as const, 'ApplicationNotReady'],
    ['a cut before it fails', [true, fail('SnapshotFailed', 'no space')] as const, 'SnapshotFailed'],
  ])('%s: nothing is cut any more', async (_, [cutFails, error], code) => {
    const { order, cut } = recorded();
    const result = await run([cut('data', false, cutFails ? error : undefined), cut('wal', true)], { beforeLastCuts: () => (cutFails ? Promise.resolve() : Promise.reject(error)) });
    expect(result.error?.code).toBe(code);
    expect(order).not.toContain('wal begins');
  });

  test('a step that hangs ends with the time of the window, and so does leadership', async () => {
    const { order, cut } = recorded();
    const late = await run([cut('data', false), cut('wal', true)], { beforeLastCuts: () => new Promise(() => undefined) }, 200);
    expect(late.error).toMatchObject({ code: 'CutTooSlow', message: expect.stringContaining('the step before the last cuts') as unknown as string });
    let asked = 0;
    const deposed = await run([cut('data', false), cut('wal', true)], { mayAct: () => ++asked < 3 });
    expect(deposed.error?.code).toBe('LeaseTooOld');
    expect(order).not.toContain('wal begins');
  });
});
