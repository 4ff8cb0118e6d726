import { afterAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { readyOf, takeCopy, untilReason } from '../lib/copies.js';
import { query, type Database } from '../lib/database.js';
import { apply } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';

const cases = [
  { setting: 'full_page_writes', grade: 'CrashConsistentSynced', reason: /full_page_writes is off on pg/ },
  { setting: 'fsync', grade: 'CrashConsistent', reason: /fsync is off on pg/ },
] as const;

/** A server that may not recover from a power cut gives no better grade for being held. */
export function durabilitySettings(database: () => Database): void {
  describe.each(cases)('$setting = off', ({ setting, grade, reason }) => {
    const name = setting.replaceAll('_', '-');
    afterAll(() => set(database(), `ALTER SYSTEM RESET ${setting}`, setting, 'on'), 30_000);

    test(`caps the grade at ${grade} with the reason; what needs more is refused before any impact`, async () => {
      const { namespace } = database();
      await set(database(), `ALTER SYSTEM SET ${setting} = off`, setting, 'off');
      const copy = await takeCopy(namespace, `${name}-kept`, { consistency: { required: grade } });
      expect(copy.status).toMatchObject({ phase: 'Ready', grade });
      expect(copy.status?.reasons?.join(' ')).toMatch(reason);

      await apply([appSnapshot(namespace, `${name}-refused`, { consistency: { required: 'Frozen' } })]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, `${name}-refused`, ['HoldNotPossible'], 30);
      expect(readyOf(refused.status)?.message).toMatch(reason);
      expect({ window: refused.status?.window, holds: refused.status?.holds, setId: refused.status?.setId }).toEqual({});
    }, 90_000);
  });
}

async function set(database: Database, statement: string, setting: string, expected: string): Promise<void> {
  await query(database, statement, 'SELECT pg_reload_conf()');
  await until(`${setting} is ${expected}`, async () => (await query<Record<string, string>>(database, `SHOW ${setting}`))[0]?.[setting] === expected, 10);
}
