import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { clearFaults } from '../e2e/lib/csi-faults.js';
import { deleteAndWait, describe as describeObject } from '../e2e/lib/copies.js';
import { recordFigures } from '../e2e/lib/figures.js';
import { clearNamespaces, dropNamespace, untilDropped } from '../e2e/lib/namespaces.js';
import { makeTenant } from '../e2e/lib/tenant.js';
import { applicationsNamed } from './applications.js';
import { isProven } from './check.js';
import { cutUnderLoad, restoreAndCheck, type CutMade } from './cuts.js';
import { stopAllTokens } from './tokens.js';

/** One window each, which nobody restores. */
const small = process.env['PART'] === 'small';

/** Cuts of a Cassandra that is frozen without settling; the loss of one cut is chance. */
const ungatedCuts = 5;

const spec = { quiesce: { vantage: 'Pod' }, consistency: { required: 'CrashConsistent' } };

/** The servers under an init, held by signals from inside their own pods, without an agent. */
describe('vantage Pod', () => {
  let namespace = '';
  afterEach(async () => {
    await stopAllTokens();
    await dropNamespace(namespace);
    await untilDropped();
  }, 300_000);
  afterAll(clearFaults);

  async function started(name: string) {
    clearFaults();
    namespace = `vantage-${name}`;
    const apps = applicationsNamed(name);
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    for (const app of apps) await app.start(namespace, 'init');
    return (cut: string): Promise<CutMade> => cutUnderLoad({ namespace, name: cut, apps, rounds: 100, spec });
  }

  function expectHeld({ copy, clientErrors }: CutMade): void {
    expect(copy.status).toMatchObject({ phase: 'Ready', window: { unbroken: true } });
    for (const hold of copy.status?.holds ?? []) expect(hold).toMatchObject({ vantage: 'Pod', mechanism: 'Signal', state: 'Released' });
    expect(clientErrors).toBe(0);
  }

  const figuresOf = ({ copy, longestGapMs, history }: CutMade): Record<string, unknown> => {
    const { heldMillis, cutMillis, overheadMillis, skewMillis } = copy.status?.window ?? {};
    return { grade: copy.status?.grade, heldMillis, cutMillis, overheadMillis, skewMillis, longestGapMs, acknowledged: history.filter((sent) => sent.ackedAt !== undefined).length };
  };

  test.each(['kafka', 'elasticsearch'])('%s: Frozen from inside its pods, and nothing that was acknowledged is missing', async (name) => {
    const cut = await (await started(name))('cut');
    expectHeld(cut);
    expect(cut.copy.status?.grade).toBe('Frozen');
    const restored = small ? undefined : await restoreAndCheck(cut);
    const { lost, gaps, extra } = restored?.result ?? {};
    recordFigures('vantage-pod', { [name]: { ...figuresOf(cut), ...(restored !== undefined && { restore: restored.restore.status?.phase, lost: lost?.length, gaps: gaps?.length, extra: extra?.length }) } });
    if (restored === undefined) return;
    if (restored.result === undefined) throw new Error(await describeObject('apprestore', namespace, 'cut'));
    expect(isProven(restored.result)).toBe(true);
  }, 1_500_000);

  test('cassandra: without a gate no more than CrashConsistentSynced, for a reason that names what it needs', async () => {
    const take = await started('cassandra');
    const lost: number[] = [];
    for (let n = 1; n <= (small ? 1 : ungatedCuts); n += 1) {
      const cut = await take(`cut-${n}`);
      expectHeld(cut);
      expect(cut.copy.status?.grade).toBe('CrashConsistentSynced');
      expect(cut.copy.status?.reasons?.join(' ')).toContain('that needs an agent on its node');
      const restored = small ? undefined : await restoreAndCheck(cut, { verify: { enabled: false } });
      await deleteAndWait('appsnapshot', namespace, `cut-${n}`);
      if (restored?.result !== undefined) lost.push(restored.result.lost.length);
      recordFigures('vantage-pod', { [`cassandra ${n}`]: { ...figuresOf(cut), ...(restored !== undefined && { restore: restored.restore.status?.phase, lost: restored.result?.lost.length }) } });
    }
    // If no cut lost anything, the settling behind a gate would be for nothing, and so would be the cap.
    if (!small) expect(lost.some((count) => count > 0)).toBe(true);
  }, 3_600_000);
});
