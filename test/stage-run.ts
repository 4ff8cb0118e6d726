import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What failed, each with the beginning of its message: said again at the end, since a log of an hour is rarely kept whole. */
  readonly failures?: readonly string[];
}

/** A part of `make test`. */
export interface Stage {
  readonly name: string;
  /** What it says goes on the screen, or is appended to a file. */
  readonly run: (log?: string) => Promise<Tally>;
  /** Nothing after it makes sense when it fails. */
  readonly required?: boolean;
}

const artifacts = 'test/.artifacts';

/** Minutes and seconds since `begin`. */
export function elapsed(begin: number): string {
  const s = Math.round((Date.now() - begin) / 1000);
  return `${String(Math.floor(s / 60))}:${String(s % 60).padStart(2, '0')}`;
}

/** A stage that hangs must not take the time of all others: it is ended and counts as failed. */
const limitMinutes = 25;

/** Runs a command with its output on the screen, or appended to a file; resolves with the exit code. */
export function command(argv: readonly string[], env: Record<string, string> = {}, minutes = limitMinutes, log?: string): Promise<number> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('empty command');
  return new Promise((resolve, reject) => {
    const output = log === undefined ? 'inherit' : openSync(log, 'a');
    const child = spawn(file, args, { stdio: ['inherit', output, output], env: { ...process.env, ...env }, timeout: minutes * 60_000, killSignal: 'SIGKILL' });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (typeof output === 'number') closeSync(output);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });
}

/** One command as one test. */
export async function one(argv: readonly string[], env: Record<string, string> = {}, minutes = limitMinutes, log?: string): Promise<Tally> {
  return (await command(argv, env, minutes, log)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  numPendingTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[];
  }[];
}

/** Characters of a message that are said again. */
const shownOfMessage = 800;

function failuresOf({ testResults }: JestReport): string[] {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
  const told = (name: string, message: string): string => `${name}\n${message.replace(escapes, '').slice(0, shownOfMessage)}`;
  return testResults.flatMap(({ message, assertionResults }) => {
    const failed = assertionResults.filter((result) => result.status === 'failed');
    if (assertionResults.length === 0 && message !== '') return [told('a file that did not load', message)];
    return failed.map((result) => told(result.fullName, result.failureMessages.join('\n')));
  });
}

/** A jest project (optionally only files that match, optionally with its output appended to a file), each test counted; a file that does not even load counts as failed. */
export async function jest(project: string, env: Record<string, string> = {}, pattern?: string, minutes?: number, log?: string): Promise<Tally> {
  const file = `${artifacts}/jest-${project}${pattern === undefined ? '' : `-${pattern.replace(/\W+/g, '_')}`}.json`;
  rmSync(file, { force: true });
  const argv = ['node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--selectProjects', project, '--json', `--outputFile=${file}`];
  // What a test left open (a socket in its last second, a timer) must not keep the run: results are written already.
  argv.push('--forceExit');
  // Jest itself leaves one core idle.
  argv.push(...(project === 'unit' ? ['--maxWorkers=2'] : ['--runInBand']));
  if (pattern !== undefined) argv.push('--testPathPatterns', pattern);
  const code = await command([...argv, '--silent=false', '--verbose'], { NODE_NO_WARNINGS: '1', ...env }, minutes, log);
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  if (report.numPendingTests > 0) console.log(`${String(report.numPendingTests)} skipped`);
  return { passed: report.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed, failures: failuresOf(report) };
}

/** `go test` of one module, each test counted. */
export function goTest(directory: string): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', ['test', '-count=1', '-json', './...'], { cwd: directory, env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' }, stdio: ['ignore', 'pipe', 'inherit'], timeout: limitMinutes * 60_000, killSignal: 'SIGKILL' });
    let passed = 0;
    let failed = 0;
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parse(line);
        if (event.Action === 'output' && /^\s*---|panic|FAIL/.test(event.Output ?? '')) process.stdout.write(event.Output ?? '');
        if (event.Test === undefined) continue;
        if (event.Action === 'pass') passed += 1;
        if (event.Action === 'fail') failed += 1;
      }
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ passed, failed: code !== 0 && failed === 0 ? 1 : failed }));
  });
}

interface GoEvent {
  Action?: string;
  Test?: string;
  Output?: string;
}

function parse(line: string): GoEvent {
  try {
    return JSON.parse(line) as GoEvent;
  } catch {
    // A compiler's message between the events: shown, not counted.
    console.log(line);
    return {};
  }
}

/** Writes `test/.artifacts/<suite>.json` from the counts and the figures that the tests recorded. */
export function writeSuite(suite: string, tally: Tally): void {
  const figuresFile = `${artifacts}/${suite}.figures.json`;
  const figures: unknown = existsSync(figuresFile) ? JSON.parse(readFileSync(figuresFile, 'utf8')) : {};
  writeFileSync(`${artifacts}/${suite}.json`, `${JSON.stringify({ passed: tally.passed, failed: tally.failed, figures }, null, 2)}\n`);
}

let besides = 0;

/** Two parts at the same time, without a common object, that wait most of the time; what the second says comes after the first. */
export async function beside(first: (log?: string) => Promise<Tally>, second: (log: string) => Promise<Tally>, log?: string): Promise<Tally> {
  const later = `${artifacts}/beside-${String((besides += 1))}.log`;
  rmSync(later, { force: true });
  const parts = await Promise.allSettled([first(log), second(later)]);
  const text = existsSync(later) ? readFileSync(later, 'utf8') : '';
  if (log === undefined) process.stdout.write(text);
  else appendFileSync(log, text);
  const [a, b] = parts.map((part) => {
    if (part.status === 'rejected') throw part.reason;
    return part.value;
  }) as [Tally, Tally];
  return together(a, b);
}

/** Two tallies as one. */
export function together(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, failures: [...(a.failures ?? []), ...(b.failures ?? [])] };
}

/** Forgets the figures of a former run. */
export function clearFigures(suite: string): void {
  rmSync(`${artifacts}/${suite}.figures.json`, { force: true });
}
