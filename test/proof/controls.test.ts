import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clearFaults } from '../e2e/lib/csi-faults.js';
import { deleteAndWait } from '../e2e/lib/copies.js';
import { recordFigures } from '../e2e/lib/figures.js';
import { clearNamespaces, dropNamespace, untilDropped } from '../e2e/lib/namespaces.js';
import { makeTenant } from '../e2e/lib/tenant.js';
import { applicationsNamed, type ProofApplication } from './applications.js';
import { isProven } from './check.js';
import { cutUnderLoad, restoreAndCheck } from './cuts.js';
import { stopAllTokens } from './tokens.js';

const runs = Number(process.env['RUNS'] || 5);

/** A way to cut badly. The proof must see it, every time: else it proves nothing. */
interface Control {
  readonly name: string;
  readonly spec: (apps: readonly ProofApplication[]) => Readonly<Record<string, unknown>>;
  /** The best that the copy may call itself. */
  readonly grade: 'CrashConsistentSynced' | 'CrashConsistent' | 'Inconsistent';
}

const unheld = (apps: readonly ProofApplication[]): readonly unknown[] => apps.map((app) => ({ name: app.name, kind: app.kind, mode: 'None' }));
const asIs = { required: 'Inconsistent' };
const skewed = { volumeGroupSnapshotClassName: 'bed-skewed' };

const controls: readonly Control[] = [
  // Inside the pods nobody syncs what is not held: the page cache stays behind, and Kafka acknowledges out of it.
  { name: 'unsynced', spec: (apps) => ({ quiesce: { vantage: 'Pod' }, applications: unheld(apps), consistency: asIs }), grade: 'CrashConsistent' },
  { name: 'skewed', spec: (apps) => ({ ...skewed, applications: unheld(apps), consistency: asIs }), grade: 'Inconsistent' },
  // Synced by the agent, then cut without a freeze: what was acknowledged between the two is in no image, what it caused elsewhere may be.
  { name: 'synced-not-held', spec: (apps) => ({ applications: unheld(apps), consistency: asIs }), grade: 'CrashConsistentSynced' },
  { name: 'one-broker-not-frozen', spec: () => ({ ...skewed, applications: [oneBroker], consistency: asIs }), grade: 'Inconsistent' },
];

/** An entry for one pod of Kafka, which leaves it running while all others are frozen. */
const oneBroker = { name: 'broker', kind: 'Generic', mode: 'None', selector: { matchLabels: { 'statefulset.kubernetes.io/pod-name': 'kafka-0' } } };

describe('what the proof must catch', () => {
  const namespace = 'proof-controls';
  const apps = applicationsNamed('postgresql,kafka');
  const caught: Record<string, unknown[]> = {};

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    for (const app of apps) await app.start(namespace);
  }, 600_000);
  afterAll(async () => {
    recordFigures('proof-controls', caught);
    await stopAllTokens();
    await dropNamespace(namespace);
    await untilDropped();
  }, 300_000);

  describe.each(controls)('$name', ({ name, spec, grade }) => {
    test.each(Array.from({ length: runs }, (_, i) => i + 1))('run %i: the copy calls itself %s at most, and the proof refuses it', async (run) => {
      const cut = await cutUnderLoad({ namespace, name: `${name}-${run}`, apps, rounds: 30, spec: spec(apps) });
      const { restore, result } = await restoreAndCheck(cut, { verify: { timeout: '60s' } });
      await deleteAndWait('appsnapshot', namespace, cut.plan.name);
      const { lost, gaps, extra } = result ?? { lost: [], gaps: [], extra: [] };
      (caught[name] ??= []).push({ grade: cut.copy.status?.grade, restore: restore.status?.phase, lost: lost.length, gaps: gaps.length, extra: extra.length });
      expect(cut.copy.status?.grade).toBe(grade);
      expect(result === undefined || !isProven(result)).toBe(true);
    }, 900_000);
  });
});
