import type { ExecResult } from '../runtime/exec.js';

/** argv of a shell program with its arguments; the second word is what messages of the shell begin with. */
export function argv(text: string, ...parameters: readonly string[]): readonly string[] {
  return ['sh', '-c', text, 'stillpoint', ...parameters];
}

/** True when the program ended by itself with 0; `lost` is not success. */
export function succeeded(result: ExecResult): boolean {
  return result.outcome.kind === 'exited' && result.outcome.code === 0;
}

/** Why a run did not succeed, for people: bounded, one line. */
export function whyNot(result: ExecResult): string {
  const said = shorten(result.stderr);
  switch (result.outcome.kind) {
    case 'exited':
      return said === '' ? `exit code ${result.outcome.code}` : said;
    case 'failed':
      return `it could not be run: ${shorten(result.outcome.message)}`;
    case 'lost':
      return `unknown, the connection was lost (${shorten(result.outcome.why)})`;
  }
}

/** A text as one line of at most 400 characters. */
export function shorten(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, '; ');
  return line.length > 400 ? `${line.slice(0, 397)}...` : line;
}
