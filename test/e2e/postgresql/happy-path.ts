import { afterAll, describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, eventsOf, readyOf, untilNoSnapshots } from '../lib/copies.js';
import { containerId, startDatabase, type Variant } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { Freezers, openHoldsOf } from '../lib/host.js';
import { apply, get, kubectl, waitFor } from '../lib/kubectl.js';
import { startLoad } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';

interface Labelled {
  items: { metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> }; spec: { source?: { persistentVolumeClaimName?: string } } }[];
}

/** One AppSnapshot from `kubectl apply` to `kubectl delete`, as a user sees it, and what it leaves on the node. */
export function happyPath(variant: Variant): void {
  describe(`a copy of PostgreSQL ${variant} under load`, () => {
    const namespace = `e2e-pg-${variant}`;
    afterAll(() => dropNamespace(namespace), 30_000);

    test('is Ready and Frozen, explains itself, and goes without a trace', async () => {
      await makeTenant(namespace);
      const database = await startDatabase(namespace, variant);
      const freezers = new Freezers(await containerId(namespace));
      const load = await startLoad(database);
      await apply([appSnapshot(namespace, 'copy', { consistency: { required: 'Frozen' } })]);
      await waitFor('condition=Ready', 'appsnapshot/copy', namespace, 60);
      await load.untilWritesAgain(5);
      const history = await load.stop();

      const copy = await get<AppSnapshot>('appsnapshot', 'copy', namespace);
      expectStatus(copy, variant);
      expect(history.failures).toEqual([]);
      await expectTable(namespace);
      await expectStory(namespace);
      await expectLabels(namespace, copy);
      expect(freezers.frozen()).toBe(false);
      await until('no guard is left', () => openHoldsOf(copy).length === 0, 10);
      await deleteAndWait('appsnapshot', namespace, 'copy');
      await untilNoSnapshots(namespace, 30);
      const { heldMillis, overheadMillis, cutMillis, syncMillis } = copy?.status?.window ?? {};
      recordFigures('postgresql', { [`copy ${variant}`]: { heldMillis, overheadMillis, cutMillis, syncMillis, longestGapMs: Math.round(history.longestGapMs), rows: history.acknowledgements } });
    }, 120_000);
  });
}

function expectStatus(copy: AppSnapshot | undefined, variant: Variant): void {
  const status = copy?.status;
  expect(status).toMatchObject({ phase: 'Ready', grade: 'Frozen', membersReady: '2/2', attempts: 1, observedGeneration: copy?.metadata.generation });
  expect(readyOf(status)).toMatchObject({ status: 'True', reason: 'SnapshotReady' });
  // Reconciling and Stalled are only there while they are true (kstatus).
  expect(status?.conditions?.map((c) => c.type).sort()).toEqual(['CaptureComplete', 'Ready']);
  expect(status?.window).toMatchObject({ unbroken: true, atomic: true, attempt: 1 });
  expect(status?.window?.heldMillis).toBeGreaterThan(0);
  expect(status?.window?.overheadMillis).toBeGreaterThanOrEqual(0);
  expect(status?.holds).toEqual([expect.objectContaining({ vantage: 'Node', mechanism: 'Freezer', state: 'Released', endedBy: 'release' })]);
  const [application] = status?.applications ?? [];
  expect(application).toMatchObject({ name: 'pg', kind: 'PostgreSQL', version: expect.stringMatching(new RegExp(`^${variant.slice(0, 2)}\\.`)), grade: 'Frozen' });
  expect(application?.members).toEqual([{ pod: 'pg-0', role: 'primary', container: 'postgres' }]);
  expect(status?.members?.map((m) => m.claim).sort()).toEqual(['data-pg-0', 'wal-pg-0']);
  expect(status?.capture?.objects).toBeGreaterThan(0);
}

async function expectTable(namespace: string): Promise<void> {
  const [head = '', row = ''] = (await kubectl(['-n', namespace, 'get', 'asnap', 'copy'])).split('\n');
  expect(head.split(/\s+/)).toEqual(['NAME', 'GRADE', 'HELD(MS)', 'MEMBERS', 'SIZE', 'VERIFIED', 'READY', 'AGE']);
  expect(row).toMatch(/^copy\s+Frozen\s+\d+\s+2\/2\s+\S+\s+True\s+\d+s/);
}

/** `kubectl describe` tells what happened, in the order of its events. */
async function expectStory(namespace: string): Promise<void> {
  const events = await eventsOf(namespace, 'copy');
  expect(events.map((e) => e.reason)).toEqual(expect.arrayContaining(['Released', 'Graded', 'SnapshotReady']));
  expect(events.filter((e) => e.type === 'Warning')).toEqual([]);
  const text = await kubectl(['-n', namespace, 'describe', 'asnap', 'copy']);
  for (const part of ['Grade:', 'Frozen', 'Held Millis:', 'SnapshotReady', 'Held for']) expect(text).toContain(part);
}

/** Each snapshot says what it is without us; nothing temporary stays on the claims. */
async function expectLabels(namespace: string, copy: AppSnapshot | undefined): Promise<void> {
  const snapshots = JSON.parse(await kubectl(['-n', namespace, 'get', 'volumesnapshots', '-o', 'json'])) as Labelled;
  expect(snapshots.items).toHaveLength(2);
  for (const snapshot of snapshots.items) {
    expect(snapshot.metadata.labels).toMatchObject({
      [labels.set]: copy?.status?.setId,
      [labels.appSnapshot]: copy?.metadata.uid,
      [labels.grade]: 'Frozen',
      [labels.application]: 'pg',
      [labels.applicationKind]: 'PostgreSQL',
      [labels.role]: 'primary',
    });
  }
  const claims = JSON.parse(await kubectl(['-n', namespace, 'get', 'pvc', '-o', 'json'])) as Labelled;
  expect(claims.items.flatMap((c) => Object.keys(c.metadata.labels ?? {}).filter((key) => key.startsWith('stillpoint.dev/')))).toEqual([]);
}
