import { grades, type Grade } from '../../api/common.js';
import type { Cap } from '../adapter.js';
import { claimEvidence, type ClaimEvidence } from './claim-evidence.js';
import { settleOf } from './gates.js';
import { onlineCaps } from './grade-online.js';
import type { ApplicationGrade, GradedApplication, GradeInput, GradeReport } from './grade-types.js';
import type { HoldersPlan } from './plan-types.js';
import type { Cut, HolderPlan, HoldResult } from './window-types.js';

/** The worse of two grades. */
export function worseGrade(a: Grade, b: Grade): Grade {
  return grades.indexOf(a) > grades.indexOf(b) ? a : b;
}

/** True when a grade is at least as good as what is required. */
export function meetsGrade(grade: Grade, required: Grade): boolean {
  return grades.indexOf(grade) <= grades.indexOf(required);
}

/**
 * Grades a copy by its evidence (3-stillness.md, 3.4). Pure. Whatever is not known counts against the copy.
 *
 * The cut is consistent when all claims that could be written lie in one atomic cut, made while all others were still:
 * a still volume looks at that instant as it does in its own cut. With nobody held this is the storage-atomic group,
 * with everybody held the overlap.
 */
export function gradeCopy(input: GradeInput): GradeReport {
  const evidence = claimEvidence(input);
  const moving = evidence.filter((e) => !e.still);
  const consistent = oneInstant(moving, input);
  const applications = input.applications.map((app) => {
    const own = evidence.filter((e) => e.claim.applications.includes(app.name));
    return gradeApplication(app, app.online === true ? onlineCaps(app, own, evidence) : capsOf(app, own, consistent, moving, input));
  });
  const rest = evidence.filter((e) => e.claim.applications.length === 0);
  const others = gradeApplication({ name: '' }, restCaps(rest, consistent, moving, input));
  const all = [...applications, ...(rest.length === 0 ? [] : [others])];
  return {
    grade: all.length === 0 ? 'Inconsistent' : all.map((a) => a.grade).reduce(worseGrade),
    reasons: [...new Set(all.flatMap((a) => a.caps))],
    applications,
  };
}

/** The best grade that a plan can reach: what is proven when everything goes well. */
export function reachableGrade(plan: { holders: HoldersPlan; cuts: readonly Pick<Cut, 'atomic' | 'claimUids'>[]; applications: readonly GradedApplication[] }): GradeReport {
  const cuts = plan.cuts.map((cut, i) => ({ name: String(i), atomic: cut.atomic, claimUids: cut.claimUids }));
  return gradeCopy({
    claims: plan.holders.claims,
    applications: plan.applications,
    cuts,
    cutsMade: new Set(cuts.map((cut) => cut.name)),
    window: { holds: plan.holders.holders.map(wentWell), overlapped: true },
    changed: new Map(),
  });
}

/** What a hold comes to when everything goes as planned. */
export function wentWell({ id, fence, gates }: HolderPlan): HoldResult {
  const settled = gates === undefined ? {} : { settledMillis: settleOf([{ gates }]) };
  return { id, frozen: true, ...settled, ...(fence === undefined ? {} : { fenced: true }), synced: true, unbroken: true, endedBy: 'release', heldMillis: undefined, freezeMillis: undefined, syncMillis: undefined, thawMillis: undefined };
}

/** All claims that could be written are in one cut of one instant. A single volume is always cut at one instant. */
function oneInstant(moving: readonly ClaimEvidence[], input: GradeInput): boolean {
  const together = (uids: readonly string[]): boolean => moving.every((e) => uids.includes(e.claim.uid));
  return moving.length === 0 || input.cuts.some((cut) => input.cutsMade.has(cut.name) && together(cut.claimUids) && (cut.atomic || moving.length === 1));
}

function capsOf(app: GradedApplication, own: readonly ClaimEvidence[], consistent: boolean, moving: readonly ClaimEvidence[], input: GradeInput): Cap[] {
  const caps = [...claimCaps(own, consistent, moving, input), ...app.caps];
  if (own.length === 0) caps.push({ grade: 'Inconsistent', reason: `No claim of ${app.name} belongs to the copy.` });
  if ((app.settledMillis ?? 0) < app.settleMillis) {
    const because = app.settleBecause === undefined ? '' : ` (${app.settleBecause})`;
    const needs = 'that needs an agent on its node, pods without hostNetwork, clients on TCP ports only, limits that leave time for it, and an unbroken hold';
    caps.push({ grade: 'CrashConsistentSynced', reason: `${app.name} makes its last writes recoverable only after ${app.settleMillis} ms without clients${because}, which are not proven: ${needs}.` });
  }
  if (app.kind === 'Generic' && !app.caps.some((cap) => !meetsGrade(cap.grade, 'Quiesced'))) {
    caps.push({ grade: 'CrashConsistentSynced', reason: `${app.name} is of kind Generic: how it recovers what it acknowledged is not known.` });
  }
  return caps;
}

/** Claims of no application: nothing is known of their data, unless nobody could write. */
function restCaps(rest: readonly ClaimEvidence[], consistent: boolean, moving: readonly ClaimEvidence[], input: GradeInput): Cap[] {
  const caps = claimCaps(rest, consistent, moving, input);
  const written = rest.filter((e) => e.claim.still === 'Frozen' || e.claim.still === 'Fenced').map((e) => e.claim.claim);
  if (written.length > 0) caps.push({ grade: 'CrashConsistentSynced', reason: `How the data of ${written.join(', ')} is recovered is not known.` });
  return caps;
}

/** The table of 3.4, from what was seen of the volumes. */
function claimCaps(own: readonly ClaimEvidence[], consistent: boolean, moving: readonly ClaimEvidence[], input: GradeInput): Cap[] {
  const caps: Cap[] = own.filter((e) => !e.cut).map((e) => ({ grade: 'Inconsistent', reason: `Claim ${e.claim.claim} was not seen in a cut.` }));
  const ownMoving = own.filter((e) => !e.still);
  const whole = own.every((e) => e.synced) ? 'CrashConsistentSynced' : 'CrashConsistent';
  if (own.every((e) => e.still && e.synced)) return caps;
  if (consistent && own.every((e) => (e.still || e.fenced) && e.synced)) return [...caps, ...fenceCaps(own)];
  const grade: Grade = ownMoving.length === 0 || consistent ? whole : 'Inconsistent';
  const reasons = [...new Set([...windowReasons(input), ...own.filter((e) => !e.still || !e.synced).flatMap((e) => e.reasons)])];
  if (grade === 'Inconsistent') reasons.push(`Nothing proves that ${moving.map((e) => e.claim.claim).join(', ')} were cut at one instant: neither one atomic cut nor an unbroken hold covers them all.`);
  caps.push(...reasons.map((reason) => ({ grade, reason })));
  if (reasons.length === 0) caps.push({ grade, reason: `${own.map((e) => e.claim.claim).join(', ')}: not proven to have been held and synced.` });
  return caps;
}

/** Clients could not write, but the server could: a cut of one instant is needed besides, and it is no freeze. */
function fenceCaps(own: readonly ClaimEvidence[]): Cap[] {
  const names = own.filter((e) => !e.still).map((e) => e.claim.claim);
  return [{ grade: 'Quiesced', reason: `${names.join(', ')}: clients were kept from writing by the database itself, no process was frozen.` }];
}

function windowReasons(input: GradeInput): string[] {
  if (input.window === undefined) return ['The end of the window was not seen.'];
  if (input.window.overlapped) return [];
  return [input.window.error?.publicMessage ?? 'The holds did not all last from before the first cut until after the last.'];
}

function gradeApplication(app: { readonly name: string }, caps: readonly Cap[]): ApplicationGrade {
  return { name: app.name, grade: caps.map((cap) => cap.grade).reduce(worseGrade, 'Frozen'), caps: [...new Set(caps.map((cap) => cap.reason))] };
}
