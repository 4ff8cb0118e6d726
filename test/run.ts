/**
 * Runs the stages of `make test`, and counts. The last line is `N passed, N failed`.
 * Usage: run.ts all | verify | integration | e2e <suite> | bench <suite>
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { bed } from './bed.js';
import { everything, stages } from './stages.js';
import { elapsed, type Stage, type Tally } from './stage-run.js';
import { benchesOn, longSuitesOn, suitesOn } from './suites.js';

mkdirSync('test/.artifacts', { recursive: true });

interface Row {
  readonly name: string;
  readonly seconds: number;
  readonly tally: Tally;
}

const begin = Date.now();
const [what = 'all', suite = ''] = process.argv.slice(2);
process.exitCode = (await run(selected(what, suite))) ? 0 : 1;

function selected(target: string, name: string): (Stage | Stage[][])[] {
  switch (target) {
    case 'all':
      return everything();
    case 'verify':
      return [...stages.static, ...stages.unit];
    case 'integration':
      return [...stages.bed, ...stages.integration];
    case 'bench':
      return [...stages.bed, ...named({ ...benchesOn(bed) }, name)];
    case 'e2e':
      return [...stages.bed, ...named({ ...suitesOn(bed), ...longSuitesOn(bed) }, name)];
    default:
      throw new Error(`unknown stage ${target}`);
  }
}

function named(all: Readonly<Record<string, Stage | Stage[]>>, name: string): Stage[] {
  const chosen = all[name];
  if (chosen === undefined) throw new Error(`SUITE=${name} is none of: ${Object.keys(all).join(', ')}`);
  return [chosen].flat();
}

async function run(list: readonly (Stage | Stage[][])[]): Promise<boolean> {
  const rows: Row[] = [];
  for (const part of list) {
    const { done, whole } = Array.isArray(part) ? await besideEachOther(part) : await inTurn([part]);
    rows.push(...done);
    // Without these the rest can only fail for the same reason.
    if (!whole) break;
  }
  console.log('\nstage                               passed failed seconds');
  for (const r of rows) {
    console.log(`${r.name.padEnd(35)} ${String(r.tally.passed).padStart(6)} ${String(r.tally.failed).padStart(6)} ${r.seconds.toFixed(1).padStart(7)}`);
  }
  const failures = rows.flatMap((r) => (r.tally.failures ?? []).map((failure) => `\nfailed in ${r.name}: ${failure}`));
  for (const failure of failures.slice(0, 10)) console.log(failure);
  const passed = rows.reduce((sum, r) => sum + r.tally.passed, 0);
  const failed = rows.reduce((sum, r) => sum + r.tally.failed, 0);
  console.log(`\n${elapsed(begin)}\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

/** Stages one after the other, up to one that is required and fails; with `log` what each says is written when it has ended. */
async function inTurn(list: readonly Stage[], log?: string): Promise<{ readonly done: Row[]; readonly whole: boolean }> {
  const done: Row[] = [];
  for (const stage of list) {
    const from = Date.now();
    console.log(`\n=== ${stage.name}${log === undefined ? '' : ' begins'} (${elapsed(begin)})`);
    if (log !== undefined) rmSync(log, { force: true });
    const tally = await stage.run(log).catch((error: unknown): Tally => {
      console.error(error);
      return { passed: 0, failed: 1 };
    });
    if (log !== undefined) process.stdout.write(`\n=== ${stage.name}, ended (${elapsed(begin)})\n${readFileSync(log, 'utf8')}`);
    done.push({ name: stage.name, seconds: (Date.now() - from) / 1000, tally });
    if (tally.failed > 0 && stage.required === true) return { done, whole: false };
  }
  return { done, whole: true };
}

async function besideEachOther(lanes: readonly Stage[][]): Promise<{ readonly done: Row[]; readonly whole: boolean }> {
  const ended = await Promise.all(lanes.map((lane, i) => inTurn(lane, `test/.artifacts/lane-${String(i + 1)}.log`)));
  return { done: ended.flatMap(({ done }) => done), whole: ended.every(({ whole }) => whole) };
}
