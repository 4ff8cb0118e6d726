import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Judgement } from '../audit/judge.js';
import { judged } from '../audit/judged.js';
import { drillRights } from '../audit/rights.js';
import { recordFigures } from '../lib/figures.js';

/**
 * The API server's own record of these drills decides about the rights that they are given, as suite `audit` does about all others: none lacked, none is too many.
 * @param since when drills were switched on, as the API writes it: what ran before is not judged here
 */
export function drillsJudged(since: () => string): void {
  describe('the audit log of the drills', () => {
    let judgement: Judgement;

    beforeAll(async () => {
      judgement = judged(await drillRights(), since());
      recordFigures('drill', { audit: { ...judgement } });
    }, 120_000);

    test('the operator lacked no right of its own', () => {
      expect(judgement.requests).toBeGreaterThan(100);
      expect(judgement.refusedToOperator).toEqual([]);
    });

    test('every right that drills are given was used, in the namespaces of drills and by nobody but the operator and their accounts', () => {
      expect(judgement.rights.length).toBeGreaterThan(40);
      expect(judgement.rights.filter(({ count }) => count === 0)).toEqual([]);
    });

    test('what an account may not do was refused to it, and the operator did not do it instead', () => {
      expect(judgement.fallbacks).toEqual([]);
      for (const { as } of judgement.refusedToTenants) expect(as).toMatch(/^system:serviceaccount:/);
    });
  });
}
