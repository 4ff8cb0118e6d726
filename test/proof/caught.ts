import { expect } from '@jest/globals';
import type { AppSnapshot } from '../../src/api/kinds.js';
import { deleteAndWait, readyOf, takeCopy, untilNoSnapshots } from '../e2e/lib/copies.js';
import type { ProofApplication } from './applications.js';
import { isProven } from './check.js';
import { cutUnderLoad, lanesOf, restoreAndCheck } from './cuts.js';
import { startTokens } from './tokens.js';

/** The databases that a bad cut is made of, and what is written down of it. */
export interface Bench {
  readonly namespace: string;
  readonly apps: readonly ProofApplication[];
  readonly record: (figures: Readonly<Record<string, unknown>>) => void;
}

type Spec = Readonly<Record<string, unknown>>;

/** A copy that is to be kept under load although it is bad, and what it must call itself. */
export interface Kept {
  readonly name: string;
  readonly spec: Spec;
  readonly grade: string;
  /** Rounds of the ring before it is asked for. */
  readonly rounds: number;
}

/** Takes such a copy and restores it: the grade must say what it is, and the tokens must show it. Resolves with how many were lost; NaN when no server came up. */
export async function keptAndCaught({ namespace, apps, record }: Bench, { name, spec, grade, rounds }: Kept): Promise<{ copy: AppSnapshot; lost: number }> {
  const cut = await cutUnderLoad({ namespace, name, apps, rounds, spec });
  const { copy } = cut;
  // Without the adapters' checks: the tokens alone must tell.
  const { restore, result } = await restoreAndCheck(cut, { verify: { enabled: false, timeout: '150s' } });
  await deleteAndWait('appsnapshot', namespace, name);
  const { lost, gaps, extra, acknowledged } = result ?? { lost: [], gaps: [], extra: [], acknowledged: 0 };
  record({ grade: copy.status?.grade, restore: restore.status?.phase, reason: readyOf(restore.status)?.reason, acknowledged, lost: lost.length, gaps: gaps.length, extra: extra.length });
  expect(copy.status?.grade).toBe(grade);
  // A copy so bad that a server does not start on it says so as its reason.
  if (result === undefined) expect(readyOf(restore.status)?.reason).toMatch(/^(StartFailed|CheckFailed)$/);
  else expect(isProven(result)).toBe(false);
  return { copy, lost: result?.lost.length ?? NaN };
}

/** A copy of which none may come. */
export interface Refused {
  readonly name: string;
  readonly spec: Spec;
  readonly reason: RegExp;
  /** Of the message, where the reason alone does not tell. */
  readonly says?: RegExp;
  /** What is in its way begins, and ends. */
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
}

/** Asks for such a copy under load: there must be none, for a true reason, and clients see no error. */
export async function refusedUnderLoad({ namespace, apps, record }: Bench, { name, spec, reason, says, begin, end }: Refused): Promise<void> {
  const tokens = await startTokens(namespace, apps.map((app) => app.name).join(','), await lanesOf(apps, namespace));
  await begin();
  const copy = await takeCopy(namespace, name, spec, 180).finally(() => end());
  await tokens.untilRing(10, 60);
  const history = await tokens.stop();
  const ready = readyOf(copy.status);
  record({ phase: copy.status?.phase, reason: ready?.reason });
  expect(copy.status).toMatchObject({ phase: 'Failed' });
  expect(copy.status?.grade).toBeUndefined();
  expect(ready?.reason).toMatch(reason);
  if (says !== undefined) expect(ready?.message).toMatch(says);
  expect(history.filter((sent) => sent.error !== undefined)).toEqual([]);
  await untilNoSnapshots(namespace);
}
