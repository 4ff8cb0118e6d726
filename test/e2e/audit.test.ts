import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Judgement } from './audit/judge.js';
import { judged } from './audit/judged.js';
import { rarePaths } from './audit/rare-paths.js';
import { operatorRights } from './audit/rights.js';
import { recordFigures } from './lib/figures.js';
import { clearNamespaces, untilDropped } from './lib/namespaces.js';

/** As `make test` has them: all with the same chart and values. */
const beds = process.env['BEDS']?.split(' ');

/**
 * The API servers' own record of everything that ran on this cluster, or on those in BEDS, decides about the operator's rights: none lacked, none is too many.
 * It stands at the end of `make test`, after the suites that use them; alone it judges whatever ran.
 */
describe('audit', () => {
  beforeAll(() => clearNamespaces('e2e-audit'), 180_000);
  afterAll(untilDropped, 180_000);

  rarePaths();

  describe('the log', () => {
    let judgement: Judgement;

    beforeAll(async () => {
      judgement = judged(await operatorRights(), '', beds);
      recordFigures('audit', { ...judgement });
    }, 120_000);

    test('the operator lacked no right of its own', () => {
      expect(judgement.requests).toBeGreaterThan(100);
      expect(judgement.refusedToOperator).toEqual([]);
    });

    test('every right that the chart grants it was used', () => {
      expect(judgement.rights.length).toBeGreaterThan(30);
      expect(judgement.rights.filter(({ count }) => count === 0)).toEqual([]);
    });

    test('what a tenant may not do was refused to the tenant, and the operator did not do it instead', () => {
      expect(judgement.fallbacks).toEqual([]);
      for (const { as } of judgement.refusedToTenants) expect(as).toMatch(/^system:serviceaccount:/);
      // The admission suite asks for a Secret that its account may not read.
      expect(judgement.refusedToTenants).toContainEqual(expect.objectContaining({ as: 'system:serviceaccount:e2e-admission-tenant:no-secrets', verb: 'get', resource: 'secrets', name: 'pg' }));
    });
  });
});
