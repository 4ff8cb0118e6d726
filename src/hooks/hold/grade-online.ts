import type { Cap } from '../adapter.js';
import type { ClaimEvidence } from './claim-evidence.js';
import type { GradedApplication } from './grade-types.js';

/**
 * Caps of an application that was copied by its own online method: nothing of it was held, so its volumes have no common
 * instant, and its method alone makes them one copy (3-stillness.md, 3.4). That orders nothing with anybody else. Pure.
 * @param own its claims; @param all those of the copy
 */
export function onlineCaps(app: GradedApplication, own: readonly ClaimEvidence[], all: readonly ClaimEvidence[]): Cap[] {
  const caps: Cap[] = [
    ...app.caps,
    { grade: 'Quiesced', reason: `${app.name} was not held: its own online method makes the copy consistent, with nothing else.` },
    ...own.filter((e) => !e.cut).map((e): Cap => ({ grade: 'Inconsistent', reason: `Claim ${e.claim.claim} was not seen in a cut.` })),
    ...own.flatMap((e) => (e.changed === undefined ? [] : [{ grade: 'CrashConsistent', reason: e.changed } as const])),
  ];
  if (own.length === 0) caps.push({ grade: 'Inconsistent', reason: `No claim of ${app.name} belongs to the copy.` });
  const others = all.filter((e) => mayBeWritten(e) && !isOnlyOf(e, app.name)).map((e) => e.claim.claim);
  if (others.length > 0) {
    caps.push({ grade: 'Inconsistent', reason: `Nothing orders the copy of ${app.name}, made by its own online method, with ${others.join(', ')}: make a copy of its own for it, with spec.selector.` });
  }
  return caps;
}

function mayBeWritten({ claim }: ClaimEvidence): boolean {
  return claim.still !== 'Unmounted' && claim.still !== 'ReadOnly';
}

function isOnlyOf({ claim }: ClaimEvidence, name: string): boolean {
  return claim.applications.length === 1 && claim.applications[0] === name;
}
