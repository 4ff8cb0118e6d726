import type { VolumePolicy } from '../../api/kinds.js';
import type { VolumePolicyStatus } from '../../api/volumepolicy.js';
import type { ConditionInput } from '../../runtime/conditions.js';
import type { PolicyCopy } from './copies.js';
import type { TargetCopy } from './targets.js';

type TargetState = NonNullable<VolumePolicyStatus['targets']>[number];

/** How copies outside the storage of the cluster stand. */
export interface OffsiteReport {
  readonly change: Pick<VolumePolicyStatus, 'targets' | 'lastOffsite'>;
  /** The condition Copied. */
  readonly copied: Omit<ConditionInput, 'observedGeneration'>;
}

/** How they stand. Pure. */
export function offsiteOf({ spec }: VolumePolicy, copies: readonly PolicyCopy[]): OffsiteReport {
  const staying = copies.filter((copy) => !copy.leaving);
  const targets = (spec.protection?.copies ?? []).map(({ targetRef }) => stateOf(targetRef.name, staying));
  const [behind] = targets.flatMap(({ target, lastCopy }) => (lastCopy === undefined ? [] : [{ target, name: lastCopy.name, at: lastCopy.at }])).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const all = targets.every(({ lastCopy }) => lastCopy !== undefined);
  return { change: { targets: targets.length === 0 ? undefined : targets, lastOffsite: all ? behind : undefined }, copied: conditionOf(targets) };
}

function stateOf(target: string, copies: readonly PolicyCopy[]): TargetState {
  const there = copies
    .flatMap((copy) => copy.targets.filter((t) => t.target === target && !t.leaving).map((own) => ({ copy, own })))
    .sort((a, b) => b.copy.due - a.copy.due);
  const complete = there.filter(({ own }) => own.state === 'complete');
  const [last] = complete;
  const { trouble } = there.slice(0, last === undefined ? undefined : there.indexOf(last)).find(({ own }) => own.trouble !== undefined)?.own ?? {};
  return {
    target,
    copies: complete.length,
    ...(last === undefined ? {} : { lastCopy: { name: last.copy.name, at: new Date(last.copy.cutAt ?? last.copy.due).toISOString(), ...completedAt(last.own) } }),
    ...(trouble === undefined ? {} : { reason: trouble.reason, message: trouble.message }),
  };
}

function completedAt({ completedAt: at }: TargetCopy): { completedAt?: string } {
  return at === undefined ? {} : { completedAt: at };
}

function conditionOf(targets: readonly TargetState[]): OffsiteReport['copied'] {
  const type = 'Copied';
  if (targets.length === 0) return { type, status: 'Unknown', reason: 'NoTargets', message: 'spec.protection.copies is not set.' };
  const message = targets.map(sentence).join(' ');
  const troubled = targets.find(({ reason }) => reason !== undefined);
  if (troubled !== undefined) return { type, status: 'False', reason: troubled.reason ?? 'Copying', message };
  if (targets.some(({ lastCopy }) => lastCopy === undefined)) return { type, status: 'Unknown', reason: 'NoCopyYet', message };
  return { type, status: 'True', reason: 'CopiesComplete', message };
}

function sentence({ target, lastCopy, message }: TargetState): string {
  const last = lastCopy === undefined ? 'no copy is complete yet.' : `the newest complete copy, ${lastCopy.name}, was cut at ${lastCopy.at}.`;
  return `${target}: ${last}${message === undefined ? '' : ` No newer one is complete: ${message}`}`;
}
