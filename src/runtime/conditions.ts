import type { Condition } from './object.js';

/** A condition before it has a time. */
export type ConditionInput = Omit<Condition, 'lastTransitionTime'>;

/** kstatus: these exist only while they are True. */
const abnormalTrue: readonly string[] = ['Reconciling', 'Stalled'];
const first: readonly string[] = ['Stalled', 'Reconciling', 'Ready'];
/** maxLength of metav1.Condition.message. */
const maxMessage = 32_768;

/**
 * The list with these conditions set and the named types gone; all others stay as they are. A transition time moves only when
 * status, reason or message change; Reconciling and Stalled that are not True are removed (kstatus). Sorted: Stalled,
 * Reconciling, Ready, then by highest observedGeneration, then by type.
 */
export function mergeConditions(
  existing: readonly Condition[],
  updates: readonly ConditionInput[],
  options: { now: Date; remove?: readonly string[] },
): Condition[] {
  const merged = new Map(existing.map((c) => [c.type, c]));
  for (const type of options.remove ?? []) merged.delete(type);
  for (const update of updates) {
    if (abnormalTrue.includes(update.type) && update.status !== 'True') merged.delete(update.type);
    else merged.set(update.type, transition(existing.find((c) => c.type === update.type), update, options.now));
  }
  return [...merged.values()].sort(byRank);
}

/** {@link mergeConditions} for one condition. */
export function setCondition(existing: readonly Condition[], update: ConditionInput, now: Date): Condition[] {
  return mergeConditions(existing, [update], { now });
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((c) => c.type === type);
}

/** Whether the condition is there and True. */
export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/** A time as conditions carry it: RFC 3339, whole seconds. */
export function conditionTime(now: Date): string {
  return now.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function transition(old: Condition | undefined, update: ConditionInput, now: Date): Condition {
  const message = cut(update.message);
  const same = old?.status === update.status && old.reason === update.reason && old.message === message;
  return { ...update, message, lastTransitionTime: same ? old.lastTransitionTime : conditionTime(now) };
}

function cut(message: string): string {
  return message.length <= maxMessage ? message : `${message.slice(0, maxMessage - 3)}...`;
}

function byRank(a: Condition, b: Condition): number {
  return rank(a) - rank(b) || (b.observedGeneration ?? 0) - (a.observedGeneration ?? 0) || (a.type < b.type ? -1 : 1);
}

function rank(condition: Condition): number {
  const index = first.indexOf(condition.type);
  return index < 0 ? first.length : index;
}
