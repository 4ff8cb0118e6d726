import { canonicalJson } from '../manifests/captured.js';
import type { ConditionInput } from '../runtime/conditions.js';
import type { Condition } from '../runtime/object.js';

/** Whether a condition is not what status says already. */
export function isNews({ status, reason, message }: Omit<ConditionInput, 'observedGeneration'>, before: Condition | undefined): boolean {
  return before?.status !== status || before.reason !== reason || before.message !== message;
}

/** Whether status says all of this already. The API server has an order of fields of its own. */
export function isSaid(status: object, change: object): boolean {
  const text = (value: unknown): string => (value === undefined ? '' : canonicalJson(value));
  return Object.entries(change).every(([field, value]) => text((status as Record<string, unknown>)[field]) === text(value));
}
