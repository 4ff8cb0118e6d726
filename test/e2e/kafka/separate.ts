import { expect, test } from '@jest/globals';
import { kafkaObjects } from '../../apps/kafka/manifests.js';
import { isGood } from '../../apps/postgresql/check.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { describe as describeObject, deleteAndWait, restoreCopy, takeCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { imageOf } from '../lib/image.js';
import { kafkaRows, makeRows, partitions, rowClient } from '../lib/kafka.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { clearNamespaces, dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { Writers } from '../profile/writers.js';

/** Windows in a row, for how often the quorum elects around one. */
const windows = 10;

const together = [{ name: 'kafka', kind: 'Kafka', selector: { matchLabels: { 'app.kubernetes.io/instance': 'kafka' } } }];

/**
 * Three brokers and three controllers in pods of their own: two workloads, which are one cluster. All are let go in parallel; how many
 * elections of a controller that costs, which should be none, is counted over several windows (docs/kafka.md).
 */
export function separate(): void {
  const namespace = 'e2e-kafka-apart';
  const target = `${namespace}-held`;

  test('brokers and controllers in pods of their own: named together they are one copy, apart they are none', async () => {
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    await makeTenant(target);
    try {
      await apply(kafkaObjects({ name: 'kafka', image: imageOf('kafka:4', 'plain'), replicas: 3, controllers: 3, size: '1Gi' }), namespace);
      for (const set of ['kafka-controller', 'kafka']) await kubectl(['-n', namespace, 'rollout', 'status', `statefulset/${set}`, '--timeout=600s']);
      await makeRows(namespace);

      const apart = await takeCopy(namespace, 'apart', { consistency: { required: 'Frozen' } }, 240);
      expect(apart.status?.phase).toBe('Failed');
      expect(apart.status?.conditions?.find((c) => c.type === 'Ready')?.message).toMatch(/name controllers and brokers together in one entry of spec\.applications|Name all its pods, controllers as well/);

      const writers = new Writers(() => rowClient(namespace), 1, partitions);
      await writers.untilMore(300, 120);
      const copy = await takeCopy(namespace, 'held', { applications: together, consistency: { required: 'Frozen' } }, 240);
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'held'));
      expect(copy.status).toMatchObject({ grade: 'Frozen', window: { atomic: true, unbroken: true } });
      expect(copy.status.applications?.[0]?.members?.map((m) => [m.pod, m.role])).toEqual([
        ...[0, 1, 2].map((n) => [`kafka-${n}`, 'broker']),
        ...[0, 1, 2].map((n) => [`kafka-controller-${n}`, 'controller']),
      ]);
      const elections = await electionsOver(namespace, windows);
      const history = await writers.stop();

      const restore = await restoreCopy(namespace, 'held', 'held', { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { timeout: '10m' } }, 900);
      expect(restore.status).toMatchObject({ phase: 'Ready', verified: true, checksFailed: 0 });
      const result = compare(history, windowOf(copy), await kafkaRows(target));
      const { heldMillis, cutMillis, overheadMillis } = copy.status.window ?? {};
      recordFigures('kafka', { separate: { heldMillis, cutMillis, overheadMillis, windows, elections, longestGapMs: Math.round(history.longestGapMs), clientErrors: history.failures.length, ...counts(result) } });
      expect(isGood(result)).toBe(true);
      expect(elections).toBe(0);
      expect(history.failures).toEqual([]);
    } finally {
      await dropNamespace(target);
      await dropNamespace(namespace);
    }
  }, 2_400_000);
}

/** Elections of a controller, by the epochs that the quorum had before and after each of so many windows. */
async function electionsOver(namespace: string, times: number): Promise<number> {
  let elections = 0;
  for (let i = 0; i < times; i += 1) {
    const name = `again-${i}`;
    const { status } = await takeCopy(namespace, name, { applications: together, consistency: { required: 'Frozen' } }, 240);
    if (status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, name));
    const { quorum, releasedQuorum } = status.applications?.[0]?.positions ?? {};
    if (quorum === undefined || releasedQuorum === undefined) throw new Error(`${name} does not say who led the quorum`);
    if (quorum !== releasedQuorum) elections += 1;
    await deleteAndWait('appsnapshot', namespace, name);
  }
  return elections;
}
