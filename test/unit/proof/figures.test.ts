import { describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { figuresOf, heldByApplication, type ProofRow } from '../../proof/figures.js';

const hold = (heldMillis: number | undefined, ...pods: string[]) => ({ heldMillis, targets: pods.map((pod) => ({ pod, container: 'server' })) });
const application = (name: string, ...pods: string[]) => ({ name, members: pods.map((pod) => ({ pod })) });
const copy = (holds: readonly object[], applications: readonly object[]) => ({ status: { holds, applications } }) as unknown as AppSnapshot;

describe('how long each application was held', () => {
  const both = [application('postgresql', 'pg-0'), application('kafka', 'kafka-0', 'kafka-1')];

  test('is the longest of the holds with a member of it', () => {
    expect(heldByApplication(copy([hold(300, 'pg-0', 'kafka-0'), hold(250, 'kafka-1')], both))).toEqual({ postgresql: 300, kafka: 300 });
    expect(heldByApplication(copy([hold(200, 'pg-0'), hold(250, 'kafka-1', 'kafka-0')], both))).toEqual({ postgresql: 200, kafka: 250 });
  });

  test('is no number where nothing was held, or the holder did not say it', () => {
    expect(heldByApplication(copy([hold(undefined, 'pg-0')], both))).toEqual({ postgresql: NaN, kafka: NaN });
  });
});

test('figures have the percentiles of the window, and those of each application', () => {
  const row = (run: number, heldMs: number): ProofRow => ({
    run, grade: 'Frozen', acknowledged: 10, lost: 0, gaps: 0, extra: 0, heldMs, heldMsOf: { postgresql: heldMs - 1, kafka: heldMs - 2 }, overheadMs: 5, longestGapMs: heldMs + 50,
    clientErrors: 0, checksPassed: 3, checksFailed: 0, contacts: 0, tries: 0,
  });
  expect(figuresOf([row(1, 100), row(2, 300), row(3, 200)])).toEqual({
    runs: 3, acknowledged: 30, lost: 0, gaps: 0, heldMsP50: 200, heldMsP99: 300, heldMsOf: { postgresql: { p50: 199, p99: 299 }, kafka: { p50: 198, p99: 298 } }, longestGapMs: 350, clientErrors: 0,
  });
});
