import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { clearFaults, setFaults } from '../e2e/lib/csi-faults.js';
import { recordFigures } from '../e2e/lib/figures.js';
import { applicationsNamed } from './applications.js';
import { keptAndCaught, refusedUnderLoad, type Bench } from './caught.js';
import { keptControls, refusedControls } from './controls.js';
import { databasesNamespace, leaveDatabases, startDatabases } from './databases.js';
import { kafkaControls } from './kafka-controls.js';
import { stopAllTokens } from './tokens.js';

const runs = Number(process.env['RUNS'] || 5);
/** `make test` plays a part; `make proof-controls` all. */
const small = process.env['PART'] === 'small';
const times = Array.from({ length: runs }, (_, i) => i + 1);

/** Bad cuts of PostgreSQL and Kafka. The proof, or before it the operator, must see each of them, every time: else the proof proves nothing. */
describe('what the proof must catch', () => {
  const namespace = databasesNamespace('proof-controls');
  const apps = applicationsNamed('postgresql,kafka');
  const caught: Record<string, unknown[]> = {};
  const recordOf = (name: string): Bench['record'] => (figures) => void (caught[name] ??= []).push(figures);

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
      await keptAndCaught({ namespace, apps, record: recordOf(name) }, { name: `${name}-${run}`, spec: spec(apps), grade, rounds: 30 });
    }, 900_000);
  });

  if (!small) {
    describe.each(refusedControls)('$name', ({ name, faults, ...control }) => {
      test.each(times)('run %i: there is no copy, the reason is true, and clients saw no error', async (run) => {
        const begin = (): Promise<void> => Promise.resolve(setFaults(faults));
        const end = (): Promise<void> => Promise.resolve(clearFaults());
        await refusedUnderLoad({ namespace, apps, record: recordOf(name) }, { ...control, name: `${name}-${run}`, begin, end });
      }, 300_000);
    });

    kafkaControls(times, recordOf);
  }
});
