import type { VolumePolicy } from '../../api/kinds.js';
import { volumePolicySpec, type InForce, type Protection } from '../../api/volumepolicy.js';
import type { Due } from '../../schedule/due.js';
import { surplusOf, type PlaceState, type Surplus } from '../../schedule/places.js';
import type { Ticks } from '../../schedule/ticks.js';
import { dueOf, readSchedule, scheduleInForce } from './cadence.js';
import { copyName, type PolicyCopy } from './copies.js';
import { retentionsOf, targetsOfTick, type TargetCopy } from './targets.js';

/** What {@link decide} sees. */
export interface PolicyInput {
  readonly object: VolumePolicy;
  readonly copies: readonly PolicyCopy[];
  /** Wall clock, ms since the epoch. */
  readonly now: number;
}

/** What to do next; every action can be repeated. */
export type PolicyPlan =
  | { readonly kind: 'idle' }
  /** The schema lets pass what cannot be a schedule. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** Note in status which schedules are in force, and since when their ticks count. */
  | { readonly kind: 'adopt'; readonly schedule: InForce | undefined; readonly drillSchedule: InForce | undefined }
  /** Make the copy of a tick, or find it made. */
  | { readonly kind: 'copy'; readonly tick: number; readonly name: string; readonly targets: readonly string[] }
  /** Nothing is due: say how it stands, delete what nobody wants any more, and of others what nobody wants in one place. */
  | { readonly kind: 'settle'; readonly next: number | undefined; readonly remove: readonly PolicyCopy[]; readonly release: readonly Release[] };

/** What goes of a copy while its object stays. */
export interface Release {
  readonly copy: PolicyCopy;
  readonly snapshots: boolean;
  /** Targets that are to forget it. */
  readonly targets: readonly string[];
}

/** Failed copies have no data; so many stay to tell why. */
const keptFailures = 3;

/** The next step of a VolumePolicy. Pure and synchronous. */
export function decide(input: PolicyInput): PolicyPlan {
  const { object } = input;
  if (object.metadata.deletionTimestamp !== undefined) return { kind: 'idle' };
  const ticks = readTicks(object, input.now);
  if (typeof ticks === 'string') return { kind: 'invalid', message: ticks };
  const adopted = adopt(input);
  if (adopted !== undefined) return adopted;
  const { protection } = object.spec;
  // Copies that were made outlive what asked for them.
  if (protection === undefined || ticks === undefined) return { kind: 'settle', next: undefined, remove: [], release: [] };
  const { tick, next } = protection.schedule.suspend ? { tick: undefined, next: undefined } : due(input, protection, ticks);
  const underWay = input.copies.some((copy) => copy.state === 'underWay' && !copy.leaving);
  if (tick !== undefined && !underWay) return { kind: 'copy', tick, name: copyName(object.metadata, tick), targets: targetsOfTick(protection, input.copies, tick) };
  return { kind: 'settle', next, ...pruned(input, protection) };
}

/** Both schedules in one write: a policy is new only once. */
function adopt({ object, now }: PolicyInput): PolicyPlan | undefined {
  const { schedule, verify } = object.spec.protection ?? {};
  const noted = object.status;
  const copies = scheduleInForce(object, schedule, noted?.schedule, now);
  const drills = scheduleInForce(object, verify, noted?.drillSchedule, now);
  if (copies === 'as it is' && drills === 'as it is') return undefined;
  return { kind: 'adopt', schedule: copies === 'as it is' ? noted?.schedule : copies, drillSchedule: drills === 'as it is' ? noted?.drillSchedule : drills };
}

/** The ticks of the copies, or what is wrong with the spec; undefined without copies. What is wrong with the schedule of the drills is theirs to say. */
function readTicks({ spec }: VolumePolicy, now: number): Ticks | string | undefined {
  const parsed = volumePolicySpec.safeParse(spec);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
  }
  if (parsed.data.protection === undefined) return undefined;
  const { schedule, copies = [] } = parsed.data.protection;
  const { timeZone } = schedule;
  const ofTargets = copies.flatMap(({ cron }, i) => (cron === undefined ? [] : [readSchedule({ cron, timeZone }, `spec.protection.copies[${i}]`, now)]));
  return ofTargets.find((ticks) => typeof ticks === 'string') ?? readSchedule(schedule, 'spec.protection.schedule', now);
}

function due({ object, copies, now }: PolicyInput, protection: Protection, ticks: Ticks): Due {
  const { schedule, lastTick } = object.status ?? {};
  const done = [...(lastTick === undefined ? [] : [Date.parse(lastTick.at)]), ...copies.map((copy) => copy.due)];
  return dueOf(protection.schedule, ticks, object.metadata.uid, { inForce: schedule, done, now });
}

/** Oldest first. Copies that are under way are nobody's business but their own. */
function pruned({ copies }: PolicyInput, protection: Protection): Pick<PolicyPlan & { kind: 'settle' }, 'remove' | 'release'> {
  const staying = copies.filter((copy) => !copy.leaving);
  const good = staying.filter((copy) => copy.state === 'ready' || copy.state === 'expired');
  const placed = good.map(({ name, due: at, verifiedAt, inUse, state, targets }) => ({ name, at, verified: verifiedAt !== undefined, inUse, snapshots: state === 'ready', targets: placesOf(targets) }));
  const surplus = new Map(surplusOf(placed, retentionsOf(protection)).map((entry) => [entry.name, entry] as const));
  const failed = staying.filter((copy) => copy.state === 'failed' && !copy.inUse).sort(byDue);
  return {
    remove: [...good.filter(({ name }) => surplus.get(name)?.whole === true), ...failed.slice(0, Math.max(0, failed.length - keptFailures))].sort(byDue),
    release: good.sort(byDue).flatMap((copy) => releaseOf(copy, surplus.get(copy.name))),
  };
}

/** What is being removed somewhere is not to be counted on there, whoever asked for it. */
function placesOf(targets: readonly TargetCopy[]): ReadonlyMap<string, PlaceState> {
  return new Map(targets.map(({ target, state, leaving }) => [target, leaving && state !== 'gone' ? 'left' : state]));
}

/** What was not asked for yet. */
function releaseOf(copy: PolicyCopy, surplus: Surplus | undefined): Release[] {
  if (surplus === undefined || surplus.whole) return [];
  const snapshots = surplus.snapshots && !copy.expiring;
  const targets = surplus.targets.filter((target) => copy.targets.some((t) => t.target === target && !t.leaving));
  return snapshots || targets.length > 0 ? [{ copy, snapshots, targets }] : [];
}

function byDue(a: PolicyCopy, b: PolicyCopy): number {
  return a.due - b.due;
}
