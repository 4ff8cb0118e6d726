import { describe, expect, test } from '@jest/globals';
import { recordFigures } from './lib/figures.js';
import { caseMillis, play } from './kill/case.js';
import { containerKilled, disruptions } from './kill/disruptions.js';
import { restoreKept } from './kill/evidence.js';
import { hookPoints, type SuiteCase } from './kill/hook-points.js';
import { windowSeconds } from './kill/limits.js';
import { postgresqlAt, useScene, type Vantage } from './kill/scene.js';
import { silentServer } from './kill/silent-server.js';

/** `make test` plays a part; `make e2e SUITE=kill` all. */
const small = process.env['PART'] === 'small';

function cases(vantage: Vantage): SuiteCase[] {
  const containers = postgresqlAt(vantage).map(containerKilled);
  const all = [...hookPoints, ...[...disruptions, ...containers].filter((d) => vantage === 'Node' || d.anywhere === true), ...(vantage === 'Node' ? [silentServer] : [])];
  return small ? all.filter((c) => c.small?.includes(vantage) === true) : all;
}

/** Whatever dies in whatever moment of a window: the database runs again in time, and no copy claims too much. */
describe.each(['Node', 'Pod'] as const)('kill, vantage %s', (vantage) => {
  const scene = useScene(`e2e-kill-${vantage.toLowerCase()}`, { vantage });
  const figure = (name: string): string => `${vantage}: ${name}`;
  const millis = (kill: SuiteCase): number => caseMillis(windowSeconds(['postgresql']), kill);

  for (const kill of cases(vantage)) test(kill.name, async () => recordFigures('kill', { [figure(kill.name)]: await play(scene(), kill) }), millis(kill));

  test('the copies that were kept hold what was promised, and nothing else', async () => {
    const kept = scene().kept.length;
    const evidence = await restoreKept(scene(), { atOnce: 4, verify: false });
    recordFigures('kill', { [figure('restored')]: evidence });
    expect(evidence).toHaveLength(kept);
    expect(kept).toBeGreaterThan(0);
  }, 600_000);
});
