import { durationMillis } from '../../../api/common.js';
import type { AppRestore, VolumePolicy } from '../../../api/kinds.js';
import type { DrillResult, DrillStatus } from '../../../api/volumepolicy.js';
import { dueOf, readSchedule } from '../cadence.js';
import type { PolicyCopy } from '../copies.js';
import { copyToDrill, drilledTarget, wrongTarget } from './choose.js';
import { drillName } from './names.js';
import { ended, resultOf, timedOut } from './result.js';

/** The namespace of a drill as it is found. */
export type Place =
  | { readonly kind: 'absent' }
  /** A namespace of that name that this policy has not made. */
  | { readonly kind: 'foreign' }
  /** `leaving`: since when it is being deleted, and what it says of that. */
  | { readonly kind: 'ours'; readonly name: string; readonly uid: string; readonly leaving?: { readonly since: string; readonly why: string } };

/** The AppRestore of a drill as it is found. */
export type Restore =
  | { readonly kind: 'absent' }
  /** An AppRestore of that name that is not the drill's. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'ours'; readonly object: AppRestore };

/** What {@link decideDrill} sees. */
export interface DrillInput {
  readonly object: VolumePolicy;
  readonly copies: readonly PolicyCopy[];
  readonly now: number;
  /** An admin has switched drills on. */
  readonly enabled: boolean;
  /** A drill without isolation counts for nothing. */
  readonly requireIsolation: boolean;
  /** Longest drill that an admin allows, ms. */
  readonly longest: number;
  /** Of the drill that is under way. */
  readonly place: Place;
  readonly restore: Restore;
}

/** What to do next; every action can be repeated. */
export type DrillPlan =
  /** No drill is under way. `next`: when the next one is begun. `why`: a drill is due and cannot be begun. */
  | { readonly kind: 'none'; readonly next: number | undefined; readonly why?: 'disabled' | 'noCopy' }
  /** The schema lets pass what cannot be a schedule, or a target that has no copies: no drill is ever due, and copies are made. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** Note in status that the drill of a tick is begun. Nothing is made before. */
  | { readonly kind: 'begin'; readonly drill: DrillStatus }
  /** Make the namespace and what belongs into it, see that it is isolated, then make the AppRestore. */
  | { readonly kind: 'prepare' }
  | { readonly kind: 'wait' }
  /** Note the result, and in the same write that the rest is removal: so it is noted once. */
  | { readonly kind: 'note'; readonly result: DrillResult }
  /** `restore`, `namespace`: to be deleted now, by uid. Both undefined: they are going. */
  | { readonly kind: 'remove'; readonly restore: string | undefined; readonly namespace: string | undefined; readonly stuck: string | undefined }
  /** Nothing is left. */
  | { readonly kind: 'end' };

/** What a deletion may take before it is said. */
const patienceMillis = 300_000;

/** The next step of the drills of a policy. Pure and synchronous. */
export function decideDrill(input: DrillInput): DrillPlan {
  const { object } = input;
  // What is left of its drill is found by the sweep: a deletion never waits for us.
  if (object.metadata.deletionTimestamp !== undefined) return { kind: 'none', next: undefined };
  const { drill } = object.status ?? {};
  if (drill === undefined) return begin(input);
  return drill.phase === 'Running' ? run(drill, input) : remove(input);
}

function begin({ object, copies, now, enabled, longest }: DrillInput): DrillPlan {
  const { verify } = object.spec.protection ?? {};
  const noted = object.status?.drillSchedule;
  if (verify === undefined) return { kind: 'none', next: undefined };
  const ticks = readSchedule(verify, 'spec.protection.verify', now);
  if (typeof ticks === 'string') return { kind: 'invalid', message: ticks };
  const wrong = wrongTarget(object);
  if (wrong !== undefined) return { kind: 'invalid', message: wrong };
  // Another expression is adopted first.
  if (verify.suspend || noted?.cron !== verify.cron || noted.timeZone !== verify.timeZone) return { kind: 'none', next: undefined };
  const last = object.status?.lastDrill;
  const { tick, next } = dueOf(verify, ticks, `${object.metadata.uid} drill`, { inForce: noted, done: last === undefined ? [] : [Date.parse(last.due)], now });
  if (!enabled) return { kind: 'none', next: undefined, why: 'disabled' };
  if (tick === undefined) return { kind: 'none', next };
  const copy = copyToDrill(copies, drilledTarget(object));
  if (copy === undefined) return { kind: 'none', next, why: 'noCopy' };
  const until = now + Math.min(longest, durationMillis(verify.timeout));
  return { kind: 'begin', drill: { due: time(tick), ...copy, namespace: drillName(object.metadata, tick), phase: 'Running', begun: time(now), until: time(until) } };
}

function run(drill: DrillStatus, { now, enabled, requireIsolation, place, restore }: DrillInput): DrillPlan {
  const note = (reason: DrillResult['reason'], message: string): DrillPlan => ({ kind: 'note', result: ended(drill, reason, message, now) });
  if (restore.kind === 'ours' && (drill.restore === undefined || restore.object.metadata.uid === drill.restore)) {
    const result = resultOf(drill, restore.object, now);
    // The write that was to name it may have been lost.
    if (result !== undefined) return { kind: 'note', result };
  }
  if (!enabled) return note('DrillAborted', 'Drills were switched off in the middle of it.');
  if (now > Date.parse(drill.until)) return { kind: 'note', result: timedOut(drill, restore.kind === 'ours' ? restore.object : undefined, now) };
  if (place.kind === 'foreign') return note('DrillAborted', `There is a namespace ${drill.namespace} that this policy has not made. It was left alone; delete it if it is of no use.`);
  if (place.kind === 'ours' && place.leaving !== undefined) return note('DrillAborted', `Namespace ${drill.namespace} was deleted in the middle of the drill.`);
  if (drill.isolated === false && requireIsolation) return note('IsolationNotEnforced', `A pod of namespace ${drill.namespace} reached what is outside of it: the network of this cluster does not enforce NetworkPolicies. Nothing was restored. Use a network that does, or let an admin set the chart value drills.requireIsolation to false.`);
  if (restore.kind === 'foreign') return note('DrillAborted', `There is an AppRestore ${drill.namespace} that is not of this drill. It was left alone; delete it if it is of no use.`);
  if (drill.restore === undefined) return { kind: 'prepare' };
  if (restore.kind === 'absent' || restore.object.metadata.uid !== drill.restore || restore.object.metadata.deletionTimestamp !== undefined) return note('DrillAborted', `AppRestore ${drill.namespace} was deleted in the middle of the drill.`);
  return place.kind === 'absent' ? note('DrillAborted', `Namespace ${drill.namespace} was deleted in the middle of the drill.`) : { kind: 'wait' };
}

function remove({ now, enabled, place, restore }: DrillInput): DrillPlan {
  const object = restore.kind === 'ours' ? restore.object : undefined;
  const own = place.kind === 'ours' ? place : undefined;
  if (object === undefined && own === undefined) return { kind: 'end' };
  // Without its rights the operator can only say what is left.
  if (!enabled) return { kind: 'remove', restore: undefined, namespace: undefined, stuck: leftBehind(object, own) };
  const since = [object?.metadata.deletionTimestamp, own?.leaving?.since].flatMap((at) => (at === undefined ? [] : [Date.parse(at)]));
  const late = since.some((at) => now - at > patienceMillis);
  return {
    kind: 'remove',
    restore: object?.metadata.deletionTimestamp === undefined ? object?.metadata.uid : undefined,
    namespace: own?.leaving === undefined ? own?.uid : undefined,
    stuck: late ? left(object, own) : undefined,
  };
}

/** What does not go, in a sentence. */
function left(object: AppRestore | undefined, own: Extract<Place, { kind: 'ours' }> | undefined): string {
  const parts = [...(object === undefined ? [] : [`AppRestore ${object.metadata.name}`]), ...(own === undefined ? [] : [`its namespace${own.leaving === undefined || own.leaving.why === '' ? '' : ` (${own.leaving.why})`}`])];
  return `What the drill made is being deleted for more than five minutes and is still there: ${parts.join(', ')}.`;
}

function leftBehind(object: AppRestore | undefined, own: Extract<Place, { kind: 'ours' }> | undefined): string {
  const commands = [...(object === undefined ? [] : [`kubectl -n ${object.metadata.namespace} delete apprestore ${object.metadata.name}`]), ...(own === undefined ? [] : [`kubectl delete namespace ${own.name}`])];
  return `Drills were switched off, so the operator may not remove what the last one made. Run: ${commands.join('; ')}`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
