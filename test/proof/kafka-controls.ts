import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startKafka } from '../e2e/lib/kafka.js';
import { kubectl } from '../e2e/lib/kubectl.js';
import { clearNamespaces, dropNamespace, untilDropped } from '../e2e/lib/namespaces.js';
import { makeTenant } from '../e2e/lib/tenant.js';
import { applicationsNamed } from './applications.js';
import { keptAndCaught, refusedUnderLoad, type Bench } from './caught.js';
import { stopAllTokens } from './tokens.js';

/** While it is there, the server of this pod runs on whatever stops it. */
const runOn = '/tmp/run-on';

/**
 * As in an image whose sync can write back no single file system. A holder asks for its help right before it is ready, which is the moment to let loose what
 * lets the server run on, as somebody could who works in its container.
 */
const sync = `#!/bin/sh
echo 'usage: sync'
[ -e ${runOn} ] || exit 0
server=$(pgrep -o -x java)
for _ in 1 2 3 4; do
  while [ -e ${runOn} ] && kill -CONT "$server"; do :; done >/dev/null 2>&1 &
done
`;

const vantage = 'Pod';

/** Bad holds of a Kafka that is held from inside its pods, where everything depends on what their image has, and on each member by itself. */
export function kafkaControls(times: readonly number[], recordOf: (name: string) => Bench['record']): void {
  describe('Kafka held from inside its pods', () => {
    const namespace = 'proof-kafka';
    const apps = applicationsNamed('kafka');
    const inside = (...command: string[]): Promise<string> => kubectl(['-n', namespace, 'exec', 'kafka-1', '-c', 'kafka', '--', ...command]);

    beforeAll(async () => {
      await clearNamespaces(namespace);
      await makeTenant(namespace);
      await startKafka(namespace, 'init', { programs: { sync } });
      execFileSync('sync');
    }, 800_000);
    afterAll(async () => {
      await stopAllTokens();
      await dropNamespace(namespace);
      await untilDropped();
    }, 300_000);

    test.each(times)('frozen-not-synced, run %i: the hold is unbroken, the copy calls itself CrashConsistent, and tokens are lost', async (run) => {
      const name = `frozen-not-synced-${run}`;
      const bench = { namespace, apps, record: recordOf('frozen-not-synced') };
      const { copy, lost } = await keptAndCaught(bench, { name, spec: { quiesce: { vantage }, consistency: { required: 'CrashConsistent' } }, grade: 'CrashConsistent', rounds: 100 });
      expect(lost).toBeGreaterThan(0);
      expect(copy.status?.window).toMatchObject({ unbroken: true, atomic: true });
      expect(copy.status?.holds).toHaveLength(3);
      for (const hold of copy.status?.holds ?? []) expect(hold).toMatchObject({ vantage, mechanism: 'Signal', state: 'Released', endedBy: 'release' });
      expect(copy.status?.reasons?.join(' ')).toContain('was not synced: the image has no sync that can write back one file system.');
    }, 900_000);

    test.each(times)('one-broker-not-frozen, run %i: its holder says so, and there is no copy', async (run) => {
      await refusedUnderLoad({ namespace, apps, record: recordOf('one-broker-not-frozen') }, {
        name: `one-broker-not-frozen-${run}`,
        spec: { quiesce: { vantage, attempts: 1 }, consistency: { required: 'CrashConsistent' } },
        reason: /^HoldRefused$/,
        says: /^Holder in pod kafka-1, container kafka: not everything stands still \(FreezeFailed\)\./,
        begin: () => inside('touch', runOn),
        end: () => inside('rm', '-f', runOn),
      });
    }, 400_000);
  });
}
