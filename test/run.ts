/**
 * Runs the stages of `make test`, one after the other, and counts. The last line is `N passed, N failed`.
 * Usage: run.ts all | verify | integration | e2e <suite> | bench <suite>
 */
import { mkdirSync } from 'node:fs';
import { benches, longSuites, stages, suites, type Stage } from './stages.js';
import { elapsed, type Tally } from './stage-run.js';

mkdirSync('test/.artifacts', { recursive: true });

const [what = 'all', suite = ''] = process.argv.slice(2);
process.exitCode = (await run(selected(what, suite))) ? 0 : 1;

function selected(target: string, name: string): Stage[] {
  switch (target) {
    case 'all':
      // What only computes goes on while the cluster is made; tests keep time, and wait for it.
      return [...stages.beginBed, ...stages.static, ...stages.bed, ...stages.unit, ...stages.programs, ...stages.integration, ...Object.values(suites).flat(), ...stages.demo, ...stages.clean];
    case 'verify':
      return [...stages.static, ...stages.unit];
    case 'integration':
      return [...stages.bed, ...stages.integration];
    case 'bench': {
      const chosen = benches[name];
      if (chosen === undefined) throw new Error(`SUITE=${name} is none of: ${Object.keys(benches).join(', ')}`);
      return [...stages.bed, chosen];
    }
    case 'e2e': {
      const all: Readonly<Record<string, Stage[]>> = { ...suites, ...longSuites };
      const chosen = all[name];
      if (chosen === undefined) throw new Error(`SUITE=${name} is none of: ${Object.keys(all).join(', ')}`);
      return [...stages.bed, ...chosen];
    }
    default:
      throw new Error(`unknown stage ${target}`);
  }
}

async function run(list: readonly Stage[]): Promise<boolean> {
  const begin = Date.now();
  const rows: { name: string; seconds: number; tally: Tally }[] = [];
  for (const stage of list) {
    const from = Date.now();
    console.log(`\n=== ${stage.name} (${elapsed(begin)})`);
    const tally = await stage.run().catch((error: unknown): Tally => {
      console.error(error);
      return { passed: 0, failed: 1 };
    });
    rows.push({ name: stage.name, seconds: (Date.now() - from) / 1000, tally });
    // Without these the rest can only fail for the same reason.
    if (tally.failed > 0 && stage.required === true) break;
  }
  console.log('\nstage                          passed failed seconds');
  for (const r of rows) {
    console.log(`${r.name.padEnd(30)} ${String(r.tally.passed).padStart(6)} ${String(r.tally.failed).padStart(6)} ${r.seconds.toFixed(1).padStart(7)}`);
  }
  const failures = rows.flatMap((r) => (r.tally.failures ?? []).map((failure) => `\nfailed in ${r.name}: ${failure}`));
  for (const failure of failures.slice(0, 10)) console.log(failure);
  const passed = rows.reduce((sum, r) => sum + r.tally.passed, 0);
  const failed = rows.reduce((sum, r) => sum + r.tally.failed, 0);
  console.log(`\n${elapsed(begin)}\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}
