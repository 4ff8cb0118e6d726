import { execFile } from 'node:child_process';
import type { KubectlResult } from './kubectl.js';

/** Runs the kubectl plugin from its sources; a code other than 0 is a result, not an exception. */
export function plugin(args: readonly string[]): Promise<KubectlResult> {
  const argv = ['--import', './tools/ts.mjs', 'src/cli/main.ts', ...args];
  return new Promise((resolve) => {
    execFile('node', argv, { maxBuffer: 64 * 1024 * 1024, encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
    });
  });
}
