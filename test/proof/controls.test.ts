import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deleteAndWait, readyOf, takeCopy, untilNoSnapshots } from '../e2e/lib/copies.js';
import { clearFaults, setFaults } from '../e2e/lib/csi-faults.js';
import { recordFigures } from '../e2e/lib/figures.js';
import { applicationsNamed } from './applications.js';
import { isProven } from './check.js';
import { keptControls, refusedControls } from './controls.js';
import { cutUnderLoad, lanesOf, restoreAndCheck } from './cuts.js';
import { databasesNamespace, leaveDatabases, startDatabases } from './databases.js';
import { startTokens, stopAllTokens } from './tokens.js';

const runs = Number(process.env['RUNS'] || 5);
/** `make test` plays a part; `make proof-controls` all. */
const small = process.env['PART'] === 'small';
const times = Array.from({ length: runs }, (_, i) => i + 1);

/** Bad cuts of PostgreSQL and Kafka. The proof, or before it the operator, must see each of them, every time: else the proof proves nothing. */
describe('what the proof must catch', () => {
  const namespace = databasesNamespace('proof-controls');
  const apps = applicationsNamed('postgresql,kafka');
  const caught: Record<string, unknown[]> = {};
  const record = (name: string, what: unknown): void => {
    (caught[name] ??= []).push(what);
  };

  beforeAll(async () => {
    clearFaults();
    await startDatabases(namespace, apps);
    // A server whose first files were never written does not start at all; what must be missed are tokens.
    execFileSync('sync');
  }, 600_000);
  afterAll(async () => {
    recordFigures('proof-controls', caught);
    await stopAllTokens();
    await leaveDatabases(namespace);
  }, 300_000);

  describe.each(keptControls.filter((control) => !small || control.small === true))('$name', ({ name, spec, grade }) => {
    test.each(times)(`run %i: the copy calls itself ${grade}, and the proof refuses it`, async (run) => {
      const cut = await cutUnderLoad({ namespace, name: `${name}-${run}`, apps, rounds: 30, spec: spec(apps) });
      // Without the adapters' checks: the tokens alone must tell.
      const { restore, result } = await restoreAndCheck(cut, { verify: { enabled: false, timeout: '150s' } });
      await deleteAndWait('appsnapshot', namespace, cut.plan.name);
      const { lost, gaps, extra, acknowledged } = result ?? { lost: [], gaps: [], extra: [], acknowledged: 0 };
      record(name, { grade: cut.copy.status?.grade, restore: restore.status?.phase, reason: readyOf(restore.status)?.reason, acknowledged, lost: lost.length, gaps: gaps.length, extra: extra.length });
      expect(cut.copy.status?.grade).toBe(grade);
      // A copy so bad that a server does not start on it says so as its reason.
      if (result === undefined) expect(readyOf(restore.status)?.reason).toMatch(/^(StartFailed|CheckFailed)$/);
      else expect(isProven(result)).toBe(false);
    }, 900_000);
  });

  if (!small) {
    describe.each(refusedControls)('$name', ({ name, spec, faults, reason, says }) => {
      test.each(times)('run %i: there is no copy, the reason is true, and clients saw no error', async (run) => {
        const tokens = await startTokens(namespace, apps.map((app) => app.name).join(','), await lanesOf(apps, namespace));
        setFaults(faults);
        const copy = await takeCopy(namespace, `${name}-${run}`, spec, 120).finally(clearFaults);
        await tokens.untilRing(10, 60);
        const history = await tokens.stop();
        const ready = readyOf(copy.status);
        record(name, { phase: copy.status?.phase, reason: ready?.reason });
        expect(copy.status).toMatchObject({ phase: 'Failed' });
        expect(copy.status?.grade).toBeUndefined();
        expect(ready?.reason).toMatch(reason);
        if (says !== undefined) expect(ready?.message).toMatch(says);
        expect(history.filter((sent) => sent.error !== undefined)).toEqual([]);
        await untilNoSnapshots(namespace);
      }, 300_000);
    });
  }
});
