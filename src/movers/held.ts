import { access, readFile, writeFile } from 'node:fs/promises';
import { paths } from './request.js';

/** Word on the command line of a mover that makes it print a file of the recovery point that another process of its pod has fetched. */
export const showWord = 'show';
/** Exit code while that is not whole yet (EX_TEMPFAIL of sysexits). */
export const notYet = 75;
/** Exit code when all is there, and that file is not among it (EX_NOINPUT). Any other tells of the process, not of the file: who is killed has one as well. */
export const noSuchFile = 66;

/** The command by which the operator reads a file of a recovery point, by exec: what is in it may be secret, and goes into no log. */
export function showCommand(file: string): string[] {
  return ['/usr/local/bin/node', '/app/mover.mjs', showWord, file];
}

/** Prints a file in base64; resolves with the exit code. */
export async function show(file: string): Promise<number> {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(file)) throw new RangeError('no file of a recovery point has such a name');
  if (!(await isThere(paths.fetched))) return notYet;
  const path = `${paths.recoveryPoint}/${file}`;
  if (!(await isThere(path))) return noSuchFile;
  process.stdout.write((await readFile(path)).toString('base64'));
  return 0;
}

/** Says that it is all there, and resolves when the pod is told to end. */
export async function hold(): Promise<void> {
  await writeFile(paths.fetched, '');
  const awake = setInterval(() => undefined, 3_600_000);
  await new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
  clearInterval(awake);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
