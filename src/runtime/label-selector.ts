import type { LabelSelector, LabelSelectorRequirement } from './object.js';

/** True when the labels satisfy the selector. An empty selector matches everything, as in the API. */
export function matchesSelector(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return equal && (selector.matchExpressions ?? []).every((requirement) => satisfies(requirement, labels));
}

function satisfies(r: LabelSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[r.key];
  switch (r.operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && (r.values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(r.values ?? []).includes(value);
    default:
      throw new RangeError(`unknown selector operator ${String(r.operator)}`);
  }
}
