import { expect } from '@jest/globals';
import { recordFigures } from '../lib/figures.js';
import type { KubectlResult } from '../lib/kubectl.js';

/** A refusal, as `test/.artifacts/admission.json` lists it. */
interface Refusal {
  readonly who: string;
  readonly what: string;
  readonly by: string;
  readonly says: string;
}

const refusals: Refusal[] = [];

/** Records a refusal that the operator wrote into a condition. */
export function refused(who: string, what: string, by: string, says: string): void {
  refusals.push({ who, what, by, says });
  recordFigures('admission', { refusals });
}

/** Expects that a policy refused, with a sentence that says so, and records it. */
export function expectRefused(outcome: KubectlResult, who: string, what: string, policy: string, says: RegExp | string): void {
  const text = outcome.stderr.trim();
  expect({ who, what, code: outcome.code === 0 ? 'admitted' : 'refused', text }).toMatchObject({ code: 'refused', text: expect.stringContaining(`'${policy}'`) });
  if (typeof says === 'string') expect(text).toContain(says);
  else expect(text).toMatch(says);
  refused(who, what, policy, text.replace(/^.*denied request: /s, ''));
}
