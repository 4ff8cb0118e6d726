import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applicationsNamed } from '../proof/applications.js';
import { caseMillis, play } from './kill/case.js';
import { containerKilled, disruptions } from './kill/disruptions.js';
import { restoreKept } from './kill/evidence.js';
import { beforeReleaseIsSeen, behindTheGate, hookPoints, type SuiteCase } from './kill/hook-points.js';
import { anyGated, windowSeconds } from './kill/limits.js';
import { useScene } from './kill/scene.js';
import { recordFigures } from './lib/figures.js';

/** `make test` plays a part; `make e2e SUITE=kill-databases` all. */
const small = process.env['PART'] === 'small';
const apps = applicationsNamed(process.env['APPS'] ?? '');
const names = apps.map((app) => app.name);
/** Of a restore of all of them, with its checks. */
const restoreMillis = 900_000;

function cases(): SuiteCase[] {
  const all: readonly SuiteCase[] = [...hookPoints, ...(anyGated(names) ? [behindTheGate] : []), ...disruptions, ...apps.map(containerKilled)];
  if (!small) return [...all];
  // A restore of all takes minutes: the small part has the one copy that would most easily be another than it says.
  return all.filter((c) => c.small?.includes('databases') === true).map((c) => ({ ...c, keep: c.name === beforeReleaseIsSeen.name }));
}

/** The cases of the suite `kill`, at vantage Node, over databases that are held in one window: APPS=, by default all four. */
describe(`kill, ${names.join(', ')} in one window`, () => {
  // Slowly: a long run fills databases that are read whole in the end, and servers are started beside them.
  const scene = useScene('e2e-kill-databases', { apps, pace: { load: 1, restMillis: 50 } });
  const rows: Readonly<Record<string, unknown>>[] = [];

  beforeAll(() => recordFigures('kill-databases', { applications: names }));
  afterAll(() => console.table(rows));

  for (const kill of cases()) {
    test(kill.name, async () => {
      const played = await play(scene(), kill);
      recordFigures('kill-databases', { [kill.name]: played });
      const { phase, attempts, grade, settledMs, errors, gapsMs } = played;
      rows.push({ case: kill.name, phase, attempts, grade, settledMs, errors, ...gapsMs });
    }, caseMillis(windowSeconds(names), kill));
  }

  test('the copies that were kept hold what was promised, and nothing else', async () => {
    const kept = scene().kept.length;
    const evidence = await restoreKept(scene(), { atOnce: 1, verify: true });
    recordFigures('kill-databases', { restored: evidence });
    expect(evidence).toHaveLength(kept);
    expect(kept).toBeGreaterThan(0);
  }, restoreMillis * cases().filter((kill) => kill.keep === true).length);
});
