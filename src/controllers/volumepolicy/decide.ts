import type { VolumePolicy } from '../../api/kinds.js';
import { volumePolicySpec, type InForce } from '../../api/volumepolicy.js';
import type { Due } from '../../schedule/due.js';
import { superfluous } from '../../schedule/retention.js';
import type { Ticks } from '../../schedule/ticks.js';
import { dueOf, readSchedule, scheduleInForce } from './cadence.js';
import { copyName, type PolicyCopy } from './copies.js';

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
  | { readonly kind: 'copy'; readonly tick: number; readonly name: string }
  /** Nothing is due: say how it stands, and delete what nobody wants any more. */
  | { readonly kind: 'settle'; readonly next: number | undefined; readonly remove: readonly PolicyCopy[] };

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
  const { tick, next } = object.spec.protection.schedule.suspend ? { tick: undefined, next: undefined } : due(input, ticks);
  const underWay = input.copies.some((copy) => copy.state === 'underWay' && !copy.leaving);
  if (tick !== undefined && !underWay) return { kind: 'copy', tick, name: copyName(object.metadata, tick) };
  return { kind: 'settle', next, remove: toRemove(input) };
}

/** Both schedules in one write: a policy is new only once. */
function adopt({ object, now }: PolicyInput): PolicyPlan | undefined {
  const { schedule, verify } = object.spec.protection;
  const noted = object.status;
  const copies = scheduleInForce(object, schedule, noted?.schedule, now);
  const drills = scheduleInForce(object, verify, noted?.drillSchedule, now);
  if (copies === 'as it is' && drills === 'as it is') return undefined;
  return { kind: 'adopt', schedule: copies === 'as it is' ? noted?.schedule : copies, drillSchedule: drills === 'as it is' ? noted?.drillSchedule : drills };
}

/** The ticks of the spec, or what is wrong with it. */
function readTicks({ spec }: VolumePolicy, now: number): Ticks | string {
  const parsed = volumePolicySpec.safeParse(spec);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
  }
  const { schedule, verify } = parsed.data.protection;
  const drills = verify === undefined ? undefined : readSchedule(verify, 'spec.protection.verify', now);
  return typeof drills === 'string' ? drills : readSchedule(schedule, 'spec.protection.schedule', now);
}

function due({ object, copies, now }: PolicyInput, ticks: Ticks): Due {
  const { schedule, lastTick } = object.status ?? {};
  const done = [...(lastTick === undefined ? [] : [Date.parse(lastTick.at)]), ...copies.map((copy) => copy.due)];
  return dueOf(object.spec.protection.schedule, ticks, object.metadata.uid, { inForce: schedule, done, now });
}

/** Oldest first. Copies that are under way are nobody's business but their own. */
function toRemove({ object, copies }: PolicyInput): PolicyCopy[] {
  const { schedule, retention } = object.spec.protection;
  const staying = copies.filter((copy) => !copy.leaving);
  const ready = staying.filter((copy) => copy.state === 'ready');
  const kept = ready.map(({ name, due: at, verifiedAt, inUse }) => ({ name, at, verified: verifiedAt !== undefined, inUse }));
  const names = new Set(superfluous(kept, retention, schedule.timeZone).map(({ name }) => name));
  const over = staying.filter((copy) => copy.state === 'over' && !copy.inUse).sort(byDue);
  return [...ready.filter(({ name }) => names.has(name)), ...over.slice(0, Math.max(0, over.length - keptFailures))].sort(byDue);
}

function byDue(a: PolicyCopy, b: PolicyCopy): number {
  return a.due - b.due;
}
