import type { Check } from '../../api/common.js';

/** Checks by outcome. */
export interface CheckSummary {
  readonly passed: readonly string[];
  /** With what was found. */
  readonly failed: readonly string[];
  readonly unknown: readonly string[];
  readonly skipped: readonly string[];
  /** Something was checked, nothing failed, and nothing is unknown. */
  readonly verified: boolean;
}

/** Counts checks. Skipped and Unknown never count as passed; an Unknown one keeps the whole from being verified. Pure. */
export function summarize(checks: readonly Check[]): CheckSummary {
  const named = (outcome: Check['outcome']): string[] => checks.filter((c) => c.outcome === outcome).map((c) => (outcome === 'Passed' || c.message === undefined ? c.name : `${c.name}: ${c.message}`));
  const [passed, failed, unknown, skipped] = [named('Passed'), named('Failed'), named('Unknown'), named('Skipped')];
  return { passed, failed, unknown, skipped, verified: passed.length > 0 && failed.length === 0 && unknown.length === 0 };
}
