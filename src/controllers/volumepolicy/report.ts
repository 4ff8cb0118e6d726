import { durationMillis } from '../../api/common.js';
import type { VolumePolicy } from '../../api/kinds.js';
import type { VolumePolicyStatus } from '../../api/volumepolicy.js';
import type { ConditionInput } from '../../runtime/conditions.js';
import type { StatusChange, Verdict } from '../status-writer.js';
import type { PolicyCopy } from './copies.js';
import { drillConditions } from './drill/report.js';
import type { DrillLook } from './drill/step.js';
import { offsiteOf } from './offsite.js';
import type { VolumesLook } from './volumes/step.js';

type Reported = Omit<ConditionInput, 'observedGeneration'>;

/** What comes next, ms since the epoch, and what the look at the drills has come to. */
interface Outlook {
  readonly copy: number | undefined;
  readonly drill: number | undefined;
  readonly drills: Pick<DrillLook, 'trouble' | 'stuck'> | undefined;
}

/** How a policy stands, as status says it. */
export interface PolicyReport {
  readonly change: StatusChange<Omit<VolumePolicyStatus, 'conditions' | 'observedGeneration'>>;
  readonly verdict: Verdict;
  /** RPOMet, Copied, those of drills, Verified and DrillRemoved, and Compliant. */
  readonly conditions: readonly Reported[];
  /** When the objective will be missed if no copy comes, ms since the epoch. */
  readonly missedAt: number | undefined;
}

/** How it stands. Pure. */
export function reportOf(object: VolumePolicy, copies: readonly PolicyCopy[], { copy: next, drill, drills }: Outlook, now: number): PolicyReport {
  const ready = copies.filter((copy) => copy.state === 'ready' && !copy.leaving);
  const { rpo } = object.spec.protection ?? {};
  const offsite = offsiteOf(object, copies);
  const newest = newestOf(ready);
  const verified = newestOf(copies.filter((copy) => !copy.leaving && copy.verifiedAt !== undefined && isThere(copy)));
  const { met, missedAt } = objective(object, newest, now);
  return {
    change: {
      lastCopy: newest?.grade === undefined ? undefined : { name: newest.name, at: time(newest.cutAt), grade: newest.grade },
      lastVerified: verified?.verifiedAt === undefined ? undefined : { name: verified.name, at: time(verified.cutAt), verifiedAt: verified.verifiedAt },
      copies: ready.length,
      nextCopy: next === undefined ? undefined : time(next),
      nextDrill: drill === undefined ? undefined : time(drill),
      rpoSeconds: rpo === undefined ? undefined : Math.floor(durationMillis(rpo) / 1000),
      ...offsite.change,
    },
    verdict: verdictOf(object, copies, next),
    conditions: [met, offsite.copied, ...drillConditions(object, drills)],
    missedAt,
  };
}

/** The same with how the volumes stand. Copies that fail are said before volumes that do not follow. Pure. */
export function withVolumes(report: PolicyReport, { report: volumes, trouble }: Pick<VolumesLook, 'report' | 'trouble'>): PolicyReport {
  return {
    ...report,
    change: { ...report.change, ...volumes?.change },
    verdict: report.verdict.kind === 'ready' && trouble !== undefined ? trouble : report.verdict,
    conditions: [...report.conditions, ...(volumes === undefined ? [] : [volumes.compliant])],
  };
}

/** It can be restored, from its snapshots or from a target. */
function isThere({ state, targets }: PolicyCopy): boolean {
  return state === 'ready' || targets.some((copy) => copy.state === 'complete' && !copy.leaving);
}

/** By the cut: a copy that was begun late is as new as its data. */
function newestOf(copies: readonly PolicyCopy[]): (PolicyCopy & { readonly cutAt: number }) | undefined {
  const cut = copies.filter((copy): copy is PolicyCopy & { cutAt: number } => copy.cutAt !== undefined);
  return cut.reduce<(typeof cut)[number] | undefined>((best, copy) => (best === undefined || copy.cutAt > best.cutAt ? copy : best), undefined);
}

function verdictOf({ spec: { protection } }: VolumePolicy, copies: readonly PolicyCopy[], next: number | undefined): Verdict {
  if (protection === undefined) return { kind: 'ready', reason: 'Enforced', message: 'Volumes are as the policy says, or the condition Compliant says what is not so.' };
  const [last] = copies.filter((copy) => !copy.leaving).sort((a, b) => b.due - a.due);
  if (last?.problem !== undefined) {
    const failed = last.state === 'failed';
    const text = `AppSnapshot ${last.name}, due at ${time(last.due)}, ${failed ? 'has failed' : 'is not made yet'}: ${last.problem}`;
    return { kind: 'working', reason: failed ? 'CopyFailed' : 'CopyWaiting', message: failed ? text : `${text} No other is begun before it has ended.` };
  }
  if (protection.schedule.suspend) return { kind: 'ready', reason: 'Suspended', message: 'spec.protection.schedule.suspend is true: no copies are made.' };
  return { kind: 'ready', reason: 'Scheduled', message: next === undefined ? 'The schedule is in force.' : `The next copy is begun at ${time(next)}.` };
}

function objective({ metadata, spec }: VolumePolicy, newest: (PolicyCopy & { readonly cutAt: number }) | undefined, now: number): { readonly met: Reported; readonly missedAt: number | undefined } {
  const { rpo } = spec.protection ?? {};
  const type = 'RPOMet';
  if (rpo === undefined) return { met: { type, status: 'Unknown', reason: 'NoObjective', message: 'spec.protection.rpo is not set.' }, missedAt: undefined };
  const missedAt = (newest?.cutAt ?? Date.parse(metadata.creationTimestamp)) + durationMillis(rpo);
  const missed = now > missedAt;
  if (newest === undefined) {
    const message = missed ? `There is no good copy, although the policy is older than the objective of ${rpo}.` : `There is no good copy yet; the objective of ${rpo} counts from the creation of the policy.`;
    return { met: { type, status: missed ? 'False' : 'Unknown', reason: missed ? 'RPOMissed' : 'NoCopyYet', message }, missedAt };
  }
  const cut = `The newest good copy, ${newest.name}, was cut at ${time(newest.cutAt)}`;
  if (missed) return { met: { type, status: 'False', reason: 'RPOMissed', message: `${cut}, longer ago than the objective of ${rpo}.` }, missedAt };
  return { met: { type, status: 'True', reason: 'WithinObjective', message: `${cut}; the objective of ${rpo} holds until ${time(missedAt)}.` }, missedAt };
}

/** Whole milliseconds, as the API has times. */
function time(at: number | undefined): string {
  return new Date(at ?? 0).toISOString();
}
