import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot, QuiesceProfile } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { describe as describeObject, restoreCopy, takeCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { sampleOf, startServer, type TestServer } from './servers.js';
import { Writers } from './writers.js';

export interface Expected {
  readonly grade: 'Frozen' | 'Quiesced';
  readonly vantage: 'Node' | 'Pod';
  readonly mechanism: 'Freezer' | 'Fence';
  /** What the server may answer to a client while it is held; undefined: nothing but latency. */
  readonly refusal: RegExp | undefined;
  readonly checks: readonly string[];
}

/** A copy under load by the profile of the samples, restored elsewhere, checked by the profile, and compared with what clients were promised. */
export function copyAndRestore(server: TestServer, expected: Expected): void {
  describe(`${server.name}: hold ${expected.mechanism === 'Fence' ? 'Fence' : 'Freeze'}`, () => {
    const namespace = `e2e-profile-${server.name}`;
    const target = `${namespace}-there`;
    const into = { namespace: target, serviceAccountName: 'stillpoint' };
    let copy: AppSnapshot;

    beforeAll(async () => {
      await Promise.all([makeTenant(namespace), makeTenant(target)]);
      await startServer(server, namespace);
    }, 300_000);
    afterAll(async () => {
      await dropNamespace(target);
      await dropNamespace(namespace);
    }, 60_000);

    test(`is proven to be ${expected.grade}, and status tells how`, async () => {
      const writers = new Writers(() => server.connect(namespace), 1);
      await writers.untilMore(300);
      copy = await takeCopy(namespace, 'copy', sampleOf(server, 'AppSnapshot', namespace).spec, 120);
      await writers.untilMore(50);
      const history = await writers.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'copy'));
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: expected.grade, window: { unbroken: true } });
      const [application] = copy.status.applications ?? [];
      expect(application).toMatchObject({ kind: 'Custom', vantage: expected.vantage, mechanism: expected.mechanism, profile: { name: server.name, digest: expect.stringMatching(/^[0-9a-f]{64}$/) } });
      expect(application?.positions).toMatchObject({ before: expect.stringMatching(/./), after: expect.stringMatching(/./) });
      expect(application?.positions?.['before']).not.toBe(application?.positions?.['after']);
      expect(copy.status.holds).toEqual([expect.objectContaining({ mechanism: expected.mechanism, vantage: expected.vantage, state: 'Released' })]);
      expect(history.failures.filter((f) => expected.refusal?.test(f.error) !== true)).toEqual([]);
      const story = await kubectl(['-n', namespace, 'describe', 'asnap', 'copy']);
      for (const part of [`Mechanism:`, expected.mechanism, 'Profile:', server.name, 'SnapshotReady']) expect(story).toContain(part);

      const restore = await restoreCopy(namespace, 'copy', 'copy', { into, verify: { timeout: '4m' } }, 300);
      const checks = restore.status?.applications?.flatMap((a) => a.checks ?? []) ?? [];
      expect(checks).toEqual(expected.checks.map((name) => ({ name, outcome: 'Passed' })));
      expect(restore.status).toMatchObject({ phase: 'Ready', verified: true, checksFailed: 0 });

      const result = compare(history, windowOf(copy), await server.rows(target));
      const { heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis } = copy.status.window ?? {};
      recordFigures('profile', { [server.name]: { grade: copy.status.grade, heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis, longestGapMs: Math.round(history.longestGapMs), refused: history.failures.length, ...counts(result) } });
      expect({ ...counts(result), acknowledgedBeforeCut: 0 }).toEqual({ acknowledgedBeforeCut: 0, lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0 });
      expect(isGood(result)).toBe(true);
    }, 600_000);

    test('checks of a profile that was changed in the target are not run, and nothing is verified', async () => {
      const standing = await get<QuiesceProfile>('quiesceprofiles', server.name, target);
      expect(standing?.spec).toBeDefined();
      const elsewhere = `${namespace}-changed`;
      await makeTenant(elsewhere);
      try {
        await apply([{ ...sampleOf(server, 'QuiesceProfile', elsewhere), spec: { ...sampleOf(server, 'QuiesceProfile', elsewhere).spec, checks: [{ name: 'always good', command: ['true'] }] } }]);
        const restore = await restoreCopy(namespace, 'changed', 'copy', { into: { ...into, namespace: elsewhere }, existing: 'Skip', verify: { timeout: '4m' } }, 300);
        const checks = restore.status?.applications?.flatMap((a) => a.checks ?? []);
        expect(checks).toEqual([{ name: 'QuiesceProfile', outcome: 'Unknown', message: expect.stringContaining('is not the one of the copy') }]);
        expect(restore.status?.verified).toBe(false);
      } finally {
        await dropNamespace(elsewhere);
      }
    }, 400_000);
  });
}
